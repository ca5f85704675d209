"""The daily check of the books: a difference is an alarm until a check finds none."""

from collections.abc import Sequence

from edge.service.alarms import clear_alarm, raise_alarm
from edge.store.unit import Unit

KIND = "books_differ"
SOURCE = "books"


def note_books(unit: Unit, differences: Sequence[str]) -> bool:
    """Raise the alarm, or clear it when nothing differs; returns whether the books hold.

    `differences` are in words, as `edge.books.verification` names them; the first stands in the alarm.
    """
    if not differences:
        clear_alarm(unit, kind=KIND, source=SOURCE)
        return True
    raise_alarm(unit, kind=KIND, source=SOURCE, detail=f"{len(differences)} differences; {differences[0]}")
    return False
