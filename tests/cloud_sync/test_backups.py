"""Backups at the platform: in pieces that resume, whole or refused; custody read back by its chain."""

import base64
import hashlib
import io
from pathlib import Path

import msgspec
import pytest

from cloud_sync.backups import BackupClient
from cloud_sync.history import Filled, HistoryDenied, HistoryReader, fill_gap
from cloud_sync.http import DetailedRejection, PlatformHttp
from cloud_sync.link_use import LinkUse
from cloud_sync.platform import backups, recovery
from cloud_sync.platform.__main__ import main
from cloud_sync.platform.backups import BackupPiece
from cloud_sync.platform.keys import PlatformKeys
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.opening import open_database
from cloud_sync.platform.store.port import Connection
from cloud_sync.uplink import Uplink
from cloud_sync.wire import backups as wire
from cloud_sync.wire.backups import (
    CONTENT_DIGEST,
    KEPT_BACKUPS,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
    BackupList,
    BackupRow,
)
from edge.backups.recovery import RecoveryKey
from edge.errors import PlatformUnreachable, StoreError
from edge.store.history import HistoryUnfit, append_history, history_range
from edge.store.inline import InlineStore
from edge.tables import MIGRATIONS
from edge.trust.groups import read_groups
from edge.trust.keys import KeySet
from edge.trust.keyset import open_keyset
from edge.trust.sealing import Sealer
from tests.cloud_sync.conftest import DEVICE, SITE, World
from tests.fakes.clock import FakeClock
from tests.proofs.planting import replaced

KEY = RecoveryKey.generate()


def quiet(done: int, whole: int) -> None:
    """No progress bar."""


def sealed_file(folder: Path, name: str, size: int = 1_300_000) -> Path:
    """A sealed file of some length."""
    target = io.BytesIO()
    sealer = Sealer(target, bytes.fromhex(KEY.recipient.public), {"name": name})
    sealer.write(bytes(size))
    sealer.close()
    (folder / name).write_bytes(target.getvalue())
    return folder / name


async def put(world: World, id: str, offset: int, content: bytes, size: int, digest: str) -> BackupRow:
    headers = {UPLOAD_OFFSET: str(offset), UPLOAD_LENGTH: str(size), CONTENT_DIGEST: digest}
    path = f"{world.http.device_path}/backups/{id}"
    return await world.http.ask_raw("PUT", path, BackupRow, body=content, headers=headers)


async def test_a_backup_goes_up_in_pieces_and_comes_back(world: World, tmp_path: Path) -> None:
    client, path = BackupClient(world.http), sealed_file(tmp_path, "a")
    told: list[int] = []
    row = await client.send(path, "1-3-1000", lambda done, whole: told.append(done))
    assert row.is_whole and len(told) == 3
    assert await client.send(path, "1-3-1000", quiet) == row
    (tmp_path / "back").write_bytes(path.read_bytes()[:700_000])
    await client.fetch(row, tmp_path / "back", quiet)
    assert (tmp_path / "back").read_bytes() == path.read_bytes()
    (tmp_path / "wrong").write_bytes(b"\0" * 700_000)
    with pytest.raises(StoreError, match="damaged"):
        await client.fetch(row, tmp_path / "wrong", quiet)


async def test_what_was_cut_off_goes_on_where_it_ended(world: World, tmp_path: Path) -> None:
    content = sealed_file(tmp_path, "a").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    await put(world, "1-3-1000", 0, content[:1000], len(content), digest)
    with pytest.raises(DetailedRejection) as wrong_place:
        await put(world, "1-3-1000", 500, content[500:900], len(content), digest)
    assert (wrong_place.value.code, wrong_place.value.details) == ("backup_offset", {"received_bytes": 1000})
    # A write whose row was never noted: the file is longer than the row says.
    stored = world.platform.settings.data / "backups" / DEVICE / "1-3-1000.sealed"
    stored.write_bytes(stored.read_bytes() + b"torn")
    row = await BackupClient(world.http).send(tmp_path / "a", "1-3-1000", quiet)
    assert row.is_whole and stored.read_bytes() == content


@pytest.mark.one_store
async def test_a_last_piece_that_came_by_its_twin_is_the_whole(world: World, tmp_path: Path) -> None:
    content = sealed_file(tmp_path, "a", 1000).read_bytes()
    digest, length = hashlib.sha256(content).hexdigest(), len(content)
    piece = BackupPiece(id="1-3-1000", offset=0, size_bytes=length, digest=digest, created_ms=1000)

    def take(c: Connection) -> list[int]:
        """Two of the same are begun before either is noted."""
        for _ in range(2):
            backups.begin_piece(c, DEVICE, piece, length, now_ms=1)
        return [backups.note_piece(c, DEVICE, piece, length, now_ms=1).received_bytes for _ in range(2)]

    assert await world.platform.database.write(take) == [length] * 2


