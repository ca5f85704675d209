"""What goes over the line beside events and feed: telemetry, commands, a backup, custody, checkpoints.

Each errand runs the product's own client in every life of the device, and says in the end whether both sides
agree.
"""

import asyncio
import contextlib
import io
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Protocol

from cloud_sync import records
from cloud_sync.backups import BackupClient
from cloud_sync.checkpoints import CheckpointKeeper
from cloud_sync.commands import CommandSession
from cloud_sync.history import HistoryDenied, HistoryReader
from cloud_sync.http import DetailedRejection, PlatformHttp
from cloud_sync.link_use import LinkUse
from cloud_sync.pull import CommandPull
from cloud_sync.telemetry import TelemetryUplink
from edge.access.entry import Report
from edge.access.records import Opening
from edge.backups.recovery import RecoveryKey
from edge.config import BrokerSettings
from edge.errors import PlatformError, Refusal, StoreError
from edge.links.backoff import Backoff
from edge.store import checkpoints, journal, telemetry_records
from edge.trust.commands import Command
from edge.trust.keyset import open_keyset
from edge.trust.sealing import Sealer
from tests.proofs.network_site import DEVICE, SITE, Site, running, short_sleep

PAUSE_S = 0.01
BACKUP_BYTES, BACKUP_ID = 60_000, "1-3-1000"
PIECES = LinkUse(kbps=1)
"""Pieces are as small as they get: 16 KB."""
OFTEN = LinkUse(telemetry_look_s=0.02)
KEY = RecoveryKey.generate()


class Errand(Protocol):
    """One use of the line."""

    def __init__(self, site: Site) -> None: ...

    async def run(self, http: PlatformHttp) -> None:
        """A life of the device: until cancelled."""

    async def happen(self) -> None:
        """Something happens that this errand is about."""

    async def is_done(self) -> bool:
        """Whether everything came where it belongs. Raises AssertionError where that cannot be any more."""


class TelemetryErrand:
    """Every sample comes to the platform once."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def run(self, http: PlatformHttp) -> None:
        backoff = Backoff(first_s=0.01, limit_s=0.05)
        await TelemetryUplink(
            store=self.site.store, http=http, use=OFTEN, backoff=backoff, sleep=short_sleep
        ).run()

    async def happen(self) -> None:
        self.site.measure()

    async def is_done(self) -> bool:
        if self.site.store.read_now(telemetry_records.read_standing).waiting:
            return False
        taken = self.site.store.connection.execute("SELECT epoch, number FROM telemetry ORDER BY number")
        held = await self.site.platform.database.read(
            lambda c: c.execute("SELECT epoch, number FROM telemetry ORDER BY epoch, number").fetchall()
        )
        ours, theirs = taken.fetchall(), [tuple(row) for row in held]
        assert ours == theirs, f"telemetry: {len(ours)} samples sent, {len(theirs)} held, or not the same"
        return True


class RecordingDoors:
    """What the access room is to commands: opens, and remembers over restarts what became of each."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.opened: list[str] = []

    async def open_by_command(self, command: Command, report: Report | None = None) -> Opening:
        """Open, and record it, in one step; then tell."""
        self.opened.append(command.id)
        self._site.record(f"command:{command.id}")
        for state in ("accepted", "fired", "opened"):
            if report is not None:
                await report(state, "")
        return Opening(
            id=command.id,
            place=command.target,
            authorisation=f"command:{command.id}",
            kind="command",
            requested_at_ms=self._site.clock.at_ms,
        )

    async def stored_answer(self, command_id: str) -> tuple[str, str] | None:
        """As the room answers a command that it has taken before."""
        return ("opened", "") if command_id in self.opened else None

    async def refuse_command(self, command_id: str, code: str) -> None:
        """Nothing moves."""


class CommandErrand:
    """A command opens once or not at all, and the platform comes to know which."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.doors = RecordingDoors(site)

    async def run(self, http: PlatformHttp) -> None:
        keys = open_keyset(self.site.platform.keys.keyset, self.site.platform.keys.root.public)
        session = CommandSession(
            settings=BrokerSettings(host="127.0.0.1", port=1, username="", password_file=""),
            password="",
            site=SITE,
            device=DEVICE,
            http=http,
            clock=self.site.clock,
            keys=lambda: keys,
            doors=self.doors,
        )
        pull = CommandPull(session=session, http=http, sleep=short_sleep)
        async with running(session.run()):  # no broker is there; what it has under way ends with it
            await self._follow(pull)

    async def _follow(self, pull: CommandPull) -> None:
        """The role's loop; every other fetch is a long poll, broken off by silence before its first beat."""
        wait_s = 0
        while True:
            with contextlib.suppress(PlatformError):
                await pull.fetch(wait_s=wait_s)
            wait_s = 1 - wait_s
            await asyncio.sleep(PAUSE_S)

    async def happen(self) -> None:
        await self.site.command()

    async def is_done(self) -> bool:
        states = await self.site.platform.database.read(
            lambda c: dict(tuple(row) for row in c.execute("SELECT id, state FROM commands"))
        )
        opened = self.doors.opened
        assert len(opened) == len(set(opened)), f"I5 opened twice by one command: {opened}"
        told = {command for command, state in states.items() if state == "opened"}
        assert told <= set(opened), f"told as opened, and nothing was: {told - set(opened)}"
        assert sorted(states) == sorted(self.site.commanded)
        final = all(state in ("opened", "refused", "expired") for state in states.values())
        return final and told == set(opened)


