"""A child process that answers line by line, with patience that ends."""

import select
import subprocess


class Lines:
    """Writes lines to a process and reads its answers. AssertionError when it is silent or dead."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._to = process.stdin
        self._from = process.stdout

    def write(self, line: bytes) -> None:
        """Send one line."""
        self._to.write(line + b"\n")
        self._to.flush()

    def read(self, within_s: float, what: str) -> bytes:
        """Return the next line of the process."""
        line = self.read_or_none(within_s)
        code = self._process.poll()
        assert line is not None, f"{what}: it " + ("hangs" if code is None else f"ended with {code}")
        return line

    def read_or_none(self, within_s: float) -> bytes | None:
        """Return the next line of the process, or None when it is silent or has ended."""
        ready, _, _ = select.select([self._from], [], [], within_s)
        line = self._from.readline() if ready else b""
        return line if line.endswith(b"\n") else None
