"""Enrolment: from a one-time code to a key of our own, a certificate for it, and whom to believe.

The code holds the fingerprint of the platform's root key. So whoever answers is asked first for his root key
and his authority, and hears the secret only over TLS that this authority vouches for. What was asked for is
kept before it is asked: an answer that is lost on its way is fetched again with the same code.
"""

from pathlib import Path

import msgspec

from cloud_sync.enrolment_files import CA, PENDING_KEY, write_enrolment
from cloud_sync.http import Patience, PlatformHttp, ask_stranger
from cloud_sync.wire.enrolment import (
    LIMIT_BYTES,
    Enrolment,
    EnrolmentRequest,
    digest,
    mark_hardware,
    open_configuration,
    open_enrolment,
    open_platform,
)
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.durable import write_whole
from edge.errors import Refusal
from edge.trust.certificates import Holder, check_certificate, make_key, make_request
from edge.trust.keyset import open_keyset

PATH = "/v1/enrolment"
PATIENCE = Patience(connect_s=5.0, silence_s=20.0, total_s=30.0)
_BODY = {"Content-Type": "application/json"}


class EnrolmentForeign(Refusal):
    """The answer is signed, but it is for another device, another site or another key."""

    code = "enrolment_foreign"


async def enrol(
    code: OneTimeCode, *, url: str, folder: Path, hardware: str | None, expected: Holder | None = None
) -> Enrolment:
    """Enrol this machine, and keep in `folder` what came of it; an earlier enrolment there is replaced.

    `hardware` is the machine's serial number. Raises PlatformError, and Refusal when what was answered is not
    what the code stands for or, with `expected`, is for another device. Until the answer is verified nothing
    of an earlier enrolment is touched.
    """
    if not url.startswith("https://"):
        raise EnrolmentForeign(url=url)
    message = await ask_stranger(url.rstrip("/") + PATH, limit_bytes=LIMIT_BYTES, patience=PATIENCE)
    platform = open_platform(message, root_fingerprint=code.root_fingerprint)
    key = _pending_key(folder / PENDING_KEY)
    csr = make_request(key, Holder("-", code.device), nonce="enrolment")
    ca_file = folder / f"pending-{CA}"
    write_whole(ca_file, platform.ca.encode("ascii"))
    content = EnrolmentRequest(
        device=code.device, secret=code.secret.hex(), csr=csr, hardware=mark_hardware(hardware)
    )
    async with PlatformHttp(url=url, site="-", device=code.device, ca_file=ca_file) as http:
        answered = await http.exchange(
            "POST", PATH, body=msgspec.json.encode(content), headers=_BODY, patience=PATIENCE, undated=True
        )
    answer = open_enrolment(answered, platform.root)
    _check(answer, csr, code, expected, platform.root)
    holder = Holder(answer.site, answer.device)
    facts = check_certificate(answer.certificate, key_pem=key, holder=holder)
    write_enrolment(folder, key, answer, facts, platform.root)
    ca_file.unlink()
    return answer


def _check(
    answer: Enrolment, csr: str, code: OneTimeCode, expected: Holder | None, root_public: bytes
) -> None:
    holder = Holder(answer.site, answer.device)
    if answer.device != code.device or answer.csr != digest(csr):
        raise EnrolmentForeign(device=answer.device)
    if expected is not None and holder != expected:
        raise EnrolmentForeign(site=answer.site, device=answer.device)
    if open_configuration(answer.configuration, root_public).site != answer.site:
        raise EnrolmentForeign(site=answer.site)
    open_keyset(answer.keyset, root_public)


def _pending_key(file: Path) -> str:
    """The key of an enrolment that was begun, else a new one, on disk before anybody hears of it."""
    if not file.exists():
        write_whole(file, make_key().encode("ascii"))
    return file.read_text("ascii")
