"""Ports for servers that a test starts, kills and starts anew."""

import secrets
import socket

KEPT_PORTS = range(20_000, 30_000)
"""No connection begins at one of these: a server that was killed finds its port free again."""


def free_port() -> int:
    """A port of `KEPT_PORTS` that nobody has on the loopback address now."""
    while True:
        # Not `random`: Hypothesis seeds it alike in every worker, and all would take the same ports.
        port = secrets.choice(KEPT_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
