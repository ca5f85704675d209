"""`python -m cloud_sync.platform erase PERSON`: order that a person is erased everywhere."""

from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.erasing import ask_erasure
from cloud_sync.platform.orders import Desk, Order, Work
from edge.errors import EdgeError


def erase(desk: Desk, order: Order) -> str:
    """Order it of a site's hubs; the order's id is printed. Raises EdgeError."""
    if not order.name:
        raise EdgeError("erase needs the person's pseudonym")
    units = desk.units.of(order.site or desk.settings.site)
    return units.write_now(lambda c: ask_erasure(c, order.name, now_ms=wall_clock_ms())) + "\n"


ORDERS: dict[str, Work] = {"erase": erase}
