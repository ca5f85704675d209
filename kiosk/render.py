"""From a session to the HTML of its screen."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from edge.money import format_yuan
from kiosk.assets import Assets
from kiosk.banners import banner_of
from kiosk.session import Session
from kiosk.words import Text

HERE = Path(__file__).parent
ZONE = ZoneInfo("Asia/Shanghai")
WEEKDAYS = (
    Text("星期一", "Monday"),
    Text("星期二", "Tuesday"),
    Text("星期三", "Wednesday"),
    Text("星期四", "Thursday"),
    Text("星期五", "Friday"),
    Text("星期六", "Saturday"),
    Text("星期日", "Sunday"),
)
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def local(at_ms: int) -> datetime:
    """The site's local time of a moment."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZONE)


def clock_face(at_ms: int, *, seconds: bool = False) -> str:
    """Time of day, 24 hours."""
    return local(at_ms).strftime("%H:%M:%S" if seconds else "%H:%M")


def day_words(day: datetime) -> Text:
    """A date without its year: 11月22日 / 22 Nov."""
    return Text(f"{day.month}月{day.day}日", f"{day.day} {MONTHS_EN[day.month - 1]}")


def date_words(iso_date: str) -> Text:
    """An ISO date in words, with its year."""
    day = datetime.fromisoformat(iso_date)
    return Text(f"{day.year}年{day.month}月{day.day}日", f"{day.day} {MONTHS_EN[day.month - 1]} {day.year}")


def qr_svg(text: str) -> Markup:
    """A QR code as SVG with its quiet zone of four modules; error correction M."""
    matrix = segno.make(text, error="m", micro=False).matrix
    size = len(matrix) + 8
    runs: list[str] = []
    for y, line in enumerate(matrix):
        x = 0
        while x < len(line):
            start = x
            while x < len(line) and line[x]:
                x += 1
            if x > start:
                runs.append(f"M{start + 4} {y + 4.5}h{x - start}")
            x += 1
    return Markup(  # noqa: S704 - figures only, computed above
        f'<svg viewBox="0 0 {size} {size}" shape-rendering="crispEdges" aria-hidden="true">'
        f'<path d="{"".join(runs)}"/></svg>'
    )


class Renderer:
    """Renders fragments and the page around them."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["yuan"] = format_yuan
        self._environment.globals.update(asset=assets.urls, picture=assets.picture, qr=qr_svg)

    def fragment(self, session: Session) -> str:
        """The `<main>` of the screen that is shown."""
        screen = session.screen
        template = self._environment.get_template(screen.template)
        return template.render(**_common(session), **screen.view(session))

    def page(self, session: Session) -> str:
        """The whole document, with the present screen in it."""
        template = self._environment.get_template("page.html")
        return template.render(
            **_common(session),
            main=Markup(self.fragment(session)),  # noqa: S704 - rendered by us, escaped
        )


def _common(session: Session) -> dict[str, Any]:
    visit = session.visit
    language = visit.language

    def w(zh: str, en: str, **values: object) -> str:
        return Text(zh, en).say(language, **values)

    def say(text: Text, **values: object) -> str:
        return text.say(language, **values)

    return {
        "w": w,
        "say": say,
        "visit": visit,
        "session": session,
        "en": language == "en",
        "now": local(session.now_ms),
        "clock": clock_face,
        "day": lambda at_ms: say(day_words(local(at_ms))),
        "date": lambda iso_date: say(date_words(iso_date)),
        "weekday": lambda at_ms: say(WEEKDAYS[local(at_ms).weekday()]),
        "banner": banner_of(session),
        "conditions": session.desks.health.conditions(),
    }
