"""The wire form of batches."""

from pathlib import Path

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.wire.batches import (
    MAX_BATCH_BYTES,
    BatchDamaged,
    BatchHeader,
    BatchMalformed,
    BatchTooLarge,
    chain_hashes,
    decode_batch,
    encode_batch,
    verify_batch,
)
from edge.errors import Refusal
from edge.store import journal

GOLDEN = Path(__file__).parents[1] / "golden" / "wire"
ZERO = "0" * 64


def event_line(seq: int, text: str = "x") -> bytes:
    return (
        b'{"actor":"test","data":{"text":"%s"},"id":"k1-1-%d","seq":%d,'
        b'"source":"/sites/heyuanli/devices/k1/epochs/1","specversion":"1.0","timems":1795312800000,'
        b'"timetrust":"synced","type":"community.edge.Tested.v1"}'
    ) % (text.encode(), seq, seq)


def batch_of(lines: list[bytes], first_seq: int = 1, previous: str = ZERO) -> tuple[BatchHeader, list[bytes]]:
    last = chain_hashes(previous, lines)[-1]
    return BatchHeader("k1", 1, first_seq, previous, last, len(lines)), lines


def test_a_batch_comes_back_as_it_went() -> None:
    header, lines = batch_of([event_line(1), event_line(2)])
    batch = decode_batch(encode_batch(header, lines))
    assert batch.header == header
    assert list(batch.lines) == lines
    hashes, envelopes = verify_batch(batch, site="heyuanli")
    assert hashes[-1] == header.last_hash
    assert [envelope.seq for envelope in envelopes] == [1, 2]


def test_the_wire_form_is_the_one_of_the_golden_file() -> None:
    header, lines = batch_of([event_line(1), event_line(2, "二")])
    raw = zstandard.ZstdDecompressor().decompressobj().decompress(encode_batch(header, lines))
    assert raw == (GOLDEN / "batch.ndjson").read_bytes()


def test_the_chain_is_the_journals_own() -> None:
    line = event_line(1)
    assert chain_hashes(ZERO, [line])[0] == journal.chain_hash(journal.GENESIS, line).hex()


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_in_an_event_is_never_accepted(position: int, bit: int) -> None:
    header, lines = batch_of([event_line(1), event_line(2), event_line(3)])
    raw = bytearray(b"\n".join(lines))
    raw[position % len(raw)] ^= 1 << bit
    body = zstandard.compress(msgspec.json.encode(header) + b"\n" + bytes(raw))
    with pytest.raises(Refusal):
        verify_batch(decode_batch(body), site="heyuanli")


def test_a_damaged_batch_names_itself() -> None:
    header, lines = batch_of([event_line(1)])
    with pytest.raises(BatchDamaged):
        verify_batch(decode_batch(encode_batch(header, [event_line(1, "y")])), site="heyuanli")
    assert lines == [event_line(1)]


@pytest.mark.parametrize("site", ["elsewhere"])
def test_events_of_another_site_are_refused(site: str) -> None:
    with pytest.raises(BatchMalformed):
        verify_batch(decode_batch(encode_batch(*batch_of([event_line(1)]))), site=site)


def test_events_out_of_order_are_refused() -> None:
    with pytest.raises(BatchMalformed):
        verify_batch(decode_batch(encode_batch(*batch_of([event_line(2), event_line(1)]))), site="heyuanli")


@pytest.mark.parametrize("body", [b"", b"nonsense", zstandard.compress(b"{}"), zstandard.compress(b"")])
def test_nonsense_is_malformed(body: bytes) -> None:
    with pytest.raises(BatchMalformed):
        decode_batch(body)


def test_a_decompression_bomb_is_refused() -> None:
    with pytest.raises(BatchTooLarge):
        decode_batch(zstandard.compress(b"0" * (MAX_BATCH_BYTES * 4)))
