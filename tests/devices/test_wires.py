"""Cables of a site taken together: nothing hangs twice on one lock or port."""

from pathlib import Path

import pytest

from devices.settings import BankSettings, ReaderSettings
from devices.wires import wire_faults
from edge.config import Section, load
from edge.errors import ConfigError

SITE = """
[[bank]]
id = "bank-a"
device = "board-1"
driver = "8a"
port = "/dev/ttyUSB0"
board = 1
columns = [["A01:s", "A02:s"]]

[[bank]]
id = "bank-b"
device = "board-1b"
driver = "8a"
port = "/dev/ttyUSB0"
board = 1
columns = [["B01:s"]]
locks = { B01 = 2 }

[[bank]]
id = "bank-c"
device = "board-2"
driver = "8a"
port = "/dev/ttyUSB0"
board = 2
columns = [["C01:s"]]

[[reader]]
id = "gate-scanner"
driver = "serial"
source = "/dev/ttyUSB0"
serves = "door:gate"

[[reader]]
id = "second"
driver = "hid"
source = "usb:0c2e:0b61"
serves = "door:gate"

[[reader]]
id = "third"
driver = "hid"
source = "usb:0c2e:0b61"
serves = "kiosk:k1"
"""


def test_every_doubled_cable_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE, "utf-8")
    sections = {
        "bank": Section(BankSettings, many=True, required=False),
        "reader": Section(ReaderSettings, many=True, required=False),
    }
    with pytest.raises(ConfigError) as caught:
        load(path, sections, (wire_faults,))
    assert [(fault.where, fault.line, fault.message) for fault in caught.value.faults] == [
        ("bank.1.board", 15, "lock 2 of board 1 is cell A02 of bank bank-a already"),
        ("reader.0.source", 30, "is used by bank bank-a already"),
        ("reader.2.source", 42, "is used by reader second already"),
    ]
