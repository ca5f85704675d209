"""What the screen at a door shows: what its readers answered last, and how the door stands."""

from dataclasses import dataclass
from typing import Literal, Protocol

from kiosk.words import Text

Saying = Literal["ask", "granted", "opened", "refused", "unknown", "free", "fire", "locked_down"]
"""ask: nothing was shown; free: kept open; the others as a reader answered, or as the door's mode is."""


@dataclass(frozen=True, slots=True)
class GateSaying:
    """One moment at a door. code: why it is refused, or not known; at_ms: when that was said.

    uses: of a pass that counts, in all. wait_s: how long the contact may still take to speak.
    """

    name: Text
    saying: Saying
    code: str = ""
    at_ms: int | None = None
    uses: int | None = None
    wait_s: int | None = None


class GateDesk(Protocol):
    """Doors that have a reader, and what was said there."""

    def doors(self) -> tuple[str, ...]:
        """Doors that may have a screen."""

    def look(self, door: str) -> GateSaying:
        """How it stands at a door now."""
