"""What can be said of a backup before its key is asked for, and which files it carries."""

from pathlib import Path

import msgspec
import pytest

from edge.backups.contents import KIND, About
from edge.backups.recovery import RecoveryKey
from edge.carried import carried_files
from edge.config import Config, SiteSettings
from edge.restoring import judge, load_here
from edge.store.errors import DatabaseTooNew, ForeignDatabase
from edge.tables import MIGRATIONS
from edge.trust.sealing import Sealer

ABOUT = About(
    kind=KIND,
    version=1,
    site="heyuanli",
    device="k1",
    epoch=1,
    seq=9,
    hash="0" * 64,
    schema=MIGRATIONS[-1].name,
    steps=len(MIGRATIONS),
    program="0.1.0",
    created_ms=1,
    database_bytes=4096,
)


def backup(folder: Path, **changes: object) -> Path:
    """A file that says such things of itself."""
    path = folder / "some.backup"
    about = msgspec.structs.replace(ABOUT, **changes)
    with path.open("wb") as target:
        public = bytes.fromhex(RecoveryKey.generate().recipient.public)
        Sealer(target, public, msgspec.to_builtins(about)).close()
    return path


def site(folder: Path, **names: str) -> Config:
    settings = {"id": "heyuanli", "device": "k1", "name_zh": "和园里", "name_en": "Heyuan Court", **names}
    return Config(folder / "site.toml", {"site": (msgspec.convert(settings, SiteSettings),)})


def test_another_sites_or_devices_backup_is_named(tmp_path: Path) -> None:
    assert judge(backup(tmp_path), site(tmp_path)).seq == 9
    assert judge(backup(tmp_path), None).seq == 9
    for other in (site(tmp_path, id="elsewhere"), site(tmp_path, device="k2")):
        with pytest.raises(ForeignDatabase, match="is of heyuanli/k1, this machine is"):
            judge(backup(tmp_path), other)


@pytest.mark.parametrize("changes", [{"schema": "shop-999"}, {"steps": len(MIGRATIONS) + 1}])
def test_a_newer_programs_backup_is_named(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(DatabaseTooNew, match="this program knows only"):
        judge(backup(tmp_path, **changes), None)


def test_a_machine_without_file_and_enrolment_is_nobody(tmp_path: Path) -> None:
    assert load_here(tmp_path / "site.toml") is None


def test_secrets_go_along_and_what_makes_this_machine_itself_does_not(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        '[site]\nhardware_file = "serial"\n[platform]\ntoken_file = "secrets/token"\n'
        'identity_file = "enrolment/identity.pem"\n[broker]\npassword_file = "broker.password"\n'
        'ca_file = "enrolment/ca.pem"\n[[x]]\nkey_file = "/nowhere/key"\n'
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "enrolment").mkdir()
    names = ("serial", "broker.password", "secrets/token", "secrets/clerk.pin", "secrets/recovery.json")
    for name in (*names, "enrolment/identity.pem", "enrolment/ca.pem"):
        (tmp_path / name).write_text("x")
    carried = [file.name for file in carried_files(site(tmp_path))]
    assert carried == ["site.toml", "broker.password", "secrets/recovery.json"]
