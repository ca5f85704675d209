"""What a hub does beside its work: old entries go to archives, samples are taken, books are verified."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cloud_sync.backups import BackupClient
from cloud_sync.http import PlatformHttp
from cloud_sync.link_use import link_use
from edge.backing_up import Backups
from edge.backups.progress import StepProgress
from edge.books.verification import BooksReport
from edge.carried import carried_files
from edge.config import BackupSettings, Config, JournalSettings, PlatformSettings, TelemetrySettings
from edge.due import BooksCheck
from edge.service.gauges import GaugeReader, condition_number
from edge.service.journal_room import judge_journal_room
from edge.site import ARCHIVES, BACKUPS, DATABASE, one_or_default
from edge.store.jobs import run_job
from edge.store.lanes import Lane
from edge.store.retention import Budget, Retention
from edge.store.store import Store
from edge.store.telemetry import Telemetry
from edge.trust.clock import Clock


def make_retention(config: Config, store: Store, clock: Clock, folder: Path) -> Retention:
    """Return what moves old journal entries into archives in the data folder, within `[journal]`'s budget."""
    settings = one_or_default(config, "journal", JournalSettings)
    return Retention(
        store=store,
        clock=clock,
        folder=folder / ARCHIVES,
        budget=Budget(settings.keep_days, settings.archive_years, settings.budget_mb * 1_000_000),
        alarm=judge_journal_room,
    )


def make_telemetry(
    config: Config,
    store: Store,
    clock: Clock,
    folder: Path,
    *,
    uplink_waiting: Callable[[], int | None],
    role_restarts: Callable[[], int],
) -> Telemetry:
    """Return what samples the machine and the hub every minute, in a ring of `[telemetry]`'s size."""
    gauges = GaugeReader(
        folder=folder,
        clock=clock,
        hub={
            "store_condition": lambda: condition_number(store.condition),
            "front_lane_waiting": lambda: store.waiting(Lane.FRONT),
            "bulk_lane_waiting": lambda: store.waiting(Lane.BULK),
            "uplink_waiting": uplink_waiting,
            "role_restarts": role_restarts,
        },
    )
    return Telemetry(
        store=store,
        clock=clock,
        read_gauges=gauges.read,
        free_bytes=gauges.free_bytes,
        keep_rows=one_or_default(config, "telemetry", TelemetrySettings).keep_rows,
    )


def make_books_check(store: Store, folder: Path) -> BooksCheck:
    """Return what has the books verified by a job process from time to time."""

    async def verify() -> BooksReport:
        return msgspec.convert(await run_job("books-verify", folder / DATABASE), BooksReport)

    return BooksCheck(store=store, verify=verify)


def make_backups(config: Config, store: Store, clock: Clock, folder: Path, http: PlatformHttp) -> Backups:
    """Return what backs the site up every night, to where `[backup]` says."""
    settings = one_or_default(config, "backup", BackupSettings)
    platform = config.one("platform", PlatformSettings)
    use = link_use(metered=platform.metered, kbps=platform.uplink_kbps)

    async def run(name: str, *arguments: str, told: StepProgress) -> dict[str, Any]:
        return await run_job(name, folder / DATABASE, *arguments, told=told)

    return Backups(
        store=store,
        clock=clock,
        folder=folder / BACKUPS,
        recipient_file=config.resolve(settings.recipient_file),
        files=lambda: carried_files(config),
        job=run,
        stick=config.resolve(settings.to) if settings.to else None,
        keep=settings.keep,
        sender=BackupClient(http, use) if settings.platform else None,
        send_days=use.backup_days,
    )
