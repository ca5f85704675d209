"""Webhooks: signed, in order of custody, at least once, tried again, laid aside; where they may not go."""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from cloud_sync.platform import api_keys, register
from cloud_sync.platform.database import Database
from cloud_sync.platform.settings import StoreSettings, WebhookSettings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.webhooks import records, sender
from cloud_sync.platform.webhooks.addresses import WebhookInvalid, check_url, is_allowed
from cloud_sync.platform.webhooks.records import Webhook
from cloud_sync.platform.webhooks.sender import MAX_ATTEMPTS, Sender, backoff_ms
from cloud_sync.platform.webhooks.signing import sign
from tests.cloud_sync.conftest import SITE, World, open_world, platform_settings
from tests.fakes.clock import START_MS, FakeClock
from tests.proofs.planting import replaced

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SALE = "community.edge.SaleSettled.v3"


Plant = Callable[[], AbstractContextManager[None]]


class Receiver:
    """Somebody else's server: what it took, and what it answers next by event id."""

    def __init__(self) -> None:
        self.secret = ""
        self.taken: list[str] = []
        self.asked: list[str] = []
        self.refuse: set[str] = set()
        self.held: asyncio.Event | None = None
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        body, id = await request.read(), request.headers["Webhook-Id"]
        self.asked.append(id)
        if self.held is not None:
            await self.held.wait()
        if not is_ours(self.secret, request.headers, body):
            return web.Response(status=401)
        if id in self.refuse:
            return web.Response(status=500)
        assert json.loads(body)["id"] == id
        self.taken.append(id)
        return web.Response(status=204)


