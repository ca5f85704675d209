"""What the platform signs for the device itself, among the signed messages, and bugs planted there.

A site's configuration down the feed, a checkpoint, who the platform is and its answer to an enrolment. Each
comes in by the product's own way: the feed, the checkpoint's keeper, `enrol`.
"""

import base64
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

import msgspec

import cloud_sync.certificates
import cloud_sync.checkpoints
import cloud_sync.enrolment
from cloud_sync.enrolment import enrol
from cloud_sync.events import FeedRecordParked
from cloud_sync.platform.authority import DeviceAuthority
from cloud_sync.wire.enrolment import (
    Enrolment,
    EnrolmentRequest,
    PlatformIdentity,
    SiteConfiguration,
    digest,
    fingerprint,
    open_configuration,
    sign_document,
)
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.store import journal
from edge.trust.certificates import Holder, make_key, make_request, open_request
from edge.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from edge.trust.keyset import sign_keyset
from tests.fakes.access_world import SITE
from tests.proofs.mutation import Change
from tests.proofs.planting import replaced, replaced_all
from tests.proofs.signed_ways import BELIEVED, DEVICE, KEYS, ROOT, Way, Ways, as_base64, is_taken

Claims = dict[Any, Any]
Take = Callable[[Change], Awaitable[bool]]
CODE = OneTimeCode(DEVICE, bytes(10), fingerprint(ROOT.public))


def platform_ways(ways: Ways, seed: int) -> Iterator[Way]:
    """The honest messages of a trial that the platform signs for the device itself."""
    yield _configuration_way(ways, seed)
    yield _checkpoint_way(ways)
    yield from Enroller(ways.folder, ways.authority, configuration_of(2 * seed + 2)).ways()


def configuration_of(version: int, **changes: Any) -> SiteConfiguration:
    """What the platform decides of the site."""
    told = SiteConfiguration(
        version=version, site=SITE, name_zh="和园里", name_en="Heyuan", url="https://p", ca="CA"
    )
    return msgspec.structs.replace(told, **changes)


def _root_way(name: str, honest: bytes, take: Take, wrong: tuple[tuple[str, Any], ...]) -> Way:
    return Way(name=name, through=name, honest=honest, signer=ROOT, kid="root-1", take=take, wrong=wrong)


def _but(**changes: object) -> Callable[[Claims], Claims]:
    return lambda claims: claims | changes


def _without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {label: value for label, value in claims.items() if label != name}


def _configuration_way(ways: Ways, seed: int) -> Way:
    message = sign_document(ROOT, configuration_of(2 * seed + 2))
    return _root_way(
        "site configuration",
        message,
        lambda change: ways.as_configuration(as_base64(change(message))),
        (
            ("older than ours", _but(version=0)),
            ("another site", _but(site="elsewhere")),
            ("another document", _but(document="edge.platform.v1")),
            ("a version in words", _but(version="new")),
            ("another time zone", _but(time_zone="Europe/London")),
            ("no address", _without("url")),
            ("parts in words", _but(parts_off="shop")),
            ("a broker without its port", _but(broker={"host": "x"})),
        ),
    )


def _checkpoint_way(ways: Ways) -> Way:
    store = ways.world.store
    begun = FeedRecordParked(collection="c", record="r", version=1, reason="a trial begins")
    store.run_now(lambda unit: unit.record(begun, actor="proof"))
    head = journal.read_head(store.connection)
    signed = Checkpoint(
        site=SITE,
        device=DEVICE,
        epoch=1,
        seq=head.seq,
        hash=head.hash.hex(),
        at_ms=ways.world.clock.at_ms,
    )
    message = sign_checkpoint(KEYS["custody"], signed)
    return Way(
        name="checkpoint",
        through="checkpoint",
        honest=message,
        signer=KEYS["custody"],
        kid="custody-1",
        take=lambda change: ways.as_checkpoint(change(message)),
        wrong=(
            ("another site", _but(site="elsewhere")),
            ("another device", _but(device="k2")),
            ("another epoch", _but(epoch=2, hash="0" * 64)),
            ("an entry that is not written yet", _but(seq=head.seq + 10**6)),
            ("no entry", _but(seq=0)),
            ("an entry in words", _but(seq="7")),
            ("a short hash", _but(hash="0" * 63)),
            ("no time", _without("at_ms")),
            ("one claim more", _but(more=1)),
        ),
    )


