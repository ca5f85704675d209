"""Tables of accounts, leases and points."""

ACCOUNTS_SCHEMA = """
-- what residents have at issuers: balance and pending are the folds of the lines
CREATE TABLE IF NOT EXISTS accounts (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('points', 'wallet', 'prepaid_fee')), issuer TEXT NOT NULL,
  balance_fen INTEGER NOT NULL DEFAULT 0, pending_fen INTEGER NOT NULL DEFAULT 0,
  expiring_fen INTEGER NOT NULL DEFAULT 0,
  UNIQUE (subject, kind, issuer)
) STRICT;
-- `key` names what caused a line, so that nothing moves an account twice; `pending` lines do not count yet
CREATE TABLE IF NOT EXISTS account_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL REFERENCES accounts (id),
  key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, amount_fen INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, order_id TEXT NOT NULL DEFAULT '', lease TEXT NOT NULL DEFAULT '',
  pending INTEGER NOT NULL DEFAULT 0, pending_until_ms INTEGER NOT NULL DEFAULT 0,
  expires_ms INTEGER, expiry_done INTEGER NOT NULL DEFAULT 0,
  device TEXT, epoch INTEGER, seq INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS account_lines_account ON account_lines (account, id);
CREATE INDEX IF NOT EXISTS account_lines_pending ON account_lines (pending_until_ms) WHERE pending=1;
CREATE INDEX IF NOT EXISTS account_lines_expiry ON account_lines (expires_ms)
  WHERE expires_ms IS NOT NULL AND expiry_done=0;
CREATE INDEX IF NOT EXISTS account_lines_order ON account_lines (order_id) WHERE order_id<>'';

-- what a device may spend of an account; granted and spent are cumulative and only rise
CREATE TABLE IF NOT EXISTS leases (
  id TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts (id),
  device TEXT NOT NULL, epoch INTEGER NOT NULL, number INTEGER NOT NULL,
  granted_fen INTEGER NOT NULL, spent_fen INTEGER NOT NULL DEFAULT 0,
  recall INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0,
  closed_reason TEXT NOT NULL DEFAULT '', closed_ms INTEGER,
  UNIQUE (account, device, epoch, number)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS leases_open ON leases (account, device, epoch) WHERE closed=0;
CREATE TABLE IF NOT EXISTS lost_devices (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, person TEXT NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (device, epoch)
) STRICT;

-- the points of every sale: whose they are, and what of them went back with goods
CREATE TABLE IF NOT EXISTS order_points (
  order_id TEXT PRIMARY KEY, points INTEGER NOT NULL, taken_back INTEGER NOT NULL DEFAULT 0,
  account TEXT NOT NULL DEFAULT '', claim_hash TEXT NOT NULL DEFAULT '',
  settled_ms INTEGER NOT NULL, contract_version INTEGER NOT NULL
) STRICT;
-- claims by a receipt's QR; one that came before its sale waits for it
CREATE TABLE IF NOT EXISTS claims (
  order_id TEXT NOT NULL, account TEXT NOT NULL, token_hash TEXT NOT NULL, at_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'granted', 'refused')), reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (order_id, account)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS claims_granted ON claims (order_id) WHERE state='granted';
-- what the devices told of every order, for the payer's list and for whoever holds a claim slip
CREATE TABLE IF NOT EXISTS orders_told (
  order_id TEXT PRIMARY KEY, kind TEXT NOT NULL, payee TEXT NOT NULL,
  total_fen INTEGER NOT NULL, tenders_fen INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'unknown', 'failed', 'paid')),
  reason TEXT NOT NULL DEFAULT '', at_ms INTEGER NOT NULL, subject TEXT NOT NULL DEFAULT '',
  refund_fen INTEGER NOT NULL DEFAULT 0, refunded_fen INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS orders_told_subject ON orders_told (subject, at_ms) WHERE subject<>'';
-- whose an order is: an account of theirs was in it, or their phone paid. Whose phone paid only the simulated
-- channels tell; with real ones it stands in the channel's own app
CREATE VIEW IF NOT EXISTS orders_of AS
  SELECT subject AS person, o.* FROM orders_told o WHERE subject<>''
  UNION SELECT s.payer AS person, o.* FROM orders_told o JOIN trades t ON t.order_id=o.order_id
  JOIN sim_trades s ON s.attempt=t.attempt WHERE s.payer<>'';
CREATE TABLE IF NOT EXISTS refund_parts_told (
  part_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, amount_fen INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
-- goods and money that went back, as the devices told it
CREATE TABLE IF NOT EXISTS goods_back (
  return_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, refund_fen INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS refunds_told (
  refund_id TEXT PRIMARY KEY, order_id TEXT NOT NULL, amount_fen INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
-- money that a resident adds in the app: credited once, when its payment is paid
CREATE TABLE IF NOT EXISTS app_top_ups (
  number INTEGER PRIMARY KEY, attempt TEXT NOT NULL UNIQUE, account TEXT NOT NULL REFERENCES accounts (id),
  amount_fen INTEGER NOT NULL, credited INTEGER NOT NULL DEFAULT 0
) STRICT;
"""
