"""Refusals of the shop; the screen translates their codes."""

from edge.errors import Refusal


class UnknownProduct(Refusal):
    """No product has this barcode or number; the counter can help."""

    code = "unknown_product"


class NotABarcode(Refusal):
    """The text is not an EAN with the right check digit."""

    code = "not_a_barcode"


class LotExpired(Refusal):
    """What is left of the product has passed its expiry date."""

    code = "lot_expired"


class OutOfStock(Refusal):
    """Less is on hand than asked for; `available` says how many."""

    code = "out_of_stock"


class RestrictedGoods(Refusal):
    """The product needs a licence that is not on file, or staff; not sold here."""

    code = "restricted_goods"


class BasketEmpty(Refusal):
    """There is nothing to pay."""

    code = "basket_empty"


class BasketFull(Refusal):
    """The basket has its most lines, or the line its most pieces."""

    code = "basket_full"


class MixedPayees(Refusal):
    """The basket holds goods of two payees; no payment mixes them."""

    code = "mixed_payees"


class PriceChanged(Refusal):
    """A price or promotion changed since the basket was shown; the payer has to see the new sum first."""

    code = "price_changed"


class OrderUnknown(Refusal):
    """No order has this number."""

    code = "order_unknown"


class OrderHasPayment(Refusal):
    """The order cannot be cancelled: it is paid, or a payment has no outcome yet."""

    code = "order_has_payment"


class ReturnRefused(Refusal):
    """These goods cannot be taken back: not paid, nothing chosen, more than was sold; `reason` says which."""

    code = "return_refused"


class DeliveryUnknown(Refusal):
    """No delivery note has this number."""

    code = "delivery_unknown"


class DeliveryAlreadyReceived(Refusal):
    """The delivery note has been received before."""

    code = "delivery_already_received"
