"""Start the demo's processes, watch them, and end every one of them."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import EdgeError

READY_S = 60.0
END_S = 5.0


class ProcessEnded(EdgeError):
    """A process ended, or did not become ready in time."""


@dataclass
class Processes:
    """Processes started here, by name. A process group of their own each: Ctrl-C reaches us first."""

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(
        self, name: str, argv: list[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        """Start `argv` with its output in `logs/NAME.log`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_module(
        self,
        name: str,
        module: str,
        *arguments: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start a module of the product with this interpreter."""
        self.start(name, [sys.executable, "-m", module, *arguments], cwd=cwd, env=env)

    def wait(self, name: str, ready: Callable[[], bool], *, within_s: float = READY_S) -> None:
        """Wait until `ready()`. Raises ProcessEnded with the end of the log when it is not to be."""
        end = time.monotonic() + within_s
        process = self.running.get(name)
        if process is None:
            raise ProcessEnded(f"{name} was ended while it started")
        while time.monotonic() < end:
            if process.poll() is not None:
                raise ProcessEnded(f"{name} ended with {process.returncode}:\n{self.log_tail(name)}")
            if ready():
                return
            time.sleep(0.05)
        raise ProcessEnded(f"{name} was not ready within {within_s:.0f} s:\n{self.log_tail(name)}")

    def ended(self) -> list[str]:
        """Names of processes that are no longer running; others may be started meanwhile, in a thread."""
        return [name for name, process in tuple(self.running.items()) if process.poll() is not None]

    def log_tail(self, name: str, lines: int = 15) -> str:
        """The last lines of a process's log."""
        path = self.logs / f"{name}.log"
        text = path.read_text("utf-8", "replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def kill(self, name: str) -> None:
        """End one process at once, as a power cut would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def end(self, name: str) -> None:
        """Ask one process to end; kill it when it does not."""
        process = self.running.pop(name, None)
        if process is None:
            return
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_all(self) -> None:
        """End everything, the newest first."""
        for name in reversed(list(self.running)):
            self.end(name)
