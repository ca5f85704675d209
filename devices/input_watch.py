"""What inputs tell the technician: an open cabinet, and a fire contact that nobody hears."""

from collections.abc import Iterable

from edge.access.inputs import Input, InputKind, InputState
from edge.links.findings import Findings

TAMPER = "tamper"
FIRE_NOT_READ = "fire_not_read"


class InputWatch:
    """Keeps the technician's list in step with what inputs say."""

    def __init__(self, inputs: Iterable[Input], findings: Findings) -> None:
        self._kinds = {each.id: each.kind for each in inputs}
        self._findings = findings

    def note(self, input_id: str, state: InputState) -> None:
        """An input says."""
        kind = self._kinds.get(input_id)
        if kind is InputKind.TAMPER:
            self._set(input_id, TAMPER, state is InputState.ACTIVE)
        elif kind is InputKind.FIRE:
            self._set(input_id, FIRE_NOT_READ, state is InputState.UNKNOWN)

    def _set(self, input_id: str, code: str, wrong: bool) -> None:
        if wrong:
            self._findings.report(f"input:{input_id}", code, "")
        else:
            self._findings.clear(f"input:{input_id}", code)
