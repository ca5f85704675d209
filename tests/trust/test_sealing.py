"""Sealed files: whole and for this key, or refused before a byte is given out."""

import io

import pytest

from edge.trust.sealing import (
    CHUNK_BYTES,
    MAGIC,
    NotSealed,
    SealedDamaged,
    SealedReader,
    SealedUnusable,
    Sealer,
    WrongKey,
    generate_private,
    public_of,
    read_header,
)

KEY = generate_private()


def seal(content: bytes) -> bytes:
    target = io.BytesIO()
    sealer = Sealer(target, public_of(KEY), {"site": "heyuanli"})
    for start in range(0, len(content), 50_000):
        sealer.write(content[start : start + 50_000])
    sealer.close()
    return target.getvalue()


def unseal(sealed: bytes, key: bytes = KEY) -> bytes:
    reader = SealedReader(io.BytesIO(sealed), key)
    parts = []
    while part := reader.read(10_000):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_is_sealed_is_read_again(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert unseal(seal(content)) == content


def test_everybody_reads_what_it_says_of_itself_and_nobody_changes_it() -> None:
    sealed = seal(b"x")
    assert read_header(io.BytesIO(sealed)).about == {"site": "heyuanli"}
    with pytest.raises(SealedDamaged):
        unseal(sealed.replace(b"heyuanli", b"heyuanly"))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(WrongKey):
        unseal(seal(b"x"), generate_private())


def test_every_changed_byte_and_every_cut_is_found() -> None:
    sealed = seal(b"content " * 20_000)
    for place in [*range(0, 400, 7), *range(400, len(sealed), 9_001), len(sealed) - 1]:
        with pytest.raises(SealedUnusable):
            unseal(sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :])
        with pytest.raises(SealedUnusable):
            unseal(sealed[:place])
    with pytest.raises(SealedDamaged):
        unseal(sealed + b"\0")


def test_chunks_change_places_with_nobody() -> None:
    sealed = seal(bytes(3 * CHUNK_BYTES))
    start = len(sealed) - 3 * (CHUNK_BYTES + 16)
    head, chunks = sealed[:start], sealed[start:]
    first, second, third = (chunks[i : i + CHUNK_BYTES + 16] for i in range(0, len(chunks), CHUNK_BYTES + 16))
    assert unseal(head + first + second + third) == bytes(3 * CHUNK_BYTES)
    for wrong in (second + first + third, first + third, first + second, third + second + first):
        with pytest.raises(SealedDamaged):
            unseal(head + wrong)


@pytest.mark.parametrize("sealed", [b"", b"SQLite format 3\0", MAGIC, MAGIC + b"{}\n", MAGIC + b"\xff\n"])
def test_other_files_are_not_taken_for_sealed_ones(sealed: bytes) -> None:
    with pytest.raises(NotSealed):
        unseal(sealed)


def test_a_point_of_small_order_is_refused() -> None:
    lines = seal(b"x").split(b"\n", 2)
    header = read_header(io.BytesIO(b"\n".join(lines)))
    forged = lines[1].replace(header.ephemeral.encode(), b"0" * 64)
    with pytest.raises(SealedDamaged):
        unseal(b"\n".join((lines[0], forged, lines[2])))
