"""Row `lock-bus`: lock boards that are late, torn, noisy, strangers, silent or unplugged.

What was asked and what the boards did is compared with the wire itself: an opening is written once at most
and to one lock, a cell is open or closed only as its own board has answered, and healed the driver tells the
truth.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from random import Random

import devices.serial.banks
import devices.serial.bus
import devices.serial.frames
from devices.serial.banks import SerialBank, SerialBanks
from devices.serial.bus import LockBus, Timing
from devices.serial.frames import OPEN_HEAD, Answer, FrameReader, LockAddress, check_byte
from devices.serial.port import Port
from edge.access.contacts import ContactState
from edge.access.errors import NotMoved
from edge.errors import DeviceError, DeviceOffline
from tests.fakes.lock_wire import BANK, OTHER, LockStand
from tests.fakes.waiting import until
from tests.proofs.planting import replaced
from tests.proofs.proof import Plant, Proof, Trial

STEPS = 12
TIMING = Timing(
    answer_s=0.04, pause_s=0.0005, open_within_s=0.5, probe_s=0.02, watch_s=0.2, tries=2, misses=2
)
FAULTS = (
    "half_frames",
    "noise",
    "bad_check",
    "wrong_board",
    "wrong_lock",
    "doubled",
    "lying",
    "echo",
    "reports",
)
PLACES = {
    (bank.id, cell): (bank.board or 0, number)
    for bank in (BANK, OTHER)
    for cell, number in bank.lock_numbers().items()
}


class Story:
    """One trial."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.open_level = self.random.choice((0x00, 0x11))
        self.stand = LockStand(open_level=self.open_level, seed=seed, timing=TIMING)
        self.stand.board.faults.echo = self.random.random() < 0.5
        self.closed_level = f"{self.open_level ^ 0x11:02x}"
        self.asked: list[tuple[str, tuple[int, int]]] = []
        self.unsent: set[int] = set()
        self.taken: list[int] = []
        self.told: list[str] = []
        self.made_up: list[str] = []
        self.proved: set[str] = set()
        self.judged = dict.fromkeys(PLACES, 0)
        self.stand.banks.banks["bank-a"]._on_cell = self.said
        self.stand.banks.banks["bank-b"]._on_cell = self.said
        self.states = dict.fromkeys(PLACES, ContactState.UNKNOWN)

    async def play(self) -> None:
        """Random steps, then everything heals. Raises AssertionError with the steps."""
        async with self.stand.running():
            if self.random.random() < 0.7:
                await self.prove()
                await until(lambda: self.stand.banks.online("bank-a"))
                await asyncio.sleep(0.02)
            for _ in range(STEPS):
                name = self.random.choice(tuple(ACTIONS))
                self.told.append(name)
                await ACTIONS[name](self)
                self.check_wire()
            await self.heal()
            self.check_wire()

    def demand(self, holds: bool, what: str) -> None:
        """State a demand."""
        assert holds, f"{what}; steps {self.told}"

    def said(self, bank: str, cell: str, state: ContactState) -> None:
        """The driver says how a cell is: it must have that from the cell's own board, and may know it."""
        place = (bank, cell)
        self.states[place] = state
        answered = self.stand.wire.answered
        own = [level for _, *at, level in answered[self.judged[place] :] if tuple(at) == PLACES[place]]
        if state is not ContactState.UNKNOWN:
            if bank not in self.proved:
                self.made_up.append(f"{cell} is {state} before anything was proved")
            is_open = state is ContactState.OPEN
            wanted = self.open_level if is_open else self.open_level ^ 0x11
            least = 1 if is_open else 2
            if own.count(wanted) < least:
                self.made_up.append(f"{cell} is said {state} without its board")
            self.judged[place] = len(answered)

    def check_wire(self) -> None:
        """Only single locks were asked, no opening was written more often than it was asked for."""
        self.demand(not self.made_up, "; ".join(self.made_up))
        opened = [frame for frame in self.stand.wire.heard if frame[0] == OPEN_HEAD]
        self.demand(all(frame[2] != 0 for frame in self.stand.wire.heard), "lock 00 was written")
        for place in set(PLACES.values()):
            asked = {
                asked
                for number, (asked, at) in enumerate(self.asked)
                if at == place and number not in self.unsent
            }
            written = sum((frame[1], frame[2]) == place for frame in opened)
            self.demand(written <= len(asked), f"{written} openings of {place} were written for {len(asked)}")
        answers = [(board, lock) for head, board, lock, _ in self.stand.wire.answered if head == OPEN_HEAD]
        for place in PLACES.values():
            taken = sum(self.asked[number][1] == place for number in self.taken)
            said = answers.count(place)
            self.demand(taken <= said, f"{taken} openings of {place} count as taken, the board took {said}")

    async def ask(self) -> None:
        """Ask for an opening; now and then under an id that was asked before."""
        number = len(self.asked)
        opening_id, place = f"k1-1-{number}", self.random.choice(list(PLACES.values()))
        if self.asked and self.random.random() < 0.3:
            opening_id, place = self.random.choice(self.asked)
        bank, cell = next(name for name, at in PLACES.items() if at == place)
        self.asked.append((opening_id, place))
        try:
            await self.stand.banks.try_cell(opening_id, bank, cell)
        except NotMoved:
            self.unsent.add(number)
        except DeviceOffline:
            return
        else:
            self.taken.append(number)

    async def break_board(self) -> None:
        """A board begins to misbehave."""
        board = self.random.choice(list(self.stand.wire.boards.values()))
        board.faults.set({self.random.choice(FAULTS): True, "late_ms": self.random.choice((0, 0, 5, 60))})
        await asyncio.sleep(self.random.random() * 0.02)

    async def ask_torn(self) -> None:
        """An opening is asked for of a board whose answers do not arrive whole."""
        for board in self.stand.wire.boards.values():
            board.faults.set({"half_frames": True})
        await self.ask()
        for board in self.stand.wire.boards.values():
            board.faults.set({"half_frames": False})

    async def mend_board(self) -> None:
        """Both boards are well again."""
        for board in self.stand.wire.boards.values():
            board.faults.set(dict.fromkeys((*FAULTS, "silent"), False) | {"late_ms": 0})
        await asyncio.sleep(self.random.random() * 0.02)

    async def silence(self) -> None:
        """A board dies: in a while its cells are unknown."""
        number = self.random.choice((1, 2))
        self.stand.wire.boards[number].faults.set({"silent": True})
        if self.stand.plugged:
            await until(lambda: not self.stand.banks.online(f"bank-{'ab'[number - 1]}"))
            self.check_unknown(f"bank-{'ab'[number - 1]}")

    async def move(self) -> None:
        """A hand opens or closes a door."""
        board = self.random.choice(list(self.stand.wire.boards.values()))
        self.stand.wire.move(board, self.random.choice(list(board.locks)), self.random.random() < 0.5)
        await asyncio.sleep(self.random.random() * 0.02)

    async def unplug(self) -> None:
        """The adapter is pulled out: everything is unknown."""
        self.stand.unplug()
        await until(lambda: self.stand.banks.online("bank-a") is None)
        for bank in ("bank-a", "bank-b"):
            self.check_unknown(bank)

    async def plug(self) -> None:
        """And put in again."""
        self.stand.plugged = True
        await asyncio.sleep(self.random.random() * 0.02)

    async def prove(self) -> None:
        """Somebody walked along a bank."""
        for bank in self.random.choice((("bank-a",), ("bank-b",), ("bank-a", "bank-b"))):
            self.proved.add(bank)
            self.stand.banks.prove(bank, self.closed_level)

    def check_unknown(self, bank: str) -> None:
        """Nothing of this bank is known."""
        known = [cell for (name, cell), state in self.states.items() if name == bank and state != "unknown"]
        self.demand(not known, f"{known} of a bank that is away are {[*self.states.values()]}")

    async def heal(self) -> None:
        """Everything is well: in a while the driver tells how each door really is."""
        await self.mend_board()
        self.stand.plugged = True
        for bank in ("bank-a", "bank-b"):
            self.proved.add(bank)
            self.stand.banks.prove(bank, self.closed_level)
        with suppress(AssertionError):
            await until(lambda: not self.wrong())
        self.demand(not self.wrong(), f"healed, and still wrong: {self.wrong()}")

    def wrong(self) -> list[str]:
        """Cells of which the driver does not tell the truth."""
        truth = {
            place: "open" if self.stand.wire.boards[board].locks[lock].is_open else "closed"
            for place, (board, lock) in PLACES.items()
        }
        return [cell for (bank, cell), state in self.states.items() if state != truth[bank, cell]]


