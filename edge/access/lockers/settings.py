"""`[lockers]` of site.toml: how long parcels may lie, and how long a cell may stand open."""

from typing import Annotated

import msgspec

HOUR_MS = 3_600_000


class LockerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`keep_h`: after so long a deposited parcel is overdue (滞留); `remind_before_h` earlier its people are
    told. `left_open_s`: an opened cell that is not closed by then raises an alarm. `idle_s`: a deposit that
    nobody goes on with ends by itself.
    """

    keep_h: Annotated[int, msgspec.Meta(ge=1, le=720)] = 48
    remind_before_h: Annotated[int, msgspec.Meta(ge=0, le=240)] = 6
    left_open_s: Annotated[int, msgspec.Meta(ge=10, le=3600)] = 120
    idle_s: Annotated[int, msgspec.Meta(ge=60, le=7200)] = 600

    def keep_until_ms(self, stored_at_ms: int) -> int:
        """When a parcel stored at this time becomes overdue."""
        return stored_at_ms + self.keep_h * HOUR_MS

    def remind_at_ms(self, overdue_at_ms: int) -> int:
        """When to tell of a parcel that will be overdue at this time."""
        return overdue_at_ms - self.remind_before_h * HOUR_MS
