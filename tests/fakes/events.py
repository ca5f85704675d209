"""Events that only tests record."""

from typing import ClassVar

from edge.store.events import Event


class LampLit(Event, frozen=True, kw_only=True):
    """A lamp was lit; a body with every kind of value that a journal holds."""

    TYPE: ClassVar[str] = "LampLit"
    lamp: str
    level: int = 1
    warm: bool = False
    colours: tuple[str, ...] = ()
    note: str | None = None
