"""`start`: from process start until `/health` answers; the floor is importing aiohttp.web and aiomqtt."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edge.bench.figures import Case, case, middle
from edge.demo.layout import Layout, Ports
from edge.demo.world import World, fetch_status

RUNS = 5


def run() -> list[Case]:
    """Start the hub of a fresh demo site several times, brokers and platform away, and the help text."""
    starts, floors, helps = [], [], []
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder:
        world = World(Layout(folder=Path(folder), ports=Ports.free()))
        world.prepare()
        for _ in range(RUNS):
            floors.append(_timed([sys.executable, "-c", "import aiohttp.web, aiomqtt"]))
            starts.append(_start_of_hub(world))
            helps.append(_timed([sys.executable, "-m", "edge", "--help"]))
    start, floor, help_s = middle(starts), middle(floors), middle(helps)
    return [
        case("start", start, "s", floor=floor, target="<= 2.0 x floor", ok=start <= 2.0 * floor, n=RUNS),
        case("start-help", help_s, "s", target="<= 0.3 s", ok=help_s <= 0.3, n=RUNS),
    ]


def _start_of_hub(world: World) -> float:
    began = time.perf_counter()
    world.start_hub(wait=False)
    while fetch_status(world.layout.ports.kiosk, "/health") is None:
        time.sleep(0.005)
    taken = time.perf_counter() - began
    world.processes.end("hub")
    return taken


def _timed(argv: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, check=True, capture_output=True)
    return time.perf_counter() - began