class Enroller:
    """A machine that enrols, with the platform's two answers in the test's hand."""

    def __init__(self, folder: Path, authority: DeviceAuthority, told: SiteConfiguration) -> None:
        self._folder = folder / "new"
        self._authority = authority
        self._told = told
        self._identity = sign_document(ROOT, PlatformIdentity(root=ROOT.public, ca=authority.ca_pem))
        self._keyset = sign_keyset(ROOT, BELIEVED.keys, 1)

    def ways(self) -> Iterator[Way]:
        """Who the platform is, and what it answers to the request for a certificate."""
        own, other = (make_request(make_key(), Holder("-", DEVICE), nonce="enrolment") for _ in range(2))
        elsewhere = sign_document(ROOT, configuration_of(1, site="elsewhere"))
        yield _root_way(
            "platform",
            self._identity,
            lambda change: self._enrol(change(self._identity), lambda message: message),
            (
                ("another root key", _but(root=KEYS["time"].public)),
                ("another document", _but(document="edge.enrolment.v1")),
                ("no root key", _without("root")),
                ("an authority of bytes", _but(ca=b"CA")),
            ),
        )
        yield _root_way(
            "enrolment",
            self._answer(own),
            lambda change: self._enrol(self._identity, change),
            (
                ("the answer to another request", _but(csr=digest(other))),
                ("another device", _but(device="k2")),
                ("another site", _but(site="elsewhere")),
                ("the configuration of another site", _but(configuration=elsewhere)),
                ("another document", _but(document="edge.platform.v1")),
                ("the certificate of another key", _but(certificate=self._certificate(other))),
                ("no certificate", _but(certificate="")),
                ("a key set of nobody", _but(keyset=b"")),
                ("an epoch in words", _but(epoch_above="1")),
            ),
        )

    def _certificate(self, csr: str) -> str:
        holder, public = Holder(SITE, DEVICE), open_request(csr).public
        return self._authority.issue_device(holder, public, now_ms=1_800_000_000_000).pem

    def _answer(self, csr: str) -> bytes:
        answer = Enrolment(
            site=SITE,
            device=DEVICE,
            csr=digest(csr),
            certificate=self._certificate(csr),
            ca=self._authority.ca_pem,
            keyset=self._keyset,
            configuration=sign_document(ROOT, self._told),
        )
        return sign_document(ROOT, answer)

    async def _enrol(self, identity: bytes, change: Change) -> bool:
        """The product's enrolment, which hears this of who the platform is, and that in answer."""

        async def ask(url: str, **_: object) -> bytes:
            return identity

        def line(**_: object) -> _Answering:
            return _Answering(lambda csr: change(self._answer(csr)))

        asked = (cloud_sync.enrolment, "ask_stranger", ask), (cloud_sync.enrolment, "PlatformHttp", line)
        with replaced_all(*asked):
            return await is_taken(enrol(CODE, url="https://p", folder=self._folder, hardware="pi-1"))


class _Answering:
    """The line of an enrolment."""

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        self._answer = answer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""

    async def exchange(self, method: str, path: str, *, body: bytes, **_: object) -> bytes:
        """The platform's answer to the request."""
        return self._answer(msgspec.json.decode(body, type=EnrolmentRequest).csr)


def _configuration_of_another_site() -> AbstractContextManager[None]:
    honest = cloud_sync.certificates.ConfigurationCopy.prepare_record

    def prepare(self: Any, data: dict[str, Any]) -> dict[str, Any]:
        told = open_configuration(base64.b64decode(data["message"]), ROOT.public)
        before = self._present
        self._present = msgspec.structs.replace(before, site=told.site)
        try:
            return honest(self, data)
        finally:
            self._present = before

    return replaced(cloud_sync.certificates.ConfigurationCopy, "prepare_record", prepare)


def _checkpoint_of_another_device() -> AbstractContextManager[None]:
    def read(message: bytes, keys: Any, *, site: str, device: str) -> Checkpoint:
        return open_checkpoint(message, keys, site=site, device=_device_of(message, device))

    def _device_of(message: bytes, device: str) -> str:
        return "k2" if b"bk2" in message else device

    return replaced(cloud_sync.checkpoints, "open_checkpoint", read)


def _answer_to_another_request() -> AbstractContextManager[None]:
    def check(answer: Enrolment, csr: str, *by: Any) -> None:
        honest(msgspec.structs.replace(answer, csr=digest(csr)), csr, *by)

    honest = cloud_sync.enrolment._check
    return replaced(cloud_sync.enrolment, "_check", check)


PLANTED = {
    "the configuration of another site believed": _configuration_of_another_site,
    "the checkpoint of another device believed": _checkpoint_of_another_device,
    "an enrolment that answers another request believed": _answer_to_another_request,
}
"""Bugs that the row must find."""
