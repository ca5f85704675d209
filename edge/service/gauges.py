"""What telemetry tells about a hub: one table of gauges, and those that are read from the machine."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from edge.store.condition import Condition
from edge.trust.clock import Clock, Trust

THERMAL = Path("/sys/class/thermal")
_STATM_RESIDENT = 1
_MB = 1_000_000


class Gauge(NamedTuple):
    """One figure of every sample: a whole number in a unit."""

    name: str
    unit: str
    meaning: str


GAUGES: tuple[Gauge, ...] = (
    Gauge("clock_trust", "0-2", "trusted clock: 0 unknown, 1 holdover, 2 synced"),
    Gauge("wall_clock_offset_ms", "ms", "how far the machine's wall clock is ahead of the trusted clock"),
    Gauge("store_condition", "0-3", "store: 0 ready, 1 on its reserve, 2 not writable, 3 damaged"),
    Gauge("front_lane_waiting", "units", "units of doors and till that wait for the writer"),
    Gauge("bulk_lane_waiting", "units", "units of the platform's traffic that wait for the writer"),
    Gauge("uplink_waiting", "events", "journal entries that the platform does not have yet"),
    Gauge("role_restarts", "times", "roles that failed and were started again since the hub started"),
    Gauge("disk_free_mb", "MB", "free space where the database is"),
    Gauge("cpu_temperature_c", "°C", "the hottest of the machine's sensors"),
    Gauge("hub_memory_mb", "MB", "resident memory of the hub's process"),
    Gauge("uptime_s", "s", "since the machine started"),
)
"""Names stay; what a machine cannot tell is left out of its samples."""

Read = Callable[[], int | None]
_TRUST = {Trust.UNKNOWN: 0, Trust.HOLDOVER: 1, Trust.SYNCED: 2}


class GaugeReader:
    """Reads every gauge of the table; `hub` reads what only the running parts know, by name."""

    def __init__(self, *, folder: Path, clock: Clock, hub: Mapping[str, Read]) -> None:
        self._folder = folder
        self._reads: Mapping[str, Read] = {
            "clock_trust": lambda: _TRUST[clock.now().trust],
            "wall_clock_offset_ms": lambda: wall_clock_offset_ms(clock),
            "disk_free_mb": lambda: self.free_bytes() // _MB,
            "cpu_temperature_c": read_temperature_c,
            "hub_memory_mb": lambda: resident_bytes() // _MB,
            "uptime_s": lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000_000,
            **hub,
        }
        assert self._reads.keys() == {gauge.name for gauge in GAUGES}, "a gauge without a reader, or with two"

    def read(self) -> dict[str, int]:
        """Every gauge that can be read now."""
        return {name: value for name, read in self._reads.items() if (value := read()) is not None}

    def free_bytes(self) -> int:
        """Free space where the database is; none when the disk does not say."""
        try:
            room = os.statvfs(self._folder)
        except OSError:
            return 0
        return room.f_bavail * room.f_frsize


def wall_clock_offset_ms(clock: Clock) -> int | None:
    """How far the wall clock is ahead of the trusted clock; None while that is not known."""
    now = clock.now()
    return None if now.trust is Trust.UNKNOWN else time.time_ns() // 1_000_000 - now.at_ms


def condition_number(condition: Condition) -> int:
    """The condition's place in the order of gravity."""
    return list(Condition).index(condition)


def read_temperature_c(folder: Path = THERMAL) -> int | None:
    """Whole degrees of the hottest sensor (kernel, sysfs-class-thermal: millidegrees); None without any."""
    degrees: list[int] = []
    for sensor in folder.glob("thermal_zone*/temp"):
        try:
            degrees.append(int(sensor.read_text("ascii")) // 1000)
        except (OSError, ValueError):
            continue  # a sensor that is switched off answers with an error
    return max(degrees, default=None)


def resident_bytes() -> int:
    """This process's resident memory (proc(5), statm)."""
    pages = Path("/proc/self/statm").read_text("ascii").split()
    return int(pages[_STATM_RESIDENT]) * os.sysconf("SC_PAGE_SIZE")
