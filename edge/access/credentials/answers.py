"""What a reader answered last, for a lamp or a screen: granted, opened, refused and why, or unknown."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from edge.store.notifier import Notifier

ANSWERS_TOPIC = "reader_answers"
"""Hinted after every answer of a reader at a door."""
READERS_LIMIT = 256


class Outcome(StrEnum):
    """What a reader has to show."""

    GRANTED = "granted"
    """Fired; the contact has not spoken yet."""
    OPENED = "opened"
    UNKNOWN = "unknown"
    REFUSED = "refused"


class ReaderAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer at one reader. `code` says why it is refused or unknown; `at_ms` is the trusted clock's.

    `uses` is how many a counted pass has in all, None of everything else.
    """

    reader: str
    door: str
    outcome: Outcome
    code: str = ""
    at_ms: int
    uses: int | None = None


class Signals(Protocol):
    """Shows answers: lamps and a buzzer at the reader, or a screen."""

    def show(self, answer: ReaderAnswer) -> None:
        """Show an answer; never waits and never raises."""
        ...


class LastAnswers:
    """The last answer of every reader, for screens, and on to lamps (`lamps`, in the order given)."""

    def __init__(self, notifier: Notifier, lamps: tuple[Signals, ...] = ()) -> None:
        self._notifier = notifier
        self._lamps = lamps
        self._answers: dict[str, ReaderAnswer] = {}

    @property
    def answers(self) -> Mapping[str, ReaderAnswer]:
        """By reader; in memory only."""
        return self._answers

    def show(self, answer: ReaderAnswer) -> None:
        """Keep it, tell the lamps, hint the screens."""
        if len(self._answers) < READERS_LIMIT or answer.reader in self._answers:
            self._answers[answer.reader] = answer
        for lamp in self._lamps:
            lamp.show(answer)
        self._notifier.publish(ANSWERS_TOPIC)