def is_ours(secret: str, headers: Any, body: bytes) -> bool:
    """A receiver's check, written from docs/webhooks.md and not from our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((headers["Webhook-Id"].encode(), headers["Webhook-Timestamp"].encode(), body))
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return hmac.compare_digest(expected, headers["Webhook-Signature"])


class Bench:
    """A platform's store, its sender, and receivers on this machine."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        self.sender = Sender(
            database, b"m" * 32, LOOPBACK, clock_ms=lambda: clock.at_ms, jitter=lambda: 1.0, timeout_s=5
        )
        self.session = self.sender.open_session()
        self.runners: list[web.AppRunner] = []

    async def receiver(self, **changes: Any) -> tuple[Webhook, Receiver]:
        """A subscribed receiver."""
        receiver, app = Receiver(), web.Application()
        app.router.add_post("/", receiver.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.runners.append(runner)
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        asked: dict[str, Any] = {"owner": "", "site": "", "url": receiver.url, "types": []} | changes
        hook = await self.database.write(lambda c: records.add_webhook(c, **asked, now_ms=self.clock.at_ms))
        receiver.secret = self.sender.secret_of(hook)
        return hook, receiver

    async def happen(
        self, device: str, *seqs: int, type: str = SALE, epoch: int = 1, site: str = SITE
    ) -> None:
        """Events come into custody."""

        def take(c: Any) -> None:
            register.put_site(c, site, site, site, now_ms=0)
            register.put_device(c, site, device, now_ms=0)
            for seq in seqs:
                id = f"{device}-{epoch}-{seq}"
                c.execute(
                    "INSERT INTO events (device, epoch, seq, id, type, at_ms, received_ms, line, hash)"
                    " VALUES (?,?,?,?,?,0,0,?,'h')",
                    (device, epoch, seq, id, type, json.dumps({"id": id}).encode()),
                )
            c.execute(
                "INSERT INTO streams (site, device, epoch, first_seq, head_seq, head_hash, applied_seq,"
                " last_ms) VALUES (?,?,?,?,?,'h',?,0) ON CONFLICT (device, epoch)"
                " DO UPDATE SET head_seq=excluded.head_seq",
                (site, device, epoch, seqs[0], seqs[-1], seqs[-1]),
            )

        await self.database.write(take)

    async def round(self, hook: Webhook) -> Webhook:
        """One round of a webhook; how it stands then."""
        await self.sender.deliver(self.session, hook)
        return await self.standing(hook)

    async def standing(self, hook: Webhook) -> Webhook:
        hooks = await self.database.read(records.list_webhooks)
        return next(one for one in hooks if one.id == hook.id)

    async def close(self) -> None:
        await self.session.close()
        for runner in self.runners:
            await runner.cleanup()


@pytest.fixture
async def bench(tmp_path: Path, store: StoreSettings | None) -> AsyncIterator[Bench]:
    database = open_database(platform_settings(tmp_path, store=store))
    made = Bench(database, FakeClock(START_MS))
    await made.happen("k1", 1, 2)
    yield made
    await made.close()
    database.close()


async def check_delivery(bench: Bench) -> None:
    """What is promised: signed, in order, at least once, tried again until it is taken."""
    hook, receiver = await bench.receiver()
    await bench.happen("k1", 3, 4, 5)
    receiver.refuse = {"k1-1-4"}
    await bench.round(hook)
    assert receiver.taken == ["k1-1-3"], "nothing overtakes, nothing from before it subscribed"
    await bench.round(hook)
    assert receiver.asked.count("k1-1-4") == 1, "it waits before it asks again"
    receiver.refuse = set()
    bench.clock.at_ms += backoff_ms(1, 1.0)
    stands = await bench.round(hook)
    assert receiver.taken == ["k1-1-3", "k1-1-4", "k1-1-5"]
    assert (stands.delivered, stands.letters) == (3, 0) and stands.failure == "status 500"
    await bench.round(hook)
    assert len(receiver.taken) == 3, "what was taken is not sent again"


async def test_events_come_signed_in_order_and_are_tried_again(bench: Bench) -> None:
    await check_delivery(bench)


def _wrong_signature() -> AbstractContextManager[None]:
    return replaced(sender, "sign", lambda secret, id, timestamp_s, body: "v1,AAAA")


def _body_not_signed() -> AbstractContextManager[None]:
    return replaced(sender, "sign", lambda secret, id, at_s, body: sign(secret, id, at_s, b""))


def _no_retry() -> AbstractContextManager[None]:
    return replaced(sender, "MAX_ATTEMPTS", 1)


def _no_pause() -> AbstractContextManager[None]:
    return replaced(sender, "backoff_ms", lambda attempts, scatter: 0)


def _lane_not_kept() -> AbstractContextManager[None]:
    return replaced(records, "keep_lane", lambda *_, **__: None)


@pytest.mark.one_store
@pytest.mark.parametrize("plant", [_wrong_signature, _body_not_signed, _no_retry, _no_pause, _lane_not_kept])
async def test_a_planted_fault_is_seen(bench: Bench, plant: Plant) -> None:
    with plant(), pytest.raises(AssertionError):
        await check_delivery(bench)


async def test_what_is_never_taken_becomes_a_dead_letter_and_the_next_one_follows(bench: Bench) -> None:
    hook, receiver = await bench.receiver()
    await bench.happen("k1", 3, 4)
    receiver.refuse = {"k1-1-3"}
    for attempt in range(1, MAX_ATTEMPTS + 1):
        stands = await bench.round(hook)
        bench.clock.at_ms += backoff_ms(attempt, 1.0)
    assert receiver.asked == ["k1-1-3"] * MAX_ATTEMPTS and stands.letters == 1
    await bench.round(hook)
    assert receiver.taken == ["k1-1-4"]
    letters = await bench.database.read(lambda c: records.list_letters(c, hook.id))
    assert [(one.event, one.attempts, one.failure) for one in letters] == [
        ("k1-1-3", MAX_ATTEMPTS, "status 500")
    ]
    assert await bench.database.write(lambda c: records.send_again(c, hook.id, ("k1", 1, 3))) == 1
    stands = await bench.round(hook)
    assert stands.letters == 1, "refused once more, it stays"
    receiver.refuse = set()
    await bench.database.write(lambda c: records.send_again(c, hook.id))
    assert (await bench.round(hook)).letters == 0 and receiver.taken == ["k1-1-4", "k1-1-3"]


async def test_a_slow_receiver_and_a_refusing_device_hold_up_nobody(bench: Bench) -> None:
    slow_hook, slow = await bench.receiver()
    _, quick = await bench.receiver()
    slow.held = asyncio.Event()
    await bench.happen("k1", 3)
    await bench.happen("k2", 1, 2)
    quick.refuse = {"k1-1-3"}
    await bench.sender.begin_rounds(bench.session)
    async with asyncio.timeout(5):
        while len(quick.taken) < 2 or len(slow.asked) < 2:
            await asyncio.sleep(0)
    assert quick.taken == ["k2-1-1", "k2-1-2"] and slow.taken == []
    slow.held.set()
    async with asyncio.timeout(5):
        while len(slow.taken) < 3:
            await asyncio.sleep(0)
    await bench.sender.stop()
    assert (await bench.standing(slow_hook)).failure == ""


async def test_only_what_was_asked_for_comes_and_a_new_epoch_goes_on(bench: Bench) -> None:
    by_type, sales = await bench.receiver(types=["SaleSettled"])
    by_version, none = await bench.receiver(types=["SaleSettled.v2"])
    elsewhere, far = await bench.receiver(site=SITE)
    await bench.happen("k1", 3, type="community.edge.BillPaid.v3")
    await bench.happen("k1", 4)
    await bench.happen("k1", 5, epoch=2)
    await bench.happen("far", 1, site="elsewhere")
    for hook in (by_type, by_version, elsewhere):
        await bench.round(hook)
    assert sorted(sales.taken) == ["far-1-1", "k1-1-4", "k1-2-5"] and none.taken == []
    assert far.taken == ["k1-1-3", "k1-1-4", "k1-2-5"]


async def test_a_removed_webhook_and_one_of_a_key_that_was_taken_back_get_nothing(bench: Bench) -> None:
    units = bench.database
    key, _ = await units.write(lambda c: api_keys.make_key(c, "erp", ["webhooks"], site="", now_ms=1))
    hook, _ = await bench.receiver(owner=key)
    other, receiver = await bench.receiver()
    await units.write(lambda c: api_keys.revoke_key(c, key, now_ms=2))
    await units.write(lambda c: records.remove_webhook(c, other.id, now_ms=2))
    assert await units.read(records.list_webhooks) == []
    await bench.happen("k1", 3)
    await bench.sender.deliver(bench.session, other)
    left = "SELECT 1 FROM webhook_lanes WHERE webhook=?"
    kept = await units.read(lambda c: c.execute(left, (other.id,)).fetchall())
    assert kept == [], "a round that was under way leaves nothing behind"
    assert hook.owner == key and receiver.asked == []


REFUSED = {
    "http://erp.example/": "https_only",
    "ftp://erp.example/": "url",
    "https://": "url",
    "https://user@erp.example/": "url",
    "https://erp.example:99999/": "url",
    "https://127.1/": "url",
    "https://2130706433/": "url",
    "https://127.0.0.1/": "address_not_allowed",
    "http://127.0.0.1/": "address_not_allowed",
    "https://[::1]/": "address_not_allowed",
    "https://[::ffff:10.0.0.1]/": "address_not_allowed",
    "https://169.254.169.254/latest": "address_not_allowed",
    "https://[64:ff9b::7f00:1]/": "address_not_allowed",
    "https://10.0.0.1\t/": "url",
}


@pytest.mark.parametrize("url", REFUSED)
def test_urls_that_webhooks_may_not_go_to(url: str) -> None:
    with pytest.raises(WebhookInvalid) as refused:
        check_url(url, ())
    assert refused.value.details["reason"] == REFUSED[url]


def test_addresses_that_are_allowed() -> None:
    assert is_allowed("8.8.8.8", ()) and is_allowed("2600::1", ())
    for text in (
        "127.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "224.0.0.1",
        "::",
        "fe80::1%eth0",
        "2002:7f00:1::",
        "0.0.0.0",
    ):
        assert not is_allowed(text, ()), text
    assert is_allowed("127.0.0.1", LOOPBACK) and is_allowed("::ffff:127.0.0.1", LOOPBACK)
    check_url("http://127.0.0.1:80/x?y=1", LOOPBACK)
    check_url("https://erp.example:8443/edge", ())


async def test_a_name_that_leads_inside_is_not_asked(bench: Bench) -> None:
    hook, receiver = await bench.receiver()
    bench.sender._allowed = ()
    port = receiver.url.rpartition(":")[2]
    inward = Sender(bench.database, b"m" * 32, (), clock_ms=lambda: bench.clock.at_ms)
    await bench.happen("k1", 3)
    async with inward.open_session() as session:
        for url in (f"http://localhost:{port}", receiver.url):
            event = records.Pending(1, 3, "k1-1-3", SALE, b"{}")
            named = Webhook(**{name: getattr(hook, name) for name in hook.__struct_fields__} | {"url": url})
            assert await inward._send(session, named, event) == "address_not_allowed"
    assert receiver.asked == []


def test_pauses_grow_and_scatter_within_bounds() -> None:
    assert [backoff_ms(n, 1.0) for n in (1, 2, 3)] == [5_000, 10_000, 20_000]
    assert backoff_ms(1, 0.0) == 2_500 and backoff_ms(MAX_ATTEMPTS, 1.0) == 3_600_000
    hours = sum(backoff_ms(n, 0.5) for n in range(1, MAX_ATTEMPTS)) / 3_600_000
    assert 3 < hours < 6


async def test_a_key_manages_its_own_webhooks(tmp_path: Path, clock: FakeClock) -> None:
    async with open_world(tmp_path, clock, webhooks=WebhookSettings(("127.0.0.0/8",))) as world:
        _, text = await make_key(world, SITE)
        _, foreign = await make_key(world, "")
        status, made = await ask(
            world, text, "POST", "", {"url": "https://127.0.0.1:1/x", "types": ["SaleSettled"]}
        )
        assert status == 201 and made["secret"].startswith("whsec_") and made["webhook"]["site"] == SITE
        one = f"/{made['webhook']['id']}"
        assert [hook["id"] for hook in (await ask(world, text, "GET", ""))[1]["webhooks"]] == [one[1:]]
        assert (await ask(world, foreign, "GET", ""))[1]["webhooks"] == []
        assert (await ask(world, foreign, "DELETE", one))[0] == 404
        for order, reason in (
            ({"url": "http://erp.example/"}, "https_only"),
            ({"url": "https://erp.example/", "types": ["no good"]}, "types"),
            ({"url": "https://erp.example/", "site": "elsewhere"}, "site"),
        ):
            status, refused = await ask(world, text, "POST", "", order)
            assert (status, refused["details"]["reason"]) == (422, reason)
        assert (await ask(world, text, "GET", f"{one}/dead-letters"))[1] == {"letters": []}
        assert (await ask(world, text, "POST", f"{one}/dead-letters/again"))[0] == 204
        assert (await ask(world, text, "DELETE", one))[0] == 204
        assert (await ask(world, text, "GET", ""))[1]["webhooks"] == []


async def make_key(world: World, site: str) -> tuple[str, str]:
    return await world.platform.database.write(
        lambda c: api_keys.make_key(c, "erp", ["webhooks"], site=site, now_ms=world.clock.at_ms)
    )


async def ask(world: World, key: str, method: str, path: str, content: object = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{world.url}/api/webhooks{path}"
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.request(method, url, json=content) as answer,
    ):
        raw = await answer.read()
        return answer.status, json.loads(raw) if raw else None
