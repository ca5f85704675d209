"""The preloaded recorder (`recorder.c`): build it, run a program under it, read what it wrote down."""

import functools
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_HEAD = struct.Struct("=cxHIQ")
LOG_VARIABLE = "RECORDER_LOG"


class Record(NamedTuple):
    """One call that succeeded (kinds W, T, S, U, R), a sync that failed (F), or a mark of the test (A)."""

    kind: str
    path: str
    offset: int
    data: bytes


@functools.cache
def build() -> Path | None:
    """Compile the recorder into a temporary folder of this run; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    target = Path(tempfile.mkdtemp(prefix="recorder-")) / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", target, source, "-ldl"], check=True)
    return target


def environment(folder: Path, log: Path | None) -> dict[str, str]:
    """The environment in which a program's work on `folder` is recorded, or can be made to fail."""
    recorder = build()
    assert recorder is not None, "no C compiler"
    names = {"LD_PRELOAD": str(recorder), "RECORDER_FOLDER": str(folder)}
    return {**os.environ, **names, **({LOG_VARIABLE: str(log)} if log else {})}


class Marks:
    """What the program under test writes between the recorder's lines: one text each."""

    def __init__(self) -> None:
        self._log = os.open(os.environ[LOG_VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __call__(self, text: bytes) -> None:
        """Append a mark; it stands after everything that this program saw done."""
        os.write(self._log, _HEAD.pack(b"A", 0, len(text), 0) + text)


def read_log(log: Path) -> Iterator[Record]:
    """Yield the records in order; a last one that was cut off is left out."""
    content = log.read_bytes()
    position = 0
    while position + _HEAD.size <= len(content):
        kind, path_bytes, data_bytes, offset = _HEAD.unpack_from(content, position)
        start = position + _HEAD.size + path_bytes
        position = start + data_bytes
        if position <= len(content):
            path = content[start - path_bytes : start].decode()
            yield Record(kind.decode(), path, offset, content[start:position])
