"""Whom a hub believes over TLS: its own authority, the right host, dates by the trusted clock.

The certificates' years are chosen against this machine's wall clock, so that a check of dates by OpenSSL
itself would turn a test red.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from cloud_sync.http import PlatformHttp, PlatformUntrusted
from cloud_sync.keyring import KeyRing
from cloud_sync.platform.authority import DeviceAuthority, make_authority
from cloud_sync.platform.listeners import make_server_context
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.timesync import TimeSync
from edge.config import BrokerSettings
from edge.config import PlatformSettings as HubPlatformSettings
from edge.trust.certificates import Holder, make_key, make_request, open_request
from edge.trust.clock import Trust, TrustedClock
from edge.trust.cose import sign
from edge.trust.keys import SigningKey, verifying_key
from edge.trust.keyset import sign_keyset
from tests.cloud_sync.conftest import DEVICE, SITE, World
from tests.fakes.certificates import DAY_MS, Authority
from tests.fakes.clock import FakeClock

WALL_MS = int(time.time() * 1000)
YEAR_MS = 365 * DAY_MS
LONG_AGO = (WALL_MS - 2 * YEAR_MS, WALL_MS - YEAR_MS)
NOW = (WALL_MS - DAY_MS, WALL_MS + DAY_MS)
LATER = (WALL_MS + YEAR_MS, WALL_MS + 2 * YEAR_MS)
HOLDER = Holder(SITE, DEVICE)


class Peer:
    """A TLS server on this machine that notes what it was told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours = Authority(folder, "ours")
        self.heard: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        make_authority(folder)
        self.devices = DeviceAuthority(folder)
        self.identity_file = folder / "identity.pem"
        key = make_key()
        asked = open_request(make_request(key, HOLDER, nonce="n"))
        issued = self.devices.issue_device(HOLDER, asked.public, now_ms=WALL_MS)
        self.identity_file.write_text(key + issued.pem)
        self.keys: dict[str, SigningKey] = {}
        self.at_ms = WALL_MS

    @contextlib.asynccontextmanager
    async def serve(
        self, window: tuple[int, int], *, authority: Authority | None = None, host: str = "127.0.0.1"
    ) -> AsyncIterator[str]:
        """Serve with a certificate of this window; yields the address."""
        cert_file, key_file = (authority or self.ours).issue(
            "platform", from_ms=window[0], until_ms=window[1], host=host
        )
        context = make_server_context(
            PlatformSettings(
                site=SITE,
                name_zh="",
                name_en="",
                folder=str(self.folder),
                certificate_file=cert_file.name,
                key_file=key_file.name,
            )
        )
        assert context is not None
        context.load_verify_locations(self.devices.ca_file)
        context.verify_mode = ssl.CERT_OPTIONAL
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        try:
            assert site._server is not None
            yield f"https://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        shown = request.get_extra_info("peercert") or {}
        names = [name for _, name in shown.get("subjectAltName", ())]
        self.heard.append((request.path, ",".join(names)))
        self.headers.append(dict(request.headers))
        if request.path.endswith("/keyset"):
            verifying = [verifying_key(self.keys["time"])]
            return web.Response(body=sign_keyset(self.keys["root"], verifying, 1))
        if request.path.endswith("/time"):
            nonce = msgspec.json.decode(await request.read())["nonce"]
            return web.Response(body=sign(self.keys["time"], {"nonce": nonce, "at_ms": self.at_ms}))
        return web.Response(body=b"{}")


@pytest.fixture
def peer(tmp_path: Path) -> Peer:
    return Peer(tmp_path)


def client(peer: Peer, url: str, clock: FakeClock | TrustedClock) -> PlatformHttp:
    return PlatformHttp(
        url=url,
        site=SITE,
        device=DEVICE,
        identity_file=peer.identity_file,
        ca_file=peer.ours.ca_file,
        clock=clock,
    )


async def ask(peer: Peer, url: str, clock: FakeClock) -> str:
    """Ask for something; returns what the peer heard, or why it was not believed."""
    async with client(peer, url, clock) as http:
        try:
            await http.exchange("GET", "/v1/anything")
        except PlatformUntrusted as refusal:
            assert peer.heard == [], "the peer was told something before it was believed"
            return refusal.code
    return peer.heard[-1][1]