ACTIONS: Mapping[str, Callable[[Story], Awaitable[None]]] = {
    "ask": Story.ask,
    "ask more": Story.ask,
    "ask torn": Story.ask_torn,
    "break": Story.break_board,
    "break more": Story.break_board,
    "mend": Story.mend_board,
    "silence": Story.silence,
    "move": Story.move,
    "move more": Story.move,
    "unplug": Story.unplug,
    "plug": Story.plug,
    "prove": Story.prove,
}


@contextmanager
def _open() -> Iterator[Trial]:
    def trial(seed: int) -> int:
        asyncio.run(Story(seed).play())
        return 1

    yield trial


def _check_ignored(frame: bytes) -> Answer | None:
    return _REAL_READ(frame[:4] + bytes((check_byte(frame[:4]),)))


def _echo_taken(reader: FrameReader, data: bytes) -> Iterator[Answer]:
    reader._echo = b""
    return _REAL_TAKE(reader, data)


async def _asked_again(bus: LockBus, port: Port, opening: devices.serial.bus._Opening) -> None:
    await _REAL_FIRE(bus, port, opening)
    if opening.answer.done() and not opening.answer.result():
        await bus._exchange(port, devices.serial.frames.open_frame(opening.at), OPEN_HEAD, opening.at)


def _any_answer(bus: LockBus, port: Port, lost: "asyncio.Future[None]") -> None:
    try:
        answers = list(bus._frames.take(port.read()))
    except DeviceError as error:
        asyncio.get_running_loop().remove_reader(port)
        lost.set_exception(error)
        return
    for answer in answers:
        if bus._expected is not None and not bus._expected[2].done():
            bus._expected[2].set_result(answer.level)


