"""A real PostgreSQL of Debian's, started by the test as an unprivileged user, on a socket of its own."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from cloud_sync.platform.store.postgres import PostgresEngine

READY_S = 20.0
USER = "platform"
HURRIED = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""For tests of what the platform does. Those that kill the database run with its own settings."""

EMPTY = """
DO $$
DECLARE name text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname='public' AND tablename<>'migrations' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname='public' LOOP
    PERFORM setval(name::regclass, 1, false);
  END LOOP;
END $$
"""
"""No row in any table, references or not, and every number begins at one: far faster than a new database."""


def find_program(name: str) -> Path | None:
    """A program of the newest PostgreSQL on this machine, None where Debian's `postgresql` is missing."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return found[-1] if found else None


class Postgres:
    """One server. `start` returns when it answers; `kill` is a power cut of the program, `stop` its end."""

    def __init__(self, *settings: str, home: str = "heyuanli") -> None:
        self._settings = settings
        self._home = home
        self._folder = Path(tempfile.mkdtemp(prefix="edge-pg-", dir="/tmp"))
        self._numbers = itertools.count(1)
        self._shared = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._who = _unprivileged()
        if self._who is not None:
            os.chown(self._folder, self._who.pw_uid, self._who.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str) -> str:
        """Where a database of this server is."""
        return f"postgresql://{USER}@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [part for setting in (*self._settings, "listen_addresses=") for part in ("-c", setting)]
        program = [_require("postgres"), "-D", str(self._data), "-k", str(self._folder), *options]
        user, group = self._ids
        self._process = subprocess.Popen(
            program,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            user=user,
            group=group,
        )
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres")).close()
                return
            time.sleep(0.02)
        raise AssertionError("postgres does not answer")

    def new_database(self) -> str:
        """The address of an empty database without tables."""
        name = f"platform_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def emptied_database(self) -> str:
        """The address of a database whose tables are made and empty: the same each time."""
        if not self._shared:
            self._shared = self.new_database()
            PostgresEngine(self._shared, home=self._home, connections=1).close()
        with psycopg.connect(self._shared, autocommit=True) as connection:
            connection.execute(EMPTY)
        return self._shared

    def kill(self) -> None:
        """Every process of it ends at once, as in a power cut; `start` begins with its recovery."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def stop(self) -> None:
        """End it and forget its data."""
        if self._process is not None:
            self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, name: str, *arguments: str) -> None:
        user, group = self._ids
        command = [_require(name), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, user=user, group=group)

    @property
    def _ids(self) -> tuple[int | None, int | None]:
        return (None, None) if self._who is None else (self._who.pw_uid, self._who.pw_gid)


def _unprivileged() -> pwd.struct_passwd | None:
    """Who runs the server where we are root: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _require(name: str) -> str:
    found = find_program(name)
    if found is None:
        raise AssertionError("Debian's package postgresql is missing: run  make setup")
    return str(found)
