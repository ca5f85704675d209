"""What a simulation has shown, as figures and as lines for people."""

import msgspec

from cloud_sync.fleet.comparison import Verdict
from cloud_sync.fleet.plan import FleetPlan, HostState

MS = 1_000


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look: seconds since the fleet began, events that wait, events written, connections tried, ever."""

    at_s: float
    waiting: int
    written: int
    begun: int


class Storm(msgspec.Struct, frozen=True, kw_only=True):
    """One return of the network, until everything was in custody and applied; times count from the return.

    `first_batch_s` is each site's first acknowledgement, in order. Processor seconds are the platform's and
    its database server's.
    """

    backlog: int
    drained_s: float
    applied_s: float
    first_batch_s: list[float]
    connections: int
    taken: int
    cpu_s: float
    database_cpu_s: float


class FleetReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was seen. `cost_us` is processor time an event of the storms, custody and applying.

    `idle_us` of it would have been spent without any event, by long polls that wait.
    """

    plan: FleetPlan
    store: str
    storms: list[Storm]
    samples: list[Sample]
    events: int
    faults: list[str]
    parked: int
    incidents: dict[str, int]
    commands: dict[str, int]
    memory_mb: int
    idle_cpu_s_per_s: float
    cost_us: float
    idle_us: float

    @property
    def is_whole(self) -> bool:
        """Whether nothing was lost, doubled or left over."""
        return not self.faults and not self.parked


def summarise(
    *,
    plan: FleetPlan,
    storms: list[Storm],
    samples: list[Sample],
    idle_cpu_s_per_s: float,
    final: HostState,
    verdict: Verdict,
    incidents: dict[str, int],
    store: str,
) -> FleetReport:
    """Add up what was seen."""
    taken = max(1, sum(storm.taken for storm in storms))
    spent_s = sum(storm.cpu_s + storm.database_cpu_s for storm in storms)
    idle_s = idle_cpu_s_per_s * sum(storm.applied_s for storm in storms)
    return FleetReport(
        plan=plan,
        store=store,
        storms=storms,
        samples=samples,
        events=verdict.events,
        faults=verdict.faults,
        parked=final.parked,
        incidents=incidents,
        commands=final.commands,
        memory_mb=final.memory_mb,
        idle_cpu_s_per_s=idle_cpu_s_per_s,
        cost_us=spent_s * 1e6 / taken,
        idle_us=min(spent_s, idle_s) * 1e6 / taken,
    )


def describe(report: FleetReport) -> str:
    """Lines for people."""
    plan = report.plan
    lines = [f"{plan.sites} sites, {plan.streets} streets, {plan.days} days, {report.store}"]
    for number, storm in enumerate(report.storms, 1):
        first = storm.first_batch_s
        lines.append(
            f"storm {number}: {storm.backlog} events waited, in custody after {storm.drained_s:.1f} s"
            f" ({storm.taken / max(storm.drained_s, 0.001):,.0f}/s), applied after {storm.applied_s:.1f} s,"
            f" {storm.connections} connections tried;"
            f" first batch of a site: median {_share(first, 0.5):.1f} s, last {_share(first, 1.0):.1f} s"
        )
    lines.append(
        f"cost: {report.cost_us:,.0f} µs of processor an event, {report.idle_us:,.0f} of it for waiting;"
        f" idle: {report.idle_cpu_s_per_s * MS / plan.sites:.2f} ms a site and second;"
        f" platform {report.memory_mb} MB"
    )
    lines.append(f"commands: {_counted(report.commands)}; incidents: {_counted(report.incidents)}")
    if report.is_whole:
        lines.append(f"{report.events} events: each in custody once, hash by hash; nothing lost or doubled")
    else:
        lines += [*report.faults[:20], f"{len(report.faults)} FAULTS, {report.parked} events parked"]
    return "\n".join(lines)


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"
