"""The phone's money over HTTP: accounts, receipts, slips, payments, top-ups; and leases for a device."""

import pytest

from cloud_sync.leases import HttpLeasePlatform
from cloud_sync.platform.balances import Cause, account_id, open_account
from cloud_sync.platform.leases import credit
from cloud_sync.platform.penalty import keep_figures
from cloud_sync.wire.accounts import hash_token
from edge.errors import PlatformRejected
from edge.pay.events import PaymentRequested, PaymentUnknown, RefundRequested, Tender
from edge.shop.events import SaleSettled
from tests.cloud_sync.conftest import RESIDENT, Phone, World
from tests.cloud_sync.ledger_of_accounts import DAY_MS, TERMS
from tests.cloud_sync.test_applying import drain, from_golden, settled

TOKEN = "on-the-receipt"
WALLET = account_id(RESIDENT, "wallet", "property")
POINTS = account_id(RESIDENT, "points", "property")


async def opened(world: World, *, wallet_fen: int = 0) -> None:
    """A resident with an empty points account and a wallet."""

    def write(connection: object) -> None:
        keep_figures(connection, {**TERMS, "wallet_limit_fen": 20_000})  # type: ignore[arg-type]
        open_account(connection, RESIDENT, "points", "property")  # type: ignore[arg-type]
        open_account(connection, RESIDENT, "wallet", "property")  # type: ignore[arg-type]
        if wallet_fen:
            credit(connection, WALLET, "opening", wallet_fen, Cause("seed", world.clock.at_ms))  # type: ignore[arg-type]

    await world.platform.database.write(write)


def sale(**changes: object) -> SaleSettled:
    event = from_golden(
        SaleSettled, **{"tenders": [], "points_account": "", "contract_version": 1, **changes}
    )
    assert isinstance(event, SaleSettled)
    return event


async def test_a_receipt_is_claimed_on_the_phone_and_shown_with_its_day(world: World, phone: Phone) -> None:
    await opened(world)
    world.journal(sale(order_id="k1-1-42", points=12, claim_hash=hash_token(TOKEN)))
    await drain(world)
    status, claim = await phone("POST", "/receipts", {"text": f"CE-R:k1-1-42.{TOKEN}"})
    assert (status, claim["state"], claim["points"]) == (200, "granted", 12)
    status, accounts = await phone("GET", "/accounts")
    points = next(one for one in accounts if one["kind"] == "points")
    assert (points["balance_fen"], points["pending_fen"]) == (0, 12)
    assert points["lines"][0]["pending_until_ms"] == claim["counts_from_ms"]
    assert claim["counts_from_ms"] - world.clock.at_ms == 7 * DAY_MS
    assert (await phone("POST", "/receipts", {"text": "x"}))[1]["reason"] == "not_a_receipt"
    assert (await phone("POST", "/receipts", {"text": ""}))[0] == 400


async def test_a_slip_tells_what_became_of_its_order(world: World, phone: Phone) -> None:
    slip = {"text": "CE-S:k1-1-42.token"}
    assert (await phone("POST", "/slips", slip))[1]["state"] == "not_here"
    world.journal(from_golden(PaymentRequested, order_id="k1-1-42"))
    world.journal(from_golden(PaymentUnknown, order_id="k1-1-42"))
    await drain(world)
    assert (await phone("POST", "/slips", slip))[1]["state"] == "unknown"
    world.journal(sale(order_id="k1-1-42"))
    await drain(world)
    news = (await phone("POST", "/slips", slip))[1]
    assert (news["state"], news["total_fen"], news["kind"]) == ("paid", 0, ""), "sums are the payer's own"


async def test_the_own_slip_tells_of_the_money_too(world: World, phone: Phone) -> None:
    await opened(world)
    slip = {"text": "CE-S:k1-1-42.token"}
    world.journal(from_golden(SaleSettled, order_id="k1-1-42", tenders=[], points_account=POINTS))
    world.journal(from_golden(RefundRequested, order_id="k1-1-42", amount_fen=2460, parts=[]))
    await drain(world)
    news = (await phone("POST", "/slips", slip))[1]
    assert (news["state"], news["refund_fen"], news["refunded_fen"]) == ("paid", 2460, 0)
    assert (await phone("POST", "/slips", {"text": "k1-1-42"}))[0] == 400


