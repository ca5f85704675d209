"""While people are there a backlog drains in a part of the time only; without a backlog nothing rests."""

import pytest

from cloud_sync.giving_way import LONGEST_REST_S, PEOPLE_S, REST_PARTS, GivingWay
from cloud_sync.http import PlatformHttp
from cloud_sync.uplink import Uplink
from tests.cloud_sync.conftest import DEVICE, SITE, World


class Watch:
    """A clock that stands until it is set."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_nobody_is_there_until_the_journal_grows() -> None:
    way = GivingWay(now_s=Watch())
    assert way.rest_s(10, 0.01) == 0
    assert way.rest_s(10, 0.01) == 0


def test_it_rests_in_proportion_while_somebody_is_there_and_not_after() -> None:
    watch = Watch()
    way = GivingWay(now_s=watch)
    way.rest_s(10, 0.01)
    assert way.rest_s(11, 0.01) == pytest.approx(REST_PARTS * 0.01)
    watch.now_s += PEOPLE_S / 2
    assert way.rest_s(11, 0.01) == pytest.approx(REST_PARTS * 0.01)
    watch.now_s += PEOPLE_S
    assert way.rest_s(11, 0.01) == 0


def test_a_slow_line_is_not_made_slower_by_much() -> None:
    way = GivingWay(now_s=Watch())
    way.rest_s(10, 1.0)
    assert way.rest_s(11, 1.0) == LONGEST_REST_S


async def test_the_uplink_gives_way_in_a_backlog_only(world: World) -> None:
    rests_s: list[float] = []

    async def rest(pause_s: float) -> None:
        rests_s.append(pause_s)

    async with PlatformHttp(url=world.url, site=SITE, device=DEVICE, token=world.token) as http:
        uplink = Uplink(store=world.store, http=http, batch_events=20, sleep=rest)
        world.record(70)
        await uplink.send_next()
        assert rests_s == []
        world.record(1)
        await uplink.send_next()
        assert len(rests_s) == 1
        assert 0 < rests_s[0] <= LONGEST_REST_S
        while await uplink.send_next():
            pass
        before = len(rests_s)
        world.record(1)
        await uplink.send_next()
        assert len(rests_s) == before
