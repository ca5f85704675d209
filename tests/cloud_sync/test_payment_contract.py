"""One suite for the payment port, over the rooms' fake and over HTTP to the real platform."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
import pytest

from cloud_sync.platform.channels import sim_payer
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import Attempt
from edge.pay.ports import PaymentPlatform
from edge.pay.states import AttemptState
from tests.cloud_sync.conftest import World, http_port
from tests.fakes.payment_platform import FakePaymentPlatform


class Desk(NamedTuple):
    """The port, and the world outside: what the payer and the channel do."""

    port: PaymentPlatform
    outside: Callable[[str, str], Awaitable[None]]
    network_away: Callable[[], Awaitable[None]]


@pytest.fixture(params=["fake", "http"])
async def desk(request: pytest.FixtureRequest, world: World) -> Desk:
    return _fake_desk() if request.param == "fake" else _http_desk(world)


def _fake_desk() -> Desk:
    fake = FakePaymentPlatform()

    async def outside(attempt: str, state: str) -> None:
        fake.set_state(attempt, state)

    async def away() -> None:
        fake.away = True

    return Desk(fake, outside, away)


def _http_desk(world: World) -> Desk:
    database = world.platform.database

    async def outside(attempt: str, state: str) -> None:
        row = await database.read(
            lambda c: c.execute("SELECT qr FROM trades WHERE attempt=?", (attempt,)).fetchone()
        )
        actions: dict[str, sim_payer.PayerAction] = {
            "paid": "confirm",
            "failed": "fail",
            "unknown": "no_answer",
        }
        await database.write(
            lambda c: sim_payer.pay_qr(c, "res", row["qr"], actions[state], now_ms=world.clock.at_ms)
        )

    async def away() -> None:
        await world.http.close()
        world.http._url = "http://127.0.0.1:9"

    return Desk(http_port(world), outside, away)


def attempt_of(**changes: object) -> Attempt:
    attempt = Attempt(
        id="k1-1-7",
        order_id="k1-1-6",
        purpose="sale",
        payee="property",
        amount_fen=6_000,
        channel="wechat",
        description="酱油等 4 件",
        state=AttemptState.CREATED,
        reason="",
        qr="",
        expires_at_ms=None,
        channel_id="",
        created_at_ms=0,
        changed_at_ms=0,
    )
    return msgspec.structs.replace(attempt, **changes)


async def test_a_request_gets_a_code_that_waits(desk: Desk) -> None:
    offer = await desk.port.request(attempt_of())
    assert offer.qr
    assert offer.expires_at_ms > 0
    assert (await desk.port.query("k1-1-7")).state == "waiting"


async def test_the_same_request_twice_is_one_attempt(desk: Desk) -> None:
    first = await desk.port.request(attempt_of())
    assert (await desk.port.request(attempt_of())).qr == first.qr


async def test_what_the_payer_confirmed_is_paid_in_full(desk: Desk) -> None:
    await desk.port.request(attempt_of())
    await desk.outside("k1-1-7", "paid")
    state = await desk.port.query("k1-1-7")
    assert (state.state, state.amount_fen) == ("paid", 6_000)
    assert state.channel_id


async def test_what_the_payer_declined_is_failed(desk: Desk) -> None:
    await desk.port.request(attempt_of())
    await desk.outside("k1-1-7", "failed")
    assert (await desk.port.query("k1-1-7")).state == "failed"


async def test_a_channel_that_says_nothing_is_unknown_and_stays_so_after_closing(desk: Desk) -> None:
    await desk.port.request(attempt_of())
    await desk.outside("k1-1-7", "unknown")
    assert (await desk.port.query("k1-1-7")).state == "unknown"
    assert (await desk.port.close("k1-1-7")).state == "unknown"


async def test_a_closed_attempt_is_failed(desk: Desk) -> None:
    await desk.port.request(attempt_of())
    assert (await desk.port.close("k1-1-7")).state == "failed"
    assert (await desk.port.query("k1-1-7")).state == "failed"


async def test_closing_never_takes_a_payment_back(desk: Desk) -> None:
    await desk.port.request(attempt_of())
    await desk.outside("k1-1-7", "paid")
    assert (await desk.port.close("k1-1-7")).state == "paid"


@pytest.mark.parametrize("method", ["query", "close"])
async def test_an_attempt_never_requested_is_rejected(desk: Desk, method: str) -> None:
    with pytest.raises(PlatformRejected) as caught:
        await getattr(desk.port, method)("k1-1-99")
    assert (caught.value.status, caught.value.code) == (404, "attempt_unknown")


async def test_a_network_away_is_unreachable(desk: Desk) -> None:
    await desk.network_away()
    with pytest.raises(PlatformUnreachable):
        await desk.port.request(attempt_of())
    with pytest.raises(PlatformUnreachable):
        await desk.port.query("k1-1-7")


async def test_an_attempt_id_taken_by_another_sum_is_a_conflict(world: World) -> None:
    port = http_port(world)
    await port.request(attempt_of())
    with pytest.raises(PlatformRejected) as caught:
        await port.request(attempt_of(amount_fen=1))
    assert caught.value.code == "attempt_conflict"


async def test_a_code_that_ran_out_cannot_be_paid_any_more(world: World) -> None:
    port = http_port(world)
    offer = await port.request(attempt_of())
    world.clock.advance(seconds=121)
    with pytest.raises(sim_payer.PaymentNotOpen):
        await world.platform.database.write(
            lambda c: sim_payer.pay_qr(c, "res", offer.qr, "confirm", now_ms=world.clock.at_ms)
        )
    assert (await port.query("k1-1-7")).state == "failed"


async def test_a_closed_code_cannot_be_paid_any_more(world: World) -> None:
    port = http_port(world)
    await port.request(attempt_of())
    await port.close("k1-1-7")
    with pytest.raises(sim_payer.PaymentNotOpen):
        await _http_desk(world).outside("k1-1-7", "paid")


async def test_a_silent_channel_says_what_it_decided_when_it_speaks_again(world: World) -> None:
    desk = _http_desk(world)
    await desk.port.request(attempt_of())
    await desk.outside("k1-1-7", "unknown")
    answer = await world.client.post("/sim/channels", json={"channel": "wechat"})
    assert answer.status == 200
    assert (await desk.port.query("k1-1-7")).state == "paid"


@pytest.mark.parametrize(("fault", "outcome"), [("declined", "failed"), ("silent", "unknown")])
@pytest.mark.parametrize("scope", ["always", "next"])
async def test_channels_misbehave_on_request(world: World, fault: str, scope: str, outcome: str) -> None:
    desk = _http_desk(world)
    answer = await world.client.post("/sim/channels", json={"fault": fault, "scope": scope})
    assert answer.status == 200
    await desk.port.request(attempt_of())
    await desk.outside("k1-1-7", "paid")
    assert (await desk.port.query("k1-1-7")).state == outcome


@pytest.mark.one_store
@pytest.mark.slow
async def test_a_channel_that_hangs_is_unknown_within_five_seconds(world: World) -> None:
    port = http_port(world)
    await port.request(attempt_of())
    await world.client.post("/sim/channels", json={"fault": "hang"})
    assert (await port.query("k1-1-7")).state == "unknown"
    with pytest.raises(PlatformUnreachable):
        await port.request(attempt_of(id="k1-1-8"))