async def test_own_payments_are_those_that_an_own_account_was_in(world: World, phone: Phone) -> None:
    await opened(world, wallet_fen=500)
    tender = Tender(kind="wallet", account=WALLET, lease=f"{WALLET}@k1-1#1", amount_fen=460)
    world.journal(from_golden(SaleSettled, order_id="k1-1-42", tenders=[tender], points_account=POINTS))
    world.journal(sale(order_id="k1-1-43"))
    await drain(world)
    payments = (await phone("GET", "/payments"))[1]
    assert [(one["order"], one["total_fen"], one["tenders_fen"]) for one in payments] == [
        ("k1-1-42", 2460, 460)
    ]


async def test_a_device_raises_its_lease_over_http(world: World) -> None:
    await opened(world, wallet_fen=500)
    world.record(1)
    await drain(world)
    leases = HttpLeasePlatform(world.http)
    told = await leases.raise_lease(WALLET, lease="", epoch=1, granted_fen=400)
    assert (told.granted_fen, told.device, told.epoch) == (400, "k1", 1)
    assert await leases.raise_lease(WALLET, lease=told.id, epoch=1, granted_fen=400) == told
    with pytest.raises(PlatformRejected) as refused:
        await leases.raise_lease(WALLET, lease=told.id, epoch=1, granted_fen=501)
    assert refused.value.code == "balance_exceeded"
    with pytest.raises(PlatformRejected) as refused:
        await leases.raise_lease("acc-none", lease="", epoch=1, granted_fen=1)
    assert refused.value.code == "account_unknown"


async def test_a_person_declares_a_device_lost(world: World) -> None:
    await opened(world, wallet_fen=500)
    unknown = await world.client.post("/sim/devices/k9/lost", json={"person": "staff-7"})
    assert unknown.status == 404
    world.record(1)
    await drain(world)
    lost = await world.client.post("/sim/devices/k1/lost", json={"person": "staff-7"})
    assert lost.status == 204
    with pytest.raises(PlatformRejected) as refused:
        await HttpLeasePlatform(world.http).raise_lease(WALLET, lease="", epoch=1, granted_fen=1)
    assert refused.value.code == "device_lost"
    nobody = await world.client.post("/sim/devices/k1/lost", json={"person": ""})
    assert nobody.status == 400


async def test_a_top_up_counts_once_when_the_channel_has_it(world: World, phone: Phone) -> None:
    await opened(world)
    wanted = {"amount_fen": 5_000, "channel": "wechat"}
    status, offer = await phone("POST", f"/accounts/{WALLET}/top-up", wanted)
    assert status == 200, offer
    assert (await phone("GET", "/accounts"))[1][0]["balance_fen"] == 0
    assert (await phone("POST", "/pay", {"qr": offer["qr"], "action": "confirm"}))[1]["outcome"] == "paid"
    await world.platform.payments.query("app", offer["attempt"])

    async def credited() -> bool:
        return bool((await phone("GET", "/accounts"))[1][0]["balance_fen"] == 5_000)

    await settled(credited)
    (line,) = (await phone("GET", "/accounts"))[1][0]["lines"]
    assert (line["kind"], line["amount_fen"]) == ("topped_up", 5_000)
    assert [one["kind"] for one in (await phone("GET", "/payments"))[1]] == ["top_up"]


@pytest.mark.parametrize(
    ("account", "fen", "status", "code"),
    [
        (WALLET, 20_001, 409, "balance_limit"),
        (POINTS, 100, 404, "account_unknown"),
        ("acc-of-another", 100, 404, "account_unknown"),
        (WALLET, 0, 400, "malformed"),
        (WALLET, -5, 400, "malformed"),
        (WALLET, 10.5, 400, "malformed"),
        (WALLET, 2**70, 400, "malformed"),
    ],
)
async def test_a_top_up_that_cannot_be_is_refused(
    world: World, phone: Phone, account: str, fen: float, status: int, code: str
) -> None:
    await opened(world)
    answer = await phone("POST", f"/accounts/{account}/top-up", {"amount_fen": fen, "channel": "wechat"})
    assert (answer[0], answer[1]["error"]) == (status, code)
