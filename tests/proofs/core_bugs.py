"""Bugs to plant in the core, by name. Each is one replacement in the product, undone at the end."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

import msgspec

import cloud_sync.commands
from cloud_sync.platform import custody
from cloud_sync.platform.store.port import Connection
from edge.access import policy
from edge.access import records as access_records
from edge.access.entry import DoorOpener
from edge.access.lockers import pickups
from edge.access.records import Hold
from edge.books import ledger
from edge.errors import DeviceError, StoreError
from edge.homes import residents
from edge.pay import attempts, engine
from edge.pay.engine import PaymentEngine
from edge.pay.states import AttemptState
from edge.shop import checkout, lots
from edge.shop.lots import Allocation
from edge.store.events import PersonErased
from edge.store.inline import InlineStore
from edge.store.unit import Unit
from edge.trust import passes
from edge.trust.commands import check_command
from tests.fakes import core_world
from tests.fakes.core_world import CoreWorld
from tests.fakes.power import PoweredConnection
from tests.proofs.proof import Plant


@dataclass
class Planted:
    """What the next opening of the proof takes up: changed statements of a schema, and the hunt."""

    hunting: bool = False
    changes: Mapping[str, str] = field(default_factory=dict)
    platform_changes: Mapping[str, str] = field(default_factory=dict)


PLANTED = Planted()


@contextmanager
def _hunt(
    *replaced: AbstractContextManager[Any],
    changes: Mapping[str, str] | None = None,
    platform_changes: Mapping[str, str] | None = None,
) -> Iterator[None]:
    with ExitStack() as stack:
        for each in replaced:
            stack.enter_context(each)
        PLANTED.hunting = True
        PLANTED.changes, PLANTED.platform_changes = changes or {}, platform_changes or {}
        try:
            yield
        finally:
            PLANTED.hunting, PLANTED.changes, PLANTED.platform_changes = False, {}, {}


def fire_before_commit() -> AbstractContextManager[None]:
    """The pulse leaves, then the intent is written."""
    real = DoorOpener._open

    async def fire_first(self: DoorOpener, door: Any, *more: Any) -> Any:
        with suppress(DeviceError):
            await self._pulser.pulse("eager", door.id)
        return await real(self, door, *more)

    return _hunt(patch.object(DoorOpener, "_open", fire_first))


def missing_unique() -> AbstractContextManager[None]:
    """An authorisation may be taken twice: neither table nor code stands in the way."""
    return _hunt(
        patch.object(access_records, "find_by_authorisation", lambda *_: None),
        changes={"authorisation TEXT NOT NULL UNIQUE": "authorisation TEXT NOT NULL"},
    )


def charge_again() -> AbstractContextManager[None]:
    """An attempt without an answer does not stand in the way of the next one."""
    return _hunt(
        patch.object(attempts, "standing_attempt", lambda *_: None),
        changes={"CREATE UNIQUE INDEX attempts_one_standing": "CREATE INDEX attempts_one_standing"},
    )


def nonce_ignored() -> AbstractContextManager[None]:
    """Any signed command counts, of any session and in any order."""

    def check_less(command: Any, **how: Any) -> None:
        check_command(command, **(how | {"nonce": command.nonce, "last_counter": command.counter - 1}))

    return _hunt(patch.object(cloud_sync.commands, "check_command", check_less))


def seal_dropped() -> AbstractContextManager[None]:
    """A set that does not balance is sealed: a fen is lost with every sale."""
    real = ledger.post

    def post_less(unit: Unit, rule: str, source: str, amounts: Mapping[str, int], **more: Any) -> str:
        return real(unit, rule, source, {**amounts, "goods": amounts["goods"] - 1}, **more)

    return _hunt(
        patch.object(checkout, "post", post_less),
        changes={"WHEN NEW.line = 0 AND 0 <>": "WHEN 0 AND 0 <>"},
    )


def settled_twice() -> AbstractContextManager[None]:
    """The settling of a sale is written down twice."""
    real = Unit.record

    def record_twice(self: Unit, event: Any, *, actor: str) -> int:
        if event.TYPE == "SaleSettled":
            real(self, event, actor=actor)
        return real(self, event, actor=actor)

    return _hunt(patch.object(Unit, "record", record_twice))


def stock_unchecked() -> AbstractContextManager[None]:
    """Pieces are promised that nobody has, and the table takes it."""

    def promise(connection: sqlite3.Connection, sku: str, quantity: int, *_: Any) -> tuple[Allocation, ...]:
        found = connection.execute("SELECT id FROM lots WHERE sku = ?", (sku,)).fetchone()
        return () if found is None else (Allocation(found[0], quantity),)

    return _hunt(
        patch.object(checkout, "allocate_lots", promise),
        patch.object(lots, "allocate_lots", promise),
        changes={"on_hand INTEGER NOT NULL CHECK (on_hand >= 0)": "on_hand INTEGER NOT NULL"},
    )


def uses_counted_late() -> AbstractContextManager[None]:
    """A use counts once the contact spoke, not with its intent."""

    def count_decided(connection: sqlite3.Connection, pass_id: str) -> tuple[int, int]:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE state = 'opened') FROM openings WHERE pass_id = ?",
            (pass_id,),
        ).fetchone()
        return int(row[0]), int(row[1])

    return _hunt(patch.object(access_records, "count_of_pass", count_decided))


def fired_again() -> AbstractContextManager[None]:
    """A restart fires again whatever has no result."""
    real = CoreWorld.recover

    async def fire_what_is_open(self: CoreWorld) -> None:
        for opening in access_records.undecided(self.store.connection):
            with suppress(DeviceError):
                await self.guard.pulse(opening.id, opening.place.removeprefix("door:"))
        await real(self)

    return _hunt(patch.object(CoreWorld, "recover", fire_what_is_open))


def acknowledged_early() -> AbstractContextManager[None]:
    """A unit's value is given out although its COMMIT did not succeed."""
    real = InlineStore.run_now

    def answer_early(self: InlineStore, work: Callable[[Unit], Any]) -> Any:
        kept: list[Any] = []

        def keep(unit: Unit) -> Any:
            kept.append(work(unit))
            return kept[-1]

        try:
            return real(self, keep)
        except StoreError:
            if kept:
                return kept[-1]
            raise

    return _hunt(patch.object(InlineStore, "run_now", answer_early))


