"""Whoever is not who he says he is: refused, and written down, on whichever side met him.

One real platform with its device listener, a device that enrolled with it, and one rogue after another.
"""

import asyncio
import base64
import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

import cloud_sync.http
import cloud_sync.platform.exchange
import edge.links.tls
from cloud_sync import records, tls
from cloud_sync.certificates import note_trust
from cloud_sync.downlink import Downlink
from cloud_sync.events import FeedRecordParked, UplinkHalted
from cloud_sync.http import PlatformHttp, PlatformUntrusted
from cloud_sync.platform import custody, feed
from cloud_sync.platform.authority import DeviceAuthority, device_context, make_authority
from cloud_sync.platform.exchange import Access
from cloud_sync.standing import StreamCheck
from cloud_sync.uplink import Uplink
from cloud_sync.wire import batches
from cloud_sync.wire.batches import BatchAccepted, encode_batch
from cloud_sync.wire.protocol import PROTOCOL_HEADER
from edge.access.events import DoorOpened
from edge.errors import PlatformError, PlatformRejected
from edge.links.authority import Authority
from edge.links.broker import BrokerSession
from edge.pay.contract import open_contract
from edge.service.events import AlarmRaised
from edge.store import journal
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from edge.trust.cose import sign
from edge.trust.keys import KeySet, SigningKey, VerifyingKey, verifying_key
from tests.fakes.enrolment import DEVICE, Fleet, open_fleet
from tests.proofs.planting import replaced
from tests.proofs.proof import Plant, Proof, Trial

LIMIT_S = 20.0
NDJSON = {"Content-Type": batches.MEDIA_TYPE, "Content-Encoding": "zstd"}


@dataclass
class Scene:
    """The platform, the device's store, and the device's line."""

    fleet: Fleet
    store: InlineStore
    folder: Path

    def line(self, url: str | None = None) -> PlatformHttp:
        """The device's line; `url`: whom it was led to."""
        http = self.fleet.http(store=self.store)
        http._url = url or http._url
        return http

    def uplink(self, http: PlatformHttp) -> Uplink:
        """The device's uplink, which does not wait."""
        return Uplink(store=self.store, http=http, sleep=_no_pause)

    def record(self, count: int = 1, store: InlineStore | None = None) -> None:
        """Doors open."""
        event = DoorOpened(opening="k1-1-9", place="door:gate", authorisation="pass:p:1")
        for _ in range(count):
            (store or self.store).run_now(lambda unit: unit.record(event, actor="proof"))

    def journalled(self, event: type[Any], /, **fields: object) -> bool:
        """Whether the device's journal holds such an event."""
        words = [f'"{name}":"{value}"'.encode() for name, value in fields.items()]
        lines = [journal.line(row) for row in self.store.read_now(lambda c: list(journal.tail(c, 0)))]
        return any(f".{event.TYPE}.".encode() in line and all(w in line for w in words) for line in lines)

    async def held(self) -> int:
        """How many events the platform has in custody."""
        return int(
            await self.fleet.platform.database.read(
                lambda c: c.execute("SELECT count(*) FROM events").fetchone()[0]
            )
        )

    async def noted(self, device: str, code: str) -> bool:
        """Whether the people of the fleet are told."""
        return f"{device} {code}" in await self.fleet.incidents()


async def _no_pause(asked_s: float) -> None:
    await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def impostor(context: ssl.SSLContext, heard: list[str]) -> AsyncIterator[str]:
    """Somebody who answers everything with friendliness, and remembers what he was told."""

    async def answer(request: web.Request) -> web.Response:
        heard.append(request.path)
        return web.json_response({"epoch": 1, "head_seq": 0, "head_hash": "0" * 64, "known": True})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _tell_nothing_to(scene: Scene, context: ssl.SSLContext, code: str) -> None:
    heard: list[str] = []
    scene.record()
    async with impostor(context, heard) as url:
        said = "believed"
        try:
            await scene.uplink(scene.line(url)).send_next()
        except PlatformUntrusted as refused:
            said = refused.code
        except PlatformError as error:
            said = str(error)
    assert (said, heard) == (code, []), f"{said}, heard {heard}"
    assert scene.journalled(AlarmRaised, kind="platform_untrusted", detail=code), "not in the journal"


async def rogue_platform(scene: Scene) -> None:
    """A platform with an authority of its own, at the right address."""
    folder = scene.folder / "rogue"
    folder.mkdir()
    make_authority(folder)
    authority = DeviceAuthority(folder)
    authority.issue_listener(("127.0.0.1",), now_ms=scene.fleet.clock.at_ms)
    await _tell_nothing_to(
        scene, device_context(authority, authority.listener_file, None), "certificate_not_ours"
    )


