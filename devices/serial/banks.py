"""Locker banks on lock boards of the 8A family: the CellPort of a bus.

What a level means is not known until the walk-test has moved a door of the bank: until then its cells are
unknown, and nobody but the walk-test opens them.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from devices.serial.bus import LockBus, Timing
from devices.serial.frames import LockAddress
from devices.serial.port import Port, SerialPort
from devices.settings import BankSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.links.findings import Findings
from edge.links.supervisor import Role, Supervisor

BAUD = 9600
REMEMBERED_IDS = 1000
AGREEING_READINGS = 2
"""A cell is closed when so many readings in a row say so: a door that bounces is not closed yet."""

OnCell = Callable[[str, str, ContactState], None]


class SerialBank:
    """One bank: what its locks read, and what that means."""

    def __init__(self, settings: BankSettings, *, on_cell: OnCell, findings: Findings) -> None:
        assert settings.board is not None, "an 8a bank has a board"
        self.settings = settings
        self.locks = {
            cell: LockAddress(settings.board, number) for cell, number in settings.lock_numbers().items()
        }
        self.levels: dict[str, str | None] = dict.fromkeys(self.locks)
        self.closed_level: str | None = None
        self._cells = {at: cell for cell, at in self.locks.items()}
        self._states = dict.fromkeys(self.locks, ContactState.UNKNOWN)
        self._closed_readings = dict.fromkeys(self.locks, 0)
        self._on_cell = on_cell
        self._findings = findings
        findings.report(f"bank:{settings.id}", "board_unproven")

    def prove(self, closed_level: str | None) -> None:
        """From now on this level is *closed*; None: nothing is proved any more."""
        self.closed_level = closed_level
        name = f"bank:{self.settings.id}"
        if closed_level is None:
            self._findings.report(name, "board_unproven")
        else:
            self._findings.clear(name, "board_unproven")
        for cell, level in self.levels.items():
            self._closed_readings[cell] = 0
            self._judge(cell, level)

    def read(self, at: LockAddress, level: str | None) -> None:
        """Take a reading of one of its locks."""
        cell = self._cells.get(at)
        if cell is not None:
            self.levels[cell] = level
            self._judge(cell, level)

    def _judge(self, cell: str, level: str | None) -> None:
        if level is None or self.closed_level is None:
            self._closed_readings[cell] = 0
            self._tell(cell, ContactState.UNKNOWN)
        elif level != self.closed_level:
            self._closed_readings[cell] = 0
            self._tell(cell, ContactState.OPEN)
        else:
            self._closed_readings[cell] += 1
            if self._closed_readings[cell] >= AGREEING_READINGS:
                self._tell(cell, ContactState.CLOSED)

    def _tell(self, cell: str, state: ContactState) -> None:
        if self._states[cell] is not state:
            self._states[cell] = state
            self._on_cell(self.settings.id, cell, state)


class SerialBanks:
    """Every 8A bank of the site; one bus worker a port, each on its own."""

    def __init__(
        self,
        banks: Iterable[BankSettings],
        *,
        on_cell: OnCell,
        findings: Findings,
        open_port: Callable[[str], Port] = lambda path: SerialPort(path, BAUD),
        timing: Timing | None = None,
    ) -> None:
        self.banks = {bank.id: SerialBank(bank, on_cell=on_cell, findings=findings) for bank in banks}
        self._asked: OrderedDict[str, None] = OrderedDict()
        self._buses: dict[str, LockBus] = {}
        by_port: dict[str, list[SerialBank]] = {}
        for bank in self.banks.values():
            by_port.setdefault(bank.settings.port, []).append(bank)
        for path, own in by_port.items():
            self._buses[path] = LockBus(
                name=path,
                open_port=partial(open_port, path),
                locks=[at for bank in own for at in bank.locks.values()],
                on_level=partial(_read_all, own),
                findings=findings,
                timing=timing,
            )

    async def run(self) -> None:
        """Keep every bus up; never returns."""
        await Supervisor(Role(f"bus {path}", bus.run) for path, bus in self._buses.items()).run()

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Ask the bank's board once. Raises NotMoved, DeviceOffline."""
        if bank in self.banks and self.banks[bank].closed_level is None:
            raise NotMoved("board_unproven")
        await self.try_cell(opening_id, bank, cell)

    async def try_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """The same for the walk-test, which opens before anything is proved."""
        found = self.banks.get(bank)
        if found is None or cell not in found.locks:
            raise NotMoved("unknown_cell")
        if opening_id in self._asked:
            raise NotMoved("repeated")
        self._asked[opening_id] = None
        if len(self._asked) > REMEMBERED_IDS:
            self._asked.popitem(last=False)
        await self._buses[found.settings.port].open_lock(found.locks[cell])

    def online(self, bank: str) -> bool | None:
        """Whether a bank's board answers; None while its port is away."""
        settings = self.banks[bank].settings
        assert settings.board is not None
        return self._buses[settings.port].answers(settings.board)

    def levels(self, bank: str) -> Mapping[str, str | None]:
        """What each lock's contact reads, `00` or `11`; None where nothing is known."""
        return dict(self.banks[bank].levels)

    def expected_open(self, bank: str) -> str | None:
        """The level that the site's file expects of an open door, if it says."""
        polarity = self.banks[bank].settings.polarity
        return None if polarity is None else polarity.removeprefix("open_")

    def wiring(self, bank: str) -> str:
        """What a proof of this bank is good for: another port, address or order of locks needs another."""
        settings = self.banks[bank].settings
        locks = ",".join(f"{cell}={at.lock}" for cell, at in sorted(self.banks[bank].locks.items()))
        return f"8a {settings.port} board {settings.board}: {locks}"

    def prove(self, bank: str, closed_level: str | None) -> None:
        """The walk-test found the level of a closed door."""
        self.banks[bank].prove(closed_level)


def _read_all(banks: list[SerialBank], at: LockAddress, level: str | None) -> None:
    for bank in banks:
        bank.read(at, level)
