"""Lets people in: scan or command → intent → pulse → what the contact says."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from edge.access import records
from edge.access.contacts import ContactDesk, ContactState
from edge.access.credentials.answers import Outcome, ReaderAnswer, Signals
from edge.access.credentials.reading import QR, CredentialReader
from edge.access.doors.door import Door
from edge.access.errors import JournalStopped, NotMoved, UnknownDoor
from edge.access.events import CommandRefused, PassRefused
from edge.access.late import LateOpenings, needing_journal
from edge.access.openings import record_fired, record_not_fired
from edge.access.places import door_place
from edge.access.policy import (
    PLATFORM,
    UNPROVED,
    Intent,
    View,
    command_authorisation,
    intend_by_command,
    intend_by_pass,
    judge_pass,
    opening_kind,
)
from edge.access.ports import Gate, Patience, Pulser, Trigger
from edge.access.records import Opening
from edge.access.refusals import RefusalLog
from edge.access.watch import watch_openings
from edge.errors import DeviceError, Refusal
from edge.store.crashpoints import reach
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.clock import Clock
from edge.trust.commands import Command
from edge.trust.passes import Pass

Report = Callable[[str, str], Awaitable[None]]
"""Told each state of a commanded opening and its reason as it happens: accepted, fired, opened, unknown."""

PAYMENT_CODE_DISCARDED = "payment_code_discarded"
"""Code of the refusal of a payment code, a bearer secret, before a door: nothing of it is kept."""


class DoorOpener:
    """Opens doors. Every opening is decided in the background even if nobody awaits `decided`.

    `trigger` sends a pulse from the writer's thread directly after its intent's COMMIT, which spares the way
    through the event loop; `pulser.pulse` then only waits for what became of it. `gate` is what the door
    itself says at present, `signals` shows at the reader what was decided.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        reader: CredentialReader,
        doors: Mapping[str, Door],
        pulser: Pulser,
        contacts: ContactDesk,
        refusals: RefusalLog,
        patience: Patience = asyncio.sleep,
        trigger: Trigger | None = None,
        gate: Gate | None = None,
        signals: Signals | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._reader = reader
        self._doors = doors
        self._pulser = pulser
        self._contacts = contacts
        self._refusals = refusals
        self._trigger = trigger
        self._gate = gate
        self._signals = signals
        self._telling: set[str] = set()
        self._waits = watch_openings(store=store, contacts=contacts, patience=patience)
        self.late = LateOpenings(store=store, clock=clock, contacts=contacts, patience=patience)

    async def enter(self, text: str, door_id: str, *, source: str, symbology: str = QR) -> Opening:
        """Decide what a reader saw and, if it may open, fire. Returns once fired; see `decided`.

        Raises the refusals of `edge.trust` and `edge.access`, each after it was written into the journal.
        """
        try:
            door = self._door(door_id)
            shown = await self._reader.read(text, symbology, source=source, door=door)
            opening = await self._enter(shown, door, source)
        except Refusal as refusal:
            await self._refuse_at(source, door_id, refusal.code)
            raise
        self._show(source, door_id, opening, shown)
        if not opening.is_decided:
            self._show_decided(source, door_id, opening, shown)
        return opening

    async def discard_payment_code(self, door_id: str, *, source: str) -> None:
        """Write into the journal that a payment code was shown before a door and thrown away."""
        await self._refuse_at(source, door_id, PAYMENT_CODE_DISCARDED)

    async def open_by_command(self, command: Command, report: Report | None = None) -> Opening:
        """Open by a command that `edge.trust.commands` verified and checked; returns the final result.

        A second command of the same id fires nothing and gets the first one's result. Raises Refusal, after
        it was written into the journal, or counted while nothing can be written.
        """

        async def tell(state: str, reason: str) -> None:
            if report is not None:
                await report(state, reason)

        try:
            door = self._door(command.target.removeprefix("door:"))
            opening = await self._open(
                door, lambda unit: intend_by_command(unit, command, door, self._gate), tell
            )
        except Refusal as refusal:
            await self.refuse_command(command.id, refusal.code)
            raise
        result = await self.decided(opening.id)
        if result.is_decided:
            await tell(result.state, result.reason)
        return result

    async def open_for(self, door_id: str, intend: Callable[[Unit, Door], Opening]) -> Opening:
        """Open by an intent that another unit of this room writes; returns the final result.

        Raises UnknownDoor, JournalStopped, and what the unit raises.
        """
        door = self._door(door_id)
        opening = await self._open(door, lambda unit: Intent(intend(unit, door), fresh=True))
        return await self.decided(opening.id)

    async def decided(self, opening_id: str) -> Opening:
        """Wait for an opening's result: opened, unknown, or refused (nothing moved)."""
        watch = self._waits.of(opening_id)
        if watch is not None:
            return await asyncio.shield(watch)
        if (deciding := self.late.waits.of(opening_id)) is not None:
            return await asyncio.shield(deciding)
        if (late := self.late.find(opening_id)) is not None:
            return late
        opening = await self._store.read(lambda connection: records.find_opening(connection, opening_id))
        assert opening is not None, opening_id
        return opening

    async def stored_answer(self, command_id: str) -> tuple[str, str] | None:
        """State and reason of a command that was taken before, or None."""
        authorisation = command_authorisation(command_id)
        opening = await self._store.read(
            lambda connection: records.find_by_authorisation(connection, authorisation)
        )
        return None if opening is None else (opening.state, opening.reason)

    async def refuse_command(self, command_id: str, code: str) -> None:
        """Write into the journal that a command opened nothing, and why."""
        await self._refusals.refuse(
            PLATFORM, CommandRefused(source=PLATFORM, command=command_id[:64], code=code)
        )

    async def close(self) -> None:
        """Stop waiting; what is undecided becomes unknown at the next start."""
        await self._waits.close()
        await self.late.close()

    def _door(self, door_id: str) -> Door:
        door = self._doors.get(door_id)
        if door is None:
            raise UnknownDoor(door=door_id[:64])
        return door

    async def _refuse_at(self, source: str, door_id: str, code: str) -> None:
        """Tell whoever stands there before anything is written; then the journal."""
        self._show_answer(source, door_id, Outcome.REFUSED, code)
        refused = PassRefused(source=source, place=door_place(door_id), code=code)
        await self._refusals.refuse(source, refused)

    async def _enter(self, shown: Pass, door: Door, source: str) -> Opening:
        async with self.late.turn_of(shown.id):
            kept = self.late.of_pass(shown.id)
            try:
                return await self._open(
                    door, lambda unit: intend_by_pass(unit, shown, door, kept, self._gate, source)
                )
            except JournalStopped:
                if shown.uses is not None:
                    raise
                return await self._open_late(shown, door, source)

    async def _open_late(self, shown: Pass, door: Door, source: str) -> Opening:
        """Judge by the copy that can be read, fire once, and remember. Raises Refusal, StoreError."""
        now, kept = self._clock.now(), self.late.of_pass(shown.id)
        site, gate = self._store.site, self._gate
        judged = await self._store.read(
            lambda connection: judge_pass(
                View(connection, site, now, kept, only_read=True, gate=gate), shown, door
            )
        )
        if isinstance(judged, Opening):
            return judged
        opening = self.late.intend(
            shown, door_place(door.id), judged, now, kind=opening_kind(shown), source=source
        )
        was_open = self._contacts.state_of(opening.place) is ContactState.OPEN
        moved = self._contacts.watch_movement(opening.place, opening.id)
        try:
            await self._pulser.pulse(opening.id, door.id)
        except NotMoved as fault:
            self._contacts.unwatch(opening.id)
            return self.late.decide(opening.id, "refused", fault.reason)
        except DeviceError:
            self.late.waits.begin(opening.id, moved, door.contact_timeout_ms, "no_answer")
            return opening
        timeout_ms = door.contact_timeout_ms if door.has_contact else 0
        self.late.waits.begin(opening.id, moved, timeout_ms, _why_unknown(door, was_open=was_open))
        return self.late.fired(opening.id)

    def _show(self, source: str, door_id: str, opening: Opening, shown: Pass) -> None:
        outcome = Outcome(opening.state) if opening.is_decided else Outcome.GRANTED
        if outcome is Outcome.UNKNOWN and opening.reason not in UNPROVED:
            return  # nobody can ever say more of a door that stands open, or has no contact
        self._show_answer(source, door_id, outcome, opening.reason, shown.uses)

    def _show_decided(self, source: str, door_id: str, opening: Opening, shown: Pass) -> None:
        """What the contact, or its silence, says afterwards."""
        task = self._waits.of(opening.id) or self.late.waits.of(opening.id)
        if task is not None and self._signals is not None and opening.id not in self._telling:
            self._telling.add(opening.id)  # a pass that is held there is shown again and again

            def tell(done: asyncio.Task[Opening]) -> None:
                self._telling.discard(opening.id)
                if not done.cancelled() and done.exception() is None:
                    self._show(source, door_id, done.result(), shown)

            task.add_done_callback(tell)

    def _show_answer(
        self, source: str, door_id: str, outcome: Outcome, code: str, uses: int | None = None
    ) -> None:
        if self._signals is not None:
            at_ms = self._clock.now().at_ms
            self._signals.show(
                ReaderAnswer(reader=source, door=door_id, outcome=outcome, code=code, at_ms=at_ms, uses=uses)
            )

    async def _commit(self, door: Door, intend: Callable[[Unit], Intent]) -> Intent:
        """Commit an intent. Raises JournalStopped when that is impossible: nothing will be fired by it."""
        with needing_journal(self._store):
            return await self._store.run(partial(self._commit_intent, door, intend))

    async def _open(
        self, door: Door, intend: Callable[[Unit], Intent], tell: Report | None = None
    ) -> Opening:
        reach("gate.before_intent")
        opening, fresh = await self._commit(door, intend)
        if not fresh:
            return opening
        if self._trigger is None:
            reach("gate.after_intent")
        was_open = self._contacts.state_of(opening.place) is ContactState.OPEN
        signal = self._contacts.watch(opening.id)
        if tell is not None:
            await tell("accepted", "")
        try:
            await self._pulser.pulse(opening.id, door.id)
        except NotMoved as fault:
            self._contacts.unwatch(opening.id)
            reason = fault.reason
            return await self._store.run(lambda unit: record_not_fired(unit, opening.id, reason))
        except DeviceError:
            self._waits.begin(opening.id, signal, door.contact_timeout_ms, "no_answer")
            return opening
        reach("gate.after_fire")
        why = _why_unknown(door, was_open=was_open)
        self._waits.begin(opening.id, signal, door.contact_timeout_ms if door.has_contact else 0, why)
        fired = await self._store.run(lambda unit: record_fired(unit, opening.id))
        if tell is not None:
            await tell("fired", "")
        return fired

    def _commit_intent(self, door: Door, intend: Callable[[Unit], Intent], unit: Unit) -> Intent:
        """Decide, and have the pulse sent as soon as the intent is on disk, where there is a trigger."""
        intent = intend(unit)
        if intent.fresh and self._trigger is not None:
            unit.after_commit(partial(_pull, self._trigger, intent.opening.id, door.id))
        return intent


def _why_unknown(door: Door, *, was_open: bool) -> str:
    """The reason that is written when no contact decides a pulse that was fired."""
    if not door.has_contact:
        return "no_contact"
    return "already_open" if was_open else "contact_silent"


def _pull(trigger: Trigger, opening_id: str, door_id: str) -> None:
    reach("gate.after_intent")
    trigger(opening_id, door_id)
