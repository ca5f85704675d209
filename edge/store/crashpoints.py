"""Named places where a test may kill the process, as a power cut would."""

import os
import signal

VARIABLE = "EDGE_CRASH_AT"


def reach(name: str) -> None:
    """Kill this process with SIGKILL when the environment names this place; otherwise do nothing."""
    if os.environ.get(VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
