"""Fill the feed with a community from a JSON file; the same file again changes nothing."""

import base64
import secrets
from typing import Any

import msgspec

from cloud_sync.platform.bills import author_bill
from cloud_sync.platform.context import wall_clock_ms
from cloud_sync.platform.feed import get_record, put_record
from cloud_sync.platform.keys import PlatformKeys, new_id
from cloud_sync.platform.penalty import keep_figures
from cloud_sync.platform.seed_accounts import seed_account
from cloud_sync.platform.store.port import Connection
from cloud_sync.wire.collections import KEY_FIELDS
from cloud_sync.wire.schemas import OWNERS
from edge.errors import EdgeError
from edge.trust.cards import SALT_BYTES
from edge.trust.cose import sign

CONTRACT_LIMIT_BYTES = 16_384
_IGNORED = ("personas", "contract")
_BEGUN_BY_SITE = ("credential_salt", "invoices", "site_sales")
"""Of the platform, but a community may begin with some."""
_MADE_HERE = ("accounts", "pickup_codes")
_SOLD_ELSEWHERE = ("site_sales",)
AUTHORED: tuple[str, ...] = (
    *(name for name, owner in OWNERS.items() if owner == "site" and name not in _MADE_HERE),
    *_SOLD_ELSEWHERE,
)
"""Collections that another system may author with an API key; money and codes are made here.

What the app sells in the site is told by the shop behind it: this platform sells nothing itself.
"""


class SeedInvalid(EdgeError):
    """The community file does not have the shape that the feed asks for."""


def seed(
    connection: Connection,
    keys: PlatformKeys,
    community: dict[str, Any],
    *,
    now_ms: int | None = None,
) -> dict[str, int]:
    """Author every record of the file; returns how many records each collection got. Raises SeedInvalid.

    `now_ms` is what the days of the accounts' lines count from; without it, the platform's own time.
    """
    counts: dict[str, int] = {}
    for collection, records in community.items():
        if collection in _IGNORED:
            continue
        if OWNERS.get(collection) != "site" and collection not in _BEGUN_BY_SITE:
            raise SeedInvalid(f"unknown collection {collection!r}")
        for record in records:
            author(connection, collection, record, wall_clock_ms() if now_ms is None else now_ms)
        counts[collection] = len(records)
    _put_contract(connection, keys, community.get("contract"))
    put_keyset(connection, keys)
    _put_salt(connection)
    connection.execute("DELETE FROM personas")
    connection.executemany(
        "INSERT INTO personas (position, subject) VALUES (?,?)", enumerate(community.get("personas", []))
    )
    return counts


def key_of(collection: str) -> str:
    """The field of a collection's records that is their id."""
    return KEY_FIELDS.get(collection, "id")


def author(connection: Connection, collection: str, record: dict[str, Any], now_ms: int) -> None:
    """Author one record; what the platform adds to it is added. Raises SeedInvalid."""
    key = key_of(collection)
    try:
        if collection == "accounts":
            seed_account(connection, record, now_ms=now_ms)
            return
        if collection == "bills":
            record = author_bill(connection, record)
        if collection == "rooms":
            record = {**record, "mailbox": _mailbox(connection, record["id"])}
        put_record(connection, collection, str(record[key]), record)
    except (msgspec.ValidationError, KeyError) as error:
        raise SeedInvalid(f"{collection} {record.get(key)!r}: {error}") from error


def _mailbox(connection: Connection, room: str) -> str:
    """The room's opaque id: what it has, else a new one."""
    known = get_record(connection, "rooms", room) or {}
    return str(known.get("mailbox") or new_id("m"))


def _put_contract(connection: Connection, keys: PlatformKeys, contract: dict[str, Any] | None) -> None:
    """Sign the contract's figures; the document is what a sale is computed with and kept by version."""
    if contract is None:
        return
    keep_figures(connection, contract)
    message = sign(keys.signing["contract"], contract, limit_bytes=CONTRACT_LIMIT_BYTES)
    record = {"version": contract["version"], "cose": base64.b64encode(message).decode()}
    put_record(connection, "contract", str(contract["version"]), record)


def _put_salt(connection: Connection) -> None:
    """The salt of cards and codes, made once."""
    if get_record(connection, "credential_salt", "site") is None:
        salt = {"id": "site", "salt": secrets.token_hex(SALT_BYTES)}
        put_record(connection, "credential_salt", "site", salt)


def put_keyset(connection: Connection, keys: PlatformKeys) -> None:
    """Send the key set down the feed; devices that are offline ask for it by themselves, too."""
    record = {"version": keys.keyset_version, "message": base64.b64encode(keys.keyset).decode()}
    put_record(connection, "keyset", str(keys.keyset_version), record)
