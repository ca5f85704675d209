"""Tables of who may open what, what doors told, parcels and messages."""

ACCESS_SCHEMA = """
-- what opens nothing any more; the signed list is made from it. `ms`: a pass's end, or the moment before
-- which what a person's phone shows is void
CREATE TABLE IF NOT EXISTS revoked (
  kind TEXT NOT NULL CHECK (kind IN ('pass', 'phone', 'all', 'card')), key TEXT NOT NULL,
  ms INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
-- whose a card or a PIN is or was, so that an opening by it finds its person
CREATE TABLE IF NOT EXISTS credentials (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL
) STRICT;
-- ids of the codes that a phone signed for itself, told by that phone when it asks for its records
CREATE TABLE IF NOT EXISTS shown_codes (
  code TEXT PRIMARY KEY, subject TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
-- what the doors told of every opening
CREATE TABLE IF NOT EXISTS door_records (
  device TEXT NOT NULL, opening TEXT NOT NULL, place TEXT NOT NULL, authorisation TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  asked_ms INTEGER NOT NULL, decided_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (device, opening)
) STRICT;
CREATE INDEX IF NOT EXISTS door_records_subject ON door_records (subject, asked_ms) WHERE subject<>'';
CREATE INDEX IF NOT EXISTS door_records_unknown ON door_records (authorisation) WHERE subject='';
-- the 8-digit code of an order as its people read it; the site holds a hash only
CREATE TABLE IF NOT EXISTS pickup_codes (order_id TEXT PRIMARY KEY, code TEXT NOT NULL UNIQUE) STRICT;
-- messages on the phone; `key` names what caused one, so that nothing is told twice
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL,
  order_id TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}',
  at_ms INTEGER NOT NULL, read_ms INTEGER NOT NULL DEFAULT 0,
  UNIQUE (key, subject)
) STRICT;
CREATE INDEX IF NOT EXISTS messages_subject ON messages (subject, id);
"""
