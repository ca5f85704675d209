"""Late penalties as the platform reckons them: its own few lines, so that agreement says something.

Figures are those of the contract version that the payment names; a blank one charges nothing.
"""

from datetime import date
from typing import Any

import msgspec

from cloud_sync.platform.store.port import Connection
from edge.money import PPM, divide_half_even, share


class ContractFigures(msgspec.Struct, frozen=True):
    """What we read of a contract version: the rate a day and the cap in parts per million, days of grace."""

    penalty_ppm_per_day: int = 0
    grace_days: int = 0
    cap_ppm: int | None = None
    penalty_on_collected_for_others: bool = False


def keep_figures(connection: Connection, contract: dict[str, Any]) -> None:
    """Keep the figures of a contract version beside the signed document."""
    connection.execute(
        "INSERT INTO contract_figures (version, figures) VALUES (?,?)"
        " ON CONFLICT (version) DO UPDATE SET figures=excluded.figures",
        (contract["version"], msgspec.json.encode(contract).decode()),
    )


def figures_of(connection: Connection, version: int | None = None) -> ContractFigures | None:
    """Return the figures of a version (None: the newest), or None where the platform has no such version."""
    row = connection.execute(
        "SELECT figures FROM contract_figures WHERE version=coalesce(?, (SELECT max(version) FROM"
        " contract_figures))",
        (version,),
    ).fetchone()
    return None if row is None else msgspec.json.decode(row["figures"], type=ContractFigures)


def penalty_of(bill: dict[str, Any], as_of: str, figures: ContractFigures) -> int:
    """Return the penalty that a bill's record owes on a day, in fen.

    What stood on the day of the last payment stays; since then the rest bears the difference of two whole
    penalties.
    """
    unpaid_fen = bill["amount_fen"] - bill.get("paid_fen", 0)
    if bill.get("collected_for_others") and not figures.penalty_on_collected_for_others:
        return int(bill.get("penalty_due_fen", 0))
    now_fen = _whole(unpaid_fen, bill["due_on"], as_of, figures)
    since = bill.get("penalty_on", "")
    if not since:
        return now_fen
    before_fen = _whole(unpaid_fen, bill["due_on"], since, figures)
    return int(bill.get("penalty_due_fen", 0)) + max(0, now_fen - before_fen)


def _whole(unpaid_fen: int, due_on: str, day: str, figures: ContractFigures) -> int:
    days = date.fromisoformat(day).toordinal() - date.fromisoformat(due_on).toordinal() - figures.grace_days
    if days <= 0 or unpaid_fen <= 0:
        return 0
    fen = divide_half_even(unpaid_fen * figures.penalty_ppm_per_day * days, PPM)
    return fen if figures.cap_ppm is None else min(fen, share(unpaid_fen, figures.cap_ppm))
