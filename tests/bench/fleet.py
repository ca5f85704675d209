"""`make fleet`: the fleet against PostgreSQL in several sizes, with its figures and plots (docs/fleet.md).

PostgreSQL is Debian's, started for the run with its own settings: every commit is on disk.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

from cloud_sync.fleet.plan import FleetPlan
from cloud_sync.fleet.report import FleetReport, describe
from cloud_sync.fleet.simulate import Course, simulate
from cloud_sync.fleet.site import Rooms
from edge import tables
from edge.bench.figures import case
from edge.bench.plots import FLOOR, LINE, PLOT, TEXT, VALUE, WIDTH, bars
from edge.errors import EdgeError
from tests.fakes.postgres import Postgres

ROOMS = Rooms(tables.MIGRATIONS, tables.APPLIERS, tables.REFERENCES)
SIZES = (10, 100, 500, 2_000)
EVENTS_AT_LEAST = 5_000
"""Small fleets live several days, so that what is measured is more than the clock's grain."""
EVENTS_A_DAY = 90
SITES_A_SECOND = 50
"""A day lasts a second for so many sites: the one process that plays them all has to keep up."""
FLAT = 1.5
"""A larger fleet's event may cost so much more than the smallest's: the noise of a shared machine."""


def main() -> int:
    """Run the sizes, write what was seen after each of them; 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(description="The fleet in several sizes against PostgreSQL.")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--out", type=Path, default=Path("bench/out/fleet"))
    parser.add_argument("--day-s", type=float, default=10.0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    whole = [run(sites, max(options.day_s, sites / SITES_A_SECOND), options.out) for sites in options.sizes]
    draw(options.out)
    return 0 if all(whole) else 1


def run(sites: int, day_s: float, out: Path) -> bool:
    """One size; its report stands in `out` afterwards. A network that is away all day, then the storm."""
    days = max(1, min(5, EVENTS_AT_LEAST // (sites * EVENTS_A_DAY)))
    plan = FleetPlan(sites=sites, days=days, day_s=day_s, cut_hour=0)
    server = Postgres(home="fleet-office")
    try:
        server.start()
        with tempfile.TemporaryDirectory(prefix="edge-fleet-") as folder:
            course = Course(plan=plan, folder=folder, store_url=server.new_database())
            report = asyncio.run(simulate(course, ROOMS, tell=_tell))
    except EdgeError as error:
        _tell(f"{sites} sites: {error}")
        return False
    finally:
        server.stop()
    sys.stdout.write(describe(report) + "\n")
    sys.stdout.flush()
    (out / f"{sites:05d}.json").write_bytes(msgspec.json.encode(report))
    return report.is_whole


def draw(out: Path) -> None:
    """The plots of every report that stands in `out`."""
    reports = [
        msgspec.json.decode(path.read_bytes(), type=FleetReport) for path in sorted(out.glob("*.json"))
    ]
    if not reports:
        return
    smallest_us = reports[0].cost_us
    costs = [
        case(
            f"{report.plan.sites:,} sites",
            report.cost_us,
            "µs",
            floor=report.idle_us,
            target=f"<= {smallest_us * FLAT:.0f} µs",
            ok=report.cost_us <= smallest_us * FLAT,
            n=sum(storm.taken for storm in report.storms),
        )
        for report in reports
    ]
    (out / "fleet-cost.svg").write_text(bars(costs))
    (out / "fleet-storm.svg").write_text(_backlogs(reports))


def _backlogs(reports: list[FleetReport]) -> str:
    """How the share of events that wait falls after the worst return of the network, a curve a size."""
    left, top, width, height = PLOT
    colours = (VALUE, FLOOR, LINE, "#4a6fa5")
    ends = [(report, max(report.storms, key=lambda storm: storm.backlog)) for report in reports]
    last_s = max(storm.drained_s for _, storm in ends) * 1.1
    parts = [
        f'<text x="{left}" y="24" font-size="14" fill="{TEXT}">Events that wait, after the return</text>'
    ]
    for number, (report, storm) in enumerate(ends):
        _, peak = max((one.waiting, at) for at, one in enumerate(report.samples))
        began_s = report.samples[peak].at_s
        points = []
        for one in report.samples[peak:]:
            x = left + width * (one.at_s - began_s) / last_s
            points.append((x, top + height * (1 - one.waiting / storm.backlog)))
            if one.waiting == 0:
                break
        path = " ".join(f"{x:.1f},{max(y, top):.1f}" for x, y in points)
        colour = colours[number % len(colours)]
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        words = f"{report.plan.sites:,} sites, {storm.backlog:,} events, {storm.drained_s:.1f} s"
        y = top + 16 + 18 * number
        place = f'x="{left + width}" y="{y}" text-anchor="end" font-size="12"'
        parts.append(f'<text {place} fill="{colour}">{words}</text>')
    axis = f'y="{top + height + 20}" font-size="11" fill="{TEXT}"'
    parts.append(f'<text x="{left}" {axis}>0 s</text>')
    parts.append(f'<text x="{left + width}" {axis} text-anchor="end">{last_s:.0f} s</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + height + 40}" width="{WIDTH}"'
        ' font-family="system-ui, sans-serif">' + "".join(parts) + "</svg>"
    )


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
