"""What a running hub answers on its control socket. Reading needs the right user; what moves needs a PIN."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web

from cloud_sync.feed_records import count_parked
from cloud_sync.identity import settle
from cloud_sync.progress import Progress
from cloud_sync.records import read_acknowledged
from edge.books import ledger
from edge.books.records import trial_rows
from edge.books.verification import verify_books
from edge.errors import PlatformError, Refusal, StoreError
from edge.links.health import HealthRegistry, overall
from edge.shop.receiving import expected_deliveries, receive_delivery
from edge.staff.accounts import StaffDesk
from edge.staff.exports import begin_export, export_pages
from edge.staff.records import Role
from edge.store import journal
from edge.store.archive import FileHeader
from edge.store.identity import quarantine_of
from edge.store.jobs import run_job
from edge.store.store import Store
from edge.store.telemetry import Telemetry
from edge.trust.clock import Clock

MAX_LINES = 1000
MAX_DIGITS = 18
"""A number of so many digits is one of SQLite's; a negative limit would be none at all."""
DECLARERS = {Role.CLERK, Role.SUPERVISOR, Role.MANAGER, Role.TECHNICIAN}
"""Whoever stands before the device can see which one it is; a site may have nobody but its clerk."""
KEEPERS = {Role.TECHNICIAN, Role.MANAGER}
"""Who may take the whole database away as a backup."""
RECEIVERS = {Role.CLERK, Role.SUPERVISOR, Role.MANAGER}


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks for something that moves, changes or exports."""

    login: str
    pin: str


class Declaration(Credentials, frozen=True, forbid_unknown_fields=True):
    """What somebody found who declares this device the true one."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class BackupAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A backup to a file of this machine, and who asks for it."""

    login: str
    pin: str
    file: str = ""


class JobFailed(Refusal):
    """A job on the database could not do its work; `reason` says why."""

    code = "job_failed"