def event_apart() -> AbstractContextManager[None]:
    """What happened is written into the journal by a unit of its own, after the state."""
    real_record, real_run = Unit.record, InlineStore.run_now
    waiting: list[tuple[Any, str]] = []

    def put_off(self: Unit, event: Any, *, actor: str) -> int:
        if event.TYPE not in ("SaleSettled", "OrderPlaced"):
            return real_record(self, event, actor=actor)
        waiting.append((event, actor))
        return 0

    def run_and_record(self: InlineStore, work: Callable[[Unit], Any]) -> Any:
        waiting.clear()
        value = real_run(self, work)
        for event, actor in tuple(waiting):
            real_run(self, partial(real_record, event=event, actor=actor))
        return value

    return _hunt(
        patch.object(Unit, "record", put_off),
        patch.object(InlineStore, "run_now", run_and_record),
    )


def cell_given_again() -> AbstractContextManager[None]:
    """A cell is opened for the next order while the one before may lie in it."""
    return _hunt(
        patch.object(pickups, "_require_own", lambda *_: None),
        changes={"CREATE UNIQUE INDEX pickup_cells_in_one_hand": "CREATE INDEX pickup_cells_in_one_hand"},
    )


def amount_ignored() -> AbstractContextManager[None]:
    """Whatever the channel took passes for the sum that was asked."""
    real = attempts.apply_finding

    def believe(unit: Unit, attempt_id: str, finding: Any, settle: Any) -> Any:
        asked_fen = attempts.find_attempt(unit.connection, attempt_id).amount_fen
        return real(unit, attempt_id, msgspec.structs.replace(finding, amount_fen=asked_fen), settle)

    return _hunt(patch.object(engine, "apply_finding", believe))


def late_kept() -> AbstractContextManager[None]:
    """Money that came too late stays."""
    return _hunt(patch.object(attempts, "refund_capture", lambda *_: None))


def sale_while_unwritable() -> AbstractContextManager[None]:
    """The screen thanks for the money although nothing could be written."""
    real = PaymentEngine._apply

    async def thank(self: PaymentEngine, attempt_id: str, finding: Any) -> Any:
        try:
            return await real(self, attempt_id, finding)
        except StoreError:
            attempt = await self._store.read(lambda connection: attempts.find_attempt(connection, attempt_id))
            return msgspec.structs.replace(attempt, state=AttemptState.PAID, reason="")

    return _hunt(patch.object(PaymentEngine, "_apply", thank))


def expired_accepted() -> AbstractContextManager[None]:
    """Nobody looks at the hour until which a pass holds."""
    return _hunt(
        patch.object(passes, "_check_window", lambda *_: None),
        patch.object(policy, "is_over", lambda *_: False),
    )


def hold_for_ever() -> AbstractContextManager[None]:
    """The hour at which a hold ends never comes."""
    real = access_records.live_holds

    def live_still(connection: sqlite3.Connection, now: Any) -> Any:
        rows = connection.execute("SELECT id FROM holds WHERE state = 'live'").fetchall()
        standing = real(connection, now)
        return standing if len(standing) == len(rows) else _all_live(connection)

    return _hunt(
        patch.object(access_records, "live_holds", live_still),
        patch.object(core_world, "end_overdue_holds", lambda unit: 0),
    )


def _all_live(connection: sqlite3.Connection) -> list[Any]:
    rows = connection.execute("SELECT id, door, reason, from_ms, until_ms FROM holds WHERE state = 'live'")
    return [Hold(id=row[0], door=row[1], reason=row[2], from_ms=row[3], until_ms=row[4]) for row in rows]


