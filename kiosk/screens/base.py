"""What a screen is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.session import Session

Gesture = Callable[["Session", str], Awaitable[None]]


class Screen:
    """One screen: a template, what it shows, and the gestures it understands.

    timeout_s: seconds without a touch before the session ends; None: the configured time.
    """

    name: str = ""
    template: str = ""
    timeout_s: int | None = None
    gestures: Mapping[str, Gesture] = {}

    def view(self, session: "Session") -> dict[str, object]:
        """Values for the template beside those that every screen gets."""
        del session
        return {}

    async def enter(self, session: "Session") -> None:
        """Read what the screen shows; a Refusal here keeps the person where they were."""

    async def poll(self, session: "Session") -> None:
        """Look at what changes by itself; called about once a second while the screen is shown."""

    async def may_leave(self, session: "Session") -> bool:
        """Settle what is open before another screen is shown; False: stay, the reason is on the screen."""
        del session
        return True

    def holds(self, session: "Session") -> bool:
        """Whether nothing else may be begun by a scan now (payment under way, cell open)."""
        del session
        return False

    def waits(self, session: "Session") -> bool:
        """Whether the session must not end by itself now: an attempt is open, a cell is open."""
        return self.holds(session)

    def takes_payment_codes(self, session: "Session") -> bool:
        """Whether a payment code may be read now: a sum stands on the screen and has been seen."""
        del session
        return False

    async def payment_code(self, session: "Session", channel: str, code: str) -> bool:
        """Take a payment code, a bearer secret; False: it is not for this screen and was not used."""
        del session, channel, code
        return False

    async def scanned(self, session: "Session", symbology: str, text: str) -> bool:
        """Take a scan meant for this screen; False: the ordinary way."""
        del session, symbology, text
        return False
