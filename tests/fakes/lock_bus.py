"""The simulator of lock boards as a process of its own, and a hand on its control socket."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from devices.settings import BankSettings

READY_S = 20.0
SITE = """
[[bank]]
id = "bank-a"
device = "board-1"
driver = "8a"
port = "{port}"
board = 1
columns = [["A01:s", "A02:s"], ["panel", "B01:m"]]

[[bank]]
id = "bank-b"
device = "board-2"
driver = "8a"
port = "{port}"
board = 2
columns = [["C01:l", "C02:l"]]
"""


class LockBusSimulator:
    """Boards 1 and 2 on one pseudo-terminal; nobody closes doors but `ask`."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "run/lock-bus"
        self.site = folder / "lock-site.toml"
        self._control = folder / "run/lock-bus.sock"
        self.site.write_text(SITE.format(port=self.port), "utf-8")
        columns = (("A01:s", "A02:s"), ("panel", "B01:m"))
        self.bank = BankSettings(
            id="bank-a", device="board-1", driver="8a", port=str(self.port), board=1, columns=columns
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until its terminal and its control socket are there."""
        command = [sys.executable, "-m", "devices.simulator.lock_bus", "--by-hand"]
        options = ["--config", str(self.site), "--control", str(self._control)]
        self._process = subprocess.Popen([*command, *options])
        end = time.monotonic() + READY_S
        while not (self.port.exists() and self._control.exists()):
            assert time.monotonic() < end and self._process.poll() is None, "the simulator does not start"
            time.sleep(0.02)

    def ask(self, path: str, body: dict[str, object] | None = None) -> Any:
        """One request on the control socket: a POST when there is a body."""
        data = b"" if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        head = f"{method} {path} HTTP/1.0\r\nContent-Length: {len(data)}\r\n\r\n"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self._control))
            connection.sendall(head.encode() + data)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        status, _, text = answer.partition(b"\r\n\r\n")
        assert b" 200 " in status.splitlines()[0], answer
        return json.loads(text)

    def stop(self) -> None:
        """End it; kill it when it does not."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
