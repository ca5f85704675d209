"""TLS to a broker: its chain and its name are judged, its certificate's dates are not.

A Pi has no battery clock, so at a start any date may be judged wrong; the authority is the site's or the
platform's own, and what moves anything over these brokers is signed or bound to a session besides.
"""

import ssl
from pathlib import Path

from edge.errors import ConfigError, Fault
from edge.trust.tls_flags import NO_CHECK_TIME


def broker_context(ca_file: Path) -> ssl.SSLContext:
    """Trust this authority and no other. Raises ConfigError when its file cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([Fault("ca_file", None, f"{ca_file}: {type(error).__name__}")]) from error
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | NO_CHECK_TIME)
    return context
