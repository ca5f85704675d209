"""The basket: a pure value. Adding returns a new basket, pricing returns a quote.

Points 积分: one point is worth one fen (S0, S1). They are earned on what is really paid, so a saving is
spread over the lines first.
"""

from collections.abc import Iterable

import msgspec

from edge.money import PPM, divide_half_even, format_yuan
from edge.shop.catalogue import Product
from edge.shop.errors import BasketFull
from edge.shop.promotions import Promotion, best_promotion

MAX_LINES = 60
MAX_QUANTITY = 99


class BasketLine(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it was shown to the buyer, and how many of it."""

    product: Product
    quantity: int

    @property
    def gross_fen(self) -> int:
        """Price times quantity."""
        return self.product.price_fen * self.quantity


class QuotedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line with its part of the saving taken off; `points_ppm` is its rate of points per million fen."""

    product: Product
    quantity: int
    gross_fen: int
    net_fen: int
    points_ppm: int


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a basket costs now: sums in fen, points to be earned, the promotion that gave the saving."""

    lines: tuple[QuotedLine, ...]
    gross_fen: int
    saving_fen: int
    total_fen: int
    points: int
    promotion: Promotion | None
    contract_version: int


class Basket(msgspec.Struct, frozen=True):
    """Lines in the order of their first scan, one per product."""

    lines: tuple[BasketLine, ...] = ()

    def add(self, product: Product, quantity: int = 1) -> "Basket":
        """Return the basket with more of a product. Raises BasketFull over 60 lines or 99 pieces a line."""
        return self.with_quantity(product, self.quantity_of(product.sku) + quantity)

    def with_quantity(self, product: Product, quantity: int) -> "Basket":
        """Return the basket with exactly `quantity` of a product; none removes it. Raises BasketFull."""
        if quantity > MAX_QUANTITY:
            raise BasketFull(limit=MAX_QUANTITY)
        line = BasketLine(product=product, quantity=quantity)
        if quantity <= 0:
            return Basket(tuple(kept for kept in self.lines if kept.product.sku != product.sku))
        if self.quantity_of(product.sku):
            return Basket(tuple(line if old.product.sku == product.sku else old for old in self.lines))
        if len(self.lines) >= MAX_LINES:
            raise BasketFull(limit=MAX_LINES)
        return Basket((*self.lines, line))

    def quantity_of(self, sku: str) -> int:
        """Return how many of a product are in the basket."""
        return sum(line.quantity for line in self.lines if line.product.sku == sku)

    @property
    def pieces(self) -> int:
        """All pieces together."""
        return sum(line.quantity for line in self.lines)

    @property
    def payees(self) -> tuple[str, ...]:
        """The payees of the goods, each once; a basket with two of them is paid in two orders."""
        return tuple(dict.fromkeys(line.product.payee for line in self.lines))

    def price(
        self, promotions: tuple[Promotion, ...], *, points_ppm: int = 0, contract_version: int = 0
    ) -> Quote:
        """Price the basket; `points_ppm` is the contract's rate for products without their own."""
        gross = sum(line.gross_fen for line in self.lines)
        promotion = best_promotion(promotions, gross)
        saving = promotion.saving_fen if promotion else 0
        parts = allocate(saving, tuple(line.gross_fen for line in self.lines))
        lines = tuple(
            QuotedLine(
                product=line.product,
                quantity=line.quantity,
                gross_fen=line.gross_fen,
                net_fen=line.gross_fen - part,
                points_ppm=points_ppm if line.product.points_ppm is None else line.product.points_ppm,
            )
            for line, part in zip(self.lines, parts, strict=True)
        )
        return Quote(
            lines=lines,
            gross_fen=gross,
            saving_fen=saving,
            total_fen=gross - saving,
            points=earned_points((line.net_fen, line.points_ppm) for line in lines),
            promotion=promotion,
            contract_version=contract_version,
        )


def earned_points(lines: Iterable[tuple[int, int]]) -> int:
    """Return the points that (fen, points per million fen) earn: rounded once over all, half to even."""
    return divide_half_even(sum(fen * points_ppm for fen, points_ppm in lines), PPM)


def allocate(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split `total` by weights into whole parts that add up.

    Odd fen go to the largest remainders, of equals to the first. With `total` at most the sum of the weights
    no part is larger than its weight.
    """
    whole = sum(weights)
    if whole == 0:
        return tuple(0 for _ in weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -(total * weights[place] % whole))
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def points_line(points: int, language: str = "zh") -> str:
    """Return the contract's sentence about points (S1): 本单得30积分，可抵物业费0.30元."""
    if language == "zh":
        return f"本单得{points}积分，可抵物业费{format_yuan(points)}元"
    return f"This order earns {points} points, worth {format_yuan(points)} yuan off the property fee"