@pytest.mark.parametrize("trust", [Trust.SYNCED, Trust.HOLDOVER])
@pytest.mark.parametrize("window", [LONG_AGO, NOW, LATER])
async def test_dates_are_judged_by_the_trusted_clock_alone(
    peer: Peer, window: tuple[int, int], trust: Trust
) -> None:
    async with peer.serve(window) as url:
        middle = FakeClock((window[0] + window[1]) // 2, trust)
        assert await ask(peer, url, middle) == HOLDER.urn


@pytest.mark.parametrize("window", [LONG_AGO, NOW, LATER])
async def test_what_is_over_or_not_begun_by_the_trusted_clock_is_refused(
    peer: Peer, window: tuple[int, int]
) -> None:
    async with peer.serve(window) as url:
        assert await ask(peer, url, FakeClock(window[1] + 60_000)) == "certificate_expired"
        assert await ask(peer, url, FakeClock(window[0] - 60_000)) == "certificate_not_yet_valid"


@pytest.mark.parametrize("trust", list(Trust))
async def test_another_authority_is_refused_always(peer: Peer, tmp_path: Path, trust: Trust) -> None:
    async with peer.serve(NOW, authority=Authority(tmp_path, "stranger")) as url:
        for undated in (True, False):
            async with client(peer, url, FakeClock(WALL_MS, trust)) as http:
                with pytest.raises(PlatformUntrusted) as refused:
                    await http.exchange("GET", "/v1/anything", undated=undated)
            expected = "clock_unknown" if trust is Trust.UNKNOWN and not undated else "certificate_not_ours"
            assert refused.value.code == expected
    assert peer.heard == []


async def test_another_host_s_certificate_is_refused_always(peer: Peer) -> None:
    async with peer.serve(NOW, host="127.0.0.2") as url:
        assert await ask(peer, url, FakeClock(WALL_MS)) == "certificate_wrong_host"
        async with client(peer, url, FakeClock(WALL_MS)) as http:
            with pytest.raises(PlatformUntrusted, match="certificate_wrong_host"):
                await http.exchange("GET", "/v1/anything", undated=True)
    assert peer.heard == []


async def test_with_the_clock_unknown_nothing_is_asked_but_time_and_key_set(world: World, peer: Peer) -> None:
    peer.keys = {"root": SigningKey.generate("root-1", "root"), "time": SigningKey.generate("t1", "time")}
    boot = FakeClock(1_000)
    clock = TrustedClock(boot_ms=lambda: boot.at_ms, boot_id="b")
    ring = KeyRing(store=world.store, root_public=peer.keys["root"].public)
    peer.at_ms = (LONG_AGO[0] + LONG_AGO[1]) // 2
    async with peer.serve(LONG_AGO) as url, client(peer, url, clock) as http:
        with pytest.raises(PlatformUntrusted, match="clock_unknown"):
            await http.exchange("GET", "/v1/anything")
        assert peer.heard == []
        sync = TimeSync(store=world.store, http=http, clock=clock, keyring=ring, boot_ms=lambda: boot.at_ms)
        await sync.synchronise()
        assert clock.now() == (peer.at_ms, Trust.SYNCED)
        await http.exchange("GET", "/v1/anything")
    assert [token for _, token in peer.heard] == ["", "", HOLDER.urn]


async def test_the_time_itself_is_asked_over_a_certificate_that_is_out_of_date(
    world: World, peer: Peer
) -> None:
    peer.keys = {"root": SigningKey.generate("root-1", "root"), "time": SigningKey.generate("t1", "time")}
    clock = TrustedClock(boot_ms=lambda: 1_000, boot_id="b")
    ring = KeyRing(store=world.store, root_public=peer.keys["root"].public)
    async with peer.serve(LONG_AGO) as url, client(peer, url, clock) as http:
        sync = TimeSync(store=world.store, http=http, clock=clock, keyring=ring, boot_ms=lambda: 1_000)
        await sync.synchronise()
        assert clock.now() == (WALL_MS, Trust.SYNCED)
        with pytest.raises(PlatformUntrusted, match="certificate_expired"):
            await http.exchange("GET", "/v1/anything")


def test_an_authority_without_https_is_a_fault() -> None:
    broker = BrokerSettings(host="h", username="u", password_file="p")
    with pytest.raises(ValueError, match="ca_file"):
        HubPlatformSettings(
            url="http://h", token_file="t", root_key_file="r", ca_file="ca.pem", broker=broker
        )


def test_a_certificate_without_its_key_is_a_fault() -> None:
    with pytest.raises(ValueError, match="come together"):
        PlatformSettings(site=SITE, name_zh="", name_en="", certificate_file="c.pem")


async def test_a_token_is_never_shown_over_tls(peer: Peer) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        PlatformHttp(url="https://127.0.0.1:1", site=SITE, device=DEVICE, token="secret")


async def test_a_renewed_certificate_is_shown_from_the_next_connection_on(peer: Peer) -> None:
    other = Holder(SITE, "k2")
    key = make_key()
    issued = peer.devices.issue_device(
        other, open_request(make_request(key, other, nonce="n")).public, now_ms=WALL_MS
    )
    clock = FakeClock(WALL_MS)
    async with peer.serve(NOW) as url, client(peer, url, clock) as http:
        await http.exchange("GET", "/v1/anything")
        peer.identity_file.write_text(key + issued.pem)
        http.show_renewed()
        await asyncio.gather(*(http.exchange("GET", "/v1/anything") for _ in range(2)))
    assert {name for _, name in peer.heard} == {HOLDER.urn, other.urn}


async def test_who_is_not_believed_is_told_once_and_again_when_he_is_himself(
    peer: Peer, tmp_path: Path
) -> None:
    told: list[str] = []

    async def note(code: str) -> None:
        told.append(code)

    http = client(peer, "", FakeClock(WALL_MS))
    http._note_trust = note
    async with http:
        for authority in (Authority(tmp_path, "stranger"), None):
            async with peer.serve(NOW, authority=authority) as url:
                http._url = url
                for _ in range(2):
                    with contextlib.suppress(PlatformUntrusted):
                        await http.exchange("GET", "/v1/anything")
    assert told == ["certificate_not_ours", ""]
