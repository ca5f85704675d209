"""Custody: every intact event once, as it came, and never acknowledged before it is kept."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import msgspec

from cloud_sync.conformance.bench import (
    BATCH_HEADERS,
    Bench,
    Check,
    NotTested,
    Wrong,
    expect,
    expect_refusal,
    read,
)
from cloud_sync.conformance.peer import Answer
from cloud_sync.conformance.stream import Stretch, TrialStream, chain, compress
from cloud_sync.wire.batches import BatchAccepted, StreamStanding, decode_batch
from edge.errors import EdgeError, PlatformUnreachable, Refusal
from edge.trust.checkpoint import open_checkpoint

AT_ONCE = 6
"""How often one batch is posted at the same time."""


async def take_first_batch(bench: Bench) -> str:
    """The run's device begins: a fresh one at 1, one that was here before with a new epoch."""
    peer = bench.peer
    answer = await peer.ask("GET", peer.device_path + "/standing")
    if answer.status == HTTPStatus.NOT_FOUND:
        expect_refusal(answer, 404, "not_found", what="standing of a device that sent nothing")
        stream = TrialStream(peer.site, peer.device)
    else:
        found = read(expect(answer, 200, what="standing"), StreamStanding)
        stream = TrialStream(
            peer.site,
            peer.device,
            epoch=found.epoch + 1,
            head_seq=found.head_seq,
            head_hash=found.head_hash,
            began=False,
        )
    bench.stream = stream
    try:
        await send(bench, stream.write(5))
    except Wrong:
        bench.stream = None
        raise
    return f"epoch {stream.epoch}, five events acknowledged up to {stream.head_seq}"


async def recover(bench: Bench) -> None:
    """After a failed check: where custody is not where the run thinks, begin a new epoch from where it is.

    So one fault does not turn the checks after it red. Raises Wrong, PlatformUnreachable.
    """
    if (stream := bench.stream) is None:
        return
    standing = await bench.standing()
    moved = (standing.head_seq, standing.head_hash) != (stream.head_seq, stream.head_hash)
    if moved or standing.quarantine is not None or standing.epoch != stream.epoch:
        await take_first_batch(bench)


async def send(bench: Bench, stretch: Stretch) -> BatchAccepted:
    """Post the next entries; they have to be acknowledged. Raises Wrong."""
    accepted = expect_acknowledged(await bench.post(stretch), stretch, what="a good batch")
    bench.require_stream().move_to(stretch)
    return accepted


def expect_acknowledged(answer: Answer, stretch: Stretch, *, what: str) -> BatchAccepted:
    """The answer acknowledges at least this stretch, and no more than custody can have. Raises Wrong."""
    accepted = read(expect(answer, 200, what=what), BatchAccepted)
    if accepted.acknowledged_seq < stretch.last_seq:
        raise Wrong(f"{what}: acknowledged {accepted.acknowledged_seq}, posted up to {stretch.last_seq}")
    return accepted


async def name_what_is_acknowledged(bench: Bench) -> str:
    """The acknowledgement names seq, epoch and hash of the last entry that is kept."""
    stream = bench.require_stream()
    stretch = stream.write(3)
    answer = await bench.post(stretch)
    expect_acknowledged(answer, stretch, what="a good batch")
    stream.move_to(stretch)
    told = read(answer, dict)
    seen = {name: told.get(name) for name in ("acknowledged_seq", "epoch", "hash")}
    if seen != {"acknowledged_seq": stream.head_seq, "epoch": stream.epoch, "hash": stream.head_hash}:
        raise Wrong(f"acknowledged {seen}")
    return f"seq {stream.head_seq}, epoch {stream.epoch}, hash {stream.head_hash[:8]}…"


async def follow_standing(bench: Bench) -> str:
    """What is acknowledged stands in custody; a link is known exactly when it is there."""
    stream = bench.require_stream()
    await bench.expect_unmoved("nothing was refused")
    known = await bench.standing(stream.head_seq, stream.head_hash)
    other = await bench.standing(stream.head_seq, "f" * 64)
    if not known.known or other.known:
        raise Wrong(f"own link known: {known.known}, another link known: {other.known}")
    return f"epoch {known.epoch}, head {known.head_seq}, the link is known, another is not"


