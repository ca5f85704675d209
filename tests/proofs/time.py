"""Row `time`: stories over years, with power cuts, lying answers and a drifting crystal."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec

import cloud_sync.timesync
import edge.access.policy
import edge.service.timers
import edge.trust.clock
import edge.trust.time_policy
import tests.proofs.clock_world
from edge.access import feed
from edge.access.doors.door import Door, DoorKind
from edge.access.policy import intend_by_pass
from edge.errors import Refusal
from edge.service import records as timer_records
from edge.service.timers import set_timer
from edge.store.clock_state import restore_clock
from edge.store.events import EpochBegan
from edge.trust.clock import SYNCED_ERROR_MS, ClockState, Trust, TrustedClock
from edge.trust.passes import Pass
from edge.trust.time_policy import Decision, Rule
from tests.proofs.clock_world import CRYSTAL_PPM, World
from tests.proofs.planting import replaced
from tests.proofs.proof import Plant, Proof, Trial

STEPS = 60
MODES = ("honest", "honest", "honest", "lost", "replayed", "replayed", "slow", "forged", "other_purpose")
PASSAGES_MS = (1_000, 60_000, 3_600_000, 20 * 3_600_000, 30 * 86_400_000, 400 * 86_400_000)
DOORS = {kind: Door(id=f"door-{kind}", kind=kind) for kind in DoorKind}
WINDOW_MS = 2 * 3_600_000


class Story:
    """One trial: random steps, and after each the demands."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.world = World(self.random)
        self.numbers = iter(range(1_000_000))
        self.due: dict[str, int] = {}
        self.done: set[str] = set()
        self.looked_ms = 0
        self.last = (0, 0)
        self.told: list[str] = []

    def play(self) -> None:
        """Play the story. Raises AssertionError with its steps."""
        for _ in range(STEPS):
            name = self.random.choice(tuple(ACTIONS))
            self.told.append(name)
            ACTIONS[name](self)
            self.check_clock()
            self.check_timers()
        self.world.store.close()

    def fail_unless(self, holds: bool, what: str) -> None:
        """State a demand."""
        now = self.world.clock.now()
        assert holds, (
            f"{what}; true {self.world.true_ms}, read {now.at_ms} {now.trust}, "
            f"floor {self.world.clock.state.floor_ms}, boot {self.world.boots}; steps {self.told}"
        )

    def error_ms(self) -> int:
        """How far the present reading may be from the truth, in either direction."""
        state = self.world.clock.state
        age_ms = self.world.boot_ms() - state.anchor_boot_ms
        # After weeks of holdover the clock may stand still that far ahead.
        return SYNCED_ERROR_MS + age_ms * 2 * CRYSTAL_PPM // 1_000_000 + self.still_ms(state)

    def still_ms(self, state: ClockState) -> int:
        """How far the clock stands still ahead of its own anchor."""
        assert state.anchor_at_ms is not None
        carried_ms = state.anchor_at_ms + self.world.boot_ms() - state.anchor_boot_ms
        return max(0, state.shown_ms - carried_ms)

    def check_clock(self) -> None:
        """The floor is behind the truth, readings are near it, and never go back within a boot."""
        world, clock = self.world, self.world.clock
        now, floor_ms = clock.now(), clock.state.floor_ms
        self.fail_unless(floor_ms <= world.true_ms, "the floor is ahead of the truth")
        anchored = now.trust is not Trust.UNKNOWN
        if anchored:
            self.fail_unless(abs(now.at_ms - world.true_ms) <= self.error_ms(), "an anchored clock is wrong")
        else:
            lived_ms = world.true_ms - world.started_true_ms
            ahead_ms = lived_ms * 2 * CRYSTAL_PPM // 1_000_000 + 1
            self.fail_unless(now.at_ms <= world.true_ms + ahead_ms, "the lower bound is ahead of the truth")
        if now.trust is Trust.SYNCED:
            self.fail_unless(
                now.at_ms - world.true_ms <= SYNCED_ERROR_MS, "a SYNCED reading is too far ahead"
            )
        boot, before_ms = self.last
        self.fail_unless(boot != world.boots or now.at_ms >= before_ms, "the clock went back within a boot")
        self.last = (world.boots, now.at_ms) if anchored else (0, 0)

    def check_timers(self) -> None:
        """Nothing is done twice, nothing before its time as the clock showed it when it was done."""
        for subject, due_ms in self.due.items():
            count = self.world.count_of(subject)
            self.fail_unless(count <= 1, f"timer {subject} was done {count} times")
            if count and subject not in self.done:
                self.done.add(subject)
                latest_ms = max(self.world.true_ms, self.looked_ms) + SYNCED_ERROR_MS
                self.fail_unless(due_ms <= latest_ms, f"timer {subject} was done too early")

    def pass_time(self) -> None:
        """Time passes, a second or a year."""
        self.world.pass_time(self.random.randrange(self.random.choice(PASSAGES_MS)))

    def ask_time(self) -> None:
        """The hub asks for the time."""
        known = self.world.clock.now().trust is not Trust.UNKNOWN
        self.world.ask_time(self.random.choice((*MODES, "jumped") if known else MODES))

    def restart(self) -> None:
        """The hub's process dies and starts again."""
        self.world.start()

    def power_cut(self) -> None:
        """The machine loses power for a while."""
        self.world.pass_time(self.random.randrange(self.random.choice(PASSAGES_MS)))
        self.world.reboot()

    def write_entry(self) -> None:
        """Something is journalled, with the stamp of the clock."""
        entry = EpochBegan(reason="test", previous_epoch=1, previous_seq=0, previous_hash="")
        self.world.store.run_now(lambda unit: unit.record(entry, actor="test"))

    def show_pass(self) -> None:
        """A visitor's or staff pass at some door, around its window."""
        kind = self.random.choice(("visitor", "staff"))
        door = DOORS[self.random.choice(tuple(DoorKind))]
        begins_ms = self.world.true_ms + self.random.randrange(-3 * WINDOW_MS, WINDOW_MS)
        shown = self._pass(kind, door, begins_ms)
        self._judge(shown, door, judged=self._judgement(shown), refused=True)

    def show_code(self) -> None:
        """A resident's own code, fresh or old, at some door."""
        door = DOORS[self.random.choice(tuple(DoorKind))]
        begins_ms = self.world.true_ms - self.random.choice((WINDOW_MS // 2, 3 * WINDOW_MS))
        shown = self._pass("resident", door, begins_ms)
        grant = {"subject": shown.subject, "doors": [door.id], "from_ms": 0, "until_ms": 2**52}
        self.world.store.run_now(lambda unit: feed.apply_grant(unit, f"g-{door.id}", 1, grant))
        own = door.kind is DoorKind.RESIDENTS
        over = shown.expires_ms <= self.world.clock.now().at_ms
        judged = (not over) if self._unknown else self._judgement(shown)
        self._judge(shown, door, judged=judged, refused=not own)

    def set_timer(self) -> None:
        """Something becomes due soon, or is long over."""
        subject = f"s{next(self.numbers)}"
        due_ms = self.world.true_ms + self.random.randrange(-WINDOW_MS, WINDOW_MS)
        self.due[subject] = due_ms
        self.world.store.run_now(
            lambda unit: set_timer(unit, kind="count", subject=subject, due_at_ms=due_ms)
        )

    def run_timers(self) -> None:
        """The timers look, and the power may go between any two commits."""
        cut = self.random.choice((None, None, 1, 2, 3))
        self.looked_ms = self.world.clock.now().at_ms
        self.world.run_timers(cut_after=cut)

    @property
    def _unknown(self) -> bool:
        return self.world.clock.now().trust is Trust.UNKNOWN

    def _pass(self, kind: str, door: Door, begins_ms: int) -> Pass:
        return Pass(
            id=f"p{next(self.numbers)}",
            kind=kind,
            site=self.world.store.site,
            subject="s",
            doors=(door.id,),
            not_before_ms=begins_ms,
            expires_ms=begins_ms + WINDOW_MS,
        )

    def _judgement(self, shown: Pass) -> bool | None:
        """What the truth says of a window; None so near its edges that the clock's error decides."""
        if self._unknown:
            return None
        true_ms, error_ms = self.world.true_ms, self.error_ms()
        near = min(abs(true_ms - shown.not_before_ms), abs(true_ms - shown.expires_ms)) <= error_ms
        return None if near else shown.not_before_ms <= true_ms < shown.expires_ms

    def _judge(self, shown: Pass, door: Door, *, judged: bool | None, refused: bool) -> None:
        """Show it; `refused`: with the clock unknown it must not open, whatever its window."""
        wanted = False if self._unknown and refused else judged
        try:
            self.world.store.run_now(lambda unit: intend_by_pass(unit, shown, door))
            opened = True
        except Refusal:
            opened = False
        verb = "opened" if opened else "did not open"
        self.fail_unless(wanted is None or opened == wanted, f"{shown.kind} {verb} a door of {door.kind}")


ACTIONS: Mapping[str, Callable[[Story], None]] = {
    "pass": Story.pass_time,
    "pass again": Story.pass_time,
    "ask": Story.ask_time,
    "ask again": Story.ask_time,
    "restart": Story.restart,
    "power cut": Story.power_cut,
    "entry": Story.write_entry,
    "pass shown": Story.show_pass,
    "code shown": Story.show_code,
    "timer set": Story.set_timer,
    "timers": Story.run_timers,
}


def _trial(seed: int) -> int:
    Story(seed).play()
    return 1


@contextmanager
def _open() -> Iterator[Trial]:
    yield _trial


def _replaced(owner: object, name: str, value: object) -> Plant:
    return lambda: replaced(owner, name, value)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


def _over_by_the_wall(ends_at_ms: int | None, now: object) -> bool:
    return ends_at_ms is not None and ends_at_ms <= _wall_ms()


def _restore_with_the_wall(connection: Any, clock: TrustedClock) -> None:
    restore_clock(connection, clock)
    clock.raise_floor(_wall_ms())


_restore = TrustedClock.restore


def _restore_any_boot(clock: TrustedClock, state: ClockState) -> None:
    _restore(clock, msgspec.structs.replace(state, boot_id=clock.state.boot_id))


async def _act_then_mark(runner: Any, timer: Any) -> bool:
    """The effect in one commit, its mark in the next."""
    act = runner._acts[timer.kind]
    await runner._store.run(lambda unit: act(unit, timer.subject))
    return bool(
        await runner._store.run(lambda unit: timer_records.end_timer(unit.connection, timer.id, state="done"))
    )


_OPEN_DOORS = edge.trust.time_policy.POLICY[Decision.OTHER_DOOR]._replace(unknown=Rule.FLOOR)

PROOF = Proof(
    name="time",
    promise="The clock is never ahead of what is certain, never goes back, and what is over is over",
    open=_open,
    suite=200,
    goal=50_000,
    patience=400,
    planted={
        "wall clock judges expiry": _replaced(edge.access.policy, "is_over", _over_by_the_wall),
        "floor from the wall clock": _replaced(
            tests.proofs.clock_world, "restore_clock", _restore_with_the_wall
        ),
        "nonce of the time answer not checked": _replaced(
            cloud_sync.timesync, "check_nonce", lambda signed, nonce: None
        ),
        "anchor survives a reboot": _replaced(TrustedClock, "restore", _restore_any_boot),
        "unknown clock opens visitor doors": _replaced(
            edge.trust.time_policy,
            "POLICY",
            {**edge.trust.time_policy.POLICY, Decision.OTHER_DOOR: _OPEN_DOORS},
        ),
        "an entry's stamp raises the floor without its margin": _replaced(
            TrustedClock, "raise_floor_by_entry", TrustedClock.raise_floor
        ),
        "a jump of days is believed without a person": _replaced(edge.trust.clock, "JUMP_MS", 2**52),
        "standing still counts as synced": _replaced(edge.trust.clock, "_STILL_LIMIT_MS", 2**52),
        "timer done twice after a crash": _replaced(
            edge.service.timers.TimerRunner, "_run_one", _act_then_mark
        ),
    },
)
