"""Contacts that do not move although their door is opened again and again: a wire, a magnet, a jam."""

from collections.abc import Iterable

from edge.access.contacts import ContactState
from edge.links.findings import Findings

PULSES = 5
"""Pulses in a row without a movement. People change their mind now and then, five of them do not."""


class DeadContacts:
    """Told of every pulse and every report; the technician's list gets a door once it is plain."""

    def __init__(self, doors: Iterable[str], findings: Findings) -> None:
        """`doors` have a contact."""
        self._findings = findings
        self._still = dict.fromkeys(doors, 0)
        self._states = dict.fromkeys(self._still, ContactState.UNKNOWN)

    def fired(self, door_id: str) -> None:
        """A pulse was fired at a door."""
        if self._states.get(door_id) is not ContactState.CLOSED:
            return
        self._still[door_id] += 1
        if self._still[door_id] >= PULSES:
            self._findings.report(f"door:{door_id}", "dead_contact", f"{self._still[door_id]} pulses")

    def note(self, door_id: str, state: ContactState) -> None:
        """A door's contact says."""
        if door_id not in self._still:
            return
        self._states[door_id] = state
        if state is not ContactState.CLOSED:
            self._still[door_id] = 0
        if state is ContactState.OPEN:
            self._findings.clear(f"door:{door_id}", "dead_contact")
