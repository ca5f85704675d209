"""From a one-time code to a certificate, its renewal, replacement and revocation; clones are found."""

import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from cloud_sync.certificates import CertificateKeeper
from cloud_sync.enrolment import enrol
from cloud_sync.enrolment_files import IDENTITY, PENDING_KEY, read_given, read_identity
from cloud_sync.http import PlatformUntrusted
from cloud_sync.platform.authority import CERTIFICATE_DAYS
from cloud_sync.platform.enrolment import CODE_LIFE_MS, revoke_device
from cloud_sync.platform.known_devices import LOOK_AGAIN_MS, NONCE_LIFE_MS, ProofStale, RenewalNonces
from cloud_sync.platform.operators import accounts
from cloud_sync.wire.enrolment import open_configuration
from cloud_sync.wire.enrolment_code import CodeMistyped, OneTimeCode
from edge.config import CORE_SECTIONS, PlatformSettings, SiteSettings, load
from edge.errors import PlatformRejected, Refusal
from edge.service.records import live_alarms
from edge.store.identity import Enrolled, quarantine_of, settle_identity
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from edge.trust.certificates import DAY_MS, Holder
from edge.trust.clock import Trust
from edge.trust.groups import GroupMistyped
from edge.trust.keys import BadSignature
from tests.fakes.clock import FakeClock
from tests.fakes.enrolment import DEVICE, SITE, Fleet, open_fleet

LONG_MS = 200 * DAY_MS


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    async with open_fleet(tmp_path) as opened:
        yield opened


def keeper_of(fleet: Fleet, machine: str = "pi-1") -> tuple[CertificateKeeper, InlineStore]:
    store = InlineStore.in_memory(clock=fleet.clock, migrations=MIGRATIONS)
    keeper = CertificateKeeper(
        folder=fleet.place(machine),
        store=store,
        http=fleet.http(machine, store=store),
        clock=fleet.clock,
        hardware=machine,
    )
    return keeper, store


def alarms(store: InlineStore) -> list[tuple[str, str]]:
    return [(alarm.kind, alarm.source) for alarm in store.read_now(live_alarms)]


async def standing(fleet: Fleet, machine: str = "pi-1", hardware: str | None = None) -> str:
    """What a device hears when it asks for something: `ok`, or the code it is turned away with."""
    fleet.clock.advance(ms=LOOK_AGAIN_MS)
    http = fleet.http(machine, hardware=hardware)
    try:
        await http.exchange("GET", http.site_path + "/figures")
    except PlatformRejected as rejected:
        return rejected.code
    return "ok"


def test_a_code_reads_back_and_finds_every_slip() -> None:
    code = OneTimeCode.make("k1", bytes(range(10)))
    text = str(code)
    assert OneTimeCode.parse(text.lower().replace("-", " ")) == code
    for at in range(3, len(text)):
        if text[at] == "-":
            continue
        slip = text[:at] + ("7" if text[at] != "7" else "8") + text[at + 1 :]
        with pytest.raises(GroupMistyped):
            OneTimeCode.parse(slip)
    with pytest.raises(CodeMistyped):
        OneTimeCode.parse("K2" + text[2:])


async def test_a_device_enrols_and_is_believed(fleet: Fleet) -> None:
    answer = await fleet.enrol(await fleet.code())
    assert (answer.site, answer.device, answer.epoch_above) == (SITE, DEVICE, 0)
    assert await standing(fleet) == "ok"
    place = fleet.place()
    assert {stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()} == {0o600}
    assert not (place / PENDING_KEY).exists()
    identity = read_identity(place)
    assert identity is not None and identity.until_ms - fleet.clock.at_ms <= CERTIFICATE_DAYS * DAY_MS
    assert await fleet.incidents() == ["k1 enrolled"]


