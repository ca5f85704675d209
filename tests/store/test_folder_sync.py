"""A store is open only when the names of its files are sure."""

import errno
import os
import stat
from pathlib import Path

import pytest

from edge.store.condition import Condition
from edge.tables import MIGRATIONS
from tests.faults.store_child import open_store


def test_a_folder_that_cannot_be_synced_is_a_disk_that_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(tmp_path, migrations=MIGRATIONS).close()
    sync = os.fsync

    def fail(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail)
    store = open_store(tmp_path, migrations=MIGRATIONS)
    try:
        assert store.condition is Condition.NOT_WRITABLE
    finally:
        store.close()
