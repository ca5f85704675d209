"""Tables of the simulated channels: their own world, which the platform's own figures never read."""

SIM_SCHEMA = """
CREATE TABLE IF NOT EXISTS sim_switches (
  channel TEXT NOT NULL, fault TEXT NOT NULL, scope TEXT NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY (channel, fault, scope)
) STRICT;
CREATE TABLE IF NOT EXISTS sim_trades (
  channel TEXT NOT NULL, attempt TEXT NOT NULL, method TEXT NOT NULL, payee TEXT NOT NULL,
  amount_fen INTEGER NOT NULL, description TEXT NOT NULL, qr TEXT UNIQUE, state TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '', payer TEXT NOT NULL DEFAULT '', captured_fen INTEGER NOT NULL DEFAULT 0,
  channel_id TEXT NOT NULL DEFAULT '', asked_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  paid_ms INTEGER NOT NULL DEFAULT 0, ended_ms INTEGER, decide_ms INTEGER, decide_as TEXT,
  asks INTEGER NOT NULL DEFAULT 0, faults TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (channel, attempt)
) STRICT;
CREATE TABLE IF NOT EXISTS sim_refunds (
  channel TEXT NOT NULL, part TEXT NOT NULL, attempt TEXT NOT NULL, payee TEXT NOT NULL,
  amount_fen INTEGER NOT NULL, state TEXT NOT NULL, channel_id TEXT NOT NULL, done_ms INTEGER NOT NULL,
  PRIMARY KEY (channel, part)
) STRICT;
-- payment codes by their hash only
CREATE TABLE IF NOT EXISTS sim_codes (
  hash TEXT PRIMARY KEY, channel TEXT NOT NULL, payer TEXT NOT NULL, password INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL, used_by TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS sim_notices (
  id INTEGER PRIMARY KEY, channel TEXT NOT NULL, due_ms INTEGER NOT NULL, body TEXT NOT NULL,
  forged INTEGER NOT NULL, answer TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS sim_notices_due ON sim_notices (due_ms) WHERE answer IS NULL;
CREATE TABLE IF NOT EXISTS sim_bills (
  channel TEXT NOT NULL, payee TEXT NOT NULL, date TEXT NOT NULL, faults TEXT NOT NULL,
  PRIMARY KEY (channel, payee, date)
) STRICT;
"""
