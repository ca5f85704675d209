"""A wrong wall clock for one process, by libfaketime, and how to see that a process has it."""

from collections.abc import Mapping
from pathlib import Path

LIBRARIES = Path("/usr/lib")
A_YEAR_BACK = "-365d"
PRELOAD, OFFSET = "LD_PRELOAD", "FAKETIME"
KEEPS_BOOT_TIME = "FAKETIME_DONT_FAKE_MONOTONIC"


def library() -> Path | None:
    """libfaketime where Debian puts it, or None."""
    return next(iter(sorted(LIBRARIES.glob("*/faketime/libfaketime.so.1"))), None)


def lie(offset: str, found: Path) -> dict[str, str]:
    """The environment in which the wall clock is off by `offset` ("-365d") and no other clock is."""
    return {PRELOAD: str(found), OFFSET: offset, KEEPS_BOOT_TIME: "1"}


def lies_of(pid: int) -> Mapping[str, str]:
    """What of such an environment a running process was started with; nothing where it has gone."""
    try:
        text = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    except OSError:
        return {}
    pairs = (entry.partition("=") for entry in text.split("\0"))
    found = {name: value for name, _, value in pairs if name in (PRELOAD, OFFSET, KEEPS_BOOT_TIME)}
    return found if OFFSET in found else {}
