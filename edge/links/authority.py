"""A small authority (PEM files) for the brokers of one site; keys are elliptic, so that it is quick.

It reads no clock: its own certificate is good from 1970 to 2096, and whoever asks says how long another is.
"""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY_MS = 86_400_000


LONG_MS = 4_000_000_000_000
"""The year 2096: a certificate of a broker is judged by its authority, not by a date (`edge.links.tls`)."""


class Authority:
    """Signs server certificates. Its key lives as long as the object: who wants another certificate later
    makes another authority.
    """

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.ca_file = folder / f"{name}.pem"
        builder = self._builder(self._name, 0, LONG_MS, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = builder.sign(self._key, hashes.SHA256())
        self.ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(
        self, name: str, *, from_ms: int = 0, until_ms: int = LONG_MS, host: str = "127.0.0.1"
    ) -> tuple[Path, Path]:
        """Certificate and key for an IP address, as PEM files."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(subject, from_ms, until_ms, key.public_key())
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        certificate = builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        cert_file, key_file = self._folder / f"{name}.crt", self._folder / f"{name}.key"
        cert_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        return cert_file, key_file

    def _builder(
        self, subject: x509.Name, from_ms: int, until_ms: int, public: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.fromtimestamp(from_ms / 1000, UTC))
            .not_valid_after(datetime.fromtimestamp(until_ms / 1000, UTC))
        )
