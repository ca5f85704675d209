"""`[[modbus]]`: relay boards on RS-485 or Ethernet, and what doors on them must agree with."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from devices.settings import DoorSettings, Name
from edge.config import Config, Finding, Port

STEP_MS = {"flash_coil": 100, "delay_register": 1000}
"""The unit in which a board of each kind counts a pulse."""


class ModbusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[modbus]]`: one relay board, at `host` (Modbus TCP) or at the serial `port` (RTU, 8N1).

    `timing` is how the board times a pulse itself; a board that cannot gets no door.
    flash_coil: function 5 at 0x0200 + relay, value in 100 ms (Waveshare Modbus RTU/POE ETH Relay, command
    "flash on"). delay_register: function 6 at the relay's number, value 0x0600 + seconds (eletechsup R4D
    boards, command "delay"). `inputs`: how many discrete inputs it has; a door's contact is the input of its
    relay's number.
    """

    id: Name
    timing: Literal["flash_coil", "delay_register"]
    host: str = ""
    tcp_port: Port = 502
    port: str = ""
    baud: Annotated[int, msgspec.Meta(ge=1200, le=115_200)] = 9600
    unit: Annotated[int, msgspec.Meta(ge=1, le=247)] = 1
    relays: Annotated[int, msgspec.Meta(ge=1, le=32)] = 8
    inputs: Annotated[int, msgspec.Meta(ge=0, le=32)] = 8

    def __post_init__(self) -> None:
        if bool(self.host) == bool(self.port):
            raise ValueError("host, port: one of them says where the board is")

    @property
    def bus(self) -> tuple[str, int]:
        """Boards with the same bus share a connection."""
        return (self.host, self.tcp_port) if self.host else (self.port, self.baud)


def relay_of(door: DoorSettings) -> int:
    """The number of a door's relay, from 1; 0 when its channel is none."""
    text = door.channel or "1"
    return int(text) if text.isdecimal() and len(text) <= 2 else 0


def modbus_faults(config: Config) -> Iterator[Finding]:
    """What doors on Modbus boards ask that their board has not."""
    boards = {board.id: board for board in config.many("modbus", ModbusSettings)}
    used: dict[tuple[str, int], str] = {}
    for door in config.many("door", DoorSettings):
        if door.driver != "modbus" or door.device is None:
            continue
        board, relay = boards.get(door.device), relay_of(door)
        if board is None:
            yield Finding("door", door.id, "device", f"there is no [[modbus]] {door.device!r}")
            continue
        if not 1 <= relay <= board.relays:
            yield Finding("door", door.id, "channel", f"the board has relays 1 to {board.relays}")
        elif door.has_contact and relay > board.inputs:
            yield Finding(
                "door", door.id, "contact", f"the board has no input {relay}; write contact = false"
            )
        step_ms = STEP_MS[board.timing]
        if door.pulse_ms % step_ms:
            yield Finding("door", door.id, "pulse_ms", f"the board counts pulses in steps of {step_ms} ms")
        other = used.setdefault((board.id, relay), door.id)
        if other != door.id:
            yield Finding("door", door.id, "channel", f"relay {relay} is used by door {other} already")
