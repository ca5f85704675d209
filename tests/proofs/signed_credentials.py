"""The revocation list and couriers' passes among the signed messages, and bugs planted there."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import msgspec

import edge.access.credentials.feed as credentials_feed
import edge.access.policy
from edge.access.credentials import records
from edge.trust import passes
from edge.trust.passes import Pass, issue_pass
from edge.trust.revocations import RevocationList, RevocationsWrongSite, open_revocations, sign_revocations
from tests.fakes.access_world import DAY_MS, SITE
from tests.fakes.clock import START_MS
from tests.proofs.planting import replaced
from tests.proofs.signed_ways import KEYS, Way, Ways, as_base64, as_text

PARCEL_ROOM = "parcel-room"
LOST_MS = START_MS - DAY_MS
"""When the phone of `res-lost` was lost; its certificate is older."""
_SUB, _CTI, _IAT = 2, 7, 6


def revocations_of(seed: int, version: int, issued_ms: int) -> RevocationList:
    """What a trial's list names: a pass, somebody who moved out, somebody whose phone is lost."""
    return RevocationList(
        site=SITE,
        version=version,
        issued_ms=issued_ms,
        passes=((f"listed-{seed}", issued_ms + DAY_MS),),
        subjects=((f"gone-{seed}", issued_ms, "all"), (f"lost-{seed}", LOST_MS, "phone")),
    )


def publish_list(ways: Ways, seed: int) -> None:
    """Have the site believe the list that a trial begins with."""
    revoked = revocations_of(seed, 2 * seed + 1, ways.world.clock.at_ms)
    ways.world.store.run_now(lambda unit: records.replace_list(unit.connection, revoked))
    for subject in (f"gone-{seed}", f"lost-{seed}"):
        ways.world.grant(subject)


def revoked_claims(seed: int) -> tuple[tuple[str, Any], ...]:
    """Claims of a pass that the list names, or that a later version wrote."""
    return (
        ("on the revocation list", lambda claims: claims | {_CTI: f"listed-{seed}".encode()}),
        ("somebody who moved out", lambda claims: claims | {_SUB: f"gone-{seed}"}),
        ("a claim of a later version", lambda claims: claims | {-70055: 1}),
    )


def revoked_certificates(seed: int) -> tuple[tuple[str, Any], ...]:
    """Claims of a phone's certificate that the list names."""
    lost_s = LOST_MS // 1000
    return (
        ("a phone lost since", lambda claims: claims | {_SUB: f"lost-{seed}", _IAT: lost_s - 1}),
        ("somebody who moved out", lambda claims: claims | {_SUB: f"gone-{seed}"}),
        ("a claim of a later version", lambda claims: claims | {-70055: 1}),
    )


def credential_ways(ways: Ways, seed: int, wrong: tuple[tuple[str, Any], ...]) -> Iterator[Way]:
    """A courier's pass at the parcel room, and the revocation list of the feed."""
    now_ms = ways.world.clock.at_ms
    issued = Pass(
        id=f"deposit-{seed}",
        kind="deposit",
        site=SITE,
        subject="courier",
        doors=(PARCEL_ROOM,),
        not_before_ms=now_ms - 60_000,
        expires_ms=now_ms + DAY_MS,
    )
    courier = passes._from_text(issue_pass(KEYS["passes"], issued))
    yield Way(
        name="courier's pass",
        through="parcel room",
        also=("order pass",),
        honest=courier,
        signer=KEYS["passes"],
        kid="passes-1",
        take=lambda change: ways.at_door(as_text(change(courier)), PARCEL_ROOM),
        wrong=(*wrong, ("another door", lambda claims: claims | {passes._DOORS: ["gate"]})),
    )
    revoked = revocations_of(seed, 2 * seed + 2, now_ms)
    message = sign_revocations(KEYS["passes"], revoked)
    yield Way(
        name="revocation list",
        through="revocations",
        honest=message,
        signer=KEYS["passes"],
        kid="passes-1",
        take=lambda change: ways.as_revocations(as_base64(change(message))),
        wrong=(
            ("older than ours", lambda claims: claims | {"version": 2 * seed}),
            ("another site", lambda claims: claims | {"site": "elsewhere"}),
            ("another document", lambda claims: claims | {"document": "edge.keyset.v1"}),
            ("a version in words", lambda claims: claims | {"version": "new"}),
            ("an entry of no kind", lambda claims: claims | {"subjects": [["x", 1, "some"]]}),
            ("passes without their end", lambda claims: claims | {"passes": ["x"]}),
            ("a claim of a later version", lambda claims: claims | {"rooms": []}),
        ),
    )


def _later_version_half_understood() -> AbstractContextManager[None]:
    def kind(claims: dict[Any, Any]) -> str:
        return passes._KIND_NAMES.get(claims.get(passes._KIND, 0), "visitor")

    return replaced(passes, "_issued_kind", kind)


def _list_of_another_site() -> AbstractContextManager[None]:
    honest = open_revocations

    def read(message: bytes, keys: Any, *, site: str) -> RevocationList:
        named: set[str] = {SITE, "elsewhere"}
        for name in sorted(named, reverse=True):
            try:
                return msgspec.structs.replace(honest(message, keys, site=name), site=site)
            except RevocationsWrongSite:
                continue
        return honest(message, keys, site=site)

    return replaced(credentials_feed, "open_revocations", read)


def _revocation_not_asked() -> AbstractContextManager[None]:
    return replaced(edge.access.policy, "check_not_revoked", lambda connection, shown: None)


def _older_list_believed() -> AbstractContextManager[None]:
    return replaced(records, "read_list", lambda connection: None)


PLANTED = {
    "a pass of a later version half understood": _later_version_half_understood,
    "the revocation list not asked": _revocation_not_asked,
    "the revocation list of another site believed": _list_of_another_site,
    "an older revocation list believed": _older_list_believed,
}
"""Bugs that the row must find."""
