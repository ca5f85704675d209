"""The reference platform in a process of its own, killed and started anew by the test."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fakes.ports import free_port

SITE, DEVICE = "heyuanli", "k1"
TOML = """\
site = "{site}"
name_zh = "和园里"
name_en = "Heyuan Court"
port = {port}
{store}
[[device]]
id = "{device}"
token_file = "keys/{device}.token"
"""


class PlatformProcess:
    """One platform on a port of its own. `store`: lines of platform.toml, without them its SQLite file.

    `program`: the module that is run, and what it takes before the platform's own arguments.
    """

    def __init__(self, folder: Path, *, store: str = "", program: Sequence[str] = ()) -> None:
        self._program = [sys.executable, "-m", *(program or ("cloud_sync.platform",))]
        self._file = folder / "platform.toml"
        port = free_port()
        self._file.write_text(TOML.format(site=SITE, device=DEVICE, port=port, store=store), "utf-8")
        subprocess.run([*self._program, "init", "--config", str(self._file)], check=True, capture_output=True)
        self.url = f"http://127.0.0.1:{port}"
        self.token = (folder / f"keys/{DEVICE}.token").read_text().strip()
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it; it listens when it says where."""
        self._process = subprocess.Popen(
            [*self._program, "--config", str(self._file)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().startswith("platform on ")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None
