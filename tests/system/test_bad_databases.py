"""Databases as a technician may find them: each has its message and its mend in `edge doctor`."""

import contextlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.demo.brokers import prepare_brokers
from edge.demo.layout import Layout, Ports
from edge.demo.site_file import write_site
from edge.links.control_client import CONTROL_SOCKET
from tests.fakes.small_disk import small_disk

pytestmark = pytest.mark.slow


def edge(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `edge`."""
    return subprocess.run(
        [sys.executable, "-m", "edge", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with its database, as `edge init` leaves it."""
    layout = Layout(folder=tmp_path_factory.mktemp("site"), ports=Ports.free())
    prepare_brokers(layout)
    toml = write_site(layout, platform_url="http://127.0.0.1:9", platform_broker_port=9)
    secrets = layout.site / "secrets"
    secrets.mkdir()
    for name, text in (("device.token", "token"), ("root.pub", "00" * 32)):
        (secrets / name).write_text(text)
        (secrets / name).chmod(0o600)
    done = edge("init", "--config", str(toml))
    assert done.returncode == 0, done.stderr
    return toml


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt; returns its configuration."""
    return moved(template, tmp_path / "site")


def moved(toml: Path, folder: Path) -> Path:
    """Copy a site to another folder; its configuration names absolute paths."""
    shutil.copytree(toml.parent, folder)
    copy = folder / toml.name
    copy.write_text(copy.read_text().replace(str(toml.parent), str(folder)))
    return copy


def flip(path: Path, at: int) -> None:
    """Turn one bit."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def turn_bit_in_journal(database: Path) -> None:
    content = database.read_bytes()
    flip(database, content.index(b'"login"') + 2 if b'"login"' in content else content.index(b"StaffAdded"))


def turn_bit_in_structure(database: Path) -> None:
    flip(database, 4096)


def turn_bit_in_log(database: Path) -> None:
    """The power was cut with three commits in the log, and the first of them is not what it was."""
    log = database.with_name(database.name + "-wal")
    with sqlite3.connect(database, isolation_level=None) as connection:
        for n in range(3):
            connection.execute("INSERT INTO facts(name, value) VALUES (?, ?)", (f"test{n}", n))
        kept = {path: path.read_bytes() for path in (database, log)}
    connection.close()
    for path, content in kept.items():
        path.write_bytes(content)
    flip(log, 32 + 24 + 100)


def cut_off(database: Path) -> None:
    with database.open("r+b") as file:
        file.truncate(database.stat().st_size // 2 + 1000)


def cut_journal(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            if name.startswith("journal"):
                connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
    connection.close()


def empty(database: Path) -> None:
    database.write_bytes(b"")


BAD: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "bit in the journal": (turn_bit_in_journal, "journal", "restore a backup"),
    "bit in the structure": (turn_bit_in_structure, "database", "restore a backup"),
    "bit in the log": (turn_bit_in_log, "log", "restore a backup"),
    "cut off": (cut_off, "database", "restore a backup"),
    "newest entries deleted": (cut_journal, "journal", "restore a backup"),
    "missing": (Path.unlink, "gone or empty", "restore a backup"),
    "empty": (empty, "gone or empty", "restore a backup"),
}


@pytest.mark.parametrize("name", BAD)
def test_the_doctor_names_what_is_bad_and_its_mend(site: Path, name: str) -> None:
    spoil, words, mend = BAD[name]
    spoil(site.parent / "edge.db")
    finished = edge("doctor", "--config", str(site))
    assert finished.returncode == 1
    assert "Traceback" not in finished.stderr
    lines = finished.stdout.splitlines()
    found = [n for n, line in enumerate(lines) if line.startswith("BAD") and words in line]
    assert found, finished.stdout
    assert mend in lines[found[0] + 1], finished.stdout


def test_a_well_database_is_called_well(site: Path) -> None:
    assert "database, journal and books are well" in edge("doctor", "--config", str(site)).stdout


def test_a_database_of_another_site_is_named_and_not_opened(site: Path) -> None:
    site.write_text(site.read_text().replace('id = "heyuanli"', 'id = "elsewhere"', 1))
    finished = edge("doctor", "--config", str(site))
    assert "heyuanli/k1, not of elsewhere/k1" in finished.stdout
    assert "put the right database" in finished.stdout
    run = edge("run", "--config", str(site))
    assert run.returncode == 1
    assert "heyuanli/k1" in run.stderr
    assert "Traceback" not in run.stderr


def test_two_hubs_on_one_file_are_refused_while_the_first_goes_on(site: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "edge", "run", "--config", str(site)], stderr=subprocess.DEVNULL
    ) as first:
        try:
            end = time.monotonic() + 30
            while not (site.parent / CONTROL_SOCKET).exists():
                assert time.monotonic() < end, "the hub does not start"
                assert first.poll() is None, "the hub ended"
                time.sleep(0.05)
            second = edge("run", "--config", str(site))
            assert second.returncode == 1
            assert "open in another process" in second.stderr
            assert "Traceback" not in second.stderr
            assert "a hub runs" in edge("doctor", "--config", str(site)).stdout
            assert first.poll() is None
        finally:
            first.send_signal(signal.SIGTERM)
            first.wait(20)


def test_a_disk_that_is_read_only_is_named(site: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        there = moved(site, disk / "site")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        finished = edge("doctor", "--config", str(there))
        assert finished.returncode == 1
        assert "Traceback" not in finished.stderr
        assert "mend the disk" in finished.stdout, finished.stdout


@contextmanager
def running(site: Path) -> Iterator[str]:
    """A hub of this site; gives the address of its health page."""
    with subprocess.Popen(
        [sys.executable, "-m", "edge", "run", "--config", str(site)], stderr=subprocess.DEVNULL
    ) as hub:
        try:
            port = tomllib.loads(site.read_text())["kiosk"]["port"]
            yield f"http://127.0.0.1:{port}/health"
            assert hub.poll() is None, "the hub ended"
        finally:
            hub.send_signal(signal.SIGTERM)
            hub.wait(20)


def store_says(health: str) -> str:
    """What a starting hub says of its store, as soon as it answers."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(health, timeout=5) as answer:
                return str(json.load(answer)["parts"]["store"])
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the hub does not answer")


def test_a_hub_starts_on_a_disk_that_is_read_only_and_says_why_it_sells_nothing(
    site: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        there = moved(site, disk / "site")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with running(there) as health:
            assert "the disk takes nothing" in store_says(health)


def test_a_hub_starts_on_a_full_card_and_the_doctor_names_the_mend(site: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        there = moved(site, disk / "site")
        with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(65536))
        with running(there) as health:
            assert "the disk is full" in store_says(health)
            finished = edge("doctor", "--config", str(there))
        assert finished.returncode == 1
        assert re.search(r"^BAD  \d+ MB free", finished.stdout, re.M), finished.stdout
        assert "BAD  part store" in finished.stdout, finished.stdout
        assert "free some space" in finished.stdout
