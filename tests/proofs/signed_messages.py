"""One honest message of every kind for a trial, with the claims that must be refused although well signed."""

from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

from edge.access import feed as access_feed
from edge.store.unit import Unit
from edge.trust import commands, cose, passes
from edge.trust.commands import Command, issue_command
from edge.trust.keys import verifying_key
from edge.trust.keyset import sign_keyset
from edge.trust.passes import Pass, issue_holder_certificate, issue_pass, resident_code
from tests.fakes.access_world import DAY_MS, SITE
from tests.fakes.clock import START_MS
from tests.proofs.mutation import Change
from tests.proofs.signed_credentials import (
    PARCEL_ROOM,
    credential_ways,
    publish_list,
    revoked_certificates,
    revoked_claims,
)
from tests.proofs.signed_platform import platform_ways
from tests.proofs.signed_ways import DEVICE, KEYS, ROOT, Way, Ways, as_base64, as_text

Claims = dict[Any, Any]
Alter = Callable[[Claims], Claims]
_AUD, _EXP, _NBF, _CTI = 3, 4, 5, 7
TRIAL_MS = 600_000
"""A trial's time begins this much after the one of the seed before."""


def at(label: int | str, value: object) -> Alter:
    """Another value of one claim."""
    return lambda claims: claims | {label: value}


def without(label: int | str) -> Alter:
    """One claim left out."""
    return lambda claims: {name: value for name, value in claims.items() if name != label}


async def make_ready(ways: Ways, seed: int) -> None:
    """Set the trial's time, let the resident in, revoke one pass, take a fresh nonce."""
    world = ways.world
    world.clock.at_ms = START_MS + seed * TRIAL_MS
    until_ms = world.clock.at_ms + DAY_MS
    revoked = {"pass_id": f"revoked-{seed}", "until_ms": until_ms}
    world.store.run_now(lambda unit: _revoke(unit, f"revoked-{seed}", revoked))
    world.grant()
    world.orders.orders = {f"order-{seed}": (("bank-a", "A01"),)}
    publish_list(ways, seed)
    for door in ("gate", "building-3", PARCEL_ROOM):
        await world.contact(f"door:{door}", "closed")
    await ways.commands.post_nonce()


def _revoke(unit: Unit, record: str, data: Claims) -> None:
    access_feed.apply_revocation(unit, record, 1, data)


def all_ways(ways: Ways, seed: int) -> list[Way]:
    """The honest messages of a trial."""
    now_ms = ways.world.clock.at_ms
    return [
        *_pass_ways(ways, seed, now_ms),
        *_resident_ways(ways, seed, now_ms),
        _command_way(ways, seed, now_ms),
        *_document_ways(ways, seed),
        _time_way(ways, now_ms),
        *platform_ways(ways, seed),
    ]


def _pass_ways(ways: Ways, seed: int, now_ms: int) -> Iterator[Way]:
    now_s = now_ms // 1000
    wrong: tuple[tuple[str, Alter], ...] = (
        ("over", at(_EXP, now_s)),
        ("long over", at(_EXP, 0)),
        ("not yet", at(_NBF, now_s + 60)),
        ("no end", without(_EXP)),
        ("no beginning", without(_NBF)),
        ("an end in words", at(_EXP, "2099")),
        ("another site", at(_AUD, "elsewhere")),
        ("no site", without(_AUD)),
        ("revoked", at(_CTI, f"revoked-{seed}".encode())),
        ("no id", without(_CTI)),
        ("kind of a certificate", at(passes._KIND, 4)),
        ("unknown kind", at(passes._KIND, 9)),
        *revoked_claims(seed),
    )
    at_door = (
        *wrong,
        ("another door", at(passes._DOORS, ["building-3"])),
        ("no door", without(passes._DOORS)),
        ("no use", at(passes._USES, 0)),
        ("uses below zero", at(passes._USES, -1)),
        ("kind of an order", lambda c: c | {passes._KIND: 2, passes._ORDER: f"order-{seed}"}),
    )
    at_locker = (
        *wrong,
        ("another order", at(passes._ORDER, "order-of-another")),
        ("no order", without(passes._ORDER)),
        ("kind of a visitor", at(passes._KIND, 1)),
    )
    yield from credential_ways(ways, seed, wrong)
    for kind in ("visitor", "staff", "order"):
        issued = Pass(
            id=f"{kind}-{seed}",
            kind=kind,
            site=SITE,
            subject=f"{kind}-subject",
            doors=() if kind == "order" else ("gate",),
            order=f"order-{seed}" if kind == "order" else None,
            not_before_ms=now_ms - 60_000,
            expires_ms=now_ms + DAY_MS,
            uses=None if kind == "order" else 1,
        )
        honest = passes._from_text(issue_pass(KEYS["passes"], issued))
        scan = ways.at_locker if kind == "order" else ways.at_door
        yield Way(
            name=f"{kind} pass",
            through="locker" if kind == "order" else "door",
            honest=honest,
            signer=KEYS["passes"],
            kid="passes-1",
            take=_shown(honest, scan),
            wrong=at_locker if kind == "order" else at_door,
        )


