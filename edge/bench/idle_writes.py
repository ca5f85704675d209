"""`idle-writes`: what a day of idling writes to disk, by hub, guard and vision of a demo with nobody there.

Read from `write_bytes` of /proc/PID/io (proc(5): what a process caused to be sent to the storage layer),
which holds the database's log and its checkpoints, too; what still waits in the log at the end is
checkpointed into a copy and added. The file system's own journal is in no process's account. The target's
figure comes from one measured hour (`EDGE_BENCH_IDLE_S=3600`): the signed time is asked for hourly, the
copy's age noted every ten minutes, so less than an hour says little.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

from edge.bench.figures import Case, case
from edge.demo.layout import Layout, Ports
from edge.demo.world import World
from edge.store.connections import open_writer

MEASURED = ("hub", "guard", "vision")
SECONDS_VARIABLE = "EDGE_BENCH_IDLE_S"
SECONDS = 300.0
SETTLE_S = 20.0
"""After everything is ready: the first copy of the feed, the key set and the first time are no idling."""
DAY_S = 86_400.0
LIMIT_MB = 50.0
_BYTES_A_MB = 1_000_000


def run(seconds: float | None = None, *, settle_s: float = SETTLE_S) -> list[Case]:
    """Let the demo idle for `seconds` and scale what was written to a day."""
    idle_s = seconds if seconds is not None else float(os.environ.get(SECONDS_VARIABLE, SECONDS))
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder:
        world = World(Layout(folder=Path(folder), ports=Ports.free()))
        try:
            world.prepare()
            world.start()
            world.stock_shelves()
            time.sleep(settle_s)
            waiting_before = _waiting_bytes(world.layout.site, Path(folder))
            before, began = _written(world), time.monotonic()
            time.sleep(idle_s)
            after, taken_s = _written(world), time.monotonic() - began
            waiting = _waiting_bytes(world.layout.site, Path(folder)) - waiting_before
        finally:
            world.stop()
    written = {name: after[name] - before[name] for name in MEASURED}
    written["hub"] += max(0, waiting)
    return _cases(written, taken_s)


def _cases(written: dict[str, int], taken_s: float) -> list[Case]:
    seconds = round(taken_s)
    a_day = {name: count * DAY_S / taken_s / _BYTES_A_MB for name, count in written.items()}
    total = sum(a_day.values())
    return [
        case(
            "idle-writes",
            total,
            "MB/day",
            target=f"<= {LIMIT_MB:g} MB, from one measured hour",
            ok=total <= LIMIT_MB,
            n=seconds,
        ),
        *(
            case(f"idle-writes-{name}", a_day[name], "MB/day", target="reported", n=seconds)
            for name in MEASURED
        ),
    ]


def _written(world: World) -> dict[str, int]:
    """`write_bytes` less `cancelled_write_bytes` of each process."""
    return {name: written_bytes(world.processes.running[name].pid) for name in MEASURED}


def written_bytes(pid: int | str) -> int:
    """Bytes that a process has caused to be written to the storage layer, see proc(5)."""
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["write_bytes"]) - int(fields["cancelled_write_bytes"])


def _waiting_bytes(site: Path, folder: Path) -> int:
    """What a checkpoint of the hub's log would write now: done on a copy, never on the hub's own file.

    The log is copied before the file, so that a checkpoint between them leaves frames twice, not missing.
    """
    copy = folder / "copy"
    copy.mkdir()
    try:
        for name in ("edge.db-wal", "edge.db"):
            shutil.copy(site / name, copy / name)
            with (copy / name).open("rb+") as file:
                os.fsync(file.fileno())
        before = written_bytes("self")
        connection = open_writer(copy / "edge.db")
        connection.execute("PRAGMA wal_checkpoint(FULL)")
        connection.close()
        return written_bytes("self") - before
    finally:
        shutil.rmtree(copy)
