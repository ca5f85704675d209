"""Which store a platform has, by its settings."""

from collections.abc import Callable

from cloud_sync.platform.database import Database
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.sqlite import SqliteEngine


def open_database(settings: PlatformSettings, *, heard: Callable[[set[str]], None] | None = None) -> Database:
    """The platform's database with its tables up to date. Raises StoreNewer, StoreAway."""
    return Database(SqliteEngine(settings.database_file, home=settings.site), settings.site, heard=heard)