def _shown(honest: bytes, scan: Callable[[str], Awaitable[bool]]) -> Callable[[Change], Awaitable[bool]]:
    return lambda change: scan(as_text(change(honest)))


def _resident_ways(ways: Ways, seed: int, now_ms: int) -> Iterator[Way]:
    phone, now_s, shown = ways.world.phone, now_ms // 1000, count()
    certificate = issue_holder_certificate(
        KEYS["passes"], "res-1203", SITE, phone.public, now_ms + 30 * DAY_MS
    )
    honest = passes._from_text(resident_code(phone.private, certificate, now_ms))
    expired = issue_holder_certificate(KEYS["passes"], "res-1203", SITE, phone.public, now_ms - 1000)
    of_another = issue_holder_certificate(
        KEYS["passes"], "res-1203", SITE, KEYS["time"].public, now_ms + DAY_MS
    )
    yield Way(
        name="resident code",
        through="door",
        honest=honest,
        signer=phone,
        kid="",
        take=_shown(honest, ways.at_door),
        wrong=(
            ("too old", at(passes._IAT, now_s - 120)),
            ("too early", at(passes._IAT, now_s + 121)),
            ("no time", without(passes._IAT)),
            ("no certificate", without(passes._CERTIFICATE)),
            ("a certificate that is over", at(passes._CERTIFICATE, expired)),
            ("the certificate of another phone", at(passes._CERTIFICATE, of_another)),
            ("a short id", at(_CTI, b"1234567")),
            ("no id", without(_CTI)),
        ),
    )

    async def under(change: Change) -> bool:
        """The phone's owner tampers with the certificate and signs the code around it."""
        identity = (now_s << 20 | next(shown)).to_bytes(8, "big")
        claims = {passes._IAT: now_s, _CTI: identity, passes._CERTIFICATE: change(certificate)}
        message = cose.sign_with(phone.private, claims, limit_bytes=20_000)
        return await ways.at_door(as_text(message))

    yield Way(
        name="holder certificate",
        through="certificate",
        honest=certificate,
        signer=KEYS["passes"],
        kid="passes-1",
        take=under,
        wrong=(
            ("over", at(_EXP, now_s)),
            ("no end", without(_EXP)),
            ("another site", at(_AUD, "elsewhere")),
            ("somebody without a grant", at(passes._SUB, "res-of-nowhere")),
            ("nobody", without(passes._SUB)),
            ("no key", without(passes._CNF)),
            ("a key of another kind", at(passes._CNF, {1: {1: 2, -1: 6, -2: phone.public}})),
            ("another key", at(passes._CNF, {1: {1: 1, -1: 6, -2: KEYS["time"].public}})),
            ("kind of a staff pass", at(passes._KIND, 3)),
            *revoked_certificates(seed),
        ),
    )


