"""From a visit to the HTML of its page."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edge.money import format_yuan
from kiosk.assets import Asset, Assets
from kiosk.counter import device_words, door_words, locker_words, roles, words
from kiosk.counter.navigation import places_of
from kiosk.render import clock_face, date_words, local, qr_svg
from kiosk.words import Text

if TYPE_CHECKING:
    from kiosk.counter.server import Visit

HERE = Path(__file__).parent


class CounterRenderer:
    """Renders pages; serves the kiosk's tokens and the counter's own style."""

    def __init__(self) -> None:
        self._assets = (Assets(), Assets(HERE / "static"))
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["yuan"] = format_yuan
        self._environment.globals.update(
            qr=qr_svg, asset={name: url for assets in self._assets for name, url in assets.urls.items()}
        )

    def find_asset(self, path: str) -> Asset | None:
        """A static file by its address."""
        return next((found for assets in self._assets if (found := assets.find(path)) is not None), None)

    def page(self, visit: "Visit", template: str, values: Mapping[str, Any]) -> str:
        """The whole document."""
        language = visit.language

        def w(zh: str, en: str, **filled: object) -> str:
            return Text(zh, en).say(language, **filled)

        return self._environment.get_template(template).render(
            w=w,
            say=lambda text, **filled: text.say(language, **filled),
            words=words,
            doors=door_words,
            devices=device_words,
            lockers=locker_words,
            roles=roles,
            en=language == "en",
            visit=visit,
            place=visit.deps.place,
            ticket=visit.session.make_ticket if visit.session is not None and not visit.is_live else None,
            places=()
            if visit.session is None
            else places_of(visit.person.role, lockers=visit.deps.lockers is not None),
            now_ms=visit.now_ms,
            time=lambda at_ms: clock_face(at_ms, seconds=True),
            at=lambda at_ms: f"{local(at_ms):%Y-%m-%d} {clock_face(at_ms)}",
            date=lambda iso_date: date_words(iso_date).say(language),
            **values,
        )
