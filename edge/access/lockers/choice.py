"""Which cell a parcel gets: the smallest that fits, within reach first for those who need it."""

from collections.abc import Collection, Mapping

from edge.access.lockers.layout import SIZES, CellPlace


def choose_cell(
    places: Mapping[tuple[str, str], CellPlace],
    free: Collection[tuple[str, str]],
    *,
    size: str,
    accessible: bool,
) -> CellPlace | None:
    """The cell to take for a parcel of this size; None when no free one is large enough.

    Who asks for reach gets it before a better fit, as long as one within reach is large enough. Everybody
    else gets the best fit, and of those one out of reach, so that the others stay for who needs them.
    """
    fitting = [place for key in free if (place := places.get(key)) and SIZES[place.size] >= SIZES[size]]

    def rank(place: CellPlace) -> tuple[object, ...]:
        larger, where = SIZES[place.size], (place.bank, place.column, place.row)
        return (not place.accessible, larger, where) if accessible else (larger, place.accessible, where)

    return min(fitting, key=rank, default=None)


def count_free(
    places: Mapping[tuple[str, str], CellPlace], free: Collection[tuple[str, str]]
) -> dict[str, tuple[int, int]]:
    """Size → how many free cells there are of it, and how many of them within reach."""
    counts = dict.fromkeys(SIZES, (0, 0))
    for key in free:
        if (place := places.get(key)) is not None:
            total, reach = counts[place.size]
            counts[place.size] = (total + 1, reach + place.accessible)
    return counts
