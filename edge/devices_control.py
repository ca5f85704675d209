"""The control socket's route of the technician's list: findings, and how each device stands."""

from collections.abc import Iterable

from aiohttp import web

from devices.settings import DoorSettings
from edge.access.lockers.keeping import Standing
from edge.access.places import cell_place, door_place
from edge.control import answer
from edge.peripherals import Peripherals


class DevicesControl:
    """The handler; `routes()` goes to `edge.links.control.build_control` with the others."""

    def __init__(self, peripherals: Peripherals, doors: Iterable[DoorSettings]) -> None:
        self._peripherals = peripherals
        self._doors = tuple(doors)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """All routes."""
        return (web.get("/devices", answer(self.devices)),)

    async def devices(self, request: web.Request) -> object:
        """What is wrong with which device, then doors, banks with their cells, and readers."""
        parts = self._peripherals
        standing = await parts.keeper.look()
        return {
            "findings": parts.findings.describe(),
            "dropped_findings": parts.findings.dropped,
            "doors": [
                {
                    "id": door.id,
                    "driver": door.driver,
                    "device": door.device or "",
                    "line": door.line,
                    "online": parts.door_drivers[door.id].online(door.id),
                    "contact": parts.contacts.state_of(door_place(door.id)).value,
                    "cycles": None if door.line is None else parts.guard.cycles.get(door.line, 0),
                }
                for door in self._doors
            ],
            "banks": [
                {
                    "id": bank.id,
                    "driver": bank.driver,
                    "online": parts.banks[bank.id].online(bank.id),
                    "cells": self._cells(bank.id, standing),
                }
                for bank in parts.bank_settings
            ],
            "readers": parts.reader_desk.views(),
        }

    def _cells(self, bank: str, standing: Standing) -> dict[str, dict[str, str]]:
        """What each cell's contact says, and whether it is free, occupied, held ..."""
        contacts = self._peripherals.contacts
        return {
            cell.cell: {"contact": contacts.state_of(cell_place(bank, cell.cell)).value, "state": cell.state}
            for cell in standing.cells
            if cell.bank == bank
        }
