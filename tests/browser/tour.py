"""How each screen is reached, once, for every test that looks at all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable

from tests.fakes.kiosk_desks import ORDER_CODE, RESIDENT_CODE
from tests.fakes.kiosk_stand import Stand

Step = tuple[str, Callable[[Stand], Awaitable[None]]]
SOY = "6901234567892"


async def _home(stand: Stand) -> None:
    await stand.do("touch")


async def _shop_empty(stand: Stand) -> None:
    await stand.do("open=shop")


async def _shop(stand: Stand) -> None:
    await stand.do("add=orange", "add=noodle", "add=milk", "add=milk")
    await stand.session.scan("ean13", SOY)


async def _search(stand: Stand) -> None:
    await stand.do("search", "type=j", "type=y")


async def _pay(stand: Stand) -> None:
    await stand.do("back", "pay", "ask_now")


async def _pay_unknown(stand: Stand) -> None:
    stand.till.state = "unknown"
    await stand.do("ask_now")


async def _receipt(stand: Stand) -> None:
    stand.till.state = "paid"
    await stand.do("ask_now")


async def _known(stand: Stand) -> None:
    await stand.do("home")
    await stand.session.scan("qr", RESIDENT_CODE)


async def _pickup_wait(stand: Stand) -> None:
    await stand.do("home", "open=pickup")


async def _pickup_open(stand: Stand) -> None:
    await stand.session.scan("qr", ORDER_CODE)
    for cell, state in (("B03", "open"), ("B03", "got"), ("C04", "open")):
        stand.lockers.move(cell, state)  # type: ignore[arg-type]
        await stand.session.poll()
        stand.clock.advance(9)


async def _pickup_unknown(stand: Stand) -> None:
    stand.lockers.move("C04", "unknown")
    await stand.session.poll()


async def _pickup_done(stand: Stand) -> None:
    for cell in ("C04", "D03"):
        stand.lockers.move(cell, "got")
    await stand.session.poll()


async def _identify(stand: Stand) -> None:
    stand.session.visit.resident = None
    await stand.do("home", "open=fees")


async def _explained(stand: Stand) -> None:
    await stand.do("home")
    await stand.session.scan("qr", "https://example.com/")


async def _removed(stand: Stand) -> None:
    await stand.do("dismiss", "open=shop", "add=soy", "less=soy")


async def _still_there(stand: Stand) -> None:
    stand.clock.advance(80)


def _open(name: str) -> Callable[[Stand], Awaitable[None]]:
    async def go(stand: Stand) -> None:
        await stand.do("home", f"open={name}")

    return go


async def _nothing(stand: Stand) -> None:
    del stand


STEPS: tuple[Step, ...] = (
    ("idle", _nothing),
    ("home", _home),
    ("shop-empty", _shop_empty),
    ("shop", _shop),
    ("search", _search),
    ("pay", _pay),
    ("pay-unknown", _pay_unknown),
    ("receipt", _receipt),
    ("home-known", _known),
    ("fees", _open("fees")),
    ("settled", _open("settled")),
    ("pickup-wait", _pickup_wait),
    ("pickup", _pickup_open),
    ("pickup-unknown", _pickup_unknown),
    ("pickup-done", _pickup_done),
    ("notices", _open("notices")),
    ("directory", _open("directory")),
    ("help", _open("help")),
    ("repairs", _open("repairs")),
    ("visitors", _open("visitors")),
    ("points", _open("points")),
    ("preorders", _open("preorders")),
    ("identify", _identify),
    ("explained", _explained),
    ("removed", _removed),
    ("still-there", _still_there),
)


async def tour(stand: Stand) -> AsyncIterator[str]:
    """Walk through every screen; gives the name of each once it is reached."""
    for name, go in STEPS:
        await go(stand)
        yield name
