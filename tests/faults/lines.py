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

    def read(self, within_s: float, what: str = "the first answer") -> bytes:
        """Return the next line of the process."""
        ready, _, _ = select.select([self._from], [], [], within_s)
        assert ready, f"{what}: it hangs"
        line = self._from.readline()
        assert line.endswith(b"\n"), f"{what}: it ended with {self._process.wait()}"
        return line
