"""The store's tables through time: a base, then numbered steps, each once, in one transaction.

Written in SQLite's words; `postgres.py` translates types. A step that was published is never edited. In its
text `:home` stands for the home site's id as a literal.
"""

from collections.abc import Mapping

from cloud_sync.platform.enrolment_schema import ENROLMENT_SCHEMA
from cloud_sync.platform.erasing_schema import ERASING_SCHEMA
from cloud_sync.platform.operators.schema import OPERATOR_SCHEMA

BASE = 2
"""The version of `cloud_sync.platform.schema`, which every step below goes on from."""

_SITES = """
-- every site that this platform serves, and its devices; a device's id is unique on the platform
CREATE TABLE sites (
  id TEXT PRIMARY KEY, name_zh TEXT NOT NULL, name_en TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'closed')), created_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE devices (
  id TEXT PRIMARY KEY, site TEXT NOT NULL REFERENCES sites (id),
  state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'revoked')),
  created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX devices_site ON devices (site, id);

ALTER TABLE streams ADD COLUMN site TEXT NOT NULL DEFAULT :home;
CREATE INDEX streams_site ON streams (site, device);
CREATE INDEX streams_waiting ON streams (device, epoch) WHERE applied_seq < head_seq;
ALTER TABLE accounts ADD COLUMN site TEXT NOT NULL DEFAULT :home;

-- what was issued or happened first, where the order of arrival is what is shown
ALTER TABLE passes ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE command_steps ADD COLUMN number INTEGER NOT NULL DEFAULT 0;

ALTER TABLE settled RENAME TO settled_before;
CREATE TABLE settled (
  site TEXT NOT NULL, order_id TEXT NOT NULL, bill_id TEXT NOT NULL,
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (site, order_id, bill_id)
) STRICT, WITHOUT ROWID;
INSERT INTO settled (site, order_id, bill_id, device, epoch, seq)
  SELECT :home, order_id, bill_id, device, epoch, seq FROM settled_before;
DROP TABLE settled_before;

-- the feed of every site. Cursors rise over all sites: a reader of one site sees gaps, never a step back
ALTER TABLE records RENAME TO records_before;
CREATE TABLE records (
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  site TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  data TEXT, applied_device TEXT, applied_epoch INTEGER, applied_seq INTEGER
) STRICT;
INSERT INTO records (cursor, site, collection, id, version, data, applied_device, applied_epoch, applied_seq)
  SELECT cursor, :home, collection, id, version, data, applied_device, applied_epoch, applied_seq
  FROM records_before ORDER BY cursor;
DROP TABLE records_before;
CREATE UNIQUE INDEX records_of ON records (site, collection, id);
CREATE INDEX records_feed ON records (site, cursor);
"""

_BACKUPS = """
-- sealed backups, whose contents are files; recovery keys, readable by the operators only
CREATE TABLE backups (
  device TEXT NOT NULL, id TEXT NOT NULL, size_bytes INTEGER NOT NULL, received_bytes INTEGER NOT NULL,
  digest TEXT NOT NULL, created_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, PRIMARY KEY (device, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE recovery_keys (
  site TEXT NOT NULL, public TEXT NOT NULL, wrapped TEXT NOT NULL, made_ms INTEGER NOT NULL,
  PRIMARY KEY (site, public)
) STRICT, WITHOUT ROWID;
"""

_API_KEYS = """
-- keys of other systems, by their SHA-256; `site` is empty where a key counts at every site
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL, site TEXT NOT NULL,
  created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL, revoked_ms INTEGER NOT NULL
) STRICT;
"""

_PARTS = """
-- what operators switched off at a site: words of `cloud_sync.wire.enrolment.PARTS`, by commas
ALTER TABLE sites ADD COLUMN parts_off TEXT NOT NULL DEFAULT '';
"""

_OPEN_COMMANDS = """
-- what devices may still fetch: looked for at every poll
CREATE INDEX commands_open ON commands (device, expires_ms) WHERE state IN ('queued', 'sent');
"""

MIGRATIONS: Mapping[int, str] = {
    3: _SITES,
    4: ENROLMENT_SCHEMA,
    5: ERASING_SCHEMA,
    6: _API_KEYS,
    7: _BACKUPS,
    8: OPERATOR_SCHEMA,
    10: _PARTS,
    11: _OPEN_COMMANDS,
}
"""Number → SQL. A number is claimed once and never edited after its publication."""


def due(applied: set[int]) -> list[int]:
    """Numbers that a database with these still needs, in their order."""
    return [number for number in sorted(MIGRATIONS) if number not in applied]


def unknown(applied: set[int]) -> list[int]:
    """Numbers that a database has and this program does not know: it was written by a newer one."""
    return sorted(number for number in applied if number > BASE and number not in MIGRATIONS)


def text_of(number: int, home: str) -> str:
    """A step's SQL for a platform whose home site is `home`."""
    literal = "'" + home.replace("'", "''") + "'"
    return MIGRATIONS[number].replace(":home", literal)