@pytest.mark.one_store
async def test_a_platform_that_has_it_all_already_is_asked_for_the_whole(
    world: World, tmp_path: Path
) -> None:
    lists = [BackupList([], 0, 0)]

    async def first_nothing(client: BackupClient) -> BackupList:
        return lists.pop() if lists else await honest(client)

    def elsewhere(*by: object, **more: object) -> BackupRow:
        raise backups.BackupOffset(received_bytes=(tmp_path / "a").stat().st_size)

    path, honest = sealed_file(tmp_path, "a", 1000), BackupClient.list
    whole = await BackupClient(world.http).send(path, "1-3-1000", quiet)
    with replaced(BackupClient, "list", first_nothing), replaced(backups, "begin_piece", elsewhere):
        assert await BackupClient(world.http).send(path, "1-3-1000", quiet) == whole


async def test_another_content_a_damaged_whole_and_no_sealed_file_are_refused(
    world: World, tmp_path: Path
) -> None:
    content = sealed_file(tmp_path, "a", 1000).read_bytes()
    for id, body, digest, code in (
        ("1-1-1", b"SQLite format 3\0" * 80, "0" * 64, "malformed"),
        ("1-1-2", content, "0" * 64, "backup_damaged"),
        ("../1-1-3", content, "0" * 64, "not_found"),
        ("1-1-4", content, "nonsense", "malformed"),
    ):
        with pytest.raises(DetailedRejection) as refused:
            await put(world, id, 0, body, len(body), digest)
        assert refused.value.code == code
    await put(world, "1-1-5", 0, content[:100], len(content), "1" * 64)
    with pytest.raises(DetailedRejection) as refused:
        await put(world, "1-1-5", 100, content[100:], len(content), "2" * 64)
    assert refused.value.code == "backup_conflict"
    with pytest.raises(DetailedRejection) as refused:
        await put(world, "1-1-6", 0, content, 3 * 2**30, "2" * 64)
    assert refused.value.code == "backup_too_large"


async def test_seven_are_kept(world: World, tmp_path: Path) -> None:
    client = BackupClient(world.http)
    for number in range(1, KEPT_BACKUPS + 3):
        await client.send(sealed_file(tmp_path, str(number), 100), f"1-{number}-{number}", quiet)
    kept = await client.list()
    assert [row.id for row in kept.backups] == [f"1-{n}-{n}" for n in range(9, 2, -1)]
    files = world.platform.settings.data / "backups" / DEVICE
    assert len(list(files.iterdir())) == KEPT_BACKUPS


async def test_the_recovery_key_is_readable_by_the_operators_only(world: World) -> None:
    client = BackupClient(world.http)
    standing = await client.recovery_standing()
    assert standing.public == ""
    await client.keep_recovery_key(KEY.private, KEY.recipient.public, standing.operators)
    assert (await client.recovery_standing()).public == KEY.recipient.public
    keys = world.platform.settings.keys
    [groups] = await world.platform.database.read(
        lambda c: recovery.open_keys(c, SITE, keys / recovery.OPERATORS_FILE)
    )
    assert read_groups(" ".join(groups), 32) == KEY.private
    stored = await world.platform.database.read(
        lambda c: [
            bytes(str(value), "utf-8") for row in c.execute("SELECT * FROM recovery_keys") for value in row
        ]
    )
    for file in world.platform.settings.data.glob("platform.db*"):
        stored.append(file.read_bytes())
    assert not any(KEY.private in part or base64.b64encode(KEY.private) in part for part in stored)


def believed(keys: PlatformKeys) -> KeySet:
    return open_keyset(keys.keyset, keys.root.public)


def older_copy(world: World, through_seq: int) -> InlineStore:
    """The device's database as it was at an earlier entry."""
    copy = InlineStore.in_memory(clock=FakeClock(), migrations=MIGRATIONS)
    rows = world.store.connection.execute("SELECT * FROM journal WHERE seq <= ?", (through_seq,)).fetchall()
    marks = ",".join("?" * len(rows[0])) if rows else ""
    copy.connection.executemany(f"INSERT INTO journal VALUES ({marks})", rows)
    return InlineStore(copy.connection, site=SITE, device=DEVICE, clock=FakeClock())


async def fill(world: World, copy: InlineStore) -> Filled:
    reader = HistoryReader(world.http, site=SITE, device=DEVICE)
    keys = believed(world.platform.keys)
    return await fill_gap(copy, reader, keys, lambda unit, lines: append_history(unit, lines, {}), quiet)


