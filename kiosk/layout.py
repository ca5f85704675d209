"""How many rows fit: the screen pages with keys instead of hiding, so it has to know the room it has."""

from typing import Literal

Layout = Literal["portrait", "landscape", "short"]

ROWS: dict[str, dict[Layout, tuple[int, int]]] = {
    # list: layout → rows at ease, and with large type or a banner
    "basket": {"portrait": (4, 4), "landscape": (4, 3), "short": (3, 2)},
    "shelf": {"portrait": (4, 4), "landscape": (4, 3), "short": (3, 3)},
    "found": {"portrait": (4, 4), "landscape": (4, 3), "short": (3, 3)},
    "bills": {"portrait": (5, 4), "landscape": (4, 3), "short": (3, 1)},
    "bills_points": {"portrait": (4, 2), "landscape": (3, 2), "short": (2, 1)},
    "settled": {"portrait": (10, 7), "landscape": (4, 3), "short": (3, 1)},
    "shares": {"portrait": (4, 3), "landscape": (4, 3), "short": (3, 2)},
    "notices": {"portrait": (4, 3), "landscape": (3, 2), "short": (2, 1)},
    "directory": {"portrait": (7, 5), "landscape": (4, 3), "short": (4, 2)},
    "receipt": {"portrait": (6, 5), "landscape": (5, 4), "short": (3, 2)},
    "moves": {"portrait": (5, 3), "landscape": (3, 2), "short": (2, 1)},
    "steps": {"portrait": (4, 3), "landscape": (3, 2), "short": (2, 1)},
    "waiting": {"portrait": (4, 3), "landscape": (3, 2), "short": (2, 2)},
    "parcels": {"portrait": (4, 3), "landscape": (3, 2), "short": (2, 1)},
    "board": {"portrait": (3, 2), "landscape": (3, 2), "short": (2, 2)},
    "chips": {"portrait": (4, 3), "landscape": (3, 2), "short": (3, 2)},
}


def layout_of(width_px: int, height_px: int) -> Layout:
    """The layout a screen of this size gets; short: landscape under 860 px high (as in tokens.css)."""
    if height_px >= width_px:
        return "portrait"
    return "short" if height_px <= 860 else "landscape"


def rows(name: str, layout: Layout, *, tight: bool) -> int:
    """How many rows of the list fit; tight: large type, or a banner on a wide screen."""
    normal_rows, tight_rows = ROWS[name][layout]
    return tight_rows if tight else normal_rows


def page_count(count: int, size: int) -> int:
    """Pages needed for that many rows, at least one."""
    return max(1, -(-count // size))
