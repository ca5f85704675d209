"""The operators' pages as HTML: templates, and the filters that put times and counts into words."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cloud_sync.platform.operators import words

LANGUAGES = ("zh", "en")
SHANGHAI = timezone(timedelta(hours=8))
"""The time of every site: China has one, without summer time (GB/T 7408)."""


class Renderer:
    """Renders pages in Chinese or English."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            time=say_time, short=short_type, svg=Markup, iso=lambda ms: datetime.fromtimestamp(ms / 1000, UTC)
        )

    def page(self, template: str, language: str, values: dict[str, Any]) -> str:
        """The whole document."""
        en = language == "en"

        def w(zh: str, english: str) -> str:
            return english if en else zh

        def ago(at_ms: int, now_ms: int) -> str:
            return say_ago(now_ms - at_ms, en) if at_ms else w("从未", "never")

        return self._environment.get_template(template).render(
            w=w, ago=ago, en=en, language=language, words=words, say=lambda pair: pair[en], **values
        )


def say_time(at_ms: int) -> str:
    """Day and time at the sites."""
    return datetime.fromtimestamp(at_ms / 1000, SHANGHAI).strftime("%m-%d %H:%M:%S") if at_ms else "—"


def say_ago(span_ms: int, en: bool) -> str:
    """A stretch of time until now, in its largest whole unit."""
    for size_ms, zh, english in ((86_400_000, "天", "d"), (3_600_000, "小时", "h"), (60_000, "分钟", "min")):
        if span_ms >= size_ms:
            return f"{span_ms // size_ms} {english} ago" if en else f"{span_ms // size_ms} {zh}前"
    return "now" if en else "刚刚"


def short_type(name: str) -> str:
    """An event's type without what all have in common."""
    return name.removeprefix("community.edge.")
