"""The platform's payment desk over channels that misbehave: one charge, honest answers, nothing trusted."""

import msgspec
import pytest

from cloud_sync.platform.channels.faults import Fault
from cloud_sync.platform.payment_refusals import (
    AttemptConflict,
    AttemptGivenUp,
    AttemptUnknown,
    ChannelAway,
    ChannelSaidNo,
    RefundConflict,
    RefundExceeds,
    RefundNotPaid,
    RefundUnknown,
)
from cloud_sync.wire.payments import ChargeRequest
from tests.cloud_sync.payment_floor import DEVICE, Floor


@pytest.fixture
def floor() -> Floor:
    return Floor()


async def test_the_same_charge_again_is_a_question(floor: Floor) -> None:
    code = floor.code()
    first = await floor.charge(code=code)
    assert (first.state, first.amount_fen, first.order) == ("paid", 6_000, "k1-1-7-o")
    assert await floor.charge(code=code) == first
    assert await floor.charge(code=floor.code()) == first
    assert floor.captured_fen() == 6_000


async def test_a_charge_that_was_lost_is_not_made_by_asking_again(floor: Floor) -> None:
    floor.switch(Fault.TIMEOUT_UNPAID)
    for _ in range(2):
        assert (await floor.charge(code=floor.code())).state == "unknown"
    assert floor.captured_fen() == 0


async def test_an_attempt_with_other_content_is_a_conflict(floor: Floor) -> None:
    await floor.charge()
    for changes in ({"amount_fen": 1}, {"channel": "alipay"}):
        with pytest.raises(AttemptConflict):
            await floor.charge(**changes)
    with pytest.raises(AttemptConflict):
        await floor.offer()


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_PAID, Fault.ORDER_EXISTS])
async def test_a_payment_that_was_not_answered_is_found_by_asking(floor: Floor, fault: Fault) -> None:
    floor.switch(fault)
    first = await floor.charge()
    assert first.state == ("unknown" if fault is Fault.TIMEOUT_PAID else "paid")
    assert (await floor.ask()).state == "paid"
    assert floor.captured_fen() == 6_000


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_UNPAID, Fault.SERVER_ERROR])
async def test_a_request_that_was_lost_is_unknown_until_it_is_reversed(floor: Floor, fault: Fault) -> None:
    floor.switch(fault)
    assert (await floor.charge()).state == "unknown"
    asked = await floor.ask()
    assert (asked.state, asked.reason) == ("unknown", "not_exist")
    assert (await floor.desk.reverse(DEVICE, "k1-1-7")).state == "reversed"
    assert floor.captured_fen() == 0


async def test_user_paying_is_waiting_and_then_paid(floor: Floor) -> None:
    floor.switch(Fault.USER_PAYING, value=12)
    for _ in range(2):
        state = await floor.charge()
        assert (state.state, state.reason) == ("waiting", "password")
    floor.now_ms += 12_000
    paid = await floor.ask()
    assert (paid.state, paid.paid_at_ms) == ("paid", floor.now_ms)


async def test_above_a_thousand_yuan_wechat_asks_for_the_password(floor: Floor) -> None:
    assert (await floor.charge(7, 100_001)).reason == "password"
    assert (await floor.charge(8, 100_000)).state == "paid"
    assert floor.enter_password() == "paid"
    assert (await floor.ask()).state == "paid"


async def test_a_password_that_nobody_enters_ends_by_itself(floor: Floor) -> None:
    await floor.charge(code=floor.code(password=True))
    floor.now_ms += 45_000
    asked = await floor.ask()
    assert (asked.state, asked.reason) == ("failed", "revoked")


async def test_a_cancelled_password_is_failed(floor: Floor) -> None:
    await floor.charge(code=floor.code(password=True))
    assert floor.enter_password(action="fail") == "failed"
    assert (await floor.ask()).state == "failed"


@pytest.mark.parametrize("kind", ["unknown", "used", "old", "of the other channel"])
async def test_a_code_that_is_no_good_is_failed_with_a_reason(floor: Floor, kind: str) -> None:
    code = {"unknown": "130000000000000000", "of the other channel": floor.code("alipay")}.get(kind)
    if code is None:
        code = floor.code()
    if kind == "used":
        await floor.charge(8, code=code)
    if kind == "old":
        floor.now_ms += 60_000
    state = await floor.charge(code=code)
    assert (state.state, state.reason) == ("failed", "code_invalid")


