"""A hub with a bank on a pseudo-terminal: a technician walks along it by the command line."""

import json
import os
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.demo.brokers import prepare_brokers
from edge.demo.layout import Layout, Ports
from edge.demo.site_file import write_site

pytestmark = pytest.mark.slow

PARTS = """
[[bank]]
id = "bank-s"
device = "board-1"
driver = "8a"
port = "{folder}/lock-bus"
board = 1
columns = [["S01:s", "S02:s"]]

[[reader]]
id = "desk-scanner"
driver = "serial"
source = "{folder}/scanner"
serves = "kiosk:{device}"

[[reader]]
id = "absent-scanner"
driver = "hid"
source = "/dev/input/by-id/no-such-scanner"
serves = "door:gate"
"""


def edge(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run `edge`."""
    command = [sys.executable, "-m", "edge", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=90, input=typed)


def wait_for(condition: Callable[[], object]) -> None:
    """Wait with a bound."""
    end = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < end, "did not come true"
        time.sleep(0.2)


def post(control: Path, path: str, body: dict[str, object]) -> None:
    """Ask the simulator."""
    data = json.dumps(body).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(control))
        connection.sendall(f"POST {path} HTTP/1.0\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
        assert b" 200 " in connection.recv(65536)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A site made ready; its hub and its lock boards run, and a scanner is plugged in."""
    folder = tmp_path_factory.mktemp("site")
    layout = Layout(folder=folder, ports=Ports.free())
    prepare_brokers(layout)
    toml = write_site(layout, platform_url="http://127.0.0.1:9", platform_broker_port=9)
    (layout.site / "secrets").mkdir()
    for name, text in (("device.token", "token"), ("root.pub", "00" * 32)):
        (layout.site / "secrets" / name).write_text(text)
        (layout.site / "secrets" / name).chmod(0o600)
    device = toml.read_text().partition('device = "')[2].partition('"')[0]
    toml.write_text(toml.read_text() + PARTS.format(folder=layout.site, device=device))
    assert edge("init", "--config", str(toml), "--account", "technician=technician").returncode == 0
    far, near = os.openpty()
    tty.setraw(near)
    (layout.site / "scanner").symlink_to(os.ttyname(near))
    boards = [sys.executable, "-m", "devices.simulator.lock_bus", "--auto-close-s", "1"]
    boards += ["--config", str(toml), "--control", str(layout.site / "run/lock-bus.sock")]
    hub = [sys.executable, "-m", "edge", "run", "--config", str(toml)]
    processes = [subprocess.Popen(boards), subprocess.Popen(hub, stderr=subprocess.DEVNULL)]
    try:
        wait_for(lambda: "reader:desk-scanner" in edge("status", "--config", str(toml)).stdout)
        yield toml
    finally:
        for process in processes:
            process.terminate()
            process.wait(20)
        os.close(far)
        os.close(near)


def walk(site: Path, typed: str) -> subprocess.CompletedProcess[str]:
    """Walk along the bank as the technician."""
    pin = (site.parent / "secrets" / "technician.pin").read_text().strip()
    who = ("--config", str(site), "--bank", "bank-s", "--login", "technician", "--pin", pin)
    return edge("lockers", "walk-test", *who, typed=typed)


def test_a_bank_is_walked_along_and_what_is_wired_wrong_is_found(site: Path) -> None:
    assert "no bank was walked along yet" in edge("lockers", "proofs", "--config", str(site)).stdout
    proved = walk(site, "y\ny\n")
    assert proved.returncode == 0, proved.stderr
    assert "bank-s is proved: closed reads 00, open 11" in proved.stdout
    assert "bank-s: closed reads 00, 2 cells" in edge("lockers", "proofs", "--config", str(site)).stdout
    post(site.parent / "run/lock-bus.sock", "/cells/S01", {"swapped_with": 2})
    wrong = walk(site, "y\ny\n")
    assert wrong.returncode == 1
    assert "S01: another door's contact moved" in wrong.stderr and "S02" in wrong.stderr
    assert "no bank was walked along yet" in edge("lockers", "proofs", "--config", str(site)).stdout


def test_readers_that_are_there_and_away_stand_in_the_technician_s_list(site: Path) -> None:
    listed = edge("devices", "--config", str(site)).stdout
    assert "reader:absent-scanner" in listed and "reader:desk-scanner" not in listed
    assert "the reader is away" in listed
    assert "bank:bank-s" in listed
