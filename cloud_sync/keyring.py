"""The key set that the site believes: signed by the pinned root key, kept on disk, replaced by newer ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloud_sync import records
from edge.errors import ConfigError, Fault
from edge.store.store import Store
from edge.store.unit import Unit
from edge.trust.cose import read_base64
from edge.trust.keys import KeySet
from edge.trust.keyset import open_keyset

KEYS_TOPIC = "keys"
"""Hinted when another key set is believed: what was refused for an unknown key may be tried again."""
_PUBLIC_BYTES = 32


def load_root_key(path: Path) -> bytes:
    """Read the root's public key, 64 hex digits; raises ConfigError."""
    try:
        root = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise ConfigError([Fault("platform.root_key_file", None, f"{path}: {error}")]) from error
    if len(root) != _PUBLIC_BYTES:
        raise ConfigError([Fault("platform.root_key_file", None, f"{path}: not 32 bytes in hex")])
    return root


class KeyRing:
    """`current()` gives the key set; it is empty until the first one was fetched."""

    def __init__(self, *, store: Store, root_public: bytes) -> None:
        self._store = store
        self._root = root_public
        self._keys = KeySet(0, [])

    def current(self) -> KeySet:
        """The key set believed now."""
        return self._keys

    async def load(self) -> None:
        """Take up what was kept on disk. Raises Refusal when it does not verify."""
        message = await self._store.read(records.read_keyset)
        if message is not None:
            self._keys = open_keyset(message, self._root)

    async def adopt(self, message: bytes) -> bool:
        """Believe a key set if it is as new as ours and signed by the root; keeps a newer one, answers True.

        Raises the refusals of `open_keyset`.
        """
        keys = open_keyset(message, self._root, minimum_version=self._keys.version)
        if keys.version == self._keys.version:
            return False
        self._keys = keys
        await self._store.run(lambda unit: _keep(unit, message))
        return True

    def prepare_record(self, data: dict[str, Any]) -> dict[str, Any]:
        """Check a record of the feed's collection `keyset` before its unit; raises Refusal, ValueError."""
        open_keyset(read_base64(data["message"]), self._root)
        return data

    def apply_record(self, unit: Unit, id: str, version: int, data: Mapping[str, object] | None) -> None:
        """Keep the key set of a prepared record when it is newer."""
        if data is None:
            return
        message = read_base64(str(data["message"]))
        keys = open_keyset(message, self._root)
        if keys.version > self._keys.version:
            self._keys = keys
            _keep(unit, message)


def _keep(unit: Unit, message: bytes) -> None:
    records.write_keyset(unit.connection, message)
    unit.hint(KEYS_TOPIC)
