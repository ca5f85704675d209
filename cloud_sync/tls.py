"""TLS to the platform: chain and host name judged by OpenSSL, dates by the trusted clock (ADR 10).

A hub's wall clock may be anything, so OpenSSL's own check of dates is off; the peer's certificate is judged
right after the handshake, before one byte of a request leaves.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.trust.clock import Clock, Reading
from edge.trust.tls_flags import NO_CHECK_TIME

_HOST_MISMATCH = (62, 64)
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""

Peer = dict[str, Any]


class CertificateOutOfDate(ssl.SSLCertVerificationError):
    """Chain and name hold, but by the trusted clock the certificate is over, or begins later."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class _DatedObject(ssl.SSLObject):
    """A TLS connection that is given up when its peer's certificate is out of date."""

    def do_handshake(self) -> None:
        super().do_handshake()
        context = self.context
        assert isinstance(context, PlatformContext)
        context.judge(self.getpeercert() or {})


class PlatformContext(ssl.SSLContext):
    """A client's context; `judge` sees the peer's certificate after every handshake."""

    judge: Callable[[Peer], None]


def make_context(
    ca_file: Path | None, clock: Clock | None, identity_file: Path | None = None
) -> PlatformContext:
    """Trust the authority in `ca_file` (None: those of the system); without a clock dates are not judged.

    `identity_file` (PEM: key and certificate) is what we show for ourselves.
    """
    context = PlatformContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(ca_file)
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | NO_CHECK_TIME)
    context.judge = (lambda peer: None) if clock is None else (lambda peer: check_dates(peer, clock.now()))
    context.sslobject_class = _DatedObject
    if identity_file is not None:
        context.load_cert_chain(identity_file)
    return context


def make_unbelieving_context() -> ssl.SSLContext:
    """Believes nobody: what comes over it counts only by a signature that is verified afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def check_dates(peer: Peer, now: Reading) -> None:
    """Judge a certificate as `SSLObject.getpeercert` gives it. Raises CertificateOutOfDate."""
    if now.at_ms < ssl.cert_time_to_seconds(peer["notBefore"]) * 1000:
        raise CertificateOutOfDate("certificate_not_yet_valid")
    if now.at_ms >= (ssl.cert_time_to_seconds(peer["notAfter"]) + 1) * 1000:
        raise CertificateOutOfDate("certificate_expired")


def why_untrusted(error: ssl.SSLCertVerificationError) -> str:
    """A stable code for what is wrong with a peer's certificate."""
    if isinstance(error, CertificateOutOfDate):
        return error.code
    wrong_host = getattr(error, "verify_code", 0) in _HOST_MISMATCH
    return "certificate_wrong_host" if wrong_host else "certificate_not_ours"
