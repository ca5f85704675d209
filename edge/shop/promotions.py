"""Promotions 满减: spend so much, save so much. One applies to an order, the one that saves most."""

import sqlite3
from typing import Annotated, Any

import msgspec

from edge.pay.records import delete, table_rows, upsert
from edge.store.unit import Unit
from edge.trust.clock import Reading
from edge.trust.time_policy import Decision, Rule, has_begun, is_over, rule_for

SPEND_AND_SAVE = "spend_and_save"


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """Spend `threshold_fen`, save `saving_fen`, between two times if it has any (epoch milliseconds)."""

    id: str
    kind: str
    threshold_fen: Annotated[int, msgspec.Meta(ge=1)]
    saving_fen: Annotated[int, msgspec.Meta(ge=1)]
    name_zh: str
    name_en: str
    from_ms: int | None = None
    until_ms: int | None = None


class Shortfall(msgspec.Struct, frozen=True):
    """How much more to buy for how much saving: 再买 5 元，减 5 元."""

    missing_fen: int
    saving_fen: int


def apply_promotion(unit: Unit, record_id: str, version: int, data: dict[str, Any] | None) -> None:
    """Take a promotion from the feed. Raises msgspec.ValidationError, ValueError.

    One that saves all it asks for would make an order of nothing, which no channel takes.
    """
    if data is None:
        delete(unit.connection, "promotions", record_id)
        return
    promotion = msgspec.convert({**data, "id": record_id}, Promotion)
    if promotion.kind != SPEND_AND_SAVE or promotion.saving_fen >= promotion.threshold_fen:
        raise ValueError(f"not a promotion that can be applied: {record_id}")
    upsert(unit.connection, "promotions", {**msgspec.structs.asdict(promotion), "version": version})


def active_promotions(connection: sqlite3.Connection, now: Reading) -> tuple[Promotion, ...]:
    """Return the promotions of this moment; with the clock unknown those bound to times are off."""
    stored = (msgspec.convert(row, Promotion) for row in table_rows(connection, "promotions", ("id",)))
    return tuple(promotion for promotion in stored if _is_active(promotion, now))


def _is_active(promotion: Promotion, now: Reading) -> bool:
    if promotion.from_ms is None and promotion.until_ms is None:
        return True
    if rule_for(Decision.TIMED_PROMOTION, now.trust) is Rule.OFF:
        return False
    begun = has_begun(Decision.TIMED_PROMOTION, promotion.from_ms, now)
    return begun and not is_over(promotion.until_ms, now)


def best_promotion(promotions: tuple[Promotion, ...], gross_fen: int) -> Promotion | None:
    """Return the reached promotion that saves most, the first of equals; None when none is reached."""
    reached = [promotion for promotion in promotions if promotion.threshold_fen <= gross_fen]
    return max(reached, key=lambda promotion: promotion.saving_fen, default=None)


def next_saving(promotions: tuple[Promotion, ...], gross_fen: int) -> Shortfall | None:
    """Return the nearest better promotion not reached yet, for the hint beside the basket."""
    best = best_promotion(promotions, gross_fen)
    saved = best.saving_fen if best else 0
    better = [
        promotion
        for promotion in promotions
        if promotion.threshold_fen > gross_fen and promotion.saving_fen > saved
    ]
    nearest = min(better, key=lambda promotion: promotion.threshold_fen, default=None)
    if nearest is None:
        return None
    return Shortfall(missing_fen=nearest.threshold_fen - gross_fen, saving_fen=nearest.saving_fen)
