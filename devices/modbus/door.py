"""Doors on Modbus relay boards: the board times each pulse, and its relays are read back all the time."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from devices.modbus.board import ModbusBoard
from devices.modbus.bus import ModbusBus
from devices.modbus.settings import ModbusSettings, relay_of
from devices.mqtt.door import OnConnected, OnContact
from devices.settings import DoorSettings
from edge.access.errors import NotMoved
from edge.errors import DeviceError, DeviceOffline
from edge.links.findings import Findings
from edge.links.supervisor import Role, Supervisor

log = logging.getLogger(__name__)

POLL_EVERY_S = 0.1
REMEMBERED_IDS = 1000


class ModbusDoors:
    """Every Modbus board of the site, a connection a bus. A DoorDriver."""

    def __init__(
        self,
        doors: Sequence[DoorSettings],
        boards: Sequence[ModbusSettings],
        *,
        findings: Findings,
        on_contact: OnContact,
        on_connected: OnConnected,
    ) -> None:
        self._buses: dict[tuple[str, int], ModbusBus] = {}
        self._boards: dict[str, ModbusBoard] = {}
        for settings in boards:
            own = {relay_of(door): door for door in doors if door.device == settings.id}
            if own:
                bus = self._buses.setdefault(settings.bus, ModbusBus(settings))
                self._boards[settings.id] = ModbusBoard(
                    settings, own, bus, findings=findings, on_contact=on_contact, on_connected=on_connected
                )
        self._of_door: Mapping[str, tuple[ModbusBoard, int]] = {
            door.id: (self._boards[door.device or ""], relay_of(door)) for door in doors
        }
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def run(self) -> None:
        """Keep every bus going; never returns."""
        roles = (
            Role(f"modbus {key[0]}", lambda key=key: self._run_bus(key))  # type: ignore[misc]
            for key in self._buses
        )
        await Supervisor(roles).run()

    async def pulse(self, opening_id: str, door_id: str) -> None:
        """Send one timed pulse, once. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        board, relay = self._find(door_id)
        board.check_duty()
        if opening_id in self._seen:
            raise NotMoved("repeated")
        self._seen[opening_id] = None
        if len(self._seen) > REMEMBERED_IDS:
            self._seen.popitem(last=False)
        await board.pulse(relay)

    async def hold(self, door_id: str, on: bool) -> None:
        """Begin or end keeping a door released, by timed pulses again and again. Raises DeviceError."""
        board, relay = self._find(door_id)
        if on:
            board.check_duty()
        await board.hold(relay, on)

    def online(self, door_id: str) -> bool | None:
        """Whether the door's board answers and is fit for duty."""
        board, _ = self._find(door_id)
        return board.online

    async def _run_bus(self, key: tuple[str, int]) -> None:
        bus = self._buses[key]
        boards = [board for board in self._boards.values() if board.settings.bus == key]
        try:
            while True:
                for board in boards:
                    if bus.connected or await bus.connect():
                        await _poll(board)
                    else:
                        board.lose("no connection")
                await asyncio.sleep(POLL_EVERY_S)
        finally:
            bus.close()

    def _find(self, door_id: str) -> tuple[ModbusBoard, int]:
        if door_id not in self._of_door:
            raise NotMoved("unknown_door")
        return self._of_door[door_id]


async def _poll(board: ModbusBoard) -> None:
    """Read one board, unless it was silent a moment ago: the others of its bus wait for its answer, too."""
    if not board.is_due:
        return
    try:
        await board.poll()
    except DeviceOffline as error:
        board.lose(str(error))
    except DeviceError as error:
        board.quarantine(str(error))
