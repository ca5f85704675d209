"""The platform's HTTP API asked by schemathesis from its own description: right, wrong and absurd requests.

No answer is a fault of the server (5xx); every status, media type and body is as described; and what asks for
a credential answers 401 or 403 to everybody without the right one, however the request looks. One trial asks
every operation with requests that fit the description and with requests that break it.
"""

import asyncio
import copy
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import schemathesis
from aiohttp import web
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

import cloud_sync.platform.device_api
import cloud_sync.platform.exchange
from cloud_sync.platform import api_keys
from cloud_sync.platform.app import ROUTES, build_platform, make_runner
from cloud_sync.platform.context import PLATFORM
from cloud_sync.platform.exchange import Access
from cloud_sync.platform.keys import hash_token, make_keys
from cloud_sync.platform.openapi import build_openapi
from cloud_sync.platform.seed import seed as seed_platform
from cloud_sync.platform.settings import DeviceSettings
from cloud_sync.wire.batches import MEDIA_TYPE
from tests.cloud_sync.conftest import COMMUNITY, DEVICE, RESIDENT, SITE, platform_settings
from tests.fakes.clock import START_MS
from tests.proofs.planting import replaced
from tests.proofs.proof import Proof, Trial

EXAMPLES = 4
"""Requests an operation and mode in one trial."""
TIMEOUT_S = 10
SESSION = "session-of-the-first"
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


class Server(NamedTuple):
    """A platform that listens, and the credentials that it knows."""

    url: str
    tokens: dict[str, str]


