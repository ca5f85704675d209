"""I12 while it goes on: every new line of the journal and of the site's logs is searched once."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from edge.proof.evidence import Evidence, Journal, Violation
from edge.proof.keeping import check_secrets

NOT_OURS = ("platform", "stage")
"""The platform knows people by name."""


class SecretScan:
    """What was found stays found."""

    def __init__(self, logs: Path, secrets: Mapping[str, str]) -> None:
        self._logs = logs
        self._secrets = dict(secrets)
        self._read: dict[str, int] = {}
        self._after_seq = 0
        self._found: dict[str, None] = {}

    def look(self, evidence: Evidence, secrets: Mapping[str, str]) -> list[Violation]:
        """Search what is new since the last look, for what is known and for `secrets`."""
        part = Journal()
        entries = evidence.journal.entries
        if len(entries) < self._after_seq:
            self._after_seq = 0
        for entry in entries[self._after_seq :]:
            part.put(entry)
        self._after_seq = len(entries)
        fresh = Evidence(journal=part, secrets={**self._secrets, **secrets}, texts=dict(self._new_texts()))
        self._found.update(dict.fromkeys(check_secrets(fresh)))
        return [Violation("I12", why) for why in self._found]

    def _new_texts(self) -> Iterator[tuple[str, bytes]]:
        """Whole lines only, so that nothing is torn in two."""
        for path in self._logs.glob("*.log"):
            if path.name.startswith(NOT_OURS):
                continue
            with path.open("rb") as log:
                log.seek(self._read.get(path.name, 0))
                text = log.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path.name] = self._read.get(path.name, 0) + len(whole)
            yield f"the log {path.name}", whole
