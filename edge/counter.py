"""The counter's role: staff's pages on an address of their own, and the match that they show."""

import asyncio
from functools import partial

from aiohttp import web

from cloud_sync.http import PlatformHttp
from cloud_sync.settlement import HttpSettlementPlatform
from edge.config import Config, SiteSettings
from edge.control_match import MatchControl
from edge.counter_rooms import CounterRooms
from edge.payments import Payments
from edge.settlement.matching import Matcher
from edge.site import one_or_default
from edge.staff.accounts import StaffDesk
from edge.store.store import Store
from edge.trust.clock import Clock
from kiosk.counter.app import build_counter, make_context
from kiosk.counter.settings import CounterSettings


class Counter:
    """Serves the pages; `matcher` is the match's own role, `control` its part of the control socket."""

    def __init__(
        self,
        config: Config,
        *,
        store: Store,
        http: PlatformHttp,
        payments: Payments,
        staff: StaffDesk,
        clock: Clock,
        rooms: CounterRooms,
    ) -> None:
        self._config = config
        self._settings = one_or_default(config, "counter", CounterSettings)
        self.matcher = Matcher(store=store, clock=clock, platform=HttpSettlementPlatform(http))
        self.control = MatchControl(store=store, clock=clock, staff=staff, matcher=self.matcher)
        self._make_app = partial(
            build_counter,
            self._settings,
            config.one("site", SiteSettings),
            store=store,
            engine=payments.engine,
            release=payments.release,
            staff=staff,
            clock=clock,
            matcher=self.matcher,
            doors=rooms.doors,
            devices=rooms.devices,
            lockers=rooms.lockers,
        )

    async def run(self) -> None:
        """Serve until cancelled."""
        runner = web.AppRunner(self._make_app(), access_log=None, handle_signals=False)
        await runner.setup()
        try:
            context = make_context(self._settings, self._config.resolve)
            await web.TCPSite(runner, self._settings.host, self._settings.port, ssl_context=context).start()
            await asyncio.get_running_loop().create_future()
        finally:
            await runner.cleanup()
