"""What is wired to a hub, as the counter's page for technicians shows it."""

from collections.abc import Awaitable, Callable

from devices.lines import InputSettings, SignalSettings
from devices.settings import BankSettings, DoorSettings
from edge.access.contacts import ContactState
from edge.access.places import cell_place, door_place
from edge.config import Config
from edge.links.health import HealthRegistry, State
from edge.peripherals import Peripherals
from kiosk.counter.device_views import BoardView, FindingView, LineView, PartView, ReaderView
from kiosk.words import Text, same

TryLock = Callable[[str, str], Awaitable[object]]
"""Opens a door (id) once as a test in a person's (account id) name."""


class HubDevices:
    """`kiosk.counter.device_views.DeviceDesk` over the peripherals and the health registry."""

    def __init__(
        self, config: Config, *, peripherals: Peripherals, health: HealthRegistry, try_lock: TryLock
    ) -> None:
        self._doors = config.many("door", DoorSettings)
        self._inputs = config.many("input", InputSettings)
        self._signals = config.many("signal", SignalSettings)
        self._banks = config.many("bank", BankSettings)
        self._peripherals = peripherals
        self._health = health
        self._try_lock = try_lock

    async def findings(self) -> tuple[FindingView, ...]:
        """The technician's list, the newest first."""
        return tuple(
            FindingView(
                device=found.device,
                code=found.code,
                title=Text(found.zh, found.en),
                detail=found.detail,
                since_ms=found.since_ms,
                last_ms=found.last_ms,
                count=found.count,
            )
            for found in sorted(self._peripherals.findings.all(), key=lambda found: -found.last_ms)
        )

    async def lines(self) -> tuple[LineView, ...]:
        """Doors, inputs and signals with what drives them."""
        return (
            *(self._door(door) for door in self._doors),
            *(self._input(each) for each in self._inputs),
            *(self._signal(each) for each in self._signals),
        )

    async def readers(self) -> tuple[ReaderView, ...]:
        """Readers, as the one desk between them and the hub has counted them."""
        return tuple(
            ReaderView(
                id=reader.id,
                driver=reader.driver,
                serves=reader.serves,
                state="locked_out" if reader.locked_out else reader.state,
                scans=reader.scans,
                dropped=reader.dropped,
            )
            for reader in self._peripherals.reader_desk.views()
        )

    async def boards(self) -> tuple[BoardView, ...]:
        """Banks; a contact that nobody has heard of counts as unknown."""
        return tuple(self._board(bank) for bank in self._banks)

    async def parts(self) -> tuple[PartView, ...]:
        """Parts of the hub that do not answer, or nobody knows, or that have something to say."""
        return tuple(
            PartView(name=name, state=part.state.value, detail=part.detail)
            for name, part in (await self._health.check()).items()
            if part.state is not State.OK or part.detail
        )

    async def pulse(self, door: str, *, staff: str) -> None:
        """Try a lock once; on record as a test."""
        await self._try_lock(door, staff)

    def _door(self, door: DoorSettings) -> LineView:
        guard, driver = self._peripherals.guard, self._peripherals.door_drivers[door.id]
        own = door.line is not None
        return LineView(
            id=door.id,
            name=Text(door.name_zh, door.name_en),
            kind="door",
            driver=door.driver,
            device="" if own else door.device or "",
            line=f"GPIO {door.line}" if own else door.channel or "",
            online=driver.online(door.id),
            state=self._peripherals.contacts.state_of(door_place(door.id)).value,
            cycles=guard.cycles.get(door.line) if door.line is not None else None,
            fault=guard.faults.get(door.line, "") if door.line is not None else "",
            pulse_ms=door.pulse_ms,
            testable=True,
        )

    def _input(self, each: InputSettings) -> LineView:
        heard = self._peripherals.doors.heard(each.id).value
        return self._line(each.id, each.kind.value, each.line, each.device, state=heard)

    def _signal(self, each: SignalSettings) -> LineView:
        return self._line(each.id, each.kind, each.line, None)

    def _line(
        self, name: str, kind: str, line: int | None, device: str | None, *, state: str = ""
    ) -> LineView:
        guard = self._peripherals.guard
        return LineView(
            id=name,
            name=same(name),
            kind=kind,
            driver="gpio" if device is None else "mqtt",
            device=device or "",
            line="" if line is None else f"GPIO {line}",
            online=guard.connected if device is None else None,
            state=state,
            fault="" if line is None else guard.faults.get(line, ""),
            cycles=None if line is None else guard.cycles.get(line),
        )

    def _board(self, bank: BankSettings) -> BoardView:
        state_of, cells = self._peripherals.contacts.state_of, bank.cells()
        unknown = [cell for cell in cells if state_of(cell_place(bank.id, cell)) is ContactState.UNKNOWN]
        return BoardView(
            id=bank.id,
            driver=bank.driver,
            online=self._peripherals.banks[bank.id].online(bank.id),
            cells=len(cells),
            unknown=len(unknown),
            proved=self._peripherals.walks.is_proved(bank.id) or (False if bank.driver == "8a" else None),
        )
