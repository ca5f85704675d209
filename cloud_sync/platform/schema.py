"""Tables of the reference platform."""

from cloud_sync.platform.access_schema import ACCESS_SCHEMA
from cloud_sync.platform.accounts_schema import ACCOUNTS_SCHEMA
from cloud_sync.platform.channels.sim_schema import SIM_SCHEMA

SCHEMA_VERSION = 2

_CORE = """
-- custody: every intact event as it came; the primary key is the last word on duplicates
CREATE TABLE IF NOT EXISTS events (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  id TEXT NOT NULL, type TEXT NOT NULL, at_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,
  line BLOB NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_received ON events (received_ms);
CREATE TABLE IF NOT EXISTS streams (
  device TEXT NOT NULL, epoch INTEGER NOT NULL,
  first_seq INTEGER NOT NULL, head_seq INTEGER NOT NULL, head_hash TEXT NOT NULL,
  applied_seq INTEGER NOT NULL, last_ms INTEGER NOT NULL, quarantine TEXT,
  PRIMARY KEY (device, epoch)
) STRICT;
CREATE TABLE IF NOT EXISTS parked (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  type TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, next_ms INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS incidents (
  id INTEGER PRIMARY KEY, device TEXT NOT NULL, epoch INTEGER NOT NULL, code TEXT NOT NULL,
  seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,
  UNIQUE (device, epoch, code, seq)
) STRICT;

-- what the events said, in our own words: the figures come from here
CREATE TABLE IF NOT EXISTS sales (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  order_id TEXT NOT NULL, total_fen INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS fees (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  bill_id TEXT NOT NULL, amount_fen INTEGER NOT NULL, penalty_fen INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT;
-- bills: paid in the app, the token of the printed code, the figures of each contract version
CREATE TABLE IF NOT EXISTS app_fees (
  number INTEGER PRIMARY KEY, bill_id TEXT NOT NULL, subject TEXT NOT NULL,
  amount_fen INTEGER NOT NULL, penalty_fen INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS bill_tokens (bill_id TEXT PRIMARY KEY, token TEXT NOT NULL) STRICT;
-- receipts by the hash of their token, and who asked for an invoice on the phone
CREATE TABLE IF NOT EXISTS receipt_hashes (order_id TEXT PRIMARY KEY, claim_hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS invoice_askers (
  order_id TEXT NOT NULL, subject TEXT NOT NULL, PRIMARY KEY (order_id, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contract_figures (version INTEGER PRIMARY KEY, figures TEXT NOT NULL) STRICT;
-- which event settled an order (of a bill): another event that settles the same one is not counted again
CREATE TABLE IF NOT EXISTS settled (
  order_id TEXT NOT NULL, bill_id TEXT NOT NULL,
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY (order_id, bill_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS openings (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  place TEXT NOT NULL, outcome TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS collections_done (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
  order_id TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (device, epoch, seq)
) STRICT;

-- the feed: the newest version of every record, at the cursor where it became so
CREATE TABLE IF NOT EXISTS records (
  cursor INTEGER PRIMARY KEY AUTOINCREMENT,
  collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  data TEXT, applied_device TEXT, applied_epoch INTEGER, applied_seq INTEGER,
  UNIQUE (collection, id)
) STRICT;

-- the payment desk: a row before the channel hears of it; `request` never holds a payment code
CREATE TABLE IF NOT EXISTS trades (
  attempt TEXT PRIMARY KEY, device TEXT NOT NULL, request TEXT NOT NULL, channel TEXT NOT NULL,
  method TEXT NOT NULL, order_id TEXT NOT NULL, payee TEXT NOT NULL, amount_fen INTEGER NOT NULL,
  description TEXT NOT NULL, qr TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  captured_fen INTEGER NOT NULL, channel_id TEXT NOT NULL, paid_ms INTEGER NOT NULL,
  asked_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS trades_paid ON trades (paid_ms) WHERE state='paid';
CREATE INDEX IF NOT EXISTS trades_unsettled ON trades (changed_ms) WHERE state IN ('waiting', 'unknown');
CREATE TABLE IF NOT EXISTS refund_trades (
  part TEXT PRIMARY KEY, attempt TEXT NOT NULL REFERENCES trades (attempt), device TEXT NOT NULL,
  request TEXT NOT NULL, order_id TEXT NOT NULL, channel TEXT NOT NULL, payee TEXT NOT NULL,
  amount_fen INTEGER NOT NULL, reason TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,
  channel_id TEXT NOT NULL, refunded_ms INTEGER NOT NULL, asked_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refund_trades_attempt ON refund_trades (attempt);
CREATE INDEX IF NOT EXISTS refund_trades_done ON refund_trades (refunded_ms) WHERE state='refunded';
-- attempts that were closed or reversed before their request arrived
CREATE TABLE IF NOT EXISTS given_up (
  device TEXT NOT NULL, attempt TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (device, attempt)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payment_incidents (
  channel TEXT NOT NULL, attempt TEXT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  at_ms INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (channel, attempt, code, detail)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS personas (position INTEGER PRIMARY KEY, subject TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS tokens (
  hash TEXT PRIMARY KEY, kind TEXT NOT NULL, holder TEXT NOT NULL, expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS passes (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, order_id TEXT,
  doors TEXT NOT NULL, from_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, uses INTEGER,
  label TEXT NOT NULL DEFAULT '', text TEXT NOT NULL, revoked_ms INTEGER
) STRICT;
DROP INDEX IF EXISTS passes_order;
CREATE UNIQUE INDEX IF NOT EXISTS passes_order_person ON passes (order_id, subject) WHERE kind='order';
CREATE INDEX IF NOT EXISTS passes_subject ON passes (subject);

-- gauges of the devices, a bounded number of samples each
CREATE TABLE IF NOT EXISTS telemetry (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, trust TEXT NOT NULL, gauges BLOB NOT NULL,
  PRIMARY KEY (device, epoch, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS telemetry_devices (device TEXT PRIMARY KEY, dropped INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS nonces (
  device TEXT PRIMARY KEY, nonce TEXT NOT NULL, counter INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS commands (
  id TEXT PRIMARY KEY, device TEXT NOT NULL, target TEXT NOT NULL, subject TEXT NOT NULL,
  message BLOB NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  asked_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS command_steps (
  command TEXT NOT NULL REFERENCES commands (id), state TEXT NOT NULL, at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (command, state)
) STRICT;
"""
SCHEMA = _CORE + SIM_SCHEMA + ACCOUNTS_SCHEMA + ACCESS_SCHEMA
"""Every table, each made only where it is not there yet."""

UPGRADES = {
    2: """
INSERT INTO trades SELECT attempt, device, request, channel, 'collection_qr',
  json_extract(request, '$.order'), payee, amount_fen, description, qr,
  CASE WHEN state IN ('paid', 'failed') THEN state ELSE 'unknown' END, reason,
  CASE state WHEN 'paid' THEN amount_fen ELSE 0 END, channel_id,
  CASE state WHEN 'paid' THEN decided_ms ELSE 0 END, created_ms, expires_ms,
  coalesce(decided_ms, created_ms) FROM payments;
DROP TABLE payments;
DROP TABLE channel_modes;
""",
}
"""What an older file needs after SCHEMA, by the version that it then has."""