def _guessed(bank: SerialBank, cell: str, level: str | None) -> None:
    bank.closed_level = bank.closed_level or "00"
    _REAL_JUDGE(bank, cell, level)


def _kept_when_lost(bus: LockBus) -> None:
    bus._on_level, real = (lambda *_: None), bus._on_level
    _REAL_FORGET(bus)
    bus._on_level = real


def _kept_when_silent(bus: LockBus, board: int) -> None:
    bus._on_level, real = (lambda *_: None), bus._on_level
    _REAL_MISS(bus, board)
    bus._on_level = real


async def _id_ignored(banks: SerialBanks, opening_id: str, bank: str, cell: str) -> None:
    banks._asked.clear()
    await _REAL_TRY(banks, opening_id, bank, cell)


def _open_all(at: LockAddress) -> bytes:
    head = bytes((OPEN_HEAD, at.board, 0, 0x11))
    return head + bytes((check_byte(head),))


_REAL_READ = devices.serial.frames._read
_REAL_TAKE = FrameReader.take
_REAL_FIRE = LockBus._fire
_REAL_JUDGE = SerialBank._judge
_REAL_FORGET = LockBus._forget
_REAL_MISS = LockBus._note_miss
_REAL_TRY = SerialBanks.try_cell

PLANTED: Mapping[str, Plant] = {
    "check byte not looked at": lambda: replaced(devices.serial.frames, "_read", _check_ignored),
    "echo taken for the board's answer": lambda: replaced(FrameReader, "take", _echo_taken),
    "opening written again when nobody answers": lambda: replaced(LockBus, "_fire", _asked_again),
    "any board's answer taken": lambda: replaced(LockBus, "_hear", _any_answer),
    "polarity guessed before it is proved": lambda: replaced(SerialBank, "_judge", _guessed),
    "last state kept when the bus is lost": lambda: replaced(LockBus, "_forget", _kept_when_lost),
    "last state kept when a board is silent": lambda: replaced(LockBus, "_note_miss", _kept_when_silent),
    "repeated id opens again": lambda: replaced(SerialBanks, "try_cell", _id_ignored),
    "lock 00 written": lambda: replaced(devices.serial.bus, "open_frame", _open_all),
    "closed after one reading": lambda: replaced(devices.serial.banks, "AGREEING_READINGS", 1),
}

PROOF = Proof(
    name="lock-bus",
    promise="Whatever lock boards answer: one opening, one lock, written once; no cell's state is made up",
    open=_open,
    suite=20,
    goal=5_000,
    planted=PLANTED,
)
