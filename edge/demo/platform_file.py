"""Write the demo platform's `platform.toml`."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from string import Template

from cloud_sync.enrolment_files import FOLDER, write_configuration
from cloud_sync.platform.configuration import read_message
from cloud_sync.platform.store.sqlite import SqliteConnection
from edge.demo.brokers import ca_file, password_file
from edge.demo.layout import DEVICE, SITE, Layout

TEMPLATE = Template("""\
# The demo's platform. Written by `edge demo`.

site = "$site"
name_zh = "和园里"
name_en = "Heyuan Court"
host = "127.0.0.1"
port = $port
demo = true
camera_url = "http://127.0.0.1:$camera"

[device_listener]
port = $devices_port
$listener
[broker]
host = "127.0.0.1"
port = $broker_port
${wire}username = "platform"
password_file = "$password_file"
accounts_dir = "$accounts"

[[device]]
id = "$device"
token_file = "keys/$device.token"

[[door]]
id = "gate"
device = "$device"
name_zh = "南门"
name_en = "South gate"

[[door]]
id = "north-gate"
device = "$device"
name_zh = "北门"
name_en = "North gate"

[[door]]
id = "building-3"
device = "$device"
name_zh = "3号楼单元门"
name_en = "Building 3 entrance"
unit_residents_only = true
""")


def write_platform(
    layout: Layout, listener: Mapping[str, Path] | None = None, *, wired: bool = False
) -> None:
    """Write `platform.toml` into the platform's folder.

    `listener` are files for the section of the same name: a certificate that is not the platform's own.
    `wired`: devices are told the ports of the stage's two wires, and TLS for the broker.
    """
    lines = [f'{name} = "{path}"' for name, path in (listener or {}).items()]
    wire = ""
    if wired:
        lines.append(f"device_port = {layout.ports.wire_platform}")
        authority = ca_file(layout.broker("platform"))
        wire = f'device_port = {layout.ports.wire_broker}\nca_file = "{authority}"\n'
    layout.platform.mkdir(parents=True, exist_ok=True)
    (layout.platform / "platform.toml").write_text(
        TEMPLATE.substitute(
            site=SITE,
            device=DEVICE,
            port=layout.ports.platform,
            devices_port=layout.ports.platform_devices,
            listener="".join(f"{line}\n" for line in lines),
            wire=wire,
            accounts=layout.broker("platform"),
            camera=layout.ports.camera,
            broker_port=layout.ports.platform_broker,
            password_file=password_file(layout.broker("platform"), "platform"),
        ),
        "utf-8",
    )


def carry_configuration(layout: Layout) -> None:
    """Bring the hub what the platform signed last, before it starts: the ports of the last run may be gone.

    It verifies it as if it had come down the feed. Raises Refusal, OSError, ValueError.
    """
    uri = f"file:{layout.platform / 'platform.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        message = read_message(SqliteConnection(connection, home=SITE))
    if message is not None:
        write_configuration(layout.site / FOLDER, message)