async def other_name(scene: Scene) -> None:
    """A certificate whose chain is fine, for another name."""
    authority = scene.fleet.platform.keys.authority
    kept = authority.listener_file.read_bytes()
    authority.issue_listener(("127.0.0.2",), now_ms=scene.fleet.clock.at_ms)
    context = device_context(authority, authority.listener_file, None)
    authority.listener_file.write_bytes(kept)
    await _tell_nothing_to(scene, context, "certificate_wrong_host")


async def rogue_broker(scene: Scene) -> None:
    """A broker that another authority vouches for: it does not hear the account's password."""
    heard: list[bytes] = []
    ours, theirs = Authority(scene.folder, "ours"), Authority(scene.folder, "theirs")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*theirs.issue("broker"))
    told = asyncio.Event()

    async def note(code: str) -> None:
        await note_trust(scene.store, "broker", code)
        told.set()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(200))
        told.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    session = BrokerSession(
        host="127.0.0.1",
        port=server.sockets[0].getsockname()[1],
        username="k1",
        password="secret",
        client_id="k1",
        subscriptions=["s/x"],
        on_message=lambda message: asyncio.sleep(0),
        tls=edge.links.tls.broker_context(ours.ca_file),
        note_trust=note,
    )
    task = asyncio.create_task(session.run())
    try:
        async with asyncio.timeout(LIMIT_S):
            await told.wait()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()
    assert not any(b"secret" in told for told in heard), "the broker heard the password"
    assert scene.journalled(AlarmRaised, kind="platform_untrusted", source="broker"), "not in the journal"


async def old_protocol(scene: Scene) -> None:
    """A device of another major version; and a platform of one."""
    http = scene.line()
    said = "let in"
    try:
        await http.exchange("GET", http.site_path + "/figures", headers={PROTOCOL_HEADER: "0"})
    except PlatformRejected as rejected:
        said = rejected.code
    assert said == "protocol_unsupported", said
    assert await scene.noted(DEVICE, "protocol_unsupported"), "no incident"


async def replayed_batch(scene: Scene) -> None:
    """A batch that another device heard and posts again, in the first one's name and in its own."""
    body = await _batch(scene, scene.store)
    await scene.line().exchange("POST", scene.line().device_path + "/batches", body=body, headers=NDJSON)
    held = await scene.held()
    await scene.fleet.enrol(await scene.fleet.code("k2"), "pi-k2")
    theirs = scene.fleet.http("pi-k2", device="k2")
    said = []
    for path in (scene.line().device_path, theirs.device_path):
        try:
            await theirs.exchange("POST", path + "/batches", body=body, headers=NDJSON)
            said.append("taken")
        except PlatformRejected as rejected:
            said.append(rejected.code)
    assert said == ["forbidden", "wrong_stream"], said
    assert await scene.noted("k2", "forbidden") and await scene.noted("k2", "wrong_stream"), "no incident"
    await scene.line().exchange("POST", scene.line().device_path + "/batches", body=body, headers=NDJSON)
    assert await scene.held() == held, "a batch that came twice counts twice"


async def acknowledgement_for_another_hash(scene: Scene) -> None:
    """The platform acknowledges, but something else than was sent."""
    take = custody.take_custody

    def other(*asked: Any, **options: Any) -> BatchAccepted:
        taken = take(*asked, **options)
        return BatchAccepted(taken.acknowledged_seq, taken.epoch, "f" * 64)

    scene.record()
    uplink = scene.uplink(scene.line())
    with replaced(custody, "take_custody", other):
        task = asyncio.create_task(uplink.run())
        async with asyncio.timeout(LIMIT_S):
            while uplink.halted is None and not scene.store.read_now(records.read_acknowledged):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert scene.store.read_now(records.read_acknowledged) == 0, "believed"
    assert scene.journalled(UplinkHalted, code="other_hash_acknowledged"), "not in the journal"


async def forged_site(scene: Scene) -> None:
    """Events that say they are of another site, from a device that is ours."""
    elsewhere = InlineStore.in_memory(clock=scene.fleet.clock, migrations=MIGRATIONS, site="elsewhere")
    body = await _batch(scene, elsewhere)
    http, said = scene.line(), "taken"
    try:
        await http.exchange("POST", http.device_path + "/batches", body=body, headers=NDJSON)
    except PlatformRejected as rejected:
        said = rejected.code
    assert (said, await scene.held()) == ("batch_malformed", 0), said
    assert await scene.noted(DEVICE, "batch_malformed"), "no incident"


