import pytest

from edge.trust.clock import (
    HOLDOVER_AFTER_MS,
    SYNCED_ERROR_MS,
    ClockState,
    TimeAnswerTooSlow,
    TimeBehindFloor,
    Trust,
    TrustedClock,
)

NOON_MS = 1_795_320_000_000


class BootTime:
    """A boot-time clock that a test moves."""

    def __init__(self, at_ms: int = 1000) -> None:
        self.at_ms = at_ms

    def __call__(self) -> int:
        return self.at_ms


def make_clock(boot: BootTime, state: ClockState | None = None, boot_id: str = "boot-1") -> TrustedClock:
    return TrustedClock(boot_ms=boot, boot_id=boot_id, state=state)


def test_clock_knows_nothing_at_first() -> None:
    assert make_clock(BootTime()).now() == (0, Trust.UNKNOWN)


def test_signed_time_makes_it_synced_and_boot_time_carries_it_on() -> None:
    boot = BootTime()
    clock = make_clock(boot)
    boot.at_ms = 1200
    clock.accept(NOON_MS, asked_boot_ms=1000, answered_boot_ms=1200)
    assert clock.now() == (NOON_MS + 100, Trust.SYNCED)
    boot.at_ms += 5000
    assert clock.now() == (NOON_MS + 5100, Trust.SYNCED)


def test_a_day_without_signed_time_is_holdover() -> None:
    boot = BootTime()
    clock = make_clock(boot)
    clock.accept(NOON_MS, 1000, 1000)
    boot.at_ms += HOLDOVER_AFTER_MS
    assert clock.now().trust is Trust.SYNCED
    boot.at_ms += 1
    assert clock.now() == (NOON_MS + HOLDOVER_AFTER_MS + 1, Trust.HOLDOVER)


def test_slow_answer_is_not_used() -> None:
    clock = make_clock(BootTime(50_000))
    with pytest.raises(TimeAnswerTooSlow):
        clock.accept(NOON_MS, 1000, 50_000)
    with pytest.raises(TimeAnswerTooSlow):
        clock.accept(NOON_MS, 1001, 1000)
    assert clock.now().trust is Trust.UNKNOWN


def test_signed_time_from_before_the_floor_is_not_used() -> None:
    clock = make_clock(BootTime())
    clock.raise_floor(NOON_MS)
    with pytest.raises(TimeBehindFloor):
        clock.accept(NOON_MS - 60_000, 1000, 1000)


def test_floor_never_falls_and_lifts_the_reading() -> None:
    boot = BootTime()
    clock = make_clock(boot)
    clock.raise_floor(NOON_MS)
    clock.raise_floor(NOON_MS - 1)
    assert clock.now() == (NOON_MS, Trust.UNKNOWN)
    boot.at_ms += 70
    assert clock.now() == (NOON_MS + 70, Trust.UNKNOWN)
    clock.raise_floor(NOON_MS + 30)
    assert clock.now() == (NOON_MS + 70, Trust.UNKNOWN)
    clock.raise_floor(NOON_MS + 500)
    assert clock.now() == (NOON_MS + 500, Trust.UNKNOWN)


def test_restart_of_the_program_keeps_the_anchor() -> None:
    boot = BootTime()
    clock = make_clock(boot)
    clock.accept(NOON_MS, 1000, 1000)
    boot.at_ms = 9000
    assert make_clock(boot, clock.state).now() == (NOON_MS + 8000, Trust.SYNCED)


def test_restart_of_the_machine_keeps_only_the_floor() -> None:
    clock = make_clock(BootTime())
    clock.accept(NOON_MS, 1000, 1000)
    after = make_clock(BootTime(5), clock.state, boot_id="boot-2")
    assert after.now() == (NOON_MS, Trust.UNKNOWN)


def test_within_a_boot_the_clock_stands_still_rather_than_go_back() -> None:
    boot = BootTime()
    clock = make_clock(boot)
    boot.at_ms = 9_000
    clock.accept(NOON_MS, 1000, 9000)
    before = clock.now()
    clock.accept(NOON_MS, 9000, 9000)
    assert clock.now() == before == (NOON_MS + 4000, Trust.SYNCED)
    boot.at_ms += 4000
    assert clock.now() == before
    boot.at_ms += 1
    assert clock.now().at_ms == NOON_MS + 4001
    assert make_clock(boot, clock.state).now() == clock.now()


def test_a_store_that_is_opened_again_does_not_take_the_clock_back() -> None:
    boot = BootTime()
    clock = make_clock(boot)
    clock.accept(NOON_MS, 1000, 1000)
    kept = clock.state
    boot.at_ms = 5000
    clock.accept(NOON_MS + 6000, 5000, 5000)
    clock.restore(kept)
    assert clock.now() == (NOON_MS + 6000, Trust.SYNCED)


def test_an_entry_raises_the_floor_by_what_is_certain_of_its_stamp() -> None:
    clock = make_clock(BootTime())
    clock.raise_floor_by_entry(NOON_MS)
    assert clock.now() == (NOON_MS - SYNCED_ERROR_MS, Trust.UNKNOWN)


def test_real_boot_clock_runs() -> None:
    clock = TrustedClock()
    first = clock.now()
    assert clock.now().at_ms >= first.at_ms
