#!/usr/bin/env python3
"""Verify a journal file of community-edge with nothing but Python's standard library (3.9 or newer).

    python3 verify_journal.py FILE [FILE …]

The form of the files is in journal.md beside this program. It shares no code with the product. Several files
are taken as one journal in the order given: each must go on where the one before it ended. Exit status 0 when
everything holds, 1 when something does not, 2 when a file cannot be read at all.
"""

import gzip
import hashlib
import json
import re
import sys
import zlib
from pathlib import Path

WRAPPED = re.compile(rb'\{"hash":"([0-9a-f]{64})","(header|entry)":(\{.*\})\}\n', re.DOTALL)
IDENTITY = re.compile(r"([a-z][a-z0-9]{0,15})-([1-9][0-9]{0,5})-([1-9][0-9]{0,11})", re.ASCII)
HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
HEADER_FIELDS = {
    "format": str,
    "version": int,
    "site": str,
    "device": str,
    "first_seq": int,
    "last_seq": int,
    "previous_hash": str,
    "last_hash": str,
}
CHECKPOINT_FIELDS = {"epoch": int, "seq": int, "hash": str, "at_ms": int, "message": str}
LONGEST_LINE = 70_000


class Bad(Exception):
    """The first thing that does not hold: the number of the entry (0 = the header), and why."""

    def __init__(self, seq, why):
        super().__init__(f"entry {seq}: {why}")
        self.seq = seq
        self.why = why


def read_lines(path):
    """Yield the lines of a file, unpacked if it is packed; None stands for a line that cannot be read."""
    with Path(path).open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if packed else Path(path).open("rb") as file:
        while True:
            try:
                line = file.readline(LONGEST_LINE)
            except (OSError, EOFError, ValueError, zlib.error):
                yield None
                return
            if not line:
                return
            yield line


def has_fields(value, fields):
    """Tell whether a JSON value is an object of exactly these fields and types (booleans are no integers)."""
    return (
        isinstance(value, dict)
        and value.keys() == fields.keys()
        and all(type(value[name]) is kind for name, kind in fields.items())
    )


def no_twins(pairs):
    """Make an object of pairs; a name that stands twice is an error."""
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name stands twice")
    return names


def parse(text):
    """Read JSON as UTF-8, strictly. Raises ValueError."""
    return json.loads(text.decode("utf-8"), object_pairs_hook=no_twins)


def read_header(line):
    """Return the header of a file. Raises Bad."""
    found = WRAPPED.fullmatch(line or b"")
    if not found or found[2] != b"header" or hashlib.sha256(found[3]).hexdigest() != found[1].decode():
        raise Bad(0, "header")
    try:
        header = parse(found[3])
        signed = header.pop("checkpoint")
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise Bad(0, "header") from None
    if not has_fields(header, HEADER_FIELDS):
        raise Bad(0, "header")
    first, last = header["first_seq"], header["last_seq"]
    good = header["format"] == "community-edge-journal" and header["version"] == 1
    good = good and 1 <= first <= last + 1
    good = good and all(HEX.fullmatch(header[name]) for name in ("previous_hash", "last_hash"))
    if signed is not None:
        good = good and has_fields(signed, CHECKPOINT_FIELDS) and HEX.fullmatch(signed["hash"])
        good = good and first - 1 <= signed["seq"] <= last
        if good and signed["seq"] == first - 1:
            good = signed["hash"] == header["previous_hash"]
    if not good:
        raise Bad(0, "header")
    header["checkpoint"] = signed
    return header


def check_entry(line, seq, previous, last_id, header):
    """Check one entry that must be number `seq`; return its hash and its identity. Raises Bad."""
    found = WRAPPED.fullmatch(line or b"")
    if not found or found[2] != b"entry":
        raise Bad(seq, "unreadable")
    try:
        entry = parse(found[3])
        number, text, source = entry["seq"], entry["id"], entry["source"]
        identity = IDENTITY.fullmatch(text)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Bad(seq, "unreadable") from None
    if identity is None or type(number) is not int or not isinstance(source, str):
        raise Bad(seq, "unreadable")
    if number != seq:
        raise Bad(seq, "missing")
    digest = hashlib.sha256(previous.encode("ascii") + found[3]).hexdigest()
    if digest != found[1].decode():
        raise Bad(seq, "hash_differs")
    device, epoch, counter = identity[1], int(identity[2]), int(identity[3])
    stream = f"/sites/{header['site']}/devices/{header['device']}/epochs/{epoch}"
    if device != header["device"] or source != stream:
        raise Bad(seq, "wrong_site_or_device")
    if (epoch, counter) <= last_id:
        raise Bad(seq, "identity_not_increasing")
    if seq > header["last_seq"]:
        raise Bad(seq, "header")
    signed = header["checkpoint"]
    if signed is not None and signed["seq"] == seq and signed["hash"] != digest:
        raise Bad(seq, "checkpoint_differs")
    return digest, (epoch, counter)


def verify(path):
    """Verify one file; return its header. Raises Bad, OSError."""
    lines = read_lines(path)
    header = read_header(next(lines, None))
    seq, digest, last_id = header["first_seq"] - 1, header["previous_hash"], (0, 0)
    for line in lines:
        digest, last_id = check_entry(line, seq + 1, digest, last_id, header)
        seq += 1
    if seq < header["last_seq"]:
        raise Bad(seq + 1, "truncated")
    if digest != header["last_hash"]:
        raise Bad(0, "header")
    return header


def check_order(before, header):
    """Check that a file goes on where the one before it ended. Raises Bad."""
    if (before["site"], before["device"]) != (header["site"], header["device"]):
        raise Bad(0, "wrong_site_or_device")
    if header["first_seq"] != before["last_seq"] + 1:
        raise Bad(before["last_seq"] + 1, "missing")
    if header["previous_hash"] != before["last_hash"]:
        raise Bad(header["first_seq"], "not_linked")


def describe(path, header):
    """Return one line for people."""
    first, last, signed = header["first_seq"], header["last_seq"], header["checkpoint"]
    stream = f"{header['site']}/{header['device']}"
    words = f"{path}: {last - first + 1} entries ({first} to {last}) of {stream} hold"
    if signed is None:
        return words
    return f"{words}; a checkpoint of entry {signed['seq']} has this hash (its signature is not judged)"


def main(paths):
    """Verify files in order; return the exit status."""
    if not paths:
        sys.stderr.write("usage: verify_journal.py FILE [FILE …]\n")
        return 2
    before = None
    for path in paths:
        try:
            header = verify(path)
            if before is not None:
                check_order(before, header)
        except OSError as error:
            sys.stderr.write(f"{path}: {error.strerror or error}\n")
            return 2
        except Bad as bad:
            sys.stdout.write(f"{path}: first bad entry {bad.seq}: {bad.why}\n")
            return 1
        sys.stdout.write(describe(path, header) + "\n")
        before = header
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