class Control:
    """The handlers; `database` is the file for jobs, or None, `telemetry` what the hub measures, if it does.

    `uplink` says how far its backlog has drained. `routes()` goes to `edge.links.control.build_control`.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        staff: StaffDesk,
        health: HealthRegistry,
        database: Path | None = None,
        telemetry: Telemetry | None = None,
        uplink: Callable[[], Progress | None] = lambda: None,
    ) -> None:
        self._store = store
        self._database = database
        self._telemetry = telemetry
        self._uplink = uplink
        self._clock = clock
        self._staff = staff
        self._health = health

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All routes."""
        return (
            web.get("/status", answer(self.status)),
            web.get("/journal", self.lines),
            web.get("/journal/verify", answer(self.verify)),
            web.post("/journal/export", self.export),
            web.get("/books", answer(self.books)),
            web.get("/books/accounts", answer(self.accounts)),
            web.get("/books/verify", answer(self.verify_books)),
            web.get("/identity", answer(self.identity)),
            web.post("/identity/epoch", answer(self.new_epoch)),
            web.get("/db/check", answer(self.check_database)),
            web.post("/db/backup", answer(self.back_up)),
            web.get("/deliveries", answer(self.deliveries)),
            web.post("/deliveries/{delivery}/receive", answer(self.receive)),
        )

    async def status(self, request: web.Request) -> object:
        """Identity, clock, journal's head and acknowledged seq, health of every part, newest gauges."""
        head, acknowledged, parked = await self._store.read(
            lambda connection: (
                journal.read_head(connection),
                read_acknowledged(connection),
                count_parked(connection),
            )
        )
        parts = await self._health.check()
        reading = self._clock.now()
        return {
            "site": self._store.site,
            "device": self._store.device,
            "epoch": self._store.epoch,
            "head_seq": head.seq,
            "head_hash": head.hash.hex(),
            "acknowledged_seq": acknowledged,
            "feed_parked": [[collection, why, count] for (collection, why), count in parked.items()],
            "uplink": self._uplink(),
            "at_ms": reading.at_ms,
            "time_trust": reading.trust.value,
            "state": overall(parts).value,
            "parts": parts,
            "gauges": {} if self._telemetry is None else self._telemetry.newest,
            "telemetry": None if self._telemetry is None else (await self._telemetry.standing())._asdict(),
        }

    async def lines(self, request: web.Request) -> web.StreamResponse:
        """Journal lines after a seq, one a text line; `limit` at most 1,000."""
        texts = (request.query.get("after", "0"), request.query.get("limit", str(MAX_LINES)))
        if not all(text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS for text in texts):
            return web.json_response({"code": "not_a_number"}, status=400)
        after, limit = map(int, texts)
        lines = await self._store.read(
            lambda connection: [
                journal.line(row) for row in journal.tail(connection, after, min(limit, MAX_LINES))
            ]
        )
        return web.Response(
            body=b"".join(text + b"\n" for text in lines), content_type="application/x-ndjson"
        )

    async def verify(self, request: web.Request) -> object:
        """Recompute the chain, from the newest counter-signed entry with `since=checkpoint`."""
        short = request.query.get("since") == "checkpoint"
        if self._database is not None and not short:
            return await self._job("journal-verify")
        found = await self._store.read(journal.verify_since_checkpoint if short else journal.verify)
        return journal.describe(found)

    async def export(self, request: web.Request) -> web.StreamResponse:
        """The journal as a file; asks for a person's PIN."""
        headers: list[FileHeader] = []

        async def begin(request: web.Request) -> object:
            asked = msgspec.json.decode(await request.read(), type=Credentials)
            headers.append(await begin_export(self._store, self._staff, login=asked.login, pin=asked.pin))
            return None

        refused = await answer(begin)(request)
        if not headers:
            return refused
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        async for page in export_pages(self._store, headers[0]):
            await response.write(page)
        await response.write_eof()
        return response

    async def books(self, request: web.Request) -> object:
        """Balances by account, and sets that do not sum to zero."""
        balances, imbalances = await self._store.read(
            lambda connection: (ledger.balances(connection), ledger.verify(connection))
        )
        return {"balances": balances, "imbalances": [row._asdict() for row in imbalances]}

    async def accounts(self, request: web.Request) -> object:
        """The trial balance: every account with its name and the balance kept."""
        rows = await self._store.read(trial_rows)
        return {"accounts": [row._asdict() for row in rows]}

    async def verify_books(self, request: web.Request) -> object:
        """Fold every balance anew, check every set, hold each against its journal event."""
        if self._database is not None:
            return await self._job("books-verify")
        return await self._store.read(verify_books)

    async def identity(self, request: web.Request) -> object:
        """Epoch, and the quarantine if there is one."""
        head, stopped = await self._store.read(lambda c: (journal.read_head(c), quarantine_of(c)))
        return {
            "site": self._store.site,
            "device": self._store.device,
            "epoch": self._store.epoch,
            "head_seq": head.seq,
            "quarantine": None if stopped is None else stopped._asdict(),
        }

    async def new_epoch(self, request: web.Request) -> object:
        """A person declares this device the true one; asks for their PIN."""
        asked = msgspec.json.decode(await request.read(), type=Declaration)
        person = await self._staff.check(asked.login, asked.pin, roles=DECLARERS)
        reason = f"declared by {person.id}: {asked.reason}"
        return {"epoch": await self._store.run(lambda unit: settle(unit, reason))}

    async def check_database(self, request: web.Request) -> object:
        """Pages, references, journal and books, in a process of its own."""
        return await self._job("db-check")

    async def back_up(self, request: web.Request) -> object:
        """Copy the database to a new file of this machine; asks for a person's PIN."""
        asked = msgspec.json.decode(await request.read(), type=BackupAsked)
        await self._staff.check(asked.login, asked.pin, roles=KEEPERS)
        return await self._job("backup", asked.file)

    async def _job(self, name: str, *arguments: str) -> object:
        if self._database is None:
            raise JobFailed(reason="no file")
        try:
            return await run_job(name, self._database, *arguments)
        except StoreError as error:
            raise JobFailed(reason=str(error)) from error

    async def deliveries(self, request: web.Request) -> object:
        """Delivery notes that were not counted in yet."""
        return await self._store.read(expected_deliveries)

    async def receive(self, request: web.Request) -> object:
        """Count a delivery in as the note says; asks for a person's PIN."""
        asked = msgspec.json.decode(await request.read(), type=Credentials)
        person = await self._staff.check(asked.login, asked.pin, roles=RECEIVERS)
        delivery = request.match_info["delivery"]
        return await self._store.run(lambda unit: receive_delivery(unit, delivery, actor=person.id))


def answer(
    handle: Callable[[web.Request], Awaitable[object]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """JSON of what a handler returns; a refusal is 409 with its code, a malformed body 400.

    A platform that does not answer, or says no, is 503, and so is a store that cannot write or read.
    """

    async def respond(request: web.Request) -> web.StreamResponse:
        try:
            body, status = await handle(request), 200
        except Refusal as refusal:
            body, status = {"code": refusal.code, "details": refusal.details}, 409
        except PlatformError as error:
            body, status = {"code": "platform_away", "details": str(error)}, 503
        except StoreError as error:
            body, status = {"code": "store_away", "details": str(error)}, 503
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            body, status = {"code": "malformed_body", "details": str(error)}, 400
        encoded = await asyncio.to_thread(msgspec.json.encode, body)
        return web.Response(body=encoded, status=status, content_type="application/json")

    return respond