@schemathesis.serializer(MEDIA_TYPE)
def as_it_is(context: object, value: object) -> bytes:
    """A batch is bytes; whatever else was thought up goes as its text."""
    del context
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The description with every object shut: an answer may say nothing that is not described."""
    shut = copy.deepcopy(document)
    for schema in shut["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return shut


@contextmanager
def serving() -> Iterator[Server]:
    """A seeded platform on loopback, in a thread and loop of its own."""
    with tempfile.TemporaryDirectory(prefix="api-") as name:
        folder, devices = Path(name), (DEVICE, "k2")
        settings = platform_settings(folder, device=[DeviceSettings(d, f"keys/{d}.token") for d in devices])
        make_keys(settings)
        loop, stop = asyncio.new_event_loop(), asyncio.Event()
        started: list[str] = []
        keys: list[str] = []
        ready = threading.Event()

        async def serve() -> None:
            app = build_platform(settings, clock_ms=lambda: START_MS, pause=_no_pause)
            keys.append(await _fill(app))
            runner = make_runner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            started.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
            ready.set()
            await stop.wait()
            await runner.cleanup()

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="platform")
        thread.start()
        assert ready.wait(TIMEOUT_S), "the platform does not start"
        try:
            tokens = {d: (folder / f"keys/{d}.token").read_text().strip() for d in devices}
            yield Server(started[0], {**tokens, "key": keys[0]})
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(TIMEOUT_S)
            loop.close()


async def _no_pause(seconds: float) -> None:
    """A channel that hangs costs no time here."""
    del seconds


async def _fill(app: web.Application) -> str:
    """A community, a phone that is signed in, and a key with every scope: its text."""
    platform = app[PLATFORM]
    await platform.database.write(lambda c: seed_platform(c, platform.keys, COMMUNITY))
    await platform.database.write(
        lambda c: (
            c.execute(
                "INSERT INTO tokens (hash, kind, holder, expires_ms) VALUES (?,'phone',?,?)",
                (hash_token(SESSION), RESIDENT, START_MS * 2),
            ).rowcount
        )
    )
    _, text = await platform.database.write(
        lambda c: api_keys.make_key(c, "proof", list(api_keys.SCOPES), site="", now_ms=START_MS)
    )
    return text


def _who_may(access: Access) -> set[str]:
    """The credentials that open a kind of route."""
    return {
        Access.DEVICE: {"k1"},
        Access.SITE: {"k1", "k2"},
        Access.PHONE: {"phone"},
        Access.KEY: {"key"},
        Access.OPERATOR: set(),
    }.get(access, {"k1", "k2", "phone", "none", "wrong", "elsewhere", "key"})


def _shape(case: Any, who: str, ours: bool, server: Server) -> None:
    """Give a request its credential, and mostly the names of our own site, device and door."""
    headers = dict(case.headers or {})
    headers.pop("Authorization", None)
    case.cookies = {}
    if who in ("k1", "k2", "elsewhere", "key"):
        headers["Authorization"] = f"Bearer {server.tokens.get(who, server.tokens['k1'])}"
    elif who == "wrong":
        headers["Authorization"], case.cookies = "Bearer wrong", {"phone": "wrong"}
    elif who == "phone":
        case.cookies = {"phone": SESSION}
    case.headers = headers
    site = "elsewhere" if who == "elsewhere" else SITE
    names = dict(case.path_parameters or {})
    if ours or who == "elsewhere":
        names.update({n: v for n, v in _own(site) if n in names})
    case.path_parameters = names
    if isinstance(case.query, dict) and "wait_s" in case.query:
        case.query["wait_s"] = 0 if isinstance(case.query["wait_s"], int) else case.query["wait_s"]


def _own(site: str) -> tuple[tuple[str, str], ...]:
    return ("site", site), ("device", DEVICE), ("door", "gate"), ("collection", "notices"), ("epoch", "1")


def _ask(server: Server, operation: Any, access: Access, mode: GenerationMode, seed: int) -> int:
    asked = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        case=operation.as_strategy(generation_mode=mode),
        who=st.sampled_from(["k1", "k1", "phone", "phone", "k2", "none", "wrong", "elsewhere", "key"]),
        ours=st.sampled_from([True, True, True, False]),
    )
    def request(case: Any, who: str, ours: bool) -> None:
        nonlocal asked
        _shape(case, who, ours, server)
        answer = case.call(base_url=server.url, timeout=TIMEOUT_S, allow_redirects=False)
        asked += 1
        try:
            case.validate_response(answer, checks=[CHECKS.get_one(name) for name in CHECKED])
        except FailureGroup as group:
            raise AssertionError("\n".join(str(failure) for failure in group.exceptions)) from group
        if who not in _who_may(access):
            assert answer.status_code in (401, 403, 404, 405), (
                f"{who} at {operation.label}: {answer.status_code} {answer.text[:200]}"
            )

    request()
    return asked


@contextmanager
def _open() -> Iterator[Trial]:
    with serving() as server:
        schema = schemathesis.openapi.from_dict(closed(build_openapi(ROUTES)))
        access = {f"{route.method} {route.path}": route.access for route in ROUTES}
        operations: list[Any] = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        assert len(operations) == len(ROUTES), "schemathesis does not understand the description"

        def trial(seed: int) -> int:
            return sum(
                _ask(server, operation, access[operation.label], mode, seed)
                for operation in operations
                for mode in _modes(operation)
            )

        yield trial


def _modes(operation: Any) -> list[GenerationMode]:
    """What breaks a description needs something described; any text is a good part of a path."""
    described = operation.body or operation.query
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if described else [GenerationMode.POSITIVE]


def _unhandled() -> AbstractContextManager[None]:
    def numbers(request: web.Request, *names: str) -> list[int]:
        return [int(request.match_info[name]) for name in names]

    return replaced(cloud_sync.platform.device_api, "_numbers", numbers)


def _undeclared_field() -> AbstractContextManager[None]:
    honest = cloud_sync.platform.exchange.reply
    return replaced(
        cloud_sync.platform.device_api,
        "reply",
        lambda content, status=200: honest({"ours": 1}, status),
    )


def _undeclared_status() -> AbstractContextManager[None]:
    honest = cloud_sync.platform.exchange.reply
    return replaced(cloud_sync.platform.device_api, "reply", lambda content, status=200: honest(content, 206))


def _unchecked() -> AbstractContextManager[None]:
    async def check(request: web.Request, platform: object) -> None:
        request[cloud_sync.platform.exchange.SUBJECT] = RESIDENT

    checks = cloud_sync.platform.exchange._CHECKS | {Access.PHONE: check}
    return replaced(cloud_sync.platform.exchange, "_CHECKS", checks)


PROOF = Proof(
    name="http-api",
    promise="No request makes the platform fail, answer otherwise than described, or let in who may not",
    open=_open,
    suite=500,
    goal=200_000,
    planted={
        "an unhandled error (500)": _unhandled,
        "an answer with an undeclared field": _undeclared_field,
        "an answer with an undeclared status": _undeclared_status,
        "permission check removed": _unchecked,
    },
    patience=1_500,
)
