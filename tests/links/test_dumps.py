"""A process that forbids core dumps leaves none, whatever it held; one that does not leaves all of it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
CODE = "134567890123456789"
DIES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
held = "".join(reversed(sys.argv[1]))
if sys.argv[2] == "forbid":
    from edge.links.dumps import forbid_core_dumps
    forbid_core_dumps()
os.abort()
"""


def die(folder: Path, how: str) -> list[Path]:
    """Let a process that holds the code abort; return what it left behind."""
    root = Path(__file__).resolve().parents[2]
    died = subprocess.run(
        [sys.executable, "-c", DIES, CODE[::-1], how],
        cwd=folder,
        env={"PYTHONPATH": str(root)},
        check=False,
        capture_output=True,
    )
    if died.returncode != -signal.SIGABRT:
        pytest.skip("this account may not raise its limit of core files")
    return [path for path in folder.iterdir() if path.name.startswith("core")]


@pytest.mark.skipif(
    CORE_PATTERN.read_text().startswith("|") or "/" in CORE_PATTERN.read_text(),
    reason="core files of this machine go elsewhere",
)
def test_a_crash_leaves_no_image_of_the_memory(tmp_path: Path) -> None:
    (left,) = die(tmp_path, "allow")
    assert CODE.encode() in left.read_bytes()
    left.unlink()
    assert die(tmp_path, "forbid") == []
