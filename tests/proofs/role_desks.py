"""The four servers of the product with everybody who may ask: each role at each route gives one answer.

An answer is `yes` (let in, whatever then comes of it), `no` (not let in), `hidden` (as if it were not there)
or `own` (let in, and nothing of the other resident's is in the answer).
"""

import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import aiohttp
import msgspec
from aiohttp import web
from argon2 import PasswordHasher

from cloud_sync.http import PlatformHttp
from cloud_sync.keyring import KeyRing
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.balances import account_id
from cloud_sync.platform.channels import sim_payer
from cloud_sync.platform.context import PLATFORM, Platform
from cloud_sync.platform.keys import make_keys
from cloud_sync.platform.seed import seed
from cloud_sync.platform.settings import DeviceSettings
from cloud_sync.timesync import TimeSync
from edge.access.boards.walk import WalkDesk
from edge.backing_up import Backups
from edge.backup_control import BackupControl
from edge.backups.progress import StepProgress
from edge.boards_control import BoardsControl
from edge.clock_control import ClockControl
from edge.control import Control
from edge.control_match import MatchControl
from edge.errors import StoreError
from edge.links.control import build_control
from edge.links.health import HealthRegistry
from edge.settlement.matching import Matcher
from edge.staff.accounts import StaffDesk
from edge.staff.records import Role
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from edge.trust.clock import TrustedClock
from kiosk.server import build_screen
from tests.cloud_sync.conftest import COMMUNITY, DEVICE, RESIDENT, SITE, platform_settings
from tests.fakes.clock import START_MS, FakeClock
from tests.fakes.counter_stand import CounterStand
from tests.fakes.kiosk_stand import Stand
from tests.fakes.settlement_platform import FakeSettlementPlatform

OTHER = "res-2-0801"
PIN, WRONG_PIN = "371846", "371847"
NOT_LET_IN = {401, 403, 421}
REFUSED_PERSON = {"pin_refused", "role_missing", "staff_locked", "malformed_body"}
VISITOR_LABEL = "label-of-the-other"


class Served(NamedTuple):
    """A server: its routes as the router has them, its roles, and how a role asks."""

    routes: list[str]
    ask: Callable[[str, str], Awaitable[str]]


def routes_of(app: web.Application) -> list[str]:
    """`METHOD /path` of every route that the router serves; HEAD goes with its GET."""
    found = {
        f"{route.method} {route.resource.canonical if route.resource else '?'}"
        for route in app.router.routes()
        if route.method != "HEAD"
    }
    return sorted(found)


@asynccontextmanager
async def _site_of(runner: web.AppRunner) -> AsyncIterator[str]:
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


COMMUNITY_OF_TWO: dict[str, Any] = COMMUNITY | {
    "accounts": [
        {
            **{"subject": RESIDENT, "kind": "wallet", "issuer": "property"},
            "lines": [{"kind": "opening", "amount_fen": 98_765}],
        }
    ],
    "contract": {**COMMUNITY["contract"], "wallet_limit_fen": 200_000},
    "residents": [
        *COMMUNITY["residents"],
        {"subject": OTHER, "room": "r-2-0801", "name_masked": "李*", "nickname": "李先生"},
    ],
    "rooms": [*COMMUNITY["rooms"], {"id": "r-2-0801", "building": "2", "number": "0801", "managed": True}],
    "grants": [
        *COMMUNITY["grants"],
        {"subject": OTHER, "doors": ["gate"], "from_ms": 0, "until_ms": 4_000_000_000_000},
    ],
}
_OF_THE_FIRST = (RESIDENT, "r-3-1203", "B03", VISITOR_LABEL, "26880", "98765")
"""Words that must not be in an answer to somebody else: subject, room, cell, a pass's label, a bill's sum, a
balance."""

