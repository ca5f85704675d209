"""Telemetry on its way to the platform: samples of gauges, each told apart by device, epoch and number."""

from typing import Annotated

import msgspec

MAX_SAMPLES = 120
"""Samples of one posting: two hours."""
MAX_GAUGES = 32
_WHOLE = 2**53
"""JSON numbers beyond this are not whole ones everywhere (RFC 8259, 6)."""

Count = Annotated[int, msgspec.Meta(ge=0, le=_WHOLE)]
GaugeName = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
GaugeValue = Annotated[int, msgspec.Meta(ge=-_WHOLE, le=_WHOLE)]
Gauges = Annotated[dict[GaugeName, GaugeValue], msgspec.Meta(max_length=MAX_GAUGES)]


class TelemetrySample(msgspec.Struct, frozen=True):
    """One sample: trusted time and its trust, whole numbers by gauge."""

    epoch: Count
    number: Count
    at_ms: Count
    trust: Annotated[str, msgspec.Meta(pattern="^(synced|holdover|unknown)$")]
    gauges: Gauges


class TelemetryPosting(msgspec.Struct, frozen=True):
    """Samples in order of their numbers; `dropped` is how many the device gave up before, ever."""

    dropped: Count
    samples: Annotated[list[TelemetrySample], msgspec.Meta(min_length=1, max_length=MAX_SAMPLES)]


class TelemetryTaken(msgspec.Struct, frozen=True):
    """The platform needs no sample of this posting again."""

    number: int
