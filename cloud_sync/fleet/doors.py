"""The door of a simulated site: it opens by command, once each, and the journal says so."""

from functools import partial

from cloud_sync.fleet.day import intend, settle
from edge.access.entry import Report
from edge.access.events import CommandRefused
from edge.access.records import Opening
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.commands import Command


class SimulatedDoors:
    """Stands where the access room's `DoorOpener` stands. `fired` counts pulses by command."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[str, tuple[str, str]] = {}
        self.fired: dict[str, int] = {}
        self.refused: dict[str, int] = {}

    async def open_by_command(self, command: Command, report: Report | None = None) -> Opening:
        """Intent on disk, pulse, contact: as a door does that works."""
        place, authorisation = command.target, f"command:{command.id}"
        opening = await self._store.run(lambda unit: unit.next_id())
        await self._store.run(lambda unit: intend(unit, opening, place, authorisation, "command"))
        await self._tell(report, command.id, "intended")
        self.fired[command.id] = self.fired.get(command.id, 0) + 1
        await self._tell(report, command.id, "fired")
        await self._store.run(lambda unit: settle(unit, opening, place, authorisation, opened=True))
        await self._tell(report, command.id, "opened")
        return Opening(
            id=opening,
            place=place,
            authorisation=authorisation,
            kind="command",
            state="opened",
            requested_at_ms=command.iat_ms,
        )

    async def stored_answer(self, command_id: str) -> tuple[str, str] | None:
        """What was told last of a command."""
        return self._answers.get(command_id)

    async def refuse_command(self, command_id: str, code: str) -> None:
        """Journal that a command opened nothing."""
        self.refused[code] = self.refused.get(code, 0) + 1
        refused = CommandRefused(source="platform", command=command_id, code=code)
        await self._store.run(partial(_record, refused=refused))

    async def _tell(self, report: Report | None, command_id: str, state: str) -> None:
        self._answers[command_id] = (state, "")
        if report is not None:
            await report(state, "")


def _record(unit: Unit, *, refused: CommandRefused) -> None:
    unit.record(refused, actor="access")
