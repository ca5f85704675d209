"""The platform's own authority: certificates of devices, and of the listener that they talk to.

An EC key on P-256 in `keys/authority.key` (0600) with its certificate beside it. A certificate of a device is
good for a client and names site and device; one of the listener is good for a server and names hosts.
"""

import ipaddress
import ssl
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.durable import write_new, write_whole
from edge.trust.certificates import DAY_MS, Holder, from_ms, serial_text
from edge.trust.tls_flags import NO_CHECK_TIME

CERTIFICATE_DAYS = 90
RENEW_DAYS = 45
"""The listener's own certificate is made anew with so many days left, as devices renew theirs."""
BACKDATED_MS = 3_600_000
"""A device's clock may be a little behind ours."""
_CA_UNTIL_MS = 4_000_000_000_000
"""The year 2096: the authority is replaced by hand, never by surprise."""


class Issued(NamedTuple):
    """A certificate (PEM), its serial number in hex, and when it ends."""

    pem: str
    serial: str
    until_ms: int


class DeviceAuthority:
    """Signs certificates with the key of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        key = load_pem_private_key((folder / "authority.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self.ca_file = folder / "authority.pem"
        self.ca_pem = self.ca_file.read_text("ascii")
        self._name = x509.load_pem_x509_certificate(self.ca_pem.encode("ascii")).subject

    def issue_device(self, holder: Holder, public: bytes, *, now_ms: int) -> Issued:
        """A client's certificate of 90 days for a device's public key (DER)."""
        key = load_der_public_key(public)
        assert isinstance(key, ec.EllipticCurvePublicKey)
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(holder.urn)])
        return self._issue(holder.device, key, names, ExtendedKeyUsageOID.CLIENT_AUTH, now_ms=now_ms)

    def issue_listener(self, hosts: tuple[str, ...], *, now_ms: int) -> Issued:
        """The listener's certificate with a new key, in `keys/listener.pem` (0600, key and certificate)."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_host_name(host) for host in hosts])
        issued = self._issue(
            hosts[0], key.public_key(), names, ExtendedKeyUsageOID.SERVER_AUTH, now_ms=now_ms
        )
        write_whole(self.listener_file, _key_pem(key) + issued.pem.encode("ascii"))
        return issued

    @property
    def listener_file(self) -> Path:
        """Key and certificate of the listener."""
        return self._folder / "listener.pem"

    def _issue(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        names: x509.SubjectAlternativeName,
        usage: x509.ObjectIdentifier,
        *,
        now_ms: int,
    ) -> Issued:
        serial, until_ms = x509.random_serial_number(), (now_ms // 1000) * 1000 + CERTIFICATE_DAYS * DAY_MS
        certificate = (
            x509.CertificateBuilder()
            .subject_name(_common_name(name))
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(serial)
            .not_valid_before(from_ms(now_ms - BACKDATED_MS))
            .not_valid_after(from_ms(until_ms))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(certificate.public_bytes(Encoding.PEM).decode("ascii"), serial_text(serial), until_ms)


def make_authority(folder: Path) -> list[Path]:
    """Make key and certificate of the authority where they are missing; returns the files made."""
    key_file, ca_file = folder / "authority.key", folder / "authority.pem"
    if key_file.exists():
        return []
    key, name = ec.generate_private_key(ec.SECP256R1()), _common_name("community-edge devices")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(from_ms(0))
        .not_valid_after(from_ms(_CA_UNTIL_MS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_whole(ca_file, certificate.public_bytes(Encoding.PEM))
    write_new(key_file, _key_pem(key))
    return [ca_file, key_file]


def device_context(
    authority: DeviceAuthority, certificate_file: Path, key_file: Path | None
) -> ssl.SSLContext:
    """TLS of the device listener: a client may show a certificate of ours, and then it must be one.

    Its dates are judged by the platform itself, so that a device hears that its certificate is over.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file, key_file)
    context.load_verify_locations(cadata=authority.ca_pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | NO_CHECK_TIME)
    return context


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
