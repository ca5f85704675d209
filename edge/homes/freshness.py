"""Asked just before money is taken: whether a bill was paid in the app meanwhile.

The answer is the bill's newest version, applied as the feed would apply it; what is placed next is judged on
it. Without an answer the copy has to do, and a double payment is found when both are in step again
(`edge.homes.overpayments`).
"""

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from edge.errors import PlatformError
from edge.homes.bills import apply_bill
from edge.homes.ports import BillPlatform, FreshBill
from edge.store.store import Store
from edge.store.unit import Unit

log = logging.getLogger(__name__)

MOST_BILLS = 40
"""Bills asked for at once; one payment of more is judged on the copy from there on."""


async def refresh_bills(store: Store, platform: BillPlatform, bill_ids: Sequence[str]) -> bool:
    """Bring the copies of these bills up to date; False when the platform did not answer for each of them."""
    wanted = list(dict.fromkeys(bill_ids))[:MOST_BILLS]
    answers = await asyncio.gather(*(_look(platform, bill_id) for bill_id in wanted))
    fresh = [answer for answer in answers if answer is not None]
    if fresh:
        await store.run(lambda unit: _apply(unit, fresh))
    return len(fresh) == len(set(bill_ids))


async def _look(platform: BillPlatform, bill_id: str) -> FreshBill | None:
    try:
        return await platform.look(bill_id)
    except PlatformError as error:
        log.info("bill %s: %s", bill_id, error)
        return None


def _apply(unit: Unit, fresh: list[FreshBill]) -> None:
    for bill in fresh:
        try:
            apply_bill(unit, bill.id, bill.version, bill.data)
        except msgspec.ValidationError as error:
            log.warning("bill %s: %s", bill.id, error)
