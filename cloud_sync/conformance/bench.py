"""What every check works with: the platform, the run's device, and what was found out on the way."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import msgspec

from cloud_sync.conformance.newcomer import Newcomer
from cloud_sync.conformance.peer import Answer, Peer
from cloud_sync.conformance.stream import Stretch, TrialStream
from cloud_sync.wire.batches import MEDIA_TYPE, StreamStanding
from cloud_sync.wire.enrolment_code import OneTimeCode
from edge.errors import EdgeError
from edge.trust.keys import KeySet

T = TypeVar("T")
BATCH_HEADERS = {"Content-Type": MEDIA_TYPE, "Content-Encoding": "zstd"}


class Wrong(EdgeError):
    """The platform did something else than the protocol says; the text is what was seen."""


class NotTested(EdgeError):
    """The check could not be made here; the text says what it would have needed."""


@dataclass
class Bench:
    """The run so far. `keys` are there once the key set was verified, `stream` once an epoch was begun.

    `code` is for the checks of enrolment, which keep what they found in `newcomer`.
    """

    peer: Peer
    root_public: bytes | None = None
    restart: Callable[[], Awaitable[None]] | None = None
    code: OneTimeCode | None = None
    newcomer: Newcomer | None = None
    keys: KeySet | None = None
    stream: TrialStream | None = None
    closed: Stretch | None = None

    def require_keys(self) -> KeySet:
        """The verified key set. Raises NotTested."""
        if self.keys is None:
            raise NotTested("needs the key set, see key_set_signed")
        return self.keys

    def require_stream(self) -> TrialStream:
        """The stream of this run. Raises NotTested."""
        if self.stream is None:
            raise NotTested("needs custody, see first_batch")
        return self.stream

    async def post(self, stretch: Stretch) -> Answer:
        """Post a batch as it is."""
        path = self.peer.device_path + "/batches"
        return await self.peer.ask("POST", path, body=stretch.encoded(), headers=BATCH_HEADERS)

    async def standing(self, seq: int = 0, digest: str = "") -> StreamStanding:
        """Where custody stands. Raises Wrong when there is none or the answer is not of the form."""
        query: dict[str, str | int] = {"seq": seq, "hash": digest} if seq else {}
        answer = await self.peer.ask("GET", self.peer.device_path + "/standing", query=query)
        return read(expect(answer, 200, what="standing"), StreamStanding)

    async def expect_unmoved(self, after: str) -> None:
        """Nothing of what was just refused is in custody. Raises Wrong."""
        stream = self.require_stream()
        standing = await self.standing()
        if (standing.head_seq, standing.head_hash) != (stream.head_seq, stream.head_hash):
            raise Wrong(f"{after}, yet custody moved from {stream.head_seq} to {standing.head_seq}")


class Check(NamedTuple):
    """One line of the run: its name, what it belongs to, what the protocol says, and how it is tried.

    `run` answers what was seen; raises Wrong or NotTested.
    """

    name: str
    part: str
    expected: str
    run: Callable[[Bench], Awaitable[str]]


def expect(answer: Answer, status: int, *, what: str) -> Answer:
    """The answer, if it has this status. Raises Wrong."""
    if answer.status != status:
        raise Wrong(f"{what}: {answer}")
    return answer


def expect_refusal(answer: Answer, status: int, *codes: str, what: str) -> str:
    """A refusal of this status with one of these codes and the body of an error. Raises Wrong."""
    if answer.status != status or answer.code not in codes:
        raise Wrong(f"{what}: {answer}")
    return f"{what}: {answer}"


def read(answer: Answer, shape: type[T]) -> T:
    """The body in its shape. Raises Wrong."""
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except msgspec.MsgspecError as error:
        raise Wrong(f"{answer.status} with a body that is no {shape.__name__}: {error}") from error
