"""Write the demo site's `site.toml`: the same file that a real site has, with loopback addresses."""

from pathlib import Path
from string import Template

from edge.demo.brokers import hub_account, password_file
from edge.demo.layout import DEVICE, LOCKER_DEVICE, SATELLITE, SITE, Layout

COLUMNS = (
    ("A01:s", "A02:s", "A03:m", "A04:m", "A05:l"),
    ("B01:m", "B02:m", "B03:m", "B04:m", "B05:m"),
    ("panel", "K02:l"),
    ("C01:s", "C02:s", "C03:s", "C04:m", "C05:m", "C06:m"),
    ("D01:m", "D02:m", "D03:m", "D04:m"),
    ("E01:l", "E03:l", "E04:s"),
)
"""The bank as it stands there: columns of cell:size; the kiosk hangs where it says panel."""

PLATFORM = Template("""\
[platform]
url = "$platform_url"
token_file = "secrets/device.token"
root_key_file = "secrets/root.pub"

[platform.broker]
host = "127.0.0.1"
port = $platform_broker_port
username = "$hub_account"
password_file = "$hub_password"
""")
"""A platform that is asked over plain HTTP on this machine; an enrolled site leaves all of this out."""

TEMPLATE = Template("""\
# The demo's site. Written by `edge demo`; a real site has the same sections.

[site]
id = "$site"
device = "$device"
name_zh = "和园里"
name_en = "Heyuan Court"
data_dir = "$folder"

[kiosk]
host = "127.0.0.1"
port = $kiosk_port
session_s = 60

[counter]
host = "127.0.0.1"
port = $counter_port

$platform
[broker]
host = "127.0.0.1"
port = $site_broker_port
username = "hub"
password_file = "$site_password"

[guard]
socket = "run/guard.sock"
trace_file = "guard.trace"

[vision]
socket = "run/vision.sock"

[[door]]
id = "gate"
name_zh = "南门"
name_en = "South gate"
line = 17
contact_line = 27
pulse_ms = 3000
fail = "secure"
kind = "visitor"
contact_timeout_s = 8

[[door]]
id = "north-gate"
driver = "mqtt"
device = "$satellite"
name_zh = "北门"
name_en = "North gate"
pulse_ms = 3000
fail = "secure"
kind = "visitor"
contact_timeout_s = 8

[[door]]
id = "building-3"
name_zh = "3号楼单元门"
name_en = "Building 3 entrance"
line = 22
contact_line = 23
pulse_ms = 3000
fail = "safe"
lock = "maglock"
kind = "residents"
contact_timeout_s = 8

[[input]]
id = "fire"
kind = "fire"
line = 5

[[input]]
id = "gate-exit"
kind = "exit_button"
line = 6
doors = ["gate"]

[[input]]
id = "building-3-exit"
kind = "exit_button"
line = 13
doors = ["building-3"]

[[input]]
id = "building-3-intercom"
kind = "parallel"
line = 19
doors = ["building-3"]

[[input]]
id = "north-gate-exit"
kind = "exit_button"
device = "$satellite"
doors = ["north-gate"]

[[signal]]
id = "gate-green"
kind = "lamp_green"
line = 20
door = "gate"

[[signal]]
id = "gate-red"
kind = "lamp_red"
line = 21
door = "gate"

[[signal]]
id = "gate-buzzer"
kind = "buzzer"
line = 26
door = "gate"

[[signal]]
id = "building-3-buzzer"
kind = "buzzer"
line = 16
door = "building-3"

[[reader]]
id = "kiosk-camera"
source = "http://127.0.0.1:$camera_port/kiosk.mjpg"
serves = "kiosk:$device"

[[reader]]
id = "gate-reader"
source = "http://127.0.0.1:$camera_port/gate.mjpg"
serves = "door:gate"

[[reader]]
id = "north-reader"
source = "http://127.0.0.1:$camera_port/north.mjpg"
serves = "door:north-gate"

[[bank]]
id = "bank-a"
device = "$lockers"
driver = "mqtt"
columns = [
$columns
]
""")

SATELLITE_TEMPLATE = Template("""\
# The Pi at the north gate. Written by `edge demo`; it knows its lines and the site's broker, nothing else.

[satellite]
device = "$satellite"

[broker]
host = "127.0.0.1"
port = $site_broker_port
username = "$satellite"
password_file = "$password"

[guard]
socket = "run/guard.sock"

[[door]]
id = "north-gate"
name_zh = "北门"
name_en = "North gate"
line = 17
contact_line = 27
pulse_ms = 3000

[[input]]
id = "north-gate-exit"
kind = "exit_button"
line = 6
doors = ["north-gate"]
""")


def write_satellite(layout: Layout) -> Path:
    """Write `satellite.toml` into the satellite's folder and return its path."""
    (layout.satellite / "run").mkdir(parents=True, exist_ok=True)
    layout.satellite_toml.write_text(
        SATELLITE_TEMPLATE.substitute(
            satellite=SATELLITE,
            site_broker_port=layout.ports.site_broker,
            password=password_file(layout.broker("site"), SATELLITE),
        ),
        "utf-8",
    )
    return layout.satellite_toml


def write_site(layout: Layout, *, platform_url: str = "", platform_broker_port: int = 0) -> Path:
    """Write `site.toml` into the site's folder and return its path.

    With `platform_url`, http on this machine, a token is shown to the platform; else the site enrols.
    """
    platform = PLATFORM.substitute(
        platform_url=platform_url,
        platform_broker_port=platform_broker_port,
        hub_account=hub_account(SITE, DEVICE),
        hub_password=password_file(layout.broker("platform"), hub_account(SITE, DEVICE)),
    )
    columns = "\n".join("  [" + ", ".join(f'"{cell}"' for cell in column) + "]," for column in COLUMNS)
    layout.site.mkdir(parents=True, exist_ok=True)
    layout.site_toml.write_text(
        TEMPLATE.substitute(
            site=SITE,
            device=DEVICE,
            lockers=LOCKER_DEVICE,
            satellite=SATELLITE,
            folder=layout.site,
            kiosk_port=layout.ports.kiosk,
            counter_port=layout.ports.counter,
            platform=platform if platform_url else "",
            site_broker_port=layout.ports.site_broker,
            camera_port=layout.ports.camera,
            site_password=password_file(layout.broker("site"), "hub"),
            columns=columns,
        ),
        "utf-8",
    )
    return layout.site_toml
