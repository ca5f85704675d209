"""Which store a platform has, by its settings."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator

from cloud_sync.platform.database import Database
from cloud_sync.platform.settings import PlatformSettings
from cloud_sync.platform.store.port import Engine, StoreInUse
from cloud_sync.platform.store.sqlite import SqliteEngine


def open_database(settings: PlatformSettings, *, heard: Callable[[set[str]], None] | None = None) -> Database:
    """The platform's database with its tables up to date. Raises StoreNewer, StoreAway."""
    return Database(_open_engine(settings), settings.site, heard=heard)


@contextlib.contextmanager
def hold_store(settings: PlatformSettings) -> Iterator[None]:
    """Be the one process that writes a SQLite file, as long as this is entered; PostgreSQL takes many.

    Raises StoreInUse. The kernel lets go of it however this process ends.
    """
    if settings.store is not None:
        yield
        return
    path = settings.database_file
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StoreInUse(f"{path}: a platform runs on it; stop it first") from error
    finally:
        os.close(lock)


def _open_engine(settings: PlatformSettings) -> Engine:
    store = settings.store
    if store is None:
        return SqliteEngine(settings.database_file, home=settings.site)
    # The driver is an extra: a platform with its own file needs none of it.
    from cloud_sync.platform.store.postgres import PostgresEngine

    password = settings.path(store.password_file).read_text().strip() if store.password_file else ""
    return PostgresEngine(store.url, home=settings.site, password=password, connections=store.connections)
