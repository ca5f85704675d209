"""What the screen at a door shows, from the readers' last answers and the door's own state."""

from collections.abc import Callable, Mapping

from edge.access.credentials.answers import Outcome, ReaderAnswer
from edge.access.doors.states import Mode
from edge.access.doors.views import DoorView
from edge.trust.clock import Clock
from kiosk.desks.gate_views import GateSaying, Saying
from kiosk.words import Text

SHOWN_MS: dict[Outcome, int] = {
    Outcome.GRANTED: 12_000,
    Outcome.OPENED: 6_000,
    Outcome.REFUSED: 8_000,
    Outcome.UNKNOWN: 15_000,
}
"""How long an answer stands before the screen asks again (ours: time to read it twice)."""
SAYINGS: dict[Outcome, Saying] = {
    Outcome.GRANTED: "granted",
    Outcome.OPENED: "opened",
    Outcome.REFUSED: "refused",
    Outcome.UNKNOWN: "unknown",
}
MODES: dict[Mode, Saying] = {
    Mode.NORMAL: "ask",
    Mode.HELD: "free",
    Mode.LOCKED_DOWN: "locked_down",
    Mode.FIRE: "fire",
}


class RoomGateDesk:
    """`kiosk.desks.gate_views.GateDesk`. doors: as the door machine has them; answers: by reader."""

    def __init__(
        self,
        *,
        doors: Callable[[], tuple[DoorView, ...]],
        answers: Callable[[], Mapping[str, ReaderAnswer]],
        clock: Clock,
    ) -> None:
        self._doors = doors
        self._answers = answers
        self._clock = clock

    def doors(self) -> tuple[str, ...]:
        """Every door of the site."""
        return tuple(door.id for door in self._doors())

    def look(self, door: str) -> GateSaying:
        """Fire before everything; then an answer that is fresh; then how the door stands."""
        found = next(each for each in self._doors() if each.id == door)
        name = Text(found.name_zh or door, found.name_en or door)
        answer = self._fresh(door)
        if answer is None or found.mode is Mode.FIRE:
            return GateSaying(name, MODES[found.mode])
        left_ms = answer.at_ms + SHOWN_MS[answer.outcome] - self._clock.now().at_ms
        return GateSaying(
            name=name,
            saying=SAYINGS[answer.outcome],
            code=answer.code,
            at_ms=answer.at_ms,
            uses=answer.uses,
            wait_s=left_ms // 1000 if answer.outcome is Outcome.GRANTED else None,
        )

    def _fresh(self, door: str) -> ReaderAnswer | None:
        """The newest answer of the door's readers, as long as it stands."""
        now_ms = self._clock.now().at_ms
        answers = [answer for answer in self._answers().values() if answer.door == door]
        newest = max(answers, key=lambda answer: answer.at_ms, default=None)
        if newest is None or not 0 <= now_ms - newest.at_ms < SHOWN_MS[newest.outcome]:
            return None
        return newest
