"""Days at the channels: UTC+8 all year, bills of the day before from 10:00 (facts.md)."""

from datetime import UTC, date, datetime, timedelta, timezone

CHANNEL_TIME = timezone(timedelta(hours=8))
BILL_READY = timedelta(days=1, hours=10)
_DAY_MS = 86_400_000


def day_span_ms(day: str) -> tuple[int, int]:
    """First millisecond of a day, and of the next one. Raises ValueError for what is no day."""
    begin = datetime.combine(date.fromisoformat(day), datetime.min.time(), CHANNEL_TIME)
    begin_ms = round(begin.timestamp()) * 1000
    return begin_ms, begin_ms + _DAY_MS


def bill_ready_ms(day: str) -> int:
    """From when on the bill of a day can be had."""
    return day_span_ms(day)[0] + round(BILL_READY.total_seconds()) * 1000


def day_of(at_ms: int) -> str:
    """The day in which a time lies at the channels."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(CHANNEL_TIME).date().isoformat()
