"""Enrolment, by a one-time code that is given to the run: a stranger becomes a device, once.

The code is for a device that is kept for this alone: a new enrolment ends the one before.
"""

import msgspec

from cloud_sync.conformance.bench import Bench, Check, NotTested, Wrong, expect, expect_refusal, read
from cloud_sync.conformance.newcomer import Newcomer
from cloud_sync.conformance.peer import Answer
from cloud_sync.wire.enrolment import (
    Enrolment,
    EnrolmentRequest,
    RenewalNonce,
    RenewalRequest,
    RenewedCertificate,
    digest,
    open_configuration,
    open_enrolment,
    open_platform,
)
from edge.errors import Refusal
from edge.trust.certificates import Holder, check_certificate, make_key, make_request
from edge.trust.keyset import open_keyset

PATH = "/v1/enrolment"


def _newcomer(bench: Bench) -> Newcomer:
    if bench.code is None:
        raise NotTested("needs --code: a one-time code of another device")
    if bench.newcomer is None:
        bench.newcomer = Newcomer(bench.code)
    return bench.newcomer


def _require_answer(new: Newcomer) -> Enrolment:
    if new.answer is None:
        raise NotTested("needs an enrolment, see code_enrols")
    return new.answer


async def name_itself(bench: Bench) -> str:
    """Whoever answers is believed only with the root key whose fingerprint stands in the code."""
    new = _newcomer(bench)
    answer = expect(await bench.peer.ask("GET", PATH, signed_in=False), 200, what="who the platform is")
    try:
        new.platform = open_platform(answer.body, root_fingerprint=new.code.root_fingerprint)
    except Refusal as refusal:
        raise Wrong(f"it does not verify by the root key of the code: {refusal}") from refusal
    return "signed by the root key of the code"


async def refuse_false_secret(bench: Bench) -> str:
    """A guess opens nothing, and does not use the code up."""
    new = _newcomer(bench)
    guess = new.request(secret=bytes(byte ^ 1 for byte in new.code.secret).hex())
    return expect_refusal(await _post(bench, guess), 403, "code_unknown", what="another secret")


async def refuse_false_request(bench: Bench) -> str:
    """A certificate is for a key that the asker was seen to have."""
    new = _newcomer(bench)
    whole = make_request(new.key, Holder("-", new.code.device), nonce="enrolment")
    lines = whole.splitlines()
    lines[-2] = lines[-2][:4] + ("A" if lines[-2][4] != "A" else "B") + lines[-2][5:]
    answer = await _post(bench, new.request(csr="\n".join(lines) + "\n"))
    return expect_refusal(answer, 422, "csr_bad", what="a broken signature")


async def enrol(bench: Bench) -> str:
    """The answer is for this request, device and key, and everything in it is signed by the root."""
    new = _newcomer(bench)
    if new.platform is None:
        raise NotTested("needs the root key, see platform_signed")
    body = new.request()
    answer = expect(await _post(bench, body), 200, what="a code that nobody has used")
    new.answer = _open(answer, body, new, bench.peer.site)
    return f"{new.answer.site} {new.answer.device}, certificate, key set, configuration"


def _open(answer: Answer, body: bytes, new: Newcomer, site: str) -> Enrolment:
    assert new.platform is not None
    root = new.platform.root
    try:
        found = open_enrolment(answer.body, root)
        check_certificate(found.certificate, key_pem=new.key, holder=Holder(site, new.code.device))
        open_keyset(found.keyset, root)
        configured = open_configuration(found.configuration, root).site
    except Refusal as refusal:
        raise Wrong(f"what was answered does not hold: {refusal}") from refusal
    if (found.site, found.device, configured) != (site, new.code.device, site):
        raise Wrong(f"the answer is for {found.site} {found.device}, the configuration for {configured}")
    if found.csr != digest(msgspec.json.decode(body, type=EnrolmentRequest).csr):
        raise Wrong("the answer names another request")
    return found


async def refuse_other_key(bench: Bench) -> str:
    """A code that was used opens nothing to another key, whoever found the paper."""
    new = _newcomer(bench)
    _require_answer(new)
    answer = await _post(bench, new.request(key=make_key()))
    return expect_refusal(answer, 403, "code_used", what="the same code, another key")


async def renew(bench: Bench) -> str:
    """Another certificate for the same key, and a nonce of the platform's own."""
    new = _newcomer(bench)
    answer = _require_answer(new)
    path = f"/v1/sites/{answer.site}/devices/{answer.device}/certificate"
    asked = expect(await bench.peer.ask("GET", path + "/nonce", signed_in=False), 200, what="a nonce")
    holder, nonce = Holder(answer.site, answer.device), read(asked, RenewalNonce).nonce

    async def ask(with_nonce: str) -> Answer:
        body = msgspec.json.encode(RenewalRequest(csr=make_request(new.key, holder, nonce=with_nonce)))
        return await bench.peer.ask("POST", path, body=body, signed_in=False)

    made_up = await ask("0" * len(nonce))
    if made_up.status < 400:
        raise Wrong(f"a nonce of nobody: {made_up}")
    given = read(expect(await ask(nonce), 200, what="a request with the nonce"), RenewedCertificate)
    try:
        check_certificate(given.certificate, key_pem=new.key, holder=holder)
    except Refusal as refusal:
        raise Wrong(f"the new certificate does not hold: {refusal}") from refusal
    return f"a certificate; with a nonce of nobody: {made_up}"


async def _post(bench: Bench, body: bytes) -> Answer:
    return await bench.peer.ask("POST", PATH, body=body, signed_in=False)


_PART = "enrolment"
CHECKS: tuple[Check, ...] = (
    Check("platform_signed", _PART, "who the platform is, signed by the code's root", name_itself),
    Check("false_secret_refused", _PART, "a wrong secret enrols nobody", refuse_false_secret),
    Check("false_request_refused", _PART, "a broken signature is refused", refuse_false_request),
    Check("code_enrols", _PART, "certificate, key set and configuration, all signed by the root", enrol),
    Check("code_is_once", _PART, "the code is void for another key", refuse_other_key),
    Check("renewal_by_possession", _PART, "a certificate for the same key and a nonce", renew),
)
