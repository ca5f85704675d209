"""The version of the protocol: one header on every request of a device and on every answer to it.

A version is `major` or `major.minor`. A minor one only adds what a receiver may ignore; another major one is
another language. Who does not say speaks version 1, which came before the header.
"""

from typing import ClassVar

from edge.errors import Refusal

PROTOCOL_HEADER = "Community-Edge-Protocol"
PROTOCOL_VERSION = "1"
SUPPORTED_MAJORS: tuple[int, ...] = (1,)
_LENGTH_LIMIT = 16


class ProtocolUnsupported(Refusal):
    """The other side speaks another major version; `supported` lists those that are spoken here."""

    code: ClassVar[str] = "protocol_unsupported"


def require_supported(told: str | None) -> None:
    """Judge the header of a request or an answer; raises ProtocolUnsupported."""
    if told is None:
        return
    major = told.partition(".")[0]
    known = len(told) <= _LENGTH_LIMIT and major.isascii() and major.isdecimal()
    if not known or int(major) not in SUPPORTED_MAJORS:
        supported = ",".join(map(str, SUPPORTED_MAJORS))
        raise ProtocolUnsupported(told=told[:_LENGTH_LIMIT], supported=supported)