async def take_again(bench: Bench) -> str:
    """A batch whose acknowledgement was lost comes again, whole, in part, and long afterwards."""
    stream = bench.require_stream()
    whole = stream.sent[-1]
    first = stream.sent[0]
    for stretch, what in ((whole, "the same batch"), (whole.part(1), "its end"), (first, "an old batch")):
        expect_acknowledged(await bench.post(stretch), stretch, what=what)
        await bench.expect_unmoved(f"{what} came again")
    return "the same batch, its end, an old one: acknowledged, nothing moved"


async def take_overlap(bench: Bench) -> str:
    """A batch that begins before the head and ends behind it: only what is new is added."""
    stream = bench.require_stream()
    last, new = stream.sent[-1], stream.write(2)
    both = chain(last.header, last.header.first_seq, last.header.previous_hash, (*last.lines, *new.lines))
    expect_acknowledged(await bench.post(both), both, what="an overlapping batch")
    stream.move_to(both)
    await bench.expect_unmoved("an overlapping batch was taken")
    return f"acknowledged up to {stream.head_seq}"


async def take_at_once(bench: Bench) -> str:
    """One batch on six connections at the same time is in custody once."""
    stream = bench.require_stream()
    stretch = stream.write(4)
    answers = await asyncio.gather(*(bench.post(stretch) for _ in range(AT_ONCE)))
    for answer in answers:
        expect_acknowledged(answer, stretch, what=f"one of {AT_ONCE} at once")
    stream.move_to(stretch)
    await bench.expect_unmoved("the same batch came at once")
    return f"{AT_ONCE} acknowledgements, custody at {stream.head_seq}"


async def refuse_gap(bench: Bench) -> str:
    """Events before the batch are missing: the answer says where to go on."""
    stream = bench.require_stream()
    ahead = stream.write(3).part(1)
    answer = await bench.post(ahead)
    seen = expect_refusal(answer, 409, "gap", what="a batch one event ahead")
    if answer.details.get("expected_seq") != stream.head_seq + 1:
        raise Wrong(f"gap with details {answer.details}, expected_seq is {stream.head_seq + 1}")
    await bench.expect_unmoved("a gap was refused")
    return f"{seen}, expected_seq {stream.head_seq + 1}"


async def refuse_damage(bench: Bench) -> str:
    """Bytes changed on the way: the chain does not end at the header's hash."""
    stretch = bench.require_stream().write(3)
    lines = [*stretch.lines[:-1], stretch.lines[-1].replace(b'"number"', b'"numbes"')]
    body = compress(b"\n".join((msgspec.json.encode(stretch.header), *lines)))
    answer = await bench.peer.ask(
        "POST", bench.peer.device_path + "/batches", body=body, headers=BATCH_HEADERS
    )
    seen = expect_refusal(answer, 400, "batch_damaged", what="one changed byte")
    await bench.expect_unmoved("a damaged batch was refused")
    return seen


async def refuse_foreign(bench: Bench) -> str:
    """A batch for another device, and an event whose source is another site."""
    stream = bench.require_stream()
    stretch = stream.write(2)
    other = Stretch(msgspec.structs.replace(stretch.header, device=f"{stream.device}-other"), stretch.lines)
    expect_refusal(await bench.post(other), 422, "wrong_stream", what="a header of another device")
    forged = stream.write(2, source_site=f"{stream.site}-other")
    expect_refusal(await bench.post(forged), 422, "batch_malformed", what="an event of another site")
    await bench.expect_unmoved("foreign events were refused")
    return "422 wrong_stream, 422 batch_malformed"


async def survive_cut(bench: Bench) -> str:
    """A connection that breaks in the middle of a body leaves nothing behind; the batch comes again."""
    stretch = bench.require_stream().write(50)
    body = stretch.encoded()

    async def half() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        raise OSError("cut by the run")

    try:
        await bench.peer.ask("POST", bench.peer.device_path + "/batches", body=half(), headers=BATCH_HEADERS)
    except PlatformUnreachable:
        await bench.expect_unmoved("half a batch arrived")
    else:
        raise Wrong("half a body was answered")
    await send(bench, stretch)
    return "nothing of the half, all of the whole"


async def read_back(bench: Bench) -> str:
    """Events of a type that nobody knows are kept as they came."""
    stream = bench.require_stream()
    for stretch in (stream.sent[0], stream.sent[-1]):
        for position in (0, -1):
            seq = stretch.header.first_seq if position == 0 else stretch.last_seq
            path = f"{bench.peer.device_path}/epochs/{stream.epoch}/events/{seq}"
            answer = expect(await bench.peer.ask("GET", path), 200, what=f"event {seq}")
            if read(answer, dict) != msgspec.json.decode(stretch.lines[position]):
                raise Wrong(f"event {seq} came back changed")
    return "first and last event of the first and the last batch"


