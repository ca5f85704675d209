"""Accounts of the demo's residents: points, wallet, prepaid fee. Everything in it is invented.

Lines have the shape of the platform's seed: so many days ago, pending for so many days from now.
"""

from collections.abc import Callable, Iterator
from typing import Any

Record = dict[str, Any]

POINTS_ISSUER = "property"
"""The property company bears the points: they come out of its share of the sales."""

WALLET_ISSUER = "shop"
LINES_OF_THE_FIRST: list[Record] = [
    {"kind": "opening", "amount_fen": 620, "days_ago": 120, "expires_days": 610},
    {"kind": "earned", "amount_fen": 43, "days_ago": 40, "order": "k1-1-2107", "expires_days": 697},
    {"kind": "spent", "amount_fen": -300, "days_ago": 21, "order": "k1-1-2688"},
    {"kind": "earned", "amount_fen": 64, "days_ago": 16, "order": "k1-1-2841", "expires_days": 721},
    {"kind": "taken_back", "amount_fen": -12, "days_ago": 12, "order": "k1-1-2841"},
    {"kind": "earned", "amount_fen": 30, "days_ago": 3, "order": "k1-1-3012", "pending_days": 4},
]
WALLET_OF_THE_FIRST: list[Record] = [
    {"kind": "topped_up", "amount_fen": 10_000, "days_ago": 60, "order": "k1-1-1702"},
    {"kind": "spent", "amount_fen": -2_380, "days_ago": 33, "order": "k1-1-2240"},
    {"kind": "refunded", "amount_fen": 1_180, "days_ago": 31, "order": "k1-1-2240"},
]


def accounts(
    homes: list[Record], personas: tuple[str, ...], subject_of: Callable[[str], str]
) -> list[Record]:
    """Points for everybody whose flat the company manages; wallets and prepayments for the personas."""
    points = [_points(subject_of(room["id"]), personas) for room in homes if room["managed"]]
    return [*points, *_purses(personas)]


def _points(subject: str, personas: tuple[str, ...]) -> Record:
    if subject == personas[0]:
        lines = LINES_OF_THE_FIRST
    elif subject in personas:
        lines = [{"kind": "opening", "amount_fen": 150, "days_ago": 90, "expires_days": 640}]
    else:
        lines = []
    return {"subject": subject, "kind": "points", "issuer": POINTS_ISSUER, "lines": lines}


def _purses(personas: tuple[str, ...]) -> Iterator[Record]:
    for number, subject in enumerate(personas):
        lines = [] if number else WALLET_OF_THE_FIRST
        yield {"subject": subject, "kind": "wallet", "issuer": WALLET_ISSUER, "lines": lines}
        yield {"subject": subject, "kind": "prepaid_fee", "issuer": POINTS_ISSUER, "lines": []}
