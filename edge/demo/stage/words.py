"""One text in both languages, as the stage tells it to the page."""

from typing import NamedTuple

from edge.errors import EdgeError


class Said(NamedTuple):
    """The same in Chinese and in English."""

    zh: str
    en: str


NOTHING = Said("", "")


class CannotNow(EdgeError):
    """The stage was asked for something that it cannot do here or now; `said` is why, for the page."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said.en)