async def test_a_wrong_amount_is_told_as_it_is_and_recorded(floor: Floor) -> None:
    floor.switch(Fault.WRONG_AMOUNT, value=-100)
    state = await floor.charge()
    assert (state.state, state.amount_fen) == ("paid", 5_900)
    assert floor.incidents() == ["amount_differs"]


async def test_late_money_after_a_reversal_is_told(floor: Floor) -> None:
    floor.switch(Fault.TIMEOUT_UNPAID)
    floor.switch(Fault.LATE_SUCCESS, "always", value=20)
    await floor.charge()
    floor.switch(Fault.USER_PAYING, value=60)
    await floor.charge(8)
    assert (await floor.desk.reverse(DEVICE, "k1-1-8")).state == "reversed"
    floor.now_ms += 20_000
    assert (await floor.ask(8)).state == "paid"
    assert "late_success" in floor.incidents()


async def test_what_was_told_as_paid_is_not_reversed_by_a_late_request(floor: Floor) -> None:
    await floor.charge()
    assert (await floor.desk.reverse(DEVICE, "k1-1-7")).state == "paid"
    assert floor.captured_fen() == 6_000


async def test_money_that_nobody_was_told_of_goes_back_with_the_reversal(floor: Floor) -> None:
    floor.switch(Fault.TIMEOUT_PAID)
    await floor.charge()
    assert floor.captured_fen() == 6_000
    assert (await floor.desk.reverse(DEVICE, "k1-1-7")).state == "reversed"
    assert floor.captured_fen() == 0


async def test_a_request_that_arrives_after_its_reversal_is_not_carried_out(floor: Floor) -> None:
    for method in (floor.desk.reverse, floor.desk.close):
        with pytest.raises(AttemptUnknown):
            await method(DEVICE, "k1-1-7")
    for late in (floor.charge, floor.offer):
        with pytest.raises(AttemptGivenUp):
            await late()
    assert floor.captured_fen() == 0


async def test_another_device_sees_nothing(floor: Floor) -> None:
    await floor.charge()
    for method in (floor.desk.query, floor.desk.close, floor.desk.reverse):
        with pytest.raises(AttemptUnknown):
            await method("k2", "k1-1-7")
    with pytest.raises(AttemptUnknown):
        await floor.refunds.refund("k2", floor.refund_of(9, 1))


async def test_a_silent_channel_never_becomes_an_outcome(floor: Floor) -> None:
    await floor.offer()
    floor.switch(Fault.HANG, "always")
    for method in (floor.desk.query, floor.desk.close):
        state = await method(DEVICE, "k1-1-7")
        assert (state.state, state.reason) == ("unknown", "channel_silent")
    with pytest.raises(ChannelAway):
        await floor.offer(8)
    floor.clear()
    assert (await floor.ask()).state == "waiting"


async def test_silence_about_an_ended_attempt_is_not_its_last_word(floor: Floor) -> None:
    await floor.offer()
    assert (await floor.desk.close(DEVICE, "k1-1-7")).state == "failed"
    floor.switch(Fault.HANG, "always")
    assert (await floor.ask()).state == "unknown"
    floor.clear()
    assert (await floor.ask()).state == "failed"


async def test_an_alipay_qr_that_does_not_exist_yet_is_waiting(floor: Floor) -> None:
    qr = await floor.offer(channel="alipay")
    asked = await floor.ask()
    assert (asked.state, asked.reason) == ("waiting", "not_exist")
    assert floor.scan(qr) == "paid"
    assert (await floor.ask()).state == "paid"


async def test_does_not_exist_after_closing_is_no_proof_before_the_end(floor: Floor) -> None:
    floor.switch(Fault.NOT_THERE, channel="alipay")
    qr = await floor.offer(channel="alipay")
    assert (await floor.desk.close(DEVICE, "k1-1-7")).state == "waiting"
    assert floor.scan(qr) == "paid"
    assert (await floor.desk.close(DEVICE, "k1-1-7")).state == "paid"


async def test_an_offer_whose_answer_was_lost_is_asked_for_again(floor: Floor) -> None:
    floor.switch(Fault.TIMEOUT_PAID)
    with pytest.raises(ChannelAway):
        await floor.offer()
    qr = await floor.offer()
    assert await floor.offer() == qr
    floor.switch(Fault.ORDER_EXISTS)
    assert await floor.offer(8)


