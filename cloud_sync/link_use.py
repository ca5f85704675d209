"""How much of the link the uplink may take: size of a batch, pace, how often it looks when idle."""

from typing import NamedTuple

BATCH_EVENTS = 250
BATCH_BYTES = 256 * 1024
"""Uncompressed; what one batch may hold in memory, and about 12 KB on the wire."""
IDLE_POLL_S = 5.0
"""A hint may be lost: look at the journal again after this time."""
PROBE_LIMIT_S = 1.5
"""With a probe's 1.5 s of silence, the first batch leaves within 5 s after the network returns."""
TELEMETRY_LOOK_S = 300.0
_METERED_EVENTS = 1_000
_METERED_IDLE_S = 60.0
_METERED_PROBE_LIMIT_S = 15.0
_METERED_TELEMETRY_LOOK_S = 3_600.0
_METERED_EVERY_NTH = 10
_METERED_BACKUP_DAYS = 7
_HEAD_BYTES = 700
"""Request and answer around a body, and TCP's acknowledgements of them."""
_LEAST_BATCH_BYTES = 16 * 1024
_USUAL_RATIO = 8
"""Lines come to about an eighth when compressed: what a bandwidth limit makes of the size of a batch."""


class LinkUse(NamedTuple):
    """What the settings `[platform] metered` and `uplink_kbps` mean for the roles that send.

    `kbps` is 0 without a limit. `read_ahead`: the next batch is read while one is on its way.
    `telemetry_every`: one sample in so many is told. `backup_days`: a backup goes up after so many.
    """

    batch_events: int = BATCH_EVENTS
    batch_bytes: int = BATCH_BYTES
    kbps: int = 0
    idle_poll_s: float = IDLE_POLL_S
    probe_limit_s: float = PROBE_LIMIT_S
    read_ahead: bool = True
    telemetry_look_s: float = TELEMETRY_LOOK_S
    telemetry_every: int = 1
    backup_days: int = 1

    def rest_s(self, body_bytes: int, taken_s: float) -> float:
        """How long to rest after a posting of so many bytes that took so long, to stay below the limit."""
        if not self.kbps:
            return 0.0
        return max(0.0, (body_bytes + _HEAD_BYTES) * 8 / (self.kbps * 1_000) - taken_s)


def link_use(*, metered: bool, kbps: int) -> LinkUse:
    """The use of a link. A metered one is asked rarely and in large pieces, and tells fewer samples.

    Below a bandwidth limit a batch is what the line carries in about a second, so that a command or a
    payment that wants the same line does not stand behind a long posting.
    """
    limit_bytes = kbps * 125 * _USUAL_RATIO if kbps else BATCH_BYTES
    batch_bytes = max(_LEAST_BATCH_BYTES, min(BATCH_BYTES, limit_bytes))
    if not metered:
        return LinkUse(kbps=kbps, batch_bytes=batch_bytes)
    return LinkUse(
        batch_events=_METERED_EVENTS,
        batch_bytes=batch_bytes,
        kbps=kbps,
        idle_poll_s=_METERED_IDLE_S,
        probe_limit_s=_METERED_PROBE_LIMIT_S,
        read_ahead=False,
        telemetry_look_s=_METERED_TELEMETRY_LOOK_S,
        telemetry_every=_METERED_EVERY_NTH,
        backup_days=_METERED_BACKUP_DAYS,
    )
