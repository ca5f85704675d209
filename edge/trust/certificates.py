"""A device's own certificate: its key, the request for one, and whose it is.

Keys are ECDSA on P-256 and never leave the device; requests are PKCS 10 (RFC 2986). The certificate names
its holder in one URI of the subject's alternative names: `urn:community-edge:{site}:{device}`. X.509 is
loaded only where a certificate is made or judged: a hub starts without it.
"""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from edge.errors import Refusal

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

DAY_MS = 86_400_000
_URN = re.compile(r"urn:community-edge:([a-z][a-z0-9-]{0,31}):([a-z][a-z0-9]{0,15})", re.ASCII)


class RequestBad(Refusal):
    """The request for a certificate is none, is not signed by its own key, or its key is no P-256 key."""

    code = "csr_bad"


class CertificateForeign(Refusal):
    """The certificate is for another device, or for another key than ours."""

    code = "certificate_foreign"


class Holder(NamedTuple):
    """Whom a certificate names."""

    site: str
    device: str

    @property
    def urn(self) -> str:
        """How the certificate names them."""
        return f"urn:community-edge:{self.site}:{self.device}"

    @classmethod
    def parse(cls, urn: str) -> "Holder | None":
        """Read the written form; None for anything else."""
        match = _URN.fullmatch(urn)
        return None if match is None else cls(match[1], match[2])


class Request(NamedTuple):
    """A request that is signed by its own key: the public half (DER), and the nonce that it answers."""

    public: bytes
    nonce: str


class CertificateFacts(NamedTuple):
    """What is said of a certificate: serial number in hex, its window in milliseconds UTC."""

    holder: Holder
    serial: str
    from_ms: int
    until_ms: int


def make_key() -> str:
    """A new private key, PKCS 8 PEM."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def make_request(key_pem: str, holder: Holder, *, nonce: str) -> str:
    """Ask for a certificate (PEM); the nonce (challengePassword, RFC 2985) is signed with everything else."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import AttributeOID

    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(holder.urn)])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(names, critical=True)
        .add_attribute(AttributeOID.CHALLENGE_PASSWORD, nonce.encode("ascii"))
        .sign(_read_key(key_pem), hashes.SHA256())
    )
    return request.public_bytes(Encoding.PEM).decode("ascii")


def open_request(pem: str) -> Request:
    """Judge a request: it is signed by the P-256 key that it names. Raises RequestBad."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import AttributeOID

    try:
        request = x509.load_pem_x509_csr(pem.encode("ascii"))
        challenge = request.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value
        nonce, public = challenge.decode("ascii"), request.public_key()
        signed = request.is_signature_valid
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.AttributeNotFound,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise RequestBad() from error
    if not signed or not isinstance(public, ec.EllipticCurvePublicKey):
        raise RequestBad()
    if not isinstance(public.curve, ec.SECP256R1):
        raise RequestBad()
    return Request(_der(public), nonce)


def read_certificate(pem: str) -> CertificateFacts:
    """What a device's certificate says, nothing verified. Raises CertificateForeign for anything else."""
    return _facts(_load(pem))


def check_certificate(pem: str, *, key_pem: str, holder: Holder) -> CertificateFacts:
    """Verify that a certificate is for this holder and key. Raises CertificateForeign.

    Who signed it is the platform's affair, which alone asks for it.
    """
    certificate = _load(pem)
    facts = _facts(certificate)
    if facts.holder != holder:
        raise CertificateForeign(part="holder")
    if _der(certificate.public_key()) != _der(_read_key(key_pem).public_key()):
        raise CertificateForeign(part="key")
    return facts


def to_ms(at: datetime) -> int:
    """Milliseconds UTC of an aware time."""
    return round(at.timestamp() * 1000)


def from_ms(at_ms: int) -> datetime:
    """An aware time, as X.509 wants it."""
    return datetime.fromtimestamp(at_ms // 1000, UTC)


def _load(pem: str) -> "x509.Certificate":
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(pem.encode("ascii"))
    except ValueError as error:
        raise CertificateForeign(part="pem") from error


def _facts(certificate: "x509.Certificate") -> CertificateFacts:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise CertificateForeign(part="holder") from error
    urns = names.get_values_for_type(x509.UniformResourceIdentifier)
    holder = Holder.parse(urns[0]) if len(urns) == 1 else None
    if holder is None:
        raise CertificateForeign(part="holder")
    return CertificateFacts(
        holder,
        serial_text(certificate.serial_number),
        to_ms(certificate.not_valid_before_utc),
        to_ms(certificate.not_valid_after_utc),
    )


def serial_text(number: int) -> str:
    """A serial number as everything here writes it: lower-case hex without leading zeros."""
    return f"{number:x}"


def _read_key(pem: str) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode("ascii"), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _der(public: object) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    assert isinstance(public, ec.EllipticCurvePublicKey)
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
