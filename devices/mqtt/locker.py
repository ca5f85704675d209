"""Locker banks on the site's broker: the CellPort of boards that keep the device convention."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping

import msgspec

from devices.mqtt.messages import BoardState, CellEvent, OpenCell, Result
from devices.settings import BankSettings
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.errors import DeviceOffline
from edge.links.broker import BrokerMessage, BrokerSession
from edge.links.findings import Findings

log = logging.getLogger(__name__)

ANSWER_LIMIT_S = 2.0
TTL_MS = 5000

OnCell = Callable[[str, str, ContactState], None]


class MqttBank:
    """One board. `on_cell(bank, cell, state)` is told every change of what its contacts say."""

    def __init__(self, settings: BankSettings, *, on_cell: OnCell, findings: Findings) -> None:
        self.settings = settings
        self.session: BrokerSession | None = None
        self._findings = findings
        self._on_cell = on_cell
        self._cells = {cell: ContactState.UNKNOWN for cell in settings.cells()}
        self._up = False
        self._state: BoardState | None = None
        self._waiting: dict[str, asyncio.Future[Result]] = {}

    @property
    def topics(self) -> tuple[str, ...]:
        """What the hub listens to for this board."""
        return tuple(f"d/{self.settings.device}/{leaf}" for leaf in ("res", "state", "evt", "up"))

    @property
    def online(self) -> bool | None:
        """True when the board is up and its state was read; None while the broker is away."""
        if self.session is None or not self.session.ready:
            return None
        return self._up and self._state is not None

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Ask the board once. Raises NotMoved, DeviceOffline (then nobody can tell)."""
        if bank != self.settings.id or cell not in self._cells:
            raise NotMoved("unknown_cell")
        session, state = self.session, self._state
        if session is None or not session.ready or state is None or not self._up:
            raise NotMoved("board_offline")
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[opening_id] = answer
        command = OpenCell(id=opening_id, nonce=state.nonce, cell=cell, ttl_ms=TTL_MS)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await session.publish(f"d/{self.settings.device}/cmd", msgspec.json.encode(command))
                result = await answer
        except TimeoutError as error:
            raise DeviceOffline(f"board {self.settings.device} did not answer") from error
        finally:
            del self._waiting[opening_id]
        if not result.ok:
            raise NotMoved(result.why or "board_refused")

    def take(self, leaf: str, message: BrokerMessage) -> None:
        """Take a message of this board. What the convention does not know is counted, and changes nothing."""
        try:
            match leaf:
                case "up":
                    self._set_up(message.payload == b"1")
                case "state":
                    self._state = msgspec.json.decode(message.payload, type=BoardState)
                    self._tell_all()
                case "evt" if not message.retained:
                    event = msgspec.json.decode(message.payload, type=CellEvent)
                    self._tell(event.cell, event.state)
                case "res" if not message.retained:
                    result = msgspec.json.decode(message.payload, type=Result)
                    answer = self._waiting.get(result.id)
                    if answer is not None and not answer.done():
                        answer.set_result(result)
                case _:
                    log.warning("%s: a retained %s is no news", self.settings.device, leaf)
        except msgspec.DecodeError as error:
            if self._findings.report(self.settings.device, "bad_format", f"{leaf}: {error}"):
                log.warning("%s/%s: %s", self.settings.device, leaf, error)

    @property
    def levels(self) -> dict[str, str | None]:
        """What each contact says, as the walk-test takes it."""
        return {
            cell: None if state is ContactState.UNKNOWN else state.value
            for cell, state in self._cells.items()
        }

    def lose(self) -> None:
        """The broker is away: nothing is known until state is read again."""
        self._state = None
        self._set_up(False)

    def _set_up(self, up: bool) -> None:
        self._up = up
        if up:
            self._tell_all()
            return
        for cell in self._cells:
            self._tell(cell, ContactState.UNKNOWN)

    def _tell_all(self) -> None:
        if self._state is None or not self._up:
            return
        for cell in self._cells:
            self._tell(cell, self._state.cells.get(cell, ContactState.UNKNOWN))

    def _tell(self, cell: str, state: str) -> None:
        known = state in (ContactState.OPEN, ContactState.CLOSED)
        said = ContactState(state) if known and self._up else ContactState.UNKNOWN
        if cell in self._cells and self._cells[cell] is not said:
            self._cells[cell] = said
            self._on_cell(self.settings.id, cell, said)


class MqttBanks:
    """Every MQTT bank of the site behind one session with its broker."""

    def __init__(
        self,
        banks: Iterable[BankSettings],
        *,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        client_id: str,
        tls: ssl.SSLContext | None = None,
        on_cell: OnCell,
        findings: Findings,
    ) -> None:
        self.banks = {bank.id: MqttBank(bank, on_cell=on_cell, findings=findings) for bank in banks}
        self._by_device = {bank.settings.device: bank for bank in self.banks.values()}
        self.session = BrokerSession(
            host=host,
            port=port,
            username=username,
            password=password,
            client_id=client_id,
            tls=tls,
            subscriptions=[topic for bank in self.banks.values() for topic in bank.topics],
            on_message=self._take,
            on_lost=self._lose,
        )
        for bank in self.banks.values():
            bank.session = self.session

    async def run(self) -> None:
        """Keep the session up; never returns."""
        await self.session.run()

    async def open_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """Ask the bank's board once. Raises NotMoved, DeviceOffline."""
        board = self.banks.get(bank)
        if board is None:
            raise NotMoved("unknown_bank")
        await board.open_cell(opening_id, bank, cell)

    def online(self, bank: str) -> bool | None:
        """Whether a bank's board is up and was read; None while the broker is away."""
        return self.banks[bank].online

    async def try_cell(self, opening_id: str, bank: str, cell: str) -> None:
        """The same for the walk-test: a board says open and closed in words, nothing has to be proved."""
        await self.open_cell(opening_id, bank, cell)

    def levels(self, bank: str) -> Mapping[str, str | None]:
        """What each contact says, open or closed; None where nothing is known."""
        return self.banks[bank].levels

    def expected_open(self, bank: str) -> str | None:
        """What a board must say of an open door."""
        return ContactState.OPEN.value

    def wiring(self, bank: str) -> str:
        """What a walk-test of this bank is good for."""
        return f"mqtt {self.banks[bank].settings.device}"

    def prove(self, bank: str, closed_level: str | None) -> None:
        """Nothing depends on it."""

    async def _take(self, message: BrokerMessage) -> None:
        _, device, leaf = message.topic.split("/", 2)
        bank = self._by_device.get(device)
        if bank is not None:
            bank.take(leaf, message)

    def _lose(self) -> None:
        for bank in self.banks.values():
            bank.lose()