@pytest.mark.slow
async def test_the_enrolment_fills_what_the_site_s_file_leaves_out(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    file = fleet.place().parent / "site.toml"
    file.write_text('[broker]\nhost = "h"\nusername = "u"\npassword_file = "p"\n[site]\nname_en = "Ours"\n')
    given = read_given(file)
    given["platform"]["broker"] = {"host": "b", "username": "u", "password_file": "p"}
    config = load(file, CORE_SECTIONS, (), given)
    site, platform = config.one("site", SiteSettings), config.one("platform", PlatformSettings)
    assert (site.id, site.device, site.name_zh, site.name_en) == (SITE, DEVICE, "和园里", "Ours")
    assert platform.url == fleet.url and platform.is_tls
    assert config.resolve(platform.identity_file) == fleet.place() / IDENTITY


@pytest.mark.slow
async def test_a_code_counts_once_but_for_the_same_machine(fleet: Fleet) -> None:
    code = await fleet.code()
    pending = fleet.place() / PENDING_KEY
    await fleet.enrol(code)
    key = (fleet.place() / IDENTITY).read_text("ascii")
    pending.write_text(key[key.index("-----BEGIN PRIVATE") : key.index("-----BEGIN CERTIFICATE")])
    await fleet.enrol(code)
    assert await standing(fleet) == "ok"
    with pytest.raises(PlatformRejected, match="code_used"):
        await fleet.enrol(code, "pi-2")
    assert await standing(fleet) == "ok"


@pytest.mark.slow
async def test_codes_that_do_not_count(fleet: Fleet) -> None:
    first, second = await fleet.code(), await fleet.code()
    with pytest.raises(PlatformRejected, match="code_unknown"):
        await fleet.enrol(first)
    fleet.clock.advance(ms=CODE_LIFE_MS)
    with pytest.raises(PlatformRejected, match="code_expired"):
        await fleet.enrol(second)
    with pytest.raises(BadSignature):
        await fleet.enrol(OneTimeCode.make(DEVICE, bytes(10)))
    assert read_identity(fleet.place()) is None


@pytest.mark.slow
async def test_a_code_for_another_device_than_the_file_names_is_refused(fleet: Fleet) -> None:
    code = await fleet.code()
    with pytest.raises(Refusal, match="enrolment_foreign"):
        await enrol(
            code, url=fleet.url, folder=fleet.place(), hardware="pi", expected=Holder("elsewhere", DEVICE)
        )


@pytest.mark.slow
async def test_renewed_with_45_days_left_and_both_certificates_count(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    keeper, store = keeper_of(fleet)
    fleet.clock.advance(days=44)
    assert await keeper.look() and keeper.renewed == 0
    before = (fleet.place() / IDENTITY).read_text("ascii")
    fleet.clock.advance(days=2)
    assert await keeper.look() and keeper.renewed == 1
    days_left, _ = keeper.standing
    assert days_left is not None and days_left >= CERTIFICATE_DAYS - 1
    assert await standing(fleet) == "ok" and alarms(store) == []
    (fleet.place() / IDENTITY).write_text(before)
    assert await standing(fleet) == "ok"


@pytest.mark.slow
async def test_alarms_at_30_14_and_7_days_and_at_the_end_cleared_by_a_renewal(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    keeper, store = keeper_of(fleet)
    line, keeper._http._url = keeper._http._url, "https://127.0.0.1:1"
    seen = []
    for days in (59, 1, 16, 7, 8):
        fleet.clock.advance(days=days)
        assert not await keeper.look()
        seen.append([source for _, source in alarms(store)])
    assert seen == [[], ["30"], ["30", "14"], ["30", "14", "7"], ["30", "14", "7", "over"]]
    keeper._http._url = line
    fleet.listeners.renew_due()
    assert await keeper.look()
    assert alarms(store) == [] and await standing(fleet) == "ok"


@pytest.mark.slow
async def test_after_months_in_a_drawer_the_key_alone_brings_a_new_certificate(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    fleet.clock.advance(ms=LONG_MS)
    fleet.listeners.renew_due()
    assert await standing(fleet) == "certificate_expired"
    keeper, _ = keeper_of(fleet)
    assert await keeper.look()
    assert await standing(fleet) == "ok"
    assert "k1 certificate_expired" in await fleet.incidents()


@pytest.mark.slow
async def test_a_nonce_is_the_platform_s_own_and_a_minute_old_at_most(fleet: Fleet) -> None:
    nonces = fleet.platform.known.nonces
    made_ms = fleet.clock.at_ms
    nonce = nonces.make(DEVICE, now_ms=made_ms)
    nonces.check(DEVICE, nonce, now_ms=made_ms + NONCE_LIFE_MS - 1)
    stale = [(DEVICE, nonce, made_ms + NONCE_LIFE_MS), ("k2", nonce, made_ms), (DEVICE, "1.2", made_ms)]
    for device, text, at_ms in stale:
        with pytest.raises(Refusal, match="proof_stale"):
            nonces.check(device, text, now_ms=at_ms)


@pytest.mark.slow
async def test_an_unknown_clock_renews_nothing(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    keeper, _ = keeper_of(fleet)
    fleet.clock.trust = Trust.UNKNOWN
    assert not await keeper.look() and keeper.renewed == 0 and keeper.standing.days_left is None


@pytest.mark.slow
async def test_a_revoked_device_is_turned_away_within_a_second_and_knows_it(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    await fleet.platform.database.write(lambda c: revoke_device(c, DEVICE, now_ms=fleet.clock.at_ms))
    assert await standing(fleet) == "device_revoked"
    keeper, store = keeper_of(fleet)
    fleet.clock.advance(days=50)
    assert not await keeper.look()
    assert ("enrolment_ended", "https") in alarms(store) and keeper.standing.refused == "device_revoked"
    await fleet.enrol(await fleet.code())
    assert await standing(fleet) == "ok"


@pytest.mark.slow
async def test_a_replacement_voids_the_machine_before(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code(), "pi-1")
    await fleet.enrol(await fleet.code(), "pi-2")
    assert await standing(fleet, "pi-2") == "ok"
    assert await standing(fleet, "pi-1") == "certificate_superseded"
    with pytest.raises(PlatformRejected, match="device_unknown"):
        await keeper_of(fleet, "pi-1")[0].renew()


@pytest.mark.slow
async def test_a_card_in_another_machine_goes_on_and_two_of_it_are_stopped(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    assert await standing(fleet, hardware="pi-1") == "ok"
    assert await standing(fleet, hardware="pi-2") == "ok"
    assert await standing(fleet, hardware="pi-2") == "ok"
    assert await standing(fleet, hardware="pi-1") == "device_quarantined"
    assert await standing(fleet, hardware="pi-2") == "device_quarantined"
    assert await fleet.incidents() == [
        "k1 enrolled",
        "k1 hardware_changed",
        "k1 clone",
        "k1 device_quarantined",
    ]
    keeper, store = keeper_of(fleet)
    fleet.clock.advance(days=50)
    assert not await keeper.look()
    assert store.read_now(quarantine_of) is not None
    await fleet.enrol(await fleet.code())
    assert await standing(fleet) == "ok"


def test_a_device_that_is_enrolled_anew_begins_an_epoch_above_its_life_before(tmp_path: Path) -> None:
    store = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    for enrolled, epoch in ((Enrolled("a", 0), 1), (Enrolled("b", 4), 5), (Enrolled("b", 4), 5)):
        store.run_now(lambda unit, e=enrolled: settle_identity(unit, hardware="x", enrolled=e))  # type: ignore[misc]
        assert store.epoch == epoch


@pytest.mark.slow
async def test_another_name_at_the_address_is_not_believed(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    http = fleet.http()
    http._url = http._url.replace("127.0.0.1", "localhost")
    with pytest.raises(PlatformUntrusted, match="certificate_wrong_host"):
        await http.exchange("GET", http.site_path + "/figures")


@pytest.mark.slow
async def test_the_listener_s_own_certificate_is_renewed_while_it_listens(fleet: Fleet) -> None:
    await fleet.enrol(await fleet.code())
    assert not fleet.listeners.renew_due()
    fleet.clock.advance(days=46)
    assert fleet.listeners.renew_due()
    fleet.clock.advance(days=43)
    assert await standing(fleet) == "ok"
    assert fleet.platform.keys.authority.listener_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("device", ["k1", "门", "k\udc80"])
def test_a_renewals_nonce_is_of_one_device_whatever_its_name(device: str) -> None:
    nonces = RenewalNonces()
    nonce = nonces.make(device, now_ms=5)
    nonces.check(device, nonce, now_ms=6)
    for other, odd in ((device + "1", nonce), (device, nonce + "é"), (device, "5.é"), (device, "é")):
        with pytest.raises(ProofStale):
            nonces.check(other, odd, now_ms=6)


async def test_an_operator_gives_out_a_code_on_the_site_s_page_and_takes_a_device_out(fleet: Fleet) -> None:
    at_ms, pages = fleet.clock.at_ms, f"{fleet.page_url.rstrip('/')}/operator"
    hashed = accounts.HASHER.hash("correct-horse-battery")
    await fleet.platform.database.write(lambda c: accounts.put_operator(c, "wei", hashed, now_ms=at_ms))
    jar, origin = aiohttp.CookieJar(unsafe=True), {"Origin": fleet.page_url.rstrip("/")}
    async with aiohttp.ClientSession(cookie_jar=jar, headers=origin) as browser:

        async def send(path: str, **fields: str) -> tuple[int, str]:
            async with browser.post(pages + path, data=fields) as answer:
                return answer.status, await answer.text()

        assert (await send(f"/sites/{SITE}/codes", device=DEVICE))[0] == 401
        await send("/login", login="wei", password="correct-horse-battery")
        assert (await send(f"/sites/{SITE}/codes", device="K 1"))[0] == 400
        assert (await send("/sites/none/codes", device=DEVICE))[0] == 404
        status, text = await send(f"/sites/{SITE}/codes", device=DEVICE)
        assert (status, fleet.url in text) == (200, True)
        found = re.search(r'translate="no">([^<]+)</p>', text)
        assert found is not None
        await fleet.enrol(OneTimeCode.parse(found[1]))
        assert await standing(fleet) == "ok"
        async with browser.get(f"{pages}/sites/{SITE}") as answer:
            assert f"/operator/sites/{SITE}/codes" in await answer.text()
        assert (await send("/sites/none/parts", shop="on"))[0] == 404
        assert (await send(f"/sites/{SITE}/parts", shop="on", pickup="on"))[0] == 200
        enrolment = await fleet.enrol(await fleet.code())
        told = open_configuration(enrolment.configuration, fleet.platform.keys.root.public)
        assert (told.version, told.parts_off) == (2, ("fees", "doors"))
        assert (await send(f"/sites/{SITE}/devices/{DEVICE}/revoke"))[0] == 200
        assert await standing(fleet) == "device_revoked"
        assert (await send(f"/sites/{SITE}/devices/none/revoke"))[0] == 403
