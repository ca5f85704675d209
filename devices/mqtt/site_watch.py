"""Who is on the site's broker although the site file does not name it."""

from collections.abc import Iterable

from edge.links.broker import BrokerMessage
from edge.links.findings import Findings

GONE = (b"", b"0", b"Offline")


class SiteWatch:
    """Reports every device that says it is up and that nothing here uses; a part of the site's link.

    It gets no door, no cell and no reader: nothing listens to its other topics.
    """

    topics = ("d/+/up", "tele/+/LWT")

    def __init__(self, known: Iterable[str], findings: Findings) -> None:
        self._known = frozenset(known)
        self._findings = findings

    async def begin(self) -> None:
        """The broker is there; who is up follows by itself."""

    async def take(self, message: BrokerMessage) -> bool:
        """Look at who is up; the message is for others, too."""
        parts = message.topic.split("/")
        if len(parts) != 3 or parts[2] not in ("up", "LWT") or parts[1] in self._known:
            return False
        if message.payload in GONE:
            self._findings.clear(parts[1], "unknown_device")
        else:
            self._findings.report(parts[1], "unknown_device", message.topic)
        return True

    def lose(self) -> None:
        """The broker is away: what was found stays, it is found again or cleared when it is back."""
