"""Fire linkage (消防联动): doors that a fire input released, until a named person resets it.

The fire contact releases the locks in hardware. Here it is heard, held in memory, noted beside the database,
and only then written: no disk holds up a door.
"""

import itertools
import logging
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from edge.access.doors import records
from edge.access.doors.events import FireReleased, FireReset
from edge.access.doors.owed import OwedEntries
from edge.access.doors.records import FireRelease
from edge.access.holds import hint_wishes
from edge.store.unit import Unit
from edge.trust.clock import Clock

log = logging.getLogger(__name__)

ACTOR = "fire"


class FireMarker:
    """A small file of the live releases, on a file system in memory.

    After a restart of the hub it is there also when the database took nothing. What cannot be kept in it is
    only logged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, releases: Iterable[FireRelease]) -> None:
        """Keep these releases; none removes the file."""
        kept = list(releases)
        try:
            if kept:
                self._path.write_bytes(msgspec.json.encode(kept))
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            log.error("fire marker %s: %s", self._path, error)

    def read(self) -> list[FireRelease]:
        """The releases that were kept."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[FireRelease])
        except FileNotFoundError:
            return []
        except (OSError, msgspec.MsgspecError) as error:
            log.error("fire marker %s: %s", self._path, error)
            return []


class FireBook:
    """The live fire releases, by input. What it is told counts at once and is written afterwards."""

    def __init__(
        self,
        *,
        inputs: Mapping[str, tuple[str, ...]],
        owed: OwedEntries,
        clock: Clock,
        device: str,
        marker: FireMarker | None = None,
    ) -> None:
        """`inputs` maps each fire input to the doors that it releases."""
        self._inputs = inputs
        self._owed = owed
        self._clock = clock
        self._marker = marker
        self._live: dict[str, FireRelease] = {}
        self._series = f"{device}-f{secrets.token_hex(8)}"
        self._numbers = itertools.count(1)
        self._unmarked = False

    @property
    def live(self) -> tuple[FireRelease, ...]:
        """Every release that nobody has reset."""
        return tuple(self._live.values())

    @property
    def doors(self) -> frozenset[str]:
        """The doors that are released now."""
        return frozenset(door for release in self._live.values() for door in release.doors)

    def load_marker(self) -> None:
        """Take up what was live before a restart, by the marker, and have it written where it was not."""
        for release in () if self._marker is None else self._marker.read():
            self._take(release)
            self._owe_begin(release)

    def load(self, releases: Iterable[FireRelease]) -> None:
        """Take up what is live on disk."""
        for release in releases:
            self._take(release)

    def begin(self, input_id: str) -> bool:
        """An input says *fire*: its doors are released from now on. False when they are already."""
        if input_id in self._live or input_id not in self._inputs:
            return False
        release = FireRelease(
            id=f"{self._series}-{next(self._numbers)}",
            input=input_id,
            doors=self._inputs[input_id],
            began_at_ms=self._clock.now().at_ms,
        )
        self._take(release)
        self._unmarked = True
        log.warning("fire: input %s releases %s", input_id, ", ".join(release.doors))
        self._owe_begin(release)
        return True

    def reset(self, release_id: str, account: str) -> FireRelease | None:
        """A named person resets a release; None when none of this id is live."""
        release = next((each for each in self._live.values() if each.id == release_id), None)
        if release is None:
            return None
        del self._live[release.input]
        self._unmarked = True
        log.warning("fire: input %s was reset by %s", release.input, account)
        self._owed.add(
            lambda unit, late_ms: _write_reset(unit, release, account, late_ms),
            f"reset of the fire at {release.input}",
        )
        return release

    def mark(self) -> None:
        """Write the marker where it does not say what is live; after the doors were told, never before."""
        if self._unmarked and self._marker is not None:
            self._marker.write(self._live.values())
        self._unmarked = False

    def _take(self, release: FireRelease) -> None:
        self._live.setdefault(release.input, release)

    def _owe_begin(self, release: FireRelease) -> None:
        self._owed.add(
            lambda unit, late_ms: _write_begin(unit, release, late_ms), f"fire at {release.input} began"
        )


def _write_begin(unit: Unit, release: FireRelease, late_ms: int | None) -> None:
    if records.insert_fire(unit.connection, release):
        released = FireReleased(
            release=release.id,
            input=release.input,
            doors=release.doors,
            happened_at_ms=None if late_ms is None else release.began_at_ms,
        )
        unit.record(released, actor=ACTOR)
        hint_wishes(unit)


def _write_reset(unit: Unit, release: FireRelease, account: str, late_ms: int | None) -> None:
    at_ms = unit.now.at_ms if late_ms is None else late_ms
    if records.reset_fire(unit.connection, release.id, at_ms, account):
        unit.record(FireReset(release=release.id, input=release.input, happened_at_ms=late_ms), actor=account)
        hint_wishes(unit)
