"""A machine that is nobody yet: a one-time code, a key of its own, and what it was answered."""

from dataclasses import dataclass, field

import msgspec

from cloud_sync.wire.enrolment import Enrolment, EnrolmentRequest, PlatformIdentity
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.trust.certificates import Holder, make_key, make_request


@dataclass
class Newcomer:
    """`platform` is there once it has proved who it is, `answer` once the code was used."""

    code: OneTimeCode
    key: str = field(default_factory=make_key)
    platform: PlatformIdentity | None = None
    answer: Enrolment | None = None

    def request(self, *, key: str = "", secret: str = "", csr: str = "") -> bytes:
        """What it posts, or something false in its place."""
        csr = csr or make_request(key or self.key, Holder("-", self.code.device), nonce="enrolment")
        secret = secret or self.code.secret.hex()
        return msgspec.json.encode(EnrolmentRequest(device=self.code.device, secret=secret, csr=csr))
