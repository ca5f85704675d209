"""Recovery keys of sites: the public half, and the key itself sealed for the operators.

The operators' own key is made beside the platform's keys and belongs on a machine that is not on the network;
`python -m cloud_sync.platform recovery-key` opens a site's key with it.
"""

import base64
import io
import os
from pathlib import Path

from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.backups import RecoveryKey, RecoveryStanding
from edge.errors import EdgeError
from edge.trust.groups import write_groups
from edge.trust.sealing import KEY_BYTES, SealedReader, generate_private, public_of

OPERATORS_FILE = "operators.key"
OPERATORS_PUBLIC = "operators.pub"


class RecoveryKeyMissing(EdgeError):
    """The platform keeps no recovery key of this site, or the operators' key is not here."""


def load_operators_public(folder: Path) -> bytes:
    """The operators' public key; both halves are made when there are none yet (0600). Raises OSError."""
    public = folder / OPERATORS_PUBLIC
    if not public.exists():
        private = generate_private()
        _write(folder / OPERATORS_FILE, private)
        _write(public, public_of(private))
    return bytes.fromhex(public.read_text("ascii").strip())


def read_standing(connection: Connection, site: str, operators: bytes) -> RecoveryStanding:
    """For whom to seal, and which key is kept."""
    kept = _newest(connection, site)
    return RecoveryStanding(operators=operators.hex(), public="" if kept is None else kept.public)


def keep_key(connection: Connection, site: str, key: RecoveryKey, *, now_ms: int) -> None:
    """Keep a site's key beside the ones before it, for which older backups are sealed."""
    connection.execute(
        "INSERT INTO recovery_keys (site, public, wrapped, made_ms) VALUES (?,?,?,?)"
        " ON CONFLICT (site, public) DO UPDATE SET wrapped=excluded.wrapped, made_ms=excluded.made_ms",
        (site, key.public, key.wrapped, now_ms),
    )


def open_keys(connection: Connection, site: str, operators_file: Path) -> list[tuple[str, ...]]:
    """The groups of every key of a site, newest first. Raises RecoveryKeyMissing, SealedUnusable."""
    try:
        private = bytes.fromhex(operators_file.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise RecoveryKeyMissing(f"{operators_file}: the operators' key cannot be read") from error
    rows = connection.execute(
        "SELECT wrapped FROM recovery_keys WHERE site=? ORDER BY made_ms DESC, public", (site,)
    ).fetchall()
    if not rows:
        raise RecoveryKeyMissing(f"no recovery key of {site} is kept here")
    sealed = [base64.b64decode(row["wrapped"]) for row in rows]
    return [write_groups(SealedReader(io.BytesIO(each), private).read(KEY_BYTES)) for each in sealed]


def _newest(connection: Connection, site: str) -> RecoveryKey | None:
    row = connection.execute(
        "SELECT public, wrapped FROM recovery_keys WHERE site=? ORDER BY made_ms DESC, public LIMIT 1",
        (site,),
    ).fetchone()
    return None if row is None else RecoveryKey(public=row["public"], wrapped=row["wrapped"])


def _write(path: Path, key: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.hex() + "\n")
