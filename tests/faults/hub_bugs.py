"""Bugs of a hub, by name, to plant into a running one and to take out again: see `planted_hub`.

Each is what a hub could really do wrong; none of them touches what judges it.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest.mock import patch

import msgspec

from cloud_sync import records as custody
from cloud_sync.commands import CommandSession
from edge.access import entry, openings, policy
from edge.access import records as access_records
from edge.access.doors.expecting import ExpectedPulses
from edge.access.entry import DoorOpener
from edge.access.lockers import pickups
from edge.books import ledger
from edge.pay import attempts
from edge.pay.engine import PaymentEngine
from edge.shop import checkout
from edge.store.unit import Unit
from edge.trust import cose

log = logging.getLogger("edge.planted")

Bug = Callable[[], AbstractContextManager[Any]]


def _all(*patches: AbstractContextManager[Any]) -> AbstractContextManager[Any]:
    stack = ExitStack()
    for each in patches:
        stack.enter_context(each)
    return stack


def sale_twice() -> AbstractContextManager[Any]:
    """A sale is journalled twice."""
    real = Unit.record

    def record(self: Unit, event: Any, *, actor: str) -> int:
        if event.TYPE == "SaleSettled":
            real(self, event, actor=actor)
        return real(self, event, actor=actor)

    return patch.object(Unit, "record", record)


def sale_unwritten() -> AbstractContextManager[Any]:
    """The money is taken and a receipt is shown, and the sale is in no journal."""
    real = Unit.record

    def record(self: Unit, event: Any, *, actor: str) -> int:
        return 0 if event.TYPE == "SaleSettled" else real(self, event, actor=actor)

    return patch.object(Unit, "record", record)


def stock_kept() -> AbstractContextManager[Any]:
    """What is sold stays on the shelf."""
    return patch.object(checkout, "take_sold", lambda *_: None)


def _posts(name: str, change: Callable[[int], int], other: str = "") -> AbstractContextManager[Any]:
    real = ledger.post

    def post(unit: Unit, rule: str, source: str, amounts: Mapping[str, int], **more: Any) -> str:
        wrong = {**amounts, name: change(amounts[name])}
        if other:
            wrong[other] = change(amounts[other])
        return real(unit, rule, source, wrong, **more)

    return patch.object(checkout, "post", post)


def fen_more() -> AbstractContextManager[Any]:
    """A fen more is booked than was paid."""
    return _posts("total", lambda fen: fen + 1, "goods")


def points_twice() -> AbstractContextManager[Any]:
    """A sale's points are given twice."""
    return _posts("points", lambda points: points * 2)


def charged_twice() -> AbstractContextManager[Any]:
    """An answer that is late is asked for again, as a new payment of the same order."""
    real = PaymentEngine.start

    async def start(self: PaymentEngine, *what: Any, **how: Any) -> Any:
        await real(self, *what, **how)
        await self._store.run(
            lambda unit: unit.connection.execute("DROP INDEX IF EXISTS attempts_one_standing")
        )
        return await real(self, *what, **how)

    return _all(
        patch.object(PaymentEngine, "start", start),
        patch.object(attempts, "standing_attempt", lambda *_: None),
    )


def acknowledged_unsent() -> AbstractContextManager[Any]:
    """Entries count as being in custody that were never sent."""
    real = custody.write_acknowledged
    return patch.object(custody, "write_acknowledged", lambda connection, seq: real(connection, seq + 3))


def other_cell() -> AbstractContextManager[Any]:
    """A pickup opens the cell beside its own."""
    real = pickups._cell_of

    def beside(position: int, cell: Any) -> Any:
        return msgspec.structs.replace(real(position, cell), cell="A01")

    return _all(
        patch.object(pickups, "_cell_of", beside), patch.object(pickups, "_require_own", lambda *_: None)
    )


def uses_uncounted() -> AbstractContextManager[Any]:
    """Whatever a pass was used for before does not count."""
    real = access_records.count_of_pass
    return _all(
        patch.object(access_records, "count_of_pass", lambda *asked: (real(*asked)[0], 0)),
        patch.object(policy, "_is_same_presentation", lambda *_: False),
    )


def signature_unread() -> AbstractContextManager[Any]:
    """Nobody looks at a signature."""

    def open_any(message: bytes, keys: Any, **_: Any) -> Any:
        return cose.peek(message)[1]

    return patch.object(cose, "open_signed", open_any)


def command_replayed() -> AbstractContextManager[Any]:
    """Nonce and counter are not looked at, and each coming of a command is one of its own."""
    known: list[str] = []

    def again(command_id: str) -> str:
        known.append(command_id)
        return f"command:{command_id}:{len(known)}"

    return _all(
        patch.object(CommandSession, "_check", lambda self, command: None),
        patch.object(CommandSession, "_came_by_the_other_way", lambda self, command, fetched: False),
        patch.object(policy, "command_authorisation", again),
    )


def told_opened_early() -> AbstractContextManager[Any]:
    """The phone hears *opened* once the lock was fired."""
    real = DoorOpener.open_by_command

    async def open_hastily(self: DoorOpener, command: Any, report: Any = None) -> Any:
        async def tell(state: str, reason: str) -> None:
            await report("opened" if state == "fired" else state, reason)

        return await real(self, command, tell)

    return patch.object(DoorOpener, "open_by_command", open_hastily)


def opened_without_contact() -> AbstractContextManager[Any]:
    """A door that was fired counts as open, whatever its contact says."""
    real = openings.record_fired

    def fired(unit: Unit, opening_id: str) -> Any:
        opening = real(unit, opening_id)
        return opening if opening.is_decided else openings.record_opened(unit, opening)

    return patch.object(entry, "record_fired", fired)


def fired_twice() -> AbstractContextManager[Any]:
    """Every lock is fired a second time."""
    real = ExpectedPulses.pulse

    async def pulse(self: ExpectedPulses, opening_id: str, door_id: str) -> None:
        await real(self, opening_id, door_id)
        await self._pulser.pulse(f"{opening_id}-again", door_id)

    return patch.object(ExpectedPulses, "pulse", pulse)


def pass_quoted() -> AbstractContextManager[Any]:
    """The log quotes what was held before a reader."""
    real = DoorOpener.enter

    async def enter(self: DoorOpener, text: str, door_id: str, **how: Any) -> Any:
        log.warning("shown at %s: %s", door_id, text)
        return await real(self, text, door_id, **how)

    return patch.object(DoorOpener, "enter", enter)


BUGS: Mapping[str, Bug] = {
    "sale journalled twice": sale_twice,
    "sale not journalled": sale_unwritten,
    "stock not taken": stock_kept,
    "a fen more booked than paid": fen_more,
    "points given twice": points_twice,
    "charged again when the answer is late": charged_twice,
    "entries acknowledged that were not sent": acknowledged_unsent,
    "the cell beside opened": other_cell,
    "uses of a pass not counted": uses_uncounted,
    "signature not looked at": signature_unread,
    "nonce ignored, a replay opens": command_replayed,
    "phone told opened too early": told_opened_early,
    "opened said without the contact": opened_without_contact,
    "every lock fired twice": fired_twice,
    "a pass quoted in the log": pass_quoted,
}