async def revoked_key(scene: Scene) -> None:
    """A record of the feed that is signed by a key that was taken back."""
    key = SigningKey.generate("contract-9", "contract")
    keys = KeySet(9, [verifying_key(key)], ["contract-9"])
    cose = base64.b64encode(sign(key, {"version": 9, "points_ppm": 1})).decode()
    record = {"version": 9, "cose": cose}
    await scene.fleet.platform.database.write(lambda c: feed.put_record(c, "contract", "9", record))
    applied: list[str] = []
    downlink = Downlink(
        store=scene.store,
        http=scene.line(),
        appliers={"contract": lambda unit, name, version, data: applied.append(name)},
        prepare={"contract": lambda data: open_contract(data["cose"], keys, None)},
    )
    await downlink.read_next()
    assert applied == [], "applied"
    assert scene.journalled(FeedRecordParked, collection="contract", reason="key_revoked"), "not reported"


async def _batch(scene: Scene, store: InlineStore) -> bytes:
    scene.record(2, store)
    outgoing = store.read_now(lambda c: records.read_outgoing(c, after_seq=0, limit=10))
    assert outgoing is not None
    return encode_batch(outgoing.header, outgoing.lines)


ROGUES: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    rogue_platform,
    other_name,
    rogue_broker,
    old_protocol,
    replayed_batch,
    acknowledgement_for_another_hash,
    forged_site,
    revoked_key,
)


async def _meet(rogue: Callable[[Scene], Awaitable[None]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_fleet(Path(folder)) as fleet:
            await fleet.enrol(await fleet.code())
            store = InlineStore.in_memory(clock=fleet.clock, migrations=MIGRATIONS)
            try:
                await rogue(Scene(fleet, store, Path(folder)))
            except AssertionError as violation:
                raise AssertionError(f"{rogue.__name__}: {violation}") from violation
            finally:
                store.close()


@contextmanager
def _open() -> Iterator[Trial]:
    def trial(seed: int) -> int:
        del seed
        for rogue in ROGUES:
            asyncio.run(_meet(rogue))
        return 1

    yield trial


def _believes_any_authority(ca_file: Path | None, *others: Any) -> ssl.SSLContext:
    context = _make_context(ca_file, *others)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.judge = lambda peer: None
    return context


def _believes_any_name(*asked: Any) -> ssl.SSLContext:
    context = _make_context(*asked)
    context.check_hostname = False
    return context


def _any_broker(ca_file: Path) -> ssl.SSLContext:
    context = _broker_context(ca_file)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _is_always_ours(self: StreamCheck, *asked: object) -> bool:
    return True


def _check_of_any_site(batch: Any, *, site: str, device: str) -> Any:
    return batches.verify_batch(batch, site="elsewhere" if b"sites/elsewhere" in batch.lines[0] else site)


def _find_revoked(self: KeySet, kid: str, purpose: str, at_ms: int | None) -> VerifyingKey:
    return self._by_name[(kid, purpose)]


_make_context, _broker_context = tls.make_context, edge.links.tls.broker_context
_EXCHANGE = cloud_sync.platform.exchange
PLANTED: dict[str, Plant] = {
    "any authority is believed": partial(replaced, cloud_sync.http, "make_context", _believes_any_authority),
    "any name is believed": partial(replaced, cloud_sync.http, "make_context", _believes_any_name),
    "any broker is believed": partial(replaced, edge.links.tls, "broker_context", _any_broker),
    "every protocol is spoken": partial(replaced, _EXCHANGE, "require_supported", lambda told: None),
    "a certificate counts for every device of its site": lambda: replaced(
        _EXCHANGE, "_CHECKS", _EXCHANGE._CHECKS | {Access.DEVICE: _EXCHANGE._CHECKS[Access.SITE]}
    ),
    "whatever is acknowledged is ours": partial(replaced, StreamCheck, "is_ours", _is_always_ours),
    "the site of an event is not judged": partial(replaced, custody, "check_batch", _check_of_any_site),
    "a key that was taken back still counts": partial(replaced, KeySet, "find", _find_revoked),
}

PROOF = Proof(
    name="rogues",
    promise="Whoever is not the platform, broker or device that he says he is, is refused and recorded",
    open=_open,
    suite=None,
    goal=None,
    planted=PLANTED,
    patience=1,
)
