"""Mutants of a device's request for a certificate (PKCS 10), which its own key signs.

The platform must refuse each, or find in it what the honest one says: the same key and the same nonce. A
signature of ECDSA can be written in two ways, and whoever rewrites it has gained nothing.
"""

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from edge.trust import certificates
from edge.trust.certificates import Holder, Request, RequestBad, make_key, make_request
from tests.fakes.access_world import SITE
from tests.proofs.planting import replaced

HOLDER = Holder(SITE, "k1")
FLIPS = 40
"""Bits flipped a trial."""
_EC_KEY, _ECDSA = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d040302")
"""Object identifiers: a key on an elliptic curve, ECDSA with SHA-256 (RFC 5480, RFC 5758)."""
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@cache
def key() -> str:
    """The device's key; a trial tells the requests by their nonces."""
    return make_key()


def refuse_requests(rng: Random, seed: int) -> int:
    """Try the mutants of a trial; returns how many were refused or said what the honest one says."""
    honest = make_request(key(), HOLDER, nonce=f"nonce-{seed}")
    said = certificates.open_request(honest)
    assert said.nonce == f"nonce-{seed}", "an honest request was read wrongly"
    other = make_request(make_key(), HOLDER, nonce=f"nonce-{seed}")
    tried = [*_flipped(rng, _der(honest)), *_crossed(_der(honest), _der(other), said), *_unfit(seed)]
    for how, pem in tried:
        found = _read(pem)
        assert found in (None, said), f"a request for a certificate was taken although {how}: {pem}"
    return len(tried)


def _read(pem: str) -> Request | None:
    try:
        return certificates.open_request(pem)
    except RequestBad:
        return None


def _flipped(rng: Random, der: bytes) -> list[tuple[str, str]]:
    mutants = []
    for _ in range(FLIPS):
        at, bit = rng.randrange(len(der)), 1 << rng.randrange(8)
        mutants.append((f"bit {bit} of byte {at} flipped", _pem(_with(der, at, der[at] ^ bit))))
    cut = rng.randrange(1, len(der))
    return [*mutants, ("cut", _pem(der[:cut])), ("longer", _pem(der + b"\x00"))]


def _crossed(honest: bytes, other: bytes, said: Request) -> list[tuple[str, str]]:
    """The honest words under another key's signature, or with another key or nonce under their own."""
    nonce = said.nonce.encode("ascii")
    theirs = certificates.open_request(_pem(other)).public
    signed, foreign = (x509.load_der_x509_csr(der) for der in (honest, other))
    return [
        ("another key stands in it", _pem(honest.replace(said.public, theirs))),
        ("another nonce stands in it", _pem(honest.replace(nonce, nonce[:-1] + b"x"))),
        ("another device stands in it", _pem(honest.replace(b":k1", b":k2"))),
        ("another key signed it", _pem(honest.replace(signed.signature, foreign.signature))),
        ("its key is of no known kind", _pem(honest.replace(_EC_KEY, _EC_KEY[:-1] + b"\x7f"))),
        ("it is signed in no known way", _pem(honest.replace(_ECDSA, _ECDSA[:-1] + b"\x7f"))),
        ("it is not signed", _pem(honest.replace(signed.signature, bytes(len(signed.signature))))),
    ]


@cache
def _unfit_keys() -> tuple[tuple[str, Key], ...]:
    return (
        ("its key is of P-384", ec.generate_private_key(ec.SECP384R1())),
        ("its key is of secp256k1", ec.generate_private_key(ec.SECP256K1())),
        ("its key is Ed25519", ed25519.Ed25519PrivateKey.generate()),
        ("its key is RSA", rsa.generate_private_key(65537, 2048)),
    )


def _unfit(seed: int) -> list[tuple[str, str]]:
    """Well signed by themselves, and not what the platform certifies."""
    made: list[tuple[str, str]] = []
    for how, unfit in _unfit_keys():
        digest = None if isinstance(unfit, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .add_attribute(AttributeOID.CHALLENGE_PASSWORD, f"nonce-{seed}".encode())
            .sign(unfit, digest)
        )
        made.append((how, request.public_bytes(Encoding.PEM).decode("ascii")))
    without = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    own = ec.generate_private_key(ec.SECP256R1())
    made.append(("it has no nonce", without.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM).decode()))
    return [*made, ("it is no request", key())]


def _with(der: bytes, at: int, value: int) -> bytes:
    return der[:at] + bytes([value]) + der[at + 1 :]


def _der(pem: str) -> bytes:
    return x509.load_pem_x509_csr(pem.encode("ascii")).public_bytes(Encoding.DER)


def _pem(der: bytes) -> str:
    lines = base64.encodebytes(der).decode("ascii")
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{lines}-----END CERTIFICATE REQUEST-----\n"


def _signature_of_a_request_not_checked() -> AbstractContextManager[None]:
    def read(pem: str) -> Request:
        try:
            request = x509.load_pem_x509_csr(pem.encode("ascii"))
            nonce = request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value.decode()
            public = request.public_key()
        except (ValueError, TypeError, x509.AttributeNotFound, x509.UnsupportedGeneralNameType) as error:
            raise RequestBad() from error
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise RequestBad()
        return Request(certificates._der(public), nonce)

    return replaced(certificates, "open_request", read)


PLANTED: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "the signature of a request for a certificate not checked": _signature_of_a_request_not_checked,
}
"""Bugs that the row must find."""
