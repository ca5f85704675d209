"""A door's screen, on paper."""

from dataclasses import dataclass, field

from kiosk.desks.gate_views import GateSaying
from kiosk.words import Text

GATE_NAME = Text("南门", "South gate")


@dataclass
class PaperGates:
    """One door whose saying the test sets."""

    said: GateSaying = field(default_factory=lambda: GateSaying(GATE_NAME, "ask"))

    def doors(self) -> tuple[str, ...]:
        """See the port."""
        return ("gate",)

    def look(self, door: str) -> GateSaying:
        """See the port."""
        assert door == "gate"
        return self.said
