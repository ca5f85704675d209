"""Fee orders: what was fixed when bills were chosen for one payment, and the words of it on the receipt."""

import msgspec

from edge.money import format_yuan
from edge.pay.receipts import ReceiptBody, ReceiptLine

ITEM_NAMES = {
    "property_fee": ("物业费", "Property fee"),
    "water": ("水费", "Water"),
    "electricity": ("电费", "Electricity"),
    "parking": ("停车费", "Parking"),
    "shared": ("公摊", "Shared costs"),
}
"""Words of the bill items on a receipt; an item that is not here is printed as the platform names it."""


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One bill in a fee order: principal and penalty as shown, in fen.

    The penalty was counted up to the day `as_of` (empty in an order of an earlier version of this program);
    `left_fen` of the principal and `penalty_left_fen` of the penalty stay owed.
    """

    bill_id: str
    item: str
    period: str
    amount_fen: int
    penalty_fen: int
    as_of: str = ""
    left_fen: int = 0
    penalty_left_fen: int = 0


class FeeBody(msgspec.Struct, frozen=True, kw_only=True):
    """All that was fixed when the fee order was placed.

    `for_another` 代缴: by the code on a printed bill, for a room that is not the payer's own.
    """

    kiosk: str
    person: str | None = None
    payee: str
    lines: tuple[FeeLine, ...]
    contract_version: int
    collected_for_others: bool = False
    for_another: bool = False

    @property
    def total_fen(self) -> int:
        """Principal and penalties of all lines."""
        return sum(line.amount_fen + line.penalty_fen for line in self.lines)


class FeeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A fee order; `state` is "placed" or "paid", `receipt` its number once paid."""

    id: str
    state: str
    placed_at_ms: int
    receipt: int | None
    body: FeeBody


def receipt_of(body: FeeBody) -> ReceiptBody:
    """Return what the receipt says: principal and penalty of each bill, and what stays owed of a part."""
    lines: list[ReceiptLine] = []
    for line in body.lines:
        name_zh, name_en = ITEM_NAMES.get(line.item, (line.item, line.item))
        words = (f"{name_zh} {line.period}", f"{name_en} {line.period}")
        left_fen = line.left_fen + line.penalty_left_fen
        if left_fen:
            left = format_yuan(left_fen)
            words = (f"{words[0]}（部分，还欠 {left} 元）", f"{words[1]} (part, {left} yuan still owed)")
        if line.amount_fen:
            lines.append(ReceiptLine(name_zh=words[0], name_en=words[1], amount_fen=line.amount_fen))
        if line.penalty_fen:
            late = (f"违约金 {words[0]}", f"Late penalty, {words[1]}")
            lines.append(ReceiptLine(name_zh=late[0], name_en=late[1], amount_fen=line.penalty_fen))
    return ReceiptBody(lines=tuple(lines), contract_version=body.contract_version)
