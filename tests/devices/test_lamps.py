"""Lamps and buzzers: the right ones play, within their limits, and a guard that is away harms nobody."""

from devices.gpio.lamps import PATTERNS, DoorLamps, fit
from devices.lines import SignalSettings
from edge.access.credentials.answers import Outcome, ReaderAnswer
from edge.access.errors import NotMoved

SIGNALS = (
    SignalSettings(id="green", kind="lamp_green", line=1, door="gate"),
    SignalSettings(id="red", kind="lamp_red", line=2, door="gate"),
    SignalSettings(id="bell", kind="buzzer", line=3, door="gate", limit_ms=300),
    SignalSettings(id="other", kind="lamp_red", line=4, door="cellar"),
)


def answer(outcome: Outcome) -> ReaderAnswer:
    return ReaderAnswer(reader="r", door="gate", outcome=outcome, at_ms=0)


def test_each_answer_plays_at_its_own_door_only() -> None:
    for outcome, patterns in PATTERNS.items():
        played: dict[str, tuple[int, ...]] = {}
        DoorLamps(SIGNALS, played.__setitem__).show(answer(outcome))
        wanted = {s.id: fit(patterns[s.kind], s.limit_ms) for s in SIGNALS[:3] if s.kind in patterns}
        assert played == wanted


def test_a_pattern_is_cut_to_the_limit_of_its_line() -> None:
    assert fit((100, 100, 100, 100), 300) == (100, 100, 100)
    assert fit((500,), 300) == (300,)
    assert fit((), 300) == ()


def test_an_alarm_sounds_on_buzzers_and_a_guard_that_is_away_is_borne() -> None:
    played: dict[str, tuple[int, ...]] = {}
    DoorLamps(SIGNALS, played.__setitem__).sound("gate", (100, 50, 100))
    assert played == {"bell": (100, 50, 100)}

    def away(_: str, __: tuple[int, ...]) -> None:
        raise NotMoved("guard_offline")

    DoorLamps(SIGNALS, away).sound("gate", ())