def _command_way(ways: Ways, seed: int, now_ms: int) -> Way:
    label, rising = commands._LABELS, count(1)
    fields: dict[str, Any] = {
        **{"id": f"c-{seed}", "site": SITE, "device": DEVICE, "target": "door:gate", "action": "open"},
        **{"subject": "res-1203", "iat_ms": now_ms, "exp_ms": now_ms + 20_000},
        **{"nonce": ways.line.nonce, "counter": 1_000_000},
    }
    honest = issue_command(KEYS["commands"], Command(**fields))

    def but(**changes: object) -> Alter:
        """Other claims, with an id and a counter that are still free: it is these claims that are refused."""

        def alter(claims: Claims) -> Claims:
            number = next(rising)
            fresh = {label["id"]: f"w-{seed}-{number}", label["counter"]: number}
            return claims | fresh | {label[name]: value for name, value in changes.items()}

        return alter

    return Way(
        name="command",
        through="command",
        honest=honest,
        signer=KEYS["commands"],
        kid="commands-1",
        take=lambda change: ways.as_command(change(honest)),
        wrong=(
            ("another site", but(site="elsewhere")),
            ("another device", but(device="k2")),
            ("another door", but(target="door:cellar")),
            ("another action", but(action="hold")),
            ("over", but(exp_ms=now_ms, iat_ms=now_ms - 20_000)),
            ("living too long", but(exp_ms=now_ms + 30_001)),
            ("over before it began", but(iat_ms=now_ms + 30_000)),
            ("far in the future", but(iat_ms=now_ms + 60_000, exp_ms=now_ms + 80_000)),
            ("the nonce of an earlier session", but(nonce="0" * 32)),
            ("no nonce", but(nonce="")),
            ("a counter that does not rise", but(counter=0)),
            ("a counter in words", but(counter="7")),
            ("one claim more", lambda claims: claims | {-70999: 1}),
            ("no counter", without(label["counter"])),
        ),
    )


def _document_ways(ways: Ways, seed: int) -> Iterator[Way]:
    version = 2 * seed + 2
    contract = cose.sign(KEYS["contract"], {"version": version, "points_ppm": 5000}, limit_bytes=4096)
    yield Way(
        name="contract",
        through="contract",
        honest=contract,
        signer=KEYS["contract"],
        kid="contract-1",
        take=lambda change: ways.as_contract(as_base64(change(contract))),
        wrong=(
            ("figures below zero", at("points_ppm", -1)),
            ("a version in words", at("version", "new")),
        ),
    )
    keys = [verifying_key(key) for key in KEYS.values()]
    for name, number in (("key set", 2 * version), ("key set of the feed", 2 * version + 1)):
        message = sign_keyset(ROOT, keys, number)
        yield Way(
            name=name,
            through="keys",
            honest=message,
            signer=ROOT,
            kid="root-1",
            take=_document(ways, name, message),
            wrong=(
                ("older than ours", at("version", 0)),
                ("another document", at("document", "edge.contract.v1")),
                ("no version", without("version")),
                ("a key of no purpose", at("keys", [["x", "root", bytes(32), None, None]])),
                ("a short key", at("keys", [["x", "passes", bytes(31), None, None]])),
            ),
        )


def _document(ways: Ways, name: str, message: bytes) -> Callable[[Change], Awaitable[bool]]:
    if name == "key set":
        return lambda change: ways.as_keyset(change(message))
    return lambda change: ways.as_fed_keyset(as_base64(change(message)))


def _time_way(ways: Ways, now_ms: int) -> Way:
    def answer(nonce: str) -> bytes:
        return cose.sign(KEYS["time"], {"nonce": nonce, "at_ms": now_ms})

    return Way(
        name="signed time",
        through="time",
        honest=answer("0" * 32),
        signer=KEYS["time"],
        kid="time-1",
        take=lambda change: ways.as_time(lambda nonce: change(answer(nonce))),
        wrong=(
            ("the answer to another question", at("nonce", "0" * 32)),
            ("no nonce", without("nonce")),
            ("a time in words", at("at_ms", "now")),
            ("no time", without("at_ms")),
            ("a fraction", at("at_ms", 0.5)),
        ),
    )
