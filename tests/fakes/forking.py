"""Processes that begin with what this one has imported: a Python in milliseconds, to be killed often."""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

PR_SET_PDEATHSIG = 1


class Forked:
    """A child process that runs `main` and ends with what it returns; its standard output is this one's."""

    def __init__(self, main: Callable[[], int | None]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            _run(main)

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As a crash would; returns when it is gone."""
        self.send_signal(signal.SIGKILL)
        self.wait()

    def kill_group(self) -> None:
        """Kill it and everything that it started, when it leads a group of its own (`os.setsid`)."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.kill()

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def wait(self, within_s: float = 30.0) -> int:
        """Its exit code once it has ended."""
        end = time.monotonic() + within_s
        while (code := self.poll()) is None:
            assert time.monotonic() < end, f"process {self.pid} does not end"
            time.sleep(0.002)
        return code


def _run(main: Callable[[], int | None]) -> None:
    code = 1
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # nothing outlives a test that is killed
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        code = main() or 0
    except BaseException:  # noqa: BLE001  # nothing of the parent's may run on in the child
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
