"""The command line as a technician meets it: faults with lines, a newer database, mends."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from edge.demo.brokers import prepare_brokers
from edge.demo.layout import Layout, Ports
from edge.demo.site_file import write_site

pytestmark = pytest.mark.slow


def edge(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `edge`."""
    return subprocess.run(
        [sys.executable, "-m", "edge", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site's configuration with its secrets, no database yet."""
    layout = Layout(folder=tmp_path, ports=Ports.free())
    prepare_brokers(layout)
    toml = write_site(layout, platform_url="http://127.0.0.1:9", platform_broker_port=9)
    secrets = layout.site / "secrets"
    secrets.mkdir()
    for name, text in (("device.token", "token"), ("root.pub", "00" * 32)):
        (secrets / name).write_text(text)
        (secrets / name).chmod(0o600)
    return toml


def test_every_fault_of_a_malformed_configuration_is_named_with_its_line(site: Path) -> None:
    text = (
        site.read_text()
        .replace("session_s = 60", 'session_s = "long"')
        .replace("pulse_ms = 3000", "pulse_ms = 5")
    )
    site.write_text(text.replace('name_zh = "和园里"', 'name_zh = "和园里"\ncolour = "green"'))
    finished = edge("run", "--config", str(site))
    assert finished.returncode == 2
    lines = finished.stderr.splitlines()
    numbered = site.read_text().splitlines()
    for wrong in ('session_s = "long"', "pulse_ms = 5", 'colour = "green"'):
        assert any(f"line {numbered.index(wrong) + 1}:" in line for line in lines), (wrong, lines)
    assert "Traceback" not in finished.stderr


def test_init_makes_a_site_ready_and_does_no_harm_twice(site: Path) -> None:
    first = edge("init", "--config", str(site))
    assert first.returncode == 0, first.stderr
    pin = site.parent / "secrets" / "clerk.pin"
    assert pin.stat().st_mode & 0o777 == 0o600
    before = pin.read_text()
    assert edge("init", "--config", str(site)).returncode == 0
    assert pin.read_text() == before
    assert "the chain holds" in edge("journal", "verify", "--config", str(site)).stdout


def test_a_newer_database_is_refused_and_both_versions_are_named(site: Path) -> None:
    assert edge("init", "--config", str(site)).returncode == 0
    with sqlite3.connect(site.parent / "edge.db") as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('edge', 'zeta-999', '2030')"
        )
    connection.close()
    finished = edge("run", "--config", str(site))
    assert finished.returncode == 1
    assert "zeta-999" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert "zeta-999" in edge("doctor", "--config", str(site)).stdout


def test_a_journal_that_was_altered_is_found_by_entry(site: Path) -> None:
    assert edge("init", "--config", str(site)).returncode == 0
    with sqlite3.connect(site.parent / "edge.db") as connection:
        connection.execute("DROP TRIGGER journal_never_changes")
        connection.execute("UPDATE journal SET actor = 'somebody' WHERE seq = 1")
    connection.close()
    verified = edge("journal", "verify", "--config", str(site))
    assert verified.returncode == 1
    assert "entry 1" in verified.stdout
    assert "mend" in edge("doctor", "--config", str(site)).stdout


def test_the_doctor_names_the_mend_of_a_readable_secret(site: Path) -> None:
    edge("init", "--config", str(site))
    (site.parent / "secrets" / "device.token").chmod(0o644)
    finished = edge("doctor", "--config", str(site))
    assert finished.returncode == 1
    assert "chmod 600" in finished.stdout


def test_an_unknown_benchmark_is_refused_with_the_names_that_there_are() -> None:
    finished = edge("bench", "nothing")
    assert finished.returncode == 2
    assert "checkout" in finished.stderr


def test_the_journal_is_exported_with_a_pin_and_verified_by_the_standard_library_alone(site: Path) -> None:
    assert edge("init", "--config", str(site)).returncode == 0
    pin = (site.parent / "secrets" / "clerk.pin").read_text().strip()
    file = site.parent / "journal.ndjson"
    export = ("journal", "export", "--config", str(site), str(file), "--login", "clerk", "--pin")
    wrong = edge(*export, "000000")
    assert (wrong.returncode, file.exists()) == (1, False)
    assert "pin_refused" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    done = edge(*export, pin)
    assert done.returncode == 0, done.stderr
    assert "JournalExported" in file.read_text()
    assert "the chain holds" in edge("journal", "verify", str(file)).stdout
    verifier = Path(__file__).resolve().parents[2] / "docs" / "verify_journal.py"
    command = [sys.executable, "-I", str(verifier), str(file)]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (alone.returncode, "2 entries (1 to 2)" in alone.stdout) == (0, True), alone.stdout
    file.write_text(file.read_text().replace('"actor":"init"', '"actor":"boss"'))
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (alone.returncode, "first bad entry 1: hash_differs" in alone.stdout) == (1, True), alone.stdout
    verified = edge("journal", "verify", str(file))
    assert (verified.returncode, "entry 1 (hash_differs)" in verified.stdout) == (1, True)
