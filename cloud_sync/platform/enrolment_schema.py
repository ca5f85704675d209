"""Tables of enrolment (migration 4): what a device proved, and codes that were given out."""

ENROLMENT_SCHEMA = """
-- who proved to be a device: its key (DER), its certificates, its machine and the one it was moved away from
CREATE TABLE enrolments (
  device TEXT PRIMARY KEY REFERENCES devices (id), clone INTEGER NOT NULL DEFAULT 0,
  public BLOB NOT NULL, certificate TEXT NOT NULL, certificate_before TEXT NOT NULL DEFAULT '',
  until_ms INTEGER NOT NULL, hardware TEXT NOT NULL, hardware_before TEXT NOT NULL DEFAULT '',
  enrolled_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- one-time codes: only the hash of the secret; `public` binds a used one to the key that it was used for
CREATE TABLE enrolment_codes (
  hash TEXT PRIMARY KEY, site TEXT NOT NULL, device TEXT NOT NULL, issued_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL, used_ms INTEGER, public BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_codes_device ON enrolment_codes (device);
"""