def doubled_at_platform() -> AbstractContextManager[None]:
    """The platform takes a batch that it has as a new one."""
    real, newest = custody.take_custody, custody._newest_stream

    def take_anew(connection: Connection, batch: Any, *more: Any, **how: Any) -> Any:
        standing = newest(connection, batch.header.device)
        if standing is not None:
            head = {"head_seq": batch.header.first_seq - 1, "head_hash": batch.header.previous_hash}
            standing = msgspec.structs.replace(standing, **head)
        with patch.object(custody, "_newest_stream", lambda *_: standing):
            return real(connection, batch, *more, **how)

    return _hunt(
        patch.object(custody, "take_custody", take_anew),
        patch.object(custody, "_compare_overlap", lambda *_: None),
        platform_changes={
            "  line BLOB NOT NULL, hash TEXT NOT NULL,\n  PRIMARY KEY (device, epoch, seq)\n"
            ") STRICT, WITHOUT ROWID;": "  line BLOB NOT NULL, hash TEXT NOT NULL\n) STRICT;"
        },
    )


def crash_forgets() -> AbstractContextManager[None]:
    """A COMMIT says that it is done while nothing has reached the disk."""
    real = PoweredConnection.execute

    def forget(self: PoweredConnection, sql: str, parameters: Any = (), /) -> Any:
        lost = sql == "COMMIT" and self.power is not None and self.power.cut_at == 1
        return real(self, "ROLLBACK" if lost else sql, parameters)

    return _hunt(patch.object(PoweredConnection, "execute", forget))


def secret_written() -> AbstractContextManager[None]:
    """A refusal quotes the pass that it refused."""
    real = DoorOpener.enter

    async def quote(self: DoorOpener, text: str, door_id: str, *, source: str) -> Any:
        return await real(self, text, door_id, source=text)

    return _hunt(patch.object(DoorOpener, "enter", quote))


def effect_before_commit() -> AbstractContextManager[None]:
    """What a unit asked for after its COMMIT is done at once."""
    return _hunt(patch.object(Unit, "after_commit", lambda self, effect: effect()))


def trade_from_reserve() -> AbstractContextManager[None]:
    """New sales and fees begin on a full disk, too."""
    return _hunt(patch.object(Unit, "require_trade", lambda self: None))


def person_kept() -> AbstractContextManager[None]:
    """Erasure is written down, and the person stays known."""

    def only_say(unit: Unit, subject: str, *, actor: str, reason: str) -> bool:
        unit.record(PersonErased(reason=reason), actor=actor)
        return True

    return _hunt(patch.object(residents, "erase_person", only_say))


def late_forgotten() -> AbstractContextManager[None]:
    """Whoever was given up for a day is not asked about any more, whether anybody could be asked or not."""
    real = PaymentEngine._look_for_late_money

    async def look_for_a_day(self: PaymentEngine) -> None:
        now_ms = self._pace.now_ms()

        def recent(connection: sqlite3.Connection, after_id: str, count: int) -> Any:
            found = attempts.watched_attempts(connection, after_id, count)
            return tuple(each for each in found if each.changed_at_ms >= now_ms - attempts.WATCH_MS)

        with patch.object(engine, "watched_attempts", recent):
            await real(self)

    return _hunt(patch.object(PaymentEngine, "_look_for_late_money", look_for_a_day))


def epoch_kept() -> AbstractContextManager[None]:
    """A restored copy goes on under the old epoch."""
    return _hunt(patch.object(core_world, "settle_identity", lambda unit, hardware: None))


BUGS: Mapping[str, Plant] = {
    "fire before commit": fire_before_commit,
    "a missing UNIQUE": missing_unique,
    "charge again on timeout": charge_again,
    "nonce and counter not checked": nonce_ignored,
    "seal trigger dropped": seal_dropped,
    "sale settled twice": settled_twice,
    "stock check dropped": stock_unchecked,
    "uses not counted with the intent": uses_counted_late,
    "unknown opening fired again": fired_again,
    "acknowledged before COMMIT": acknowledged_early,
    "event recorded outside its unit": event_apart,
    "cell opened for the next order too early": cell_given_again,
    "paid amount not compared": amount_ignored,
    "late success not refunded": late_kept,
    "late money forgotten after a day": late_forgotten,
    "sale while nothing can be written": sale_while_unwritable,
    "expired pass accepted": expired_accepted,
    "hold never ends": hold_for_ever,
    "event doubled at the platform": doubled_at_platform,
    "commit lost in a power cut": crash_forgets,
    "a pass quoted in the journal": secret_written,
    "erased person still known": person_kept,
    "epoch kept by a restored copy": epoch_kept,
    "effect done before COMMIT": effect_before_commit,
    "trade begins out of the reserve": trade_from_reserve,
}