class BackupErrand:
    """A backup goes up in pieces and comes back as it was."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.path, self.back = site.folder / "sealed", site.folder / "back"
        self.came_back = False
        sealed = io.BytesIO()
        sealer = Sealer(sealed, bytes.fromhex(KEY.recipient.public), {"name": "proof"})
        sealer.write(bytes(BACKUP_BYTES))
        sealer.close()
        self.path.write_bytes(sealed.getvalue())

    async def run(self, http: PlatformHttp) -> None:
        client = BackupClient(http, PIECES, short_sleep)
        while not self.came_back:
            try:
                row = await client.send(self.path, BACKUP_ID, lambda done, whole: None)
                await client.fetch(row, self.back, lambda done, whole: None)
                self.came_back = True
            except DetailedRejection as rejected:
                assert rejected.code == "backup_offset", f"the backup was refused: {rejected}"
            except (PlatformError, StoreError):  # what came damaged, for instance somebody else's page
                await asyncio.sleep(PAUSE_S)

    async def happen(self) -> None:
        """It is under way all the time."""

    async def is_done(self) -> bool:
        assert not self.came_back or self.back.read_bytes() == self.path.read_bytes(), "another backup"
        return self.came_back


class HistoryErrand:
    """Custody read back is, to the byte, what was recorded, and all that was acknowledged."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.read_to = -1

    async def run(self, http: PlatformHttp) -> None:
        reader = HistoryReader(http, site=SITE, device=DEVICE)
        while True:
            await self._read(reader)
            await asyncio.sleep(PAUSE_S)

    async def _read(self, reader: HistoryReader) -> None:
        """From the first entry to the last; a page that did not come is asked for again."""
        acknowledged = self.site.store.read_now(records.read_acknowledged)
        after = journal.Head(0, journal.GENESIS)
        while True:
            try:
                batch = await reader.read_page(after)
            except PlatformError:
                await asyncio.sleep(PAUSE_S)
                continue
            except HistoryDenied as denied:
                raise AssertionError(f"custody gave back a history that is not ours: {denied}") from denied
            if batch is None:
                break
            rows = list(journal.tail(self.site.store.connection, after.seq, len(batch.lines)))
            assert [journal.line(row) for row in rows] == list(batch.lines), "custody gave back other entries"
            after = journal.Head(rows[-1].seq, rows[-1].hash)
        assert after.seq >= acknowledged, f"custody gave back {after.seq} of {acknowledged} entries"
        self.read_to = after.seq

    async def happen(self) -> None:
        """The journal grows by itself."""

    async def is_done(self) -> bool:
        return self.read_to == self.site.store.executor.head.seq


class CheckpointErrand:
    """The platform's counter-signature reaches the journal's end, and is kept."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def run(self, http: PlatformHttp) -> None:
        keys = open_keyset(self.site.platform.keys.keyset, self.site.platform.keys.root.public)
        keeper = CheckpointKeeper(store=self.site.store, http=http, keys=lambda: keys, clock=self.site.clock)
        while True:
            # Somebody else's page is no checkpoint: the role refuses it, and asks again.
            with contextlib.suppress(PlatformError, Refusal):
                await keeper.ask()
            await asyncio.sleep(PAUSE_S)

    async def happen(self) -> None:
        """The journal grows by itself."""

    async def is_done(self) -> bool:
        newest = self.site.store.read_now(checkpoints.newest)
        return newest is not None and newest.seq == self.site.store.executor.head.seq


class Errands:
    """Those of one trial."""

    ALL: ClassVar[tuple[Callable[[Site], Errand], ...]] = (
        TelemetryErrand,
        CommandErrand,
        BackupErrand,
        HistoryErrand,
        CheckpointErrand,
    )
    AT_ONCE = 2

    def __init__(self, site: Site) -> None:
        self.errands = [make(site) for make in site.chance.sample(self.ALL, self.AT_ONCE)]

    def loops(self, http: PlatformHttp) -> list[Coroutine[Any, Any, None]]:
        """What runs in a life of the device."""
        return [errand.run(http) for errand in self.errands]

    async def happen(self) -> None:
        """Something happens for each."""
        for errand in self.errands:
            await errand.happen()

    async def are_done(self) -> bool:
        """Whether each is."""
        return all([await errand.is_done() for errand in self.errands])