PARTS = {
    **{"{site}": SITE, "{device}": DEVICE, "{attempt}": "k1-1-7", "{epoch}": "1", "{seq}": "1"},
    **{"{account}": account_id(RESIDENT, "wallet", "property")},
    **{"{door}": "gate", "{part}": "k1-1-9", "{date}": "2026-11-21", "{channel}": "wechat"},
    **{"{door}": "gate", "{bill}": "b1", "{order}": "k1-1-6"},
    **{"{subject}": "none", "{collection}": "none"},
}
BODIES: dict[str, Any] = {
    "/nonce": {"nonce": "n" * 32},
    "/time": {"nonce": "n" * 32},
    "/payments": {
        **{"attempt": "k1-1-7", "order": "k1-1-6", "payee": "property", "amount_fen": 100},
        "channel": "wechat",
    },
    "/login": {"subject": RESIDENT},
    "/choose": {"choice": "refund"},
    "/phone/api/invoices": {"code": "CE-R:k1-1-6.none"},
    "/certificate": {"public_key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
    "/visitors": {
        "doors": ["gate"],
        "from_ms": START_MS,
        "until_ms": START_MS + 3_600_000,
        "label": VISITOR_LABEL,
    },
    "/pay": {"qr": "weixin://wxpay/bizpayurl?pr=none"},
    "/top-up": {"amount_fen": 100, "channel": "wechat"},
    "/raise": {"epoch": 1, "granted_fen": 1},
    "/receipts": {"text": "CE-R:k1-1-6.token"},
    "/slips": {"text": "CE-S:k1-1-6.token"},
    "/lost": {"person": "staff-7"},
    "/sim/channels": {},
    "/payments/charge": {
        **{"attempt": "k1-1-8", "order": "k1-1-6", "payee": "property", "amount_fen": 100},
        **{"channel": "wechat", "code": "101234567890123456"},
    },
    "/refunds": {"part": "k1-1-9", "attempt": "k1-1-7", "order": "k1-1-6", "amount_fen": 1},
    "/payment-code": {"channel": "wechat"},
    "/password": {"attempt": "none"},
    "/answers": {"command": "none", "state": "opened", "at_ms": 0},
    "/phone/api/household": {"name": "小雨", "kind": "family", "doors": ["gate"]},
    "/phone/api/vehicles": {"plate": "京A12345", "doors": ["gate"]},
    "/move-out": {"room": "none"},
    "/lost-phone": {"subject": RESIDENT},
    "/pin": {"pin": "483920"},
    "/door-records": {"codes": []},
    "/sim/desk/cards": {"subject": RESIDENT, "number": "123456", "until_ms": START_MS},
    "/sim/desk/passes": {"kind": "staff", "doors": [], "from_ms": 0, "until_ms": START_MS + 1},
}


class PlatformAsker:
    """Asks one platform as anybody."""

    def __init__(self, http: aiohttp.ClientSession, url: str, tokens: dict[str, str]) -> None:
        self._http, self._url, self._tokens = http, url, tokens
        self.ids: dict[str, str] = {}

    async def log_in(self, subject: str) -> str:
        """A new session's cookie."""
        async with self._http.post(self._url + "/phone/api/login", json={"subject": subject}) as answer:
            assert answer.status == 200, await answer.text()
            return answer.cookies["phone"].value

    async def send(self, role: str, method: str, path: str) -> tuple[int, bytes]:
        """Status and body of one request with a body that the route understands."""
        headers = {"Content-Type": "application/json"}
        if role.startswith("device "):
            name, _, elsewhere = role.removeprefix("device ").partition(" at ")
            headers["Authorization"] = f"Bearer {self._tokens[name]}"
            path = path.replace("{site}", elsewhere or SITE)
        if role.startswith("resident "):
            subject = {"A": RESIDENT, "B": OTHER}[role.removeprefix("resident ")]
            headers["Cookie"] = f"phone={await self.log_in(subject)}"
        for name, value in {**PARTS, "{id}": self.ids.get(path.partition("/{id}")[0], "none")}.items():
            path = path.replace(name, value)
        content: object = next((body for end, body in BODIES.items() if path.endswith(end)), {})
        data = msgspec.json.encode(content) if method == "POST" else None
        async with self._http.request(method, self._url + path, data=data, headers=headers) as answer:
            return answer.status, await answer.read()

    async def ask(self, role: str, route: str) -> str:
        """What this role gets at this route, in a word."""
        method, _, path = route.partition(" ")
        status, body = await self.send(role, method, "/static/words.js" if path == "/static" else path)
        if status in NOT_LET_IN:
            return "no"
        assert status < 500, f"{role}, {route}: {status} {body[:200]!r}"
        if role == "resident B" and path.startswith("/phone/api/") and route not in _OF_ALL:
            foreign = [word for word in _OF_THE_FIRST if word.encode() in body]
            assert not foreign, f"{role}, {route}: {foreign} of the other resident in {body[:300]!r}"
            return "hidden" if status == 404 else "own"
        numbered = "{attempt}" in path or "{part}" in path or path.endswith("/refunds")
        return "hidden" if status == 404 and numbered else "yes"


_OF_ALL = {"GET /phone/api/personas", "POST /phone/api/login", "POST /phone/api/visitors"}
"""The demo's login names everybody; what a resident asks to be made holds the resident's own words."""


@asynccontextmanager
async def _platform(folder: Path, *, demo: bool) -> AsyncIterator[tuple[web.Application, PlatformAsker]]:
    devices = [DeviceSettings(name, f"keys/{name}.token") for name in (DEVICE, "k2")]
    settings = platform_settings(folder, demo=demo, device=devices)
    make_keys(settings)
    app = build_platform(settings, clock_ms=lambda: START_MS)
    platform = app[PLATFORM]
    await platform.database.write(lambda c: seed(c, platform.keys, COMMUNITY_OF_TWO))
    tokens = {name: (folder / f"keys/{name}.token").read_text().strip() for name in (DEVICE, "k2")}
    async with _site_of(make_runner(app)) as url, aiohttp.ClientSession() as http:
        yield app, PlatformAsker(http, url, tokens)


async def _pay_and_refund(platform: Platform, asker: PlatformAsker) -> None:
    """A paid attempt of the first device, and a refund of it."""
    device = f"device {DEVICE}"
    _, offer = await asker.send(device, "POST", "/v1/sites/{site}/payments")
    qr = json.loads(offer)["qr"]
    await platform.database.write(lambda c: sim_payer.pay_qr(c, RESIDENT, qr, "confirm", now_ms=START_MS))
    await asker.send(device, "GET", "/v1/sites/{site}/payments/{attempt}")
    status, refund = await asker.send(device, "POST", "/v1/sites/{site}/refunds")
    assert status == 200, refund


@asynccontextmanager
async def platform_desk() -> AsyncIterator[Served]:
    """The reference platform with the demo's doors open, and another one with them closed."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("open", "shut"):
            (folder / name).mkdir()
        app, asker = await stack.enter_async_context(_platform(folder / "open", demo=True))
        _, shut = await stack.enter_async_context(_platform(folder / "shut", demo=False))
        status, made = await asker.send("resident A", "POST", "/phone/api/visitors")
        assert status == 201, made
        await app[PLATFORM].database.write(
            lambda c: (
                c.execute(
                    "INSERT INTO commands (id, device, target, subject, message, state, asked_ms, expires_ms)"
                    " VALUES ('c-first', 'k1', 'gate', ?, x'00', 'sent', 0, 15000)",
                    (RESIDENT,),
                ).rowcount
            )
        )
        visitors, commands = "/phone/api/visitors", "/phone/api/commands"
        asker.ids = {
            visitors: str(json.loads(made)["id"]),
            commands: "c-first",
            "/phone/api/bills": "b1",
            "/phone/api/orders": "o1",
        }
        await _pay_and_refund(app[PLATFORM], asker)

        async def ask(role: str, route: str) -> str:
            if role == "demo off":
                return await shut.ask("nobody", route)
            return await asker.ask(role, route)

        yield Served(routes_of(app), ask)


_HEADERS = {
    "the screen": {"Host": "localhost", "Origin": "http://localhost"},
    "no origin": {"Host": "localhost"},
    "foreign page": {"Host": "localhost", "Origin": "http://evil.example"},
    "origin null": {"Host": "localhost", "Origin": "null"},
    "foreign name": {"Host": "evil.example", "Origin": "http://evil.example"},
}


@asynccontextmanager
async def kiosk_desk() -> AsyncIterator[Served]:
    """The kiosk's screen: who asks is told by Host and Origin."""
    app = build_screen(Stand().front())
    async with _site_of(web.AppRunner(app)) as url, aiohttp.ClientSession() as http:

        async def ask(role: str, route: str) -> str:
            path = route.split(" ")[1].replace("{hash}", "0").replace("{name}", "none")
            path = path.replace("{door}", "gate")
            if not path.endswith("/ws"):
                async with http.get(url + path, headers=_HEADERS[role]) as answer:
                    assert answer.status < 500, f"{role}, {route}: {answer.status}"
                    return "no" if answer.status in NOT_LET_IN else "yes"
            try:
                async with http.ws_connect(url + path, headers=_HEADERS[role]):
                    return "yes"
            except aiohttp.WSServerHandshakeError as refused:
                assert refused.status in NOT_LET_IN, f"{role}, {route}: {refused.status}"
                return "no"

        yield Served(routes_of(app), ask)


_MORE = {
    "/identity/epoch": {"reason": "tried by the matrix"},
    "/backup": {"folder": "/nowhere"},
    "/lockers/{bank}/walk": {"step": "begin"},
    "/cases/{case}/close": {"reason": "written_off", "note": "tried by the matrix"},
}
"""What a route asks for beside the person."""


def _no_backups(store: InlineStore, clock: FakeClock) -> Backups:
    """Backups of a hub without a database file: whoever is let in hears that none can be made."""

    async def fail(name: str, *arguments: str, told: StepProgress) -> dict[str, Any]:
        raise StoreError("no file")

    nowhere = Path("/nowhere")
    return Backups(
        store=store,
        clock=clock,
        folder=nowhere,
        recipient_file=nowhere,
        files=list,
        job=fail,
        stick=None,
        keep=1,
        sender=None,
    )


@asynccontextmanager
async def control_desk() -> AsyncIterator[Served]:
    """The hub's control socket: who asks is told by the kernel, and by login and PIN."""
    store = InlineStore.in_memory(clock=(clock := FakeClock()), migrations=MIGRATIONS)
    staff = StaffDesk(store, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for role in Role:
        await staff.add(role.value, role.value, role, PIN, actor="test")
    control = Control(store=store, clock=clock, staff=staff, health=HealthRegistry())
    matcher = Matcher(store=store, clock=clock, platform=FakeSettlementPlatform())
    timesync = TimeSync(
        store=store, http=cast(PlatformHttp, None), clock=TrustedClock(), keyring=cast(KeyRing, None)
    )
    time = ClockControl(clock=clock, timesync=timesync, staff=staff)
    match = MatchControl(store=store, clock=clock, staff=staff, matcher=matcher)
    boards = BoardsControl(walks=WalkDesk(store=store, cells={}, banks={}), staff=staff)
    backup = BackupControl(_no_backups(store, clock), staff)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        asks = {}
        for name, uid in (("own", os.getuid()), ("foreign", os.getuid() + 1)):
            app = build_control(
                (
                    *control.routes(),
                    *time.routes(),
                    *match.routes(),
                    *boards.routes(),
                    *backup.routes(),
                ),
                uids=frozenset({uid}),
            )
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.UnixSite(runner, str(folder / name)).start()
            connector = aiohttp.UnixConnector(str(folder / name))
            asks[name] = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

        async def ask(role: str, route: str) -> str:
            method, _, path = route.partition(" ")
            pin = WRONG_PIN if role == "wrong PIN" else PIN
            login = {"wrong PIN": "clerk", "foreign user": "clerk"}.get(role, role)
            person = {"login": login, "pin": pin} | _MORE.get(path, {})
            body = b"" if role == "no PIN" else msgspec.json.encode(person)
            http = asks["foreign" if role == "foreign user" else "own"]
            path = path.replace("{delivery}", "delivery-1").replace("{case}", "k1-1-1").replace("{bank}", "b")
            async with http.request(method, "http://hub" + path, data=body) as answer:
                raw = await answer.read()
            assert answer.status < 500, f"{role}, {route}: {answer.status} {raw[:200]!r}"
            if answer.status == 403:
                return "no"
            code = json.loads(raw).get("code") if answer.status >= 400 else None
            return "no" if code in REFUSED_PERSON else "yes"

        yield Served(routes_of(app), ask)
    store.close()


_LOGINS = {role.value for role in Role}


class CounterAsker:
    """Asks the counter as anybody: everybody signs in once and sends forms as the pages have them."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._cookies: dict[str, str] = {}

    async def sign_in(self, login: str) -> int:
        """The status of signing in; keeps the cookie."""
        headers = {"Origin": self._url}
        body = {"login": login, "pin": PIN}
        async with self._http.post(
            self._url + "/login", data=body, headers=headers, allow_redirects=False
        ) as answer:
            if "counter" in answer.cookies:
                self._cookies[login] = answer.cookies["counter"].value
            return answer.status

    async def ask(self, role: str, route: str) -> str:
        """What this role gets at this route, in a word."""
        method, _, path = route.partition(" ")
        if path == "/login" and method == "POST" and role in _LOGINS:
            return "no" if await self.sign_in(role) == 403 else "yes"
        path = path.replace("{hash}", "0").replace("{name}", "none")
        path = path.replace("{order}", "k1-1-1").replace("{case}", "k1-1-1").replace("{number}", "1")
        path = path.replace("{door}", "gate").replace("{bank}", "bank-a").replace("{cell}", "A01")
        path = path.replace("{deposit}", "d1")
        headers = {"Origin": "http://evil.example" if role == "foreign page" else self._url}
        login = {"foreign name": "clerk"}.get(role, role)
        if login in self._cookies:
            headers["Cookie"] = f"counter={self._cookies[login]}"
        if role == "foreign name":
            headers |= {"Host": "evil.example", "Origin": "http://evil.example"}
        fields = {} if method == "GET" else {"ticket": await self._ticket(login), **_FIELDS}
        async with self._http.request(
            method, self._url + path, data=fields or None, headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status < 500, f"{role}, {route}: {answer.status}"
            return "no" if answer.status in NOT_LET_IN else "yes"

    async def _ticket(self, login: str) -> str:
        """A ticket of a form that this person was shown, if there is any."""
        headers = {"Cookie": f"counter={self._cookies.get(login, '')}"}
        async with self._http.get(self._url + "/", headers=headers) as answer:
            found = re.search(r'name="ticket" value="([\w-]+)"', await answer.text())
        return found[1] if found else "none"


_FIELDS = {"date": "2026-11-21", "reason": "written_off", "note": "tried by the matrix", "pin": PIN}


@asynccontextmanager
async def counter_desk() -> AsyncIterator[Served]:
    """The counter's pages: who asks is told by the session, from where by Host and Origin."""
    stand = CounterStand()
    await stand.hire()
    app = stand.app()
    jar = aiohttp.DummyCookieJar()
    async with _site_of(web.AppRunner(app)) as url, aiohttp.ClientSession(cookie_jar=jar) as http:
        asker = CounterAsker(http, url)
        for role in Role:
            await asker.sign_in(role.value)

        async def ask(role: str, route: str) -> str:
            if route == "POST /logout" and role in _LOGINS:
                await asker.sign_in(role)
            said = await asker.ask(role, route)
            if route == "POST /logout" and role in _LOGINS:
                await asker.sign_in(role)
            return said

        yield Served(routes_of(app), ask)
    stand.store.close()


DESKS: dict[str, Callable[[], Any]] = {
    "The platform": platform_desk,
    "The kiosk": kiosk_desk,
    "The counter": counter_desk,
    "The control socket": control_desk,
}
