"""The hub's payments, wired: who settles what, and the role that follows every open payment to its end."""

import asyncio
from collections.abc import Mapping

from edge.homes.fees import fee_limits, settle_bills
from edge.pay.attempts import Attempt, Settle
from edge.pay.codes import CodeTable
from edge.pay.engine import Conflict, Limits, PaymentEngine
from edge.pay.ports import PaymentPlatform
from edge.pay.refunding import RefundDesk
from edge.pay.release import release_order
from edge.pay.top_up import settle_top_up, top_up_limits
from edge.shop.checkout import cancel_abandoned, sale_limits, settle_sale
from edge.store.store import Store
from edge.trust.clock import Clock

SETTLE: Mapping[str, Settle] = {"sale": settle_sale, "fee": settle_bills, "top_up": settle_top_up}
"""What settles a paid order, by the purpose of its payment."""

RELEASABLE: Mapping[str, Settle] = {"sale": settle_sale}
"""What a supervisor may give out before the outcome: goods, never a bill or a balance."""

LIMITS: Mapping[str, Limits] = {"sale": sale_limits, "fee": fee_limits, "top_up": top_up_limits}
"""What accounts may pay of an order, by the purpose of its payment."""

LOOK_EVERY_S = 1.0
"""How often open payments are looked at; the policy of each says when it is asked about."""
SETTLE_EVERY_S = 20.0
"""How often those that nobody follows, and late money, are asked about."""


class Payments:
    """Engine, refunds and code table of a hub; `run` is its role."""

    def __init__(
        self,
        store: Store,
        platform: PaymentPlatform,
        *,
        clock: Clock,
        codes: CodeTable,
        conflict: Conflict,
    ) -> None:
        self._store = store
        self._clock = clock
        self.codes = codes
        self.engine = PaymentEngine(
            store, platform, settle=SETTLE, limits=LIMITS, clock=clock, conflict=conflict
        )
        self.refunds = RefundDesk(store, platform, clock=clock)

    async def run(self) -> None:
        """First what a restart left open, then orders that nobody pays any more; then follow, for ever."""
        started_at_ms = self._clock.now().at_ms
        await self.engine.settle_open()
        await self._store.run(lambda unit: cancel_abandoned(unit, placed_before_ms=started_at_ms))
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            looks += 1
            await self.engine.follow_open()
            await self.refunds.pay_back_due()
            if looks * LOOK_EVERY_S % SETTLE_EVERY_S == 0:
                await self.engine.look_for_late_money()

    async def release(self, attempt_id: str, *, supervisor: str, reason: str) -> Attempt:
        """Give the goods of an open payment out; `supervisor` is the account of who decides.

        Raises the Refusals of `edge.pay.release.release_order`.
        """
        return await self._store.run(
            lambda unit: release_order(unit, attempt_id, RELEASABLE, supervisor=supervisor, reason=reason)
        )
