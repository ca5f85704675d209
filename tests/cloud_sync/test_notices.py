"""Notices are hints: late, early, twice, never, forged or wrong, the truth is asked from the channel."""

import msgspec
import pytest

from cloud_sync.platform.channels.faults import Fault
from cloud_sync.platform.channels.port import Notice, NoticeForged
from cloud_sync.platform.payment_refusals import NoticeRefused
from tests.cloud_sync.conftest import World
from tests.cloud_sync.payment_floor import DEVICE, Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


async def post(floor: Floor, notice: Notice) -> None:
    """The channel posts a notice with a good signature."""
    signed = floor.channels["wechat"].sign_notice(msgspec.json.encode(notice))
    await floor.notices.take("wechat", signed.headers, signed.body)


def notice_of(floor: Floor, **changes: object) -> Notice:
    good = Notice(id="n-1", attempt="k1-1-7", payee="shop", amount_fen=6_000, channel_id="sim1")
    return msgspec.structs.replace(good, **changes)


async def test_a_notice_makes_the_desk_ask(floor: Floor) -> None:
    floor.scan(await floor.offer())
    assert await floor.deliver() == 1
    assert floor.kept().state == "paid"
    assert floor.incidents() == []


@pytest.mark.parametrize("fault", [Fault.NOTICE_TWICE, Fault.NOTICE_LATE, Fault.NOTICE_NEVER])
async def test_however_often_a_notice_comes_it_is_one_payment(floor: Floor, fault: Fault) -> None:
    floor.switch(fault)
    floor.scan(await floor.offer())
    now = await floor.deliver()
    floor.now_ms += 30_000
    later = await floor.deliver()
    expected = {Fault.NOTICE_TWICE: (2, 0), Fault.NOTICE_LATE: (0, 1), Fault.NOTICE_NEVER: (0, 0)}
    assert (now, later) == expected[fault]
    assert (await floor.ask()).state == "paid"
    assert floor.captured_fen() == 6_000
    assert floor.incidents() == []


async def test_a_notice_may_come_before_the_answer(floor: Floor) -> None:
    floor.switch(Fault.NOTICE_EARLY, channel="alipay")
    assert (await floor.charge(channel="alipay")).state == "paid"
    assert await floor.deliver() == 0
    assert floor.incidents() == []


async def test_wechat_sends_none_for_a_payment_code(floor: Floor) -> None:
    await floor.charge()
    assert await floor.deliver() == 0


@pytest.mark.parametrize(
    ("fault", "incident", "state"),
    [
        (Fault.NOTICE_FORGED, "notice_forged", "waiting"),
        (Fault.NOTICE_WRONG_ORDER, "notice_order", "waiting"),
        (Fault.NOTICE_WRONG_AMOUNT, "notice_amount", "paid"),
    ],
)
async def test_a_notice_that_does_not_fit_is_refused_and_recorded(
    floor: Floor, fault: Fault, incident: str, state: str
) -> None:
    floor.switch(fault, value=700)
    floor.scan(await floor.offer())
    await floor.deliver()
    assert floor.incidents() == [incident]
    assert floor.kept().state == state
    asked = await floor.ask()
    assert (asked.state, asked.amount_fen) == ("paid", 6_000)


async def test_a_notice_with_a_good_signature_cannot_make_a_payment(floor: Floor) -> None:
    await floor.offer()
    await post(floor, notice_of(floor))
    assert floor.kept().state == "waiting"
    for changes in ({"payee": "other"}, {"amount_fen": 1}, {"part": "k1-1-9"}, {"attempt": "k9-1-1"}):
        with pytest.raises(NoticeRefused):
            await post(floor, notice_of(floor, **changes))
    assert floor.kept().state == "waiting"
    assert sorted(floor.incidents()) == ["notice_amount", "notice_order", "notice_payee", "notice_refund"]


async def test_a_notice_about_a_wrong_capture_names_what_was_taken(floor: Floor) -> None:
    floor.switch(Fault.WRONG_AMOUNT, value=50)
    floor.scan(await floor.offer())
    await floor.deliver()
    assert (floor.kept().state, floor.kept().captured_fen) == ("paid", 6_050)
    assert "amount_differs" in floor.incidents()


async def test_the_notice_of_a_slow_refund_makes_the_desk_ask(floor: Floor) -> None:
    await floor.charge()
    floor.switch(Fault.SLOW_REFUND, value=30)
    await floor.refunds.refund(DEVICE, floor.refund_of(8, 5_000))
    floor.now_ms += 30_000
    assert await floor.deliver() == 1
    assert floor.captured_fen() == 1_000
    assert floor.incidents() == []


async def test_a_refused_notice_is_told_by_its_status(world: World) -> None:
    for channel, status in (("wechat", 401), ("nobody", 404)):
        answer = await world.client.post(f"/v1/channels/{channel}/notices", data=b"{}")
        assert answer.status == status
    overview = await (await world.client.get("/sim/overview")).json()
    assert [one["code"] for one in overview["payment_incidents"]] == ["notice_forged"]


async def test_another_channel_cannot_sign_for_this_one(floor: Floor) -> None:
    await floor.offer()
    body = msgspec.json.encode(notice_of(floor))
    with pytest.raises(NoticeForged):
        await floor.notices.take("wechat", {}, body)
    signed = floor.channels["alipay"].sign_notice(body)
    with pytest.raises(NoticeRefused):
        await floor.notices.take("alipay", signed.headers, signed.body)
