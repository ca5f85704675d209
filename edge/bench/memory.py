"""`memory`: what the idle hub, guard and vision hold resident, in MB (VmRSS of /proc/PID/status)."""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from edge.bench.figures import Case, case
from edge.demo.layout import Layout, Ports
from edge.demo.world import World

SETTLE_S = 5.0
LIMITS_MB = {"hub": 90.0, "guard": 25.0, "vision": 120.0}
"""From the targets: hub, guard, vision."""

FLOORS = {
    "hub": "import aiohttp.web, aiomqtt, sqlite3",
    "guard": "import asyncio, gpiozero",
    "vision": "import cv2, zxingcpp, pyzbar.pyzbar",
}
"""The least a process of this duty imports."""


def run() -> list[Case]:
    """Start the whole demo on free ports, let it settle, read the three processes."""
    with tempfile.TemporaryDirectory(prefix="edge-bench-") as folder:
        world = World(Layout(folder=Path(folder), ports=Ports.free()))
        try:
            world.prepare()
            world.start()
            time.sleep(SETTLE_S)
            values = {name: resident_mb(world.processes.running[name].pid) for name in LIMITS_MB}
        finally:
            world.stop()
    return [
        case(
            f"memory-{name}",
            value,
            "MB",
            floor=_floor_mb(FLOORS[name]),
            target=f"<= {LIMITS_MB[name]:g} MB",
            ok=value <= LIMITS_MB[name],
            n=1,
        )
        for name, value in values.items()
    ]


def resident_mb(pid: int | str) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) / 1024


def _floor_mb(imports: str) -> float:
    code = f"{imports}\nprint(open('/proc/self/status').read())"
    text = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found.group(1)) / 1024
