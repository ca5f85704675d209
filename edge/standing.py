"""How each part of a hub stands, for `edge status`, the console and the metrics."""

from functools import partial
from typing import NamedTuple

from cloud_sync.commands import CommandSession
from cloud_sync.downlink import Downlink
from cloud_sync.link_use import BATCH_EVENTS
from cloud_sync.progress import Progress
from cloud_sync.uplink import Uplink
from edge.backups.progress import BackupProgress
from edge.links.health import HealthRegistry, PartHealth, State
from edge.links.metrics import Metrics
from edge.links.supervisor import Supervisor
from edge.peripherals import Peripherals
from edge.store.condition import Condition
from edge.store.identity import quarantine_of
from edge.store.store import Store
from edge.trust.clock import Clock, Trust

BY_HTTPS = "the broker is away, commands are fetched over HTTPS"


class Parts(NamedTuple):
    """The parts that are asked how they stand."""

    store: Store
    clock: Clock
    peripherals: Peripherals
    uplink: Uplink
    downlink: Downlink
    commands: CommandSession
    backup: BackupProgress


def register_health(health: HealthRegistry, parts: Parts) -> None:
    """Let the registry ask every part."""
    flag = health.register_flag
    health.register("store", partial(_store_health, parts.store))
    health.register("identity", partial(_identity_health, parts.store))
    flag("guard", lambda: parts.peripherals.guard.connected)
    flag("vision", lambda: parts.peripherals.vision.connected)
    for reader in parts.peripherals.readers:
        flag(f"reader:{reader.id}", partial(parts.peripherals.reader_desk.state_of, reader.id))
    for bank in parts.peripherals.bank_settings:
        flag(f"bank:{bank.id}", partial(parts.peripherals.banks[bank.id].online, bank.id))
    flag("platform", lambda: parts.downlink.online)
    health.register("copy", partial(_copy_health, parts.downlink))
    health.register("uplink", partial(_uplink_health, parts.uplink, parts.downlink))
    health.register("commands", partial(_commands_health, parts.commands))
    health.register("backup", partial(_backup_health, parts.backup))
    flag("clock", lambda: parts.clock.now().trust is not Trust.UNKNOWN)


def count_restarts(metrics: Metrics, supervisor: Supervisor) -> None:
    """Publish how often each role was started again."""
    metrics.describe("edge_role_restarts_total", "How often a role was started again.")
    for name in supervisor.restarts:
        metrics.gauge("edge_role_restarts_total", partial(supervisor.restarts.__getitem__, name), role=name)


async def _store_health(store: Store) -> PartHealth:
    standing = store.standing
    well = standing.condition is Condition.READY
    return PartHealth(State.OK if well else State.DOWN, standing.reason or standing.condition.value)


async def _identity_health(store: Store) -> PartHealth:
    stopped = await store.read(quarantine_of)
    if stopped is None:
        return PartHealth(State.OK)
    return PartHealth(State.DOWN, f"{stopped.code} from entry {stopped.seq}; edge identity show says more")


async def _copy_health(downlink: Downlink) -> PartHealth:
    """Until the feed was read to its end once, how far it is."""
    if downlink.complete:
        return PartHealth(State.OK)
    progress = downlink.progress
    if progress is None:
        return PartHealth(State.UNKNOWN)
    left_s = "?" if progress.left_s is None else progress.left_s
    detail = f"{progress.applied} records read, {progress.rate_per_s}/s, {left_s} s left"
    return PartHealth(State.UNKNOWN, detail)


async def _commands_health(commands: CommandSession) -> PartHealth:
    """Well by either way; which one it is stands in the detail."""
    state = State.OK if commands.ready else State.DOWN
    return PartHealth(state, "" if commands.connected else BY_HTTPS)


async def _backup_health(progress: BackupProgress) -> PartHealth:
    """How far the backup is that is under way; one that failed is an alarm."""
    return PartHealth(State.OK, "" if progress.doing is None else str(progress.doing))


async def _uplink_health(uplink: Uplink, downlink: Downlink) -> PartHealth:
    """While nothing waits the uplink has nothing to say; then the feed's word counts."""
    if uplink.halted is not None:
        return PartHealth(State.DOWN, uplink.halted)
    online = downlink.online if uplink.online is None else uplink.online
    state = State.UNKNOWN if online is None else State.OK if online else State.DOWN
    return PartHealth(state, drain_words(uplink.progress))


def drain_words(progress: Progress | None) -> str:
    """How far a backlog has drained, in words; nothing to say about what one batch carries."""
    if progress is None or progress.waiting <= BATCH_EVENTS:
        return ""
    left = "" if progress.left_s is None else f", {progress.left_s} s left"
    return f"{progress.waiting} wait, {progress.sent} sent, {progress.rate_per_s:.0f} a second{left}"