async def send_all(world: World) -> None:
    uplink = Uplink(store=world.store, http=world.http)
    while await uplink.send_next():
        pass


async def test_a_copy_is_brought_up_to_what_custody_has(world: World) -> None:
    world.record(1_203)
    await send_all(world)
    copy = older_copy(world, 200)
    filled = await fill(world, copy)
    assert (filled.before.seq, filled.after) == (200, world.store.executor.head)
    assert history_range(copy.connection) == (201, 1_203)
    assert (
        copy.connection.execute("SELECT * FROM journal").fetchall()
        == world.store.connection.execute("SELECT * FROM journal").fetchall()
    )
    assert (await fill(world, copy)).before == filled.after


async def test_a_history_through_two_epochs_is_read_back_by_the_way_that_was_gone(world: World) -> None:
    world.record(3)
    await send_all(world)
    other_life = older_copy(world, 2)
    other_life.run_now(lambda unit: unit.begin_epoch("restored"))
    world.store = other_life
    world.record(2)
    await send_all(world)
    copy = older_copy(world, 1)
    await fill(world, copy)
    ids = [row[0] for row in copy.connection.execute("SELECT id FROM journal ORDER BY seq")]
    assert ids == ["k1-1-1", "k1-1-2", "k1-2-1", "k1-2-2", "k1-2-3"]
    assert copy.run_now(lambda unit: unit.begin_epoch("restored")) == 3


async def test_a_copy_that_custody_does_not_know_is_denied(world: World) -> None:
    world.record(3)
    await send_all(world)
    stranger = InlineStore.in_memory(clock=FakeClock(5), migrations=MIGRATIONS)
    stranger.run_now(lambda unit: unit.begin_epoch("restored"))
    with pytest.raises(HistoryDenied, match="link_unknown"):
        await fill(world, stranger)


@pytest.mark.one_store
async def test_somebody_elses_page_is_no_damaged_history(world: World) -> None:
    async def page(http: PlatformHttp, *by: object, **more: object) -> bytes:
        return b"<html>sign in</html>"

    reader = HistoryReader(world.http, site=SITE, device=DEVICE)
    with replaced(PlatformHttp, "exchange", page), pytest.raises(PlatformUnreachable):
        await reader.read_page(world.store.executor.head)


async def test_a_history_that_is_not_as_signed_is_denied(world: World) -> None:
    world.record(3)
    await send_all(world)
    await world.platform.database.write(
        lambda c: c.execute("UPDATE streams SET head_hash=? WHERE device=?", ("a" * 64, DEVICE)) and None
    )
    with pytest.raises(HistoryDenied, match="not_as_signed"):
        await fill(world, older_copy(world, 1))


async def test_a_line_that_is_not_ours_is_put_into_no_journal(world: World) -> None:
    world.record(2)
    copy = older_copy(world, 1)
    [line] = [
        msgspec.json.encode({"seq": 2, "id": "k1-1-2"}),
    ]
    for wrong in (line, b"[]", b"\xff"):
        with pytest.raises(HistoryUnfit):
            copy.run_now(lambda unit, wrong=wrong: append_history(unit, [wrong], {}))  # type: ignore[misc]
    assert copy.executor.head.seq == 1


def test_the_operators_read_a_lost_sheets_groups_on_their_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, keys = tmp_path / "platform.toml", tmp_path / "keys"
    config.write_text(f'site = "{SITE}"\nname_zh = "和"\nname_en = "He"\n')
    assert main(["recovery-key", "--config", str(config)]) == 1
    assert "operators' key" in capsys.readouterr().err
    keys.mkdir()
    operators = recovery.load_operators_public(keys)
    sealed = io.BytesIO()
    sealer = Sealer(sealed, operators, {})
    sealer.write(KEY.private)
    sealer.close()
    wrapped = base64.b64encode(sealed.getvalue()).decode()
    key = wire.RecoveryKey(public=KEY.recipient.public, wrapped=wrapped)
    database = open_database(load_settings(config))
    database.write_now(lambda c: recovery.keep_key(c, SITE, key, now_ms=1))
    database.close()
    assert main(["recovery-key", "--config", str(config)]) == 0
    assert capsys.readouterr().out.split() == list(KEY.groups)


async def test_sending_obeys_the_bandwidth_limit(world: World, tmp_path: Path) -> None:
    rested: list[float] = []

    async def rest(seconds: float) -> None:
        rested.append(seconds)

    client = BackupClient(world.http, LinkUse(kbps=64), rest)
    row = await client.send(sealed_file(tmp_path, "a", 100_000), "1-3-1000", quiet)
    assert row.is_whole and len(rested) == 6
    assert all(1.0 < seconds < 2.2 for seconds in rested), "16 KB take two seconds at 64 kbit/s"
