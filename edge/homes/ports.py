"""What the homes room asks of the outside."""

from typing import Any, Protocol

import msgspec


class FreshBill(msgspec.Struct, frozen=True, kw_only=True):
    """A bill's newest version at the platform; `data` as the feed sends it, None when it was withdrawn."""

    id: str
    version: int
    data: dict[str, Any] | None


class BillPlatform(Protocol):
    """Says how a bill stands now; the feed may be a moment behind."""

    async def look(self, bill_id: str) -> FreshBill:
        """Return the newest version. Raises PlatformUnreachable, PlatformRejected."""