async def read_history(bench: Bench) -> str:
    """A successor gets back what its predecessor sent, byte for byte, in the form of a batch."""
    stream, peer = bench.require_stream(), bench.peer
    seq, link = stream.sent[0].header.first_seq, stream.sent[0].header.previous_hash
    sent_by_seq = {n: line for one in stream.sent for n, line in enumerate(one.lines, one.header.first_seq)}
    sent = list(sent_by_seq.values())
    back: list[bytes] = []
    while len(back) < len(sent):
        query: dict[str, str | int] = {"from": seq + len(back), "hash": link}
        answer = await peer.ask("GET", peer.device_path + "/events", query=query)
        if answer.status == HTTPStatus.NOT_FOUND and not back:
            raise NotTested(f"this platform leaves the part out: {answer}")
        if not expect(answer, 200, what=f"events from {seq + len(back)}").body:
            break
        try:
            page = decode_batch(answer.body, encoding="identity")
        except Refusal as refusal:
            raise Wrong(f"events from {seq + len(back)}: {refusal}") from refusal
        back += page.lines
        link = page.header.last_hash
    if back[: len(sent)] != sent:
        raise Wrong(f"{len(back)} events came back, {len(sent)} were sent, and they differ")
    return f"{len(sent)} events, byte for byte"


async def verify_checkpoint(bench: Bench) -> str:
    """The platform signs under the last entry that it has custody of."""
    stream, peer = bench.require_stream(), bench.peer
    answer = expect(await peer.ask("GET", peer.device_path + "/checkpoint"), 200, what="checkpoint")
    try:
        signed = open_checkpoint(answer.body, bench.require_keys(), site=peer.site, device=peer.device)
    except Refusal as refusal:
        raise Wrong(f"the checkpoint does not verify: {refusal}") from refusal
    if (signed.epoch, signed.seq, signed.hash) != (stream.epoch, stream.head_seq, stream.head_hash):
        raise Wrong(
            f"signed epoch {signed.epoch}, seq {signed.seq}, hash {signed.hash[:8]}…; head {stream.head_seq}"
        )
    return f"epoch {signed.epoch}, seq {signed.seq}, the head's hash"


async def survive_restart(bench: Bench) -> str:
    """What was acknowledged is still there when the platform was ended and started again."""
    if bench.restart is None:
        raise NotTested("needs a way to restart the platform")
    stream = bench.require_stream()
    await send(bench, stream.write(7))
    try:
        await bench.restart()
    except EdgeError as error:
        raise NotTested(str(error)) from error
    standing = await bench.standing(stream.head_seq, stream.head_hash)
    if standing.head_seq != stream.head_seq or not standing.known:
        raise Wrong(f"acknowledged up to {stream.head_seq}, after the restart {standing.head_seq}")
    await send(bench, stream.write(2))
    return f"custody at {standing.head_seq} before and after"


_PART = "custody"
CHECKS: tuple[Check, ...] = (
    Check("first_batch", _PART, "200, acknowledged up to its last event", take_first_batch),
    Check(
        "acknowledgement_named",
        _PART,
        "acknowledged_seq, epoch and hash of the last event",
        name_what_is_acknowledged,
    ),
    Check(
        "standing_follows",
        _PART,
        "standing tells the acknowledged head, and which links are known",
        follow_standing,
    ),
    Check("again_is_once", _PART, "a batch that comes again is acknowledged and changes nothing", take_again),
    Check("overlap_is_once", _PART, "of an overlapping batch only the new events are added", take_overlap),
    Check("at_once_is_once", _PART, "one batch on six connections is in custody once", take_at_once),
    Check("unknown_kept", _PART, "events of unknown types come back as they were posted", read_back),
    Check("history_read_back", _PART, "a successor gets the events back byte for byte", read_history),
    Check("gap_refused", _PART, "409 gap with details.expected_seq", refuse_gap),
    Check("damage_refused", _PART, "400 batch_damaged, nothing kept", refuse_damage),
    Check(
        "foreign_refused",
        _PART,
        "422 for a batch of another device or an event of another site",
        refuse_foreign,
    ),
    Check("cut_leaves_nothing", _PART, "half a body leaves nothing in custody", survive_cut),
    Check(
        "checkpoint_signed", _PART, "epoch, seq and hash of the head, signed for custody", verify_checkpoint
    ),
    Check("restart_keeps", _PART, "what was acknowledged survives a restart", survive_restart),
)
