"""Versions of the collections' shapes, and who authors which collection (docs/adr/0031).

A reader says the highest version that it understands of each collection; the platform writes a record down to
that, or leaves its content out. A field that readers may ignore needs no new version; whatever must not be
ignored does.
"""

from collections.abc import Mapping
from typing import Literal

from cloud_sync.wire.collections import COLLECTIONS

FIRST = 1
"""Of every collection that is not in the table."""

SCHEMAS: Mapping[str, int] = {"residents": 2, "cards": 2, "vehicles": 2, "deny": 2}
"""What this program understands above the first version. 2: `keep_until_ms`, the copy's end."""

Owner = Literal["platform", "site"]

_OF_THE_PLATFORM = frozenset(
    {
        "contract",
        "credential_salt",
        "erasures",
        "invoices",
        "keyset",
        "leases",
        "overpayments",
        "parked",
        "revocation_list",
        "revocations",
        "site_configuration",
        "site_sales",
    }
)

OWNERS: Mapping[str, Owner] = {
    name: "platform" if name in _OF_THE_PLATFORM else "site" for name in COLLECTIONS
}
"""Who authors a collection: the platform itself, or the people of the site and those whom they let (an
integrator with a key). A device authors none."""


def schema_of(collection: str, schemas: Mapping[str, int] = SCHEMAS) -> int:
    """The version of a collection's shape in a table."""
    return schemas.get(collection, FIRST)


def encode_schemas(schemas: Mapping[str, int] = SCHEMAS) -> str:
    """The query parameter `schemas`: `cards.2,residents.2`, only what is above the first version."""
    return ",".join(f"{name}.{number}" for name, number in sorted(schemas.items()) if number > FIRST)


def read_schemas(text: str) -> dict[str, int]:
    """Read the query parameter; what it does not name is understood at 1. Raises ValueError."""
    found: dict[str, int] = {}
    for item in text.split(",") if text else ():
        name, dot, number = item.rpartition(".")
        if not dot or not name or not number.isascii() or not number.isdecimal() or len(number) > 4:
            raise ValueError(item[:60])
        found[name] = int(number)
    return found
