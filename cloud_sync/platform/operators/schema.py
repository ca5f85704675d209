"""Tables of the operators and of webhooks (migration 8)."""

OPERATOR_SCHEMA = """
-- people who look after the sites: passwords as argon2id strings, sessions by their SHA-256
CREATE TABLE operators (
  login TEXT PRIMARY KEY, hash TEXT NOT NULL, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0, locked_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE operator_sessions (
  hash TEXT PRIMARY KEY, login TEXT NOT NULL, expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- what devices say needs a person, until they say that it does no longer
CREATE TABLE device_alarms (
  device TEXT NOT NULL, alarm TEXT NOT NULL, kind TEXT NOT NULL, source TEXT NOT NULL, detail TEXT NOT NULL,
  since_ms INTEGER NOT NULL, PRIMARY KEY (device, alarm)
) STRICT, WITHOUT ROWID;

-- `owner`: an API key's id, or empty for the operators; `site` empty: all sites; `types` empty: all types
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY, owner TEXT NOT NULL, site TEXT NOT NULL, url TEXT NOT NULL, types TEXT NOT NULL,
  salt TEXT NOT NULL, created_ms INTEGER NOT NULL, removed_ms INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0, delivered_ms INTEGER NOT NULL DEFAULT 0,
  failed_ms INTEGER NOT NULL DEFAULT 0, failure TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
-- through which event each device's custody was delivered, and how often the next one was tried
CREATE TABLE webhook_lanes (
  webhook TEXT NOT NULL, device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, next_ms INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (webhook, device)
) STRICT, WITHOUT ROWID;
-- events that were given up; `again`: somebody asked for one more attempt
CREATE TABLE webhook_letters (
  webhook TEXT NOT NULL, device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  event TEXT NOT NULL, type TEXT NOT NULL, attempts INTEGER NOT NULL, failure TEXT NOT NULL,
  given_up_ms INTEGER NOT NULL, again INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (webhook, device, epoch, seq)
) STRICT, WITHOUT ROWID;
"""
