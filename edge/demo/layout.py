"""Where the demo keeps its things and which ports it takes: one value that every part of it reads."""

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from edge.errors import EdgeError

ROOT = Path(__file__).resolve().parents[2]
"""The checkout: brokers' configuration lies in `systemd/`."""

SITE = "heyuanli"
DEVICE = "k1"
LOCKER_DEVICE = "lockers-a"
SATELLITE = "sat-north"
"""The Pi at the north gate: remote lines of the hub."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """TCP ports on 127.0.0.1."""

    kiosk: int = 8080
    counter: int = 8082
    platform: int = 8090
    platform_devices: int = 8093
    camera: int = 8091
    hands: int = 8092
    stage: int = 8088
    stage_kiosk: int = 8094
    stage_phone: int = 8095
    wire_platform: int = 8096
    platform_broker: int = 18830
    site_broker: int = 18831
    platform_broker_tls: int = 18832
    site_broker_tls: int = 18833
    wire_broker: int = 18834

    def taken(self) -> list[tuple[str, int]]:
        """Name and number of each port that something else listens on."""
        return [(f.name, getattr(self, f.name)) for f in fields(self) if listens(getattr(self, f.name))]

    @classmethod
    def free(cls) -> "Ports":
        """Ports that were free a moment ago, for tests that run beside each other."""
        holders = [socket.socket() for _ in fields(cls)]
        for holder in holders:
            holder.bind(("127.0.0.1", 0))
        numbers = [holder.getsockname()[1] for holder in holders]
        for holder in holders:
            holder.close()
        return replace(cls(), **dict(zip((f.name for f in fields(cls)), numbers, strict=True)))


def listens(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class FolderTaken(EdgeError):
    """Another demo runs in this folder."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The demo's folder and ports."""

    folder: Path
    ports: Ports

    @property
    def site(self) -> Path:
        """The hub's own folder: configuration, secrets, database, sockets."""
        return self.folder / "site"

    @property
    def satellite(self) -> Path:
        """The folder of the Pi at the north gate."""
        return self.folder / "satellite"

    @property
    def satellite_toml(self) -> Path:
        """The satellite's configuration file."""
        return self.satellite / "satellite.toml"

    @property
    def platform(self) -> Path:
        """The reference platform's folder."""
        return self.folder / "platform"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.folder / "logs"

    def broker(self, name: str) -> Path:
        """The folder of the broker `site` or `platform`."""
        return self.folder / "brokers" / name

    @property
    def site_toml(self) -> Path:
        """The hub's configuration file."""
        return self.site / "site.toml"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder of a demo: two in one would take each other's sockets. Raises FolderTaken."""
    folder.mkdir(parents=True, exist_ok=True)
    held = os.open(folder, os.O_RDONLY)
    try:
        _lock(held, folder)
        yield
    finally:
        os.close(held)


def _lock(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderTaken(f"another demo runs in {folder}: end it with Ctrl-C in its terminal") from error


def empty(folder: Path) -> None:
    """Remove everything that an earlier demo left in its folder."""
    for left in folder.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()
