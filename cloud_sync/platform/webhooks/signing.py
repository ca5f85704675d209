"""How a receiver knows that a delivery is ours: HMAC-SHA256 in the form of Standard Webhooks.

Signed is `{id}.{timestamp}.{body}`. A secret is never kept: it follows from our own key and the webhook's
salt.
"""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from edge.durable import write_new

ID_HEADER, TIME_HEADER, SIGNATURE_HEADER = "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin, so that scanners for leaked ones find them
_VERSION = "v1,"
_KEY_BYTES = 32


def load_master(folder: Path) -> bytes:
    """The key that all secrets follow from; made (0600) where it is missing."""
    path = folder / "webhooks.key"
    if not path.exists():
        write_new(path, secrets.token_bytes(_KEY_BYTES))
    return path.read_bytes()


def derive_secret(master: bytes, webhook: str, salt: str) -> str:
    """The secret of a webhook, as its owner is shown it."""
    raw = hmac.digest(master, f"{webhook}.{salt}".encode(), hashlib.sha256)
    return SECRET_PREFIX + base64.b64encode(raw).decode()


def sign(secret: str, id: str, timestamp_s: int, body: bytes) -> str:
    """The value of the signature's header."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b".".join((id.encode(), str(timestamp_s).encode(), body))
    return _VERSION + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
