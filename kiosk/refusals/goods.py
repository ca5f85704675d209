"""Goods, baskets, orders, deliveries."""

from kiosk.refusals.phrases import COUNTER_ONLY, NO_CHARGE, Words
from kiosk.words import Text

GOODS: dict[str, Words] = {
    "unknown_product": (
        Text("没有找到这件商品", "This product is not known"),
        Text(
            "条码读到了，但货架上没有登记。请拿到前台看看。",
            "The barcode was read, but it is not listed. Please ask the counter.",
        ),
    ),
    "not_a_barcode": (
        Text("条码没有读完整", "The barcode was not read fully"),
        Text("请把条码摊平，再扫一次。", "Hold it flat and scan it again."),
    ),
    "lot_expired": (
        Text("这件过了保质期，不卖", "This one is past its date, not sold"),
        Text("请换一件，这件交给前台。", "Please take another, and give this one to the counter."),
    ),
    "out_of_stock": (
        Text("登记的数量不够了", "There are not that many left"),
        Text("请少拿一件，或到前台问问。", "Take one less, or ask at the counter."),
    ),
    "restricted_goods": (
        Text("这件不能自助买", "This cannot be bought here"),
        Text("它要在前台由人来卖。", "A person at the counter has to sell it."),
    ),
    "basket_empty": (
        Text("篮子是空的", "The basket is empty"),
        Text("先放一件东西。", "Put something in first."),
    ),
    "basket_full": (
        Text("篮子放满了", "The basket is full"),
        Text("先付这些，再买下一篮。", "Pay for these, then start another."),
    ),
    "mixed_payees": (
        Text("篮子里是两家店的东西", "The basket holds goods of two shops"),
        Text("一次只能付给一家，请分两次买。", "One payment goes to one shop. Please buy them apart."),
    ),
    "price_changed": (Text("价格刚刚变了", "A price has just changed"), NO_CHARGE),
    "order_unknown": (
        Text("没有这个单号", "There is no such order"),
        Text("请核对单号，或到前台问问。", "Check the number, or ask at the counter."),
    ),
    "order_has_payment": (
        Text("这单已经在付款了", "A payment for this order is under way"),
        Text("请等它有结果。不要付第二次。", "Wait for its outcome. Do not pay twice."),
    ),
    "return_refused": COUNTER_ONLY,
    "delivery_unknown": COUNTER_ONLY,
    "delivery_already_received": COUNTER_ONLY,
}
