"""Limits of a batch: what is too large or of no form is refused, and nothing of it is kept."""

import gzip

import msgspec

from cloud_sync.conformance.bench import BATCH_HEADERS, Bench, Check, Wrong, expect_refusal
from cloud_sync.conformance.custody import expect_acknowledged
from cloud_sync.conformance.peer import Answer
from cloud_sync.conformance.stream import Stretch, compress
from cloud_sync.wire.batches import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_LINE_BYTES, MEDIA_TYPE


async def refuse_many(bench: Bench) -> str:
    """At most 1,000 events."""
    answer = await bench.post(bench.require_stream().write(MAX_BATCH_EVENTS + 1))
    return await _too_large(bench, answer, f"{MAX_BATCH_EVENTS + 1} events")


async def refuse_long_line(bench: Bench) -> str:
    """At most 66,560 bytes a line."""
    answer = await bench.post(bench.require_stream().write(1, text="x" * MAX_LINE_BYTES))
    return await _too_large(bench, answer, "a line that is too long")


async def refuse_bomb(bench: Bench) -> str:
    """Few bytes on the wire that become more than 8 MB: given up before memory is."""
    answer = await _post_raw(bench, compress(b"\0" * (MAX_BATCH_BYTES * 8)))
    return await _too_large(bench, answer, "64 MB of zeros, compressed")


async def refuse_other_forms(bench: Bench) -> str:
    """What is not zstd, has no header, another count, an epoch below one, a hash that is none."""
    good = bench.require_stream().write(2)
    bodies = {
        "no zstd": b"{}\n{}",
        "no header": compress(b"nonsense\n" + b"\n".join(good.lines)),
        "no events": compress(msgspec.json.encode(good.header)),
        "another count": _with(good, count=3),
        "epoch 0": _with(good, epoch=0),
        "a hash that is none": _with(good, previous_hash="x" * 64),
    }
    for what, body in bodies.items():
        expect_refusal(await _post_raw(bench, body), 422, "batch_malformed", what=what)
    await bench.expect_unmoved("batches of no form were refused")
    return f"{len(bodies)} forms: 422 batch_malformed"


async def take_plain(bench: Bench) -> str:
    """A batch without compression is taken as well: whoever has no zstd may send so."""
    stream = bench.require_stream()
    stretch = stream.write(2)
    answer = await _post_raw(bench, stretch.plain(), encoding="identity")
    expect_acknowledged(answer, stretch, what="identity")
    stream.move_to(stretch)
    return "identity: acknowledged"


async def negotiate_encoding(bench: Bench) -> str:
    """An encoding that is not spoken here is refused with those that are; gzip is taken or refused so."""
    stream = bench.require_stream()
    stretch = stream.write(2)
    unknown = await _post_raw(bench, stretch.plain(), encoding="compress")
    expect_refusal(unknown, 415, "encoding_unsupported", what="Content-Encoding: compress")
    if "zstd" not in unknown.headers.get("Accept-Encoding", ""):
        raise Wrong("415 without Accept-Encoding that names zstd")
    zipped = await _post_raw(bench, gzip.compress(stretch.plain()), encoding="gzip")
    if zipped.status == 200:
        expect_acknowledged(zipped, stretch, what="gzip")
        stream.move_to(stretch)
    else:
        expect_refusal(zipped, 415, "encoding_unsupported", what="gzip")
    await bench.expect_unmoved("an unknown encoding was refused")
    return f"compress: {unknown}, gzip: {zipped}"


async def _too_large(bench: Bench, answer: Answer, what: str) -> str:
    seen = expect_refusal(answer, 413, "batch_too_large", what=what)
    await bench.expect_unmoved(f"{what} was refused")
    return seen


async def _post_raw(bench: Bench, body: bytes, *, encoding: str = "zstd") -> Answer:
    headers = {**BATCH_HEADERS, "Content-Encoding": encoding}
    if encoding == "identity":
        headers = {"Content-Type": MEDIA_TYPE}
    return await bench.peer.ask("POST", bench.peer.device_path + "/batches", body=body, headers=headers)


def _with(stretch: Stretch, **changes: object) -> bytes:
    header = msgspec.structs.replace(stretch.header, **changes)
    return compress(Stretch(header, stretch.lines).plain())


_PART = "limits"
CHECKS: tuple[Check, ...] = (
    Check("many_events_refused", _PART, "413 batch_too_large for 1,001 events", refuse_many),
    Check("long_line_refused", _PART, "413 batch_too_large for a line over 66,560 bytes", refuse_long_line),
    Check("bomb_refused", _PART, "413 batch_too_large for what unpacks to more than 8 MB", refuse_bomb),
    Check("other_forms_refused", _PART, "422 batch_malformed for what is no batch", refuse_other_forms),
    Check("plain_taken", _PART, "a batch without compression is acknowledged", take_plain),
    Check(
        "encoding_negotiated",
        _PART,
        "415 with Accept-Encoding for an encoding not spoken",
        negotiate_encoding,
    ),
)
