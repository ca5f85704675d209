"""The contract's figures: a signed, versioned document of the platform.

A figure that decides money comes from here, and every sale keeps the version that it was computed with. The
signature is checked by `open_contract`, outside of any unit of work.
"""

import sqlite3
from typing import Annotated, Any, Literal

import msgspec

from edge.errors import Refusal
from edge.pay import records
from edge.store.unit import Unit
from edge.trust.cose import NotCanonical, open_signed, read_base64
from edge.trust.keys import KeySet

#: A contract document is larger than a pass; this is ours, generous for a page of figures.
LIMIT_BYTES = 4096

Allocation = Literal["penalty_first", "principal_first"]
"""What a part payment of a bill pays first."""

_Count = Annotated[int, msgspec.Meta(ge=0)]


class ContractUnreadable(Refusal):
    """The contract record is not base64 as it is written."""

    code = "contract_unreadable"


class ContractTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of one version. A blank in the contract is zero or None here: nothing is charged or given.

    penalty_ppm_per_day: late penalty 违约金 on the unpaid sum, parts per million a day (300 is 日万分之三)
    grace_days: days after the due date without penalty
    cap_ppm: most penalty as a share of the unpaid sum; None is no cap
    penalty_on_collected_for_others: whether 代收 bills bear a penalty
    points_ppm: points earned, in fen per million fen paid, for products that name no rate of their own
    allocation: what a part payment of a bill pays first; blank is the penalty
    points_on_points_paid: whether what is paid with points earns points again
    points_return_days: days that earned points stay pending, the return window; 0 is none
    points_claim_days: days to claim points by the receipt when nobody was identified; 0 is no claim
    points_expire_days: days until points expire; None is never
    points_shortfall: goods come back and their points are spent: the refund shrinks, or the balance may
        turn negative
    wallet_limit_fen: most that a wallet may hold; None is no top-up of wallets
    """

    version: _Count = 0
    penalty_ppm_per_day: _Count = 0
    grace_days: _Count = 0
    cap_ppm: _Count | None = None
    penalty_on_collected_for_others: bool = False
    points_ppm: _Count = 0
    allocation: Allocation = "penalty_first"
    points_on_points_paid: bool = False
    points_return_days: _Count = 0
    points_claim_days: _Count = 0
    points_expire_days: _Count | None = None
    points_shortfall: Literal["shrink", "negative"] = "shrink"
    wallet_limit_fen: _Count | None = None


def open_contract(cose: str, keys: KeySet, at_ms: int | None) -> dict[str, Any]:
    """Check the signature of a base64 contract document and return its figures.

    Raises ContractUnreadable and the Refusals of `edge.trust.cose.open_signed`.
    """
    try:
        message = read_base64(cose)
    except NotCanonical as refusal:
        raise ContractUnreadable from refusal
    return open_signed(message, keys, purpose="contract", at_ms=at_ms, limit_bytes=LIMIT_BYTES)


def apply_contract(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take the figures that `open_contract` returned. A contract is never deleted: sales refer to it.

    Raises msgspec.ValidationError.
    """
    if data is None:
        return
    terms = msgspec.convert(data, ContractTerms)
    row = {"id": record_id, "version": terms.version or version, "terms": msgspec.json.encode(data)}
    records.upsert(unit.connection, "contracts", row)


def terms_of(connection: sqlite3.Connection, version: int) -> ContractTerms:
    """Return the figures of the version that a sale was computed with; all blank when it was none."""
    row = records.contract_of_version(connection, version)
    return ContractTerms() if row is None else _terms_of(row)


def current_terms(connection: sqlite3.Connection) -> ContractTerms:
    """Return the figures in force: the highest version; all blank before the first contract."""
    row = records.newest_contract(connection)
    if row is None:
        return ContractTerms()
    return _terms_of(row)


def _terms_of(row: dict[str, Any]) -> ContractTerms:
    terms = msgspec.json.decode(row["terms"], type=ContractTerms)
    return msgspec.structs.replace(terms, version=row["version"])
