"""A backup is opened by the sheet's key alone, and says what is wrong before anything is touched."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from edge.backups.contents import CarriedFile, read_about, unpack
from edge.backups.making import keep_newest, list_backups, make_backup
from edge.backups.recovery import NoRecoveryKey, RecoveryKey, load_recipient, save_recipient
from edge.errors import StoreError
from edge.store.errors import BackupUnusable
from edge.store.events import IdentityStopped
from edge.store.jobs import run_job
from edge.store.migrate import apply
from edge.store.schema import MIGRATIONS
from edge.store.store import Store
from edge.trust.sealing import Sealer, public_of
from tests.fakes.clock import FakeClock

KEY = RecoveryKey.generate()


@pytest.fixture(scope="module")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one backup of three events and a secret."""
    folder = tmp_path_factory.mktemp("stick")
    apply(folder / "edge.db", MIGRATIONS)
    store = Store.open(
        folder / "edge.db", site="heyuanli", device="k1", clock=FakeClock(), migrations=MIGRATIONS
    )
    for seq in range(3):
        event = IdentityStopped(code="test", seq=seq)
        asyncio.run(store.run(lambda unit, event=event: unit.record(event, actor="test")))  # type: ignore[misc]
    (folder / "broker.password").write_text("river-stone")
    make_at(folder, 1_000)
    store.close()
    return folder


def make_at(folder: Path, created_ms: int) -> Path:
    path, _ = make_backup(
        folder / "edge.db",
        folder,
        recipient=KEY.recipient,
        files=[CarriedFile("secrets/broker.password", folder / "broker.password")],
        program="0.1.0",
        created_ms=created_ms,
    )
    return path


def open_backup(path: Path, folder: Path, key: RecoveryKey = KEY) -> Path:
    folder.mkdir()
    unpack(path, key, folder, lambda done, whole: None)
    return folder


def test_everything_comes_out_as_it_went_in(stick: Path, tmp_path: Path) -> None:
    [path] = list_backups(stick)
    about = read_about(path)
    assert (about.site, about.device, about.epoch, about.seq) == ("heyuanli", "k1", 1, 3)
    assert path.name == "heyuanli-k1-1-3-1000.backup"
    again = RecoveryKey.read(" ".join(KEY.groups))
    (tmp_path / "out").mkdir()
    manifest = unpack(path, again, tmp_path / "out", lambda done, whole: None)
    assert [file.name for file in manifest.files] == ["secrets/broker.password"]
    assert (tmp_path / "out/files/0").read_text() == "river-stone"
    connection = sqlite3.connect(tmp_path / "out/edge.db")
    assert connection.execute("SELECT count(*) FROM journal").fetchone() == (3,)
    connection.close()


def test_nothing_plain_lies_on_the_stick(stick: Path) -> None:
    [path] = list_backups(stick)
    content = path.read_bytes()
    assert b"river-stone" not in content and b"SQLite" not in content and b"IdentityStopped" not in content
    assert not list(stick.glob(".*"))


@pytest.mark.parametrize("place", [30, 400, 900, -1])
def test_a_damaged_backup_is_refused(stick: Path, tmp_path: Path, place: int) -> None:
    content = bytearray(list_backups(stick)[0].read_bytes())
    content[place] ^= 1
    (tmp_path / "damaged.backup").write_bytes(content)
    with pytest.raises(BackupUnusable):
        open_backup(tmp_path / "damaged.backup", tmp_path / "out")


def test_another_sites_key_opens_nothing(stick: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupUnusable, match=KEY.recipient.name):
        open_backup(list_backups(stick)[0], tmp_path / "out", RecoveryKey.generate())


def test_who_knows_only_the_public_key_cannot_make_one(stick: Path, tmp_path: Path) -> None:
    about = read_about(list_backups(stick)[0])
    with (tmp_path / "forged.backup").open("wb") as target:
        sealer = Sealer(
            target, public_of(KEY.private), {n: getattr(about, n) for n in about.__struct_fields__}
        )
        sealer.write(b"a tar of my own")
        sealer.close()
    with pytest.raises(BackupUnusable, match="damaged"):
        open_backup(tmp_path / "forged.backup", tmp_path / "out")


def test_a_form_of_the_future_is_named(stick: Path, tmp_path: Path) -> None:
    content = list_backups(stick)[0].read_bytes()
    (tmp_path / "new.backup").write_bytes(content.replace(b'"version":1', b'"version":2'))
    with pytest.raises(BackupUnusable, match="form 2"):
        read_about(tmp_path / "new.backup")


def test_a_backup_overwrites_nothing_and_old_ones_are_thinned_out(stick: Path) -> None:
    [first] = list_backups(stick)
    with pytest.raises(StoreError, match="overwrites nothing"):
        make_at(stick, 1_000)
    second = make_at(stick, 2_000)
    (stick / "heyuanli-k2-1-1-1.backup").write_bytes(b"another device's")
    assert keep_newest(stick, site="heyuanli", device="k1", count=2) == []
    newest = make_at(stick, 3_000)
    assert keep_newest(stick, site="heyuanli", device="k1", count=1) == [first, second]
    assert [path.name for path in list_backups(stick)] == ["heyuanli-k2-1-1-1.backup", newest.name]
    (stick / "heyuanli-k2-1-1-1.backup").unlink()
    newest.rename(first)


def test_a_device_keeps_half_of_the_key(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "recovery.key"
    with pytest.raises(NoRecoveryKey):
        load_recipient(path)
    save_recipient(path, KEY.recipient)
    assert load_recipient(path) == KEY.recipient
    assert path.stat().st_mode & 0o777 == 0o600
    assert KEY.private.hex() not in path.read_text()


@pytest.mark.slow
async def test_the_job_says_of_each_step_how_far_it_is(stick: Path, tmp_path: Path) -> None:
    recipient, told = tmp_path / "recovery.json", list[tuple[str, int, int]]()
    save_recipient(recipient, KEY.recipient)
    arguments = (str(tmp_path), str(recipient), "2000", "[]")
    made = await run_job("backup-sealed", stick / "edge.db", *arguments, told=lambda *step: told.append(step))
    assert Path(made["file"]).exists() and made["through_seq"] == 3
    ends = {step: (done, whole) for step, done, whole in told}
    assert list(ends) == ["copy", "seal"] and all(done == whole > 0 for done, whole in ends.values())