async def test_an_order_that_was_closed_gives_no_qr(floor: Floor) -> None:
    floor.switch(Fault.TIMEOUT_PAID)
    with pytest.raises(ChannelAway):
        await floor.offer()
    await floor.desk.close(DEVICE, "k1-1-7")
    with pytest.raises(ChannelSaidNo) as caught:
        await floor.offer()
    assert caught.value.details["reason"] == "order_closed"


async def test_closing_meets_a_payer_who_was_faster(floor: Floor) -> None:
    floor.switch(Fault.CLOSE_PAID)
    await floor.offer()
    assert (await floor.desk.close(DEVICE, "k1-1-7")).state == "paid"


async def test_the_desk_asks_by_itself_about_what_nobody_asks(floor: Floor) -> None:
    qr = await floor.offer()
    floor.switch(Fault.NOTICE_NEVER)
    floor.scan(qr)
    await floor.desk.settle_open()
    assert floor.kept().state == "waiting"
    floor.now_ms += 61_000
    await floor.desk.settle_open()
    assert floor.kept().state == "paid"


async def test_refunds_in_parts_keep_their_numbers_and_never_exceed(floor: Floor) -> None:
    await floor.charge()
    for _ in range(2):
        done = await floor.refunds.refund(DEVICE, floor.refund_of(8, 2_000))
        assert (done.state, done.amount_fen) == ("refunded", 2_000)
    with pytest.raises(RefundExceeds):
        await floor.refunds.refund(DEVICE, floor.refund_of(9, 4_001))
    with pytest.raises(RefundConflict):
        await floor.refunds.refund(DEVICE, floor.refund_of(8, 2_001))
    assert (await floor.refunds.refund(DEVICE, floor.refund_of(9, 4_000))).state == "refunded"
    assert floor.captured_fen() == 0
    assert set(floor.incidents()) == {"refund_exceeds", "refund_conflict"}


async def test_only_what_is_paid_for_that_order_goes_back(floor: Floor) -> None:
    await floor.offer()
    with pytest.raises(RefundNotPaid):
        await floor.refunds.refund(DEVICE, floor.refund_of(9, 1))
    await floor.charge(8)
    strange = msgspec.structs.replace(floor.refund_of(9, 1, number=8), order="k1-1-99")
    with pytest.raises(RefundNotPaid):
        await floor.refunds.refund(DEVICE, strange)
    with pytest.raises(RefundUnknown):
        await floor.refunds.query(DEVICE, "k1-1-9")
    assert floor.incidents() == ["refund_not_paid", "refund_not_paid"]


async def test_a_refund_whose_answer_was_lost_is_one_refund(floor: Floor) -> None:
    await floor.charge()
    floor.switch(Fault.REFUND_TIMEOUT)
    asked = floor.refund_of(8, 5_000)
    assert (await floor.refunds.refund(DEVICE, asked)).state == "unknown"
    assert (await floor.refunds.refund(DEVICE, asked)).state == "refunded"
    assert floor.captured_fen() == 1_000


async def test_a_slow_refund_is_asked_about_until_it_is_done(floor: Floor) -> None:
    await floor.charge()
    floor.switch(Fault.SLOW_REFUND, value=30)
    assert (await floor.refunds.refund(DEVICE, floor.refund_of(8, 5_000))).state == "refunding"
    floor.now_ms += 30_000
    done = await floor.refunds.query(DEVICE, "k1-1-8")
    assert (done.state, done.refunded_at_ms) == ("refunded", floor.now_ms)


async def test_a_refund_that_failed_is_tried_again_under_its_own_number(floor: Floor) -> None:
    await floor.charge()
    floor.switch(Fault.REFUND_DECLINED)
    asked = floor.refund_of(8, 6_000)
    failed = await floor.refunds.refund(DEVICE, asked)
    assert (failed.state, failed.reason) == ("failed", "declined")
    with pytest.raises(RefundExceeds):
        await floor.refunds.refund(DEVICE, floor.refund_of(9, 1))
    assert (await floor.refunds.refund(DEVICE, asked)).state == "refunded"


async def test_no_code_is_in_the_database_or_in_any_text(floor: Floor) -> None:
    code = floor.code()
    request = ChargeRequest("k1-1-7", "k1-1-7-o", "shop", 6_000, "wechat", code=code)
    assert (await floor.desk.charge(DEVICE, request)).state == "paid"
    assert code not in "\n".join(floor.units.connection.raw.iterdump())
    assert code not in repr(request)
