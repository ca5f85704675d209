"""Tables of what hubs tell about the feed: records that they parked, people whom they erased."""

ERASING_SCHEMA = """
-- records of the feed that a hub has parked, as it reports them
CREATE TABLE feed_faults (
  device TEXT NOT NULL, collection TEXT NOT NULL, record TEXT NOT NULL,
  version INTEGER NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (device, collection, record)
) STRICT, WITHOUT ROWID;
-- orders to erase a person, without the person, and the hubs' answers
CREATE TABLE erasures (
  id TEXT PRIMARY KEY, site TEXT NOT NULL, asked_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE erasure_answers (
  erasure TEXT NOT NULL, device TEXT NOT NULL, erased_tables INTEGER NOT NULL, erased_rows INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, PRIMARY KEY (erasure, device)
) STRICT, WITHOUT ROWID;
"""
