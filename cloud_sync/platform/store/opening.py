"""Which store a platform has, by its settings."""

from collections.abc import Callable

from cloud_sync.platform.database import Database
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Engine
from cloud_sync.platform.store.sqlite import SqliteEngine


def open_database(settings: PlatformSettings, *, heard: Callable[[set[str]], None] | None = None) -> Database:
    """The platform's database with its tables up to date. Raises StoreNewer, StoreAway."""
    return Database(_open_engine(settings), settings.site, heard=heard)


def _open_engine(settings: PlatformSettings) -> Engine:
    store = settings.store
    if store is None:
        return SqliteEngine(settings.database_file, home=settings.site)
    # The driver is an extra: a platform with its own file needs none of it.
    from cloud_sync.platform.store.postgres import PostgresEngine

    password = settings.path(store.password_file).read_text().strip() if store.password_file else ""
    return PostgresEngine(store.url, home=settings.site, password=password, connections=store.connections)
