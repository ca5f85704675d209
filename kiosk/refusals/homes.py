"""Residents and their bills."""

from kiosk.refusals.phrases import NO_CHARGE, Words
from kiosk.words import Text

HOMES: dict[str, Words] = {
    "resident_unknown": (
        Text("名册里没有找到您", "You are not on the roster"),
        Text("请到前台登记，以后就能用了。", "Please register at the counter, then it works."),
    ),
    "residents_awaited": (
        Text("设备刚恢复，还不能认出住户", "Just restored: residents are not known yet"),
        Text(
            "连上平台后几秒就好。买东西、扫账单上的码缴费不受影响，别的请到前台。",
            "It takes seconds once the platform is reached. Shopping and paying a printed bill work now;"
            " for the rest please ask at the counter.",
        ),
    ),
    "room_unknown": (
        Text("没有找到这个房号", "This room is not known"),
        Text("请到前台核对。", "Please check at the counter."),
    ),
    "no_bill_chosen": (
        Text("还没有选账单", "No bill is chosen"),
        Text("先选一张，再付。", "Choose one, then pay."),
    ),
    "bill_unknown": (
        Text("这张账单变了", "This bill has changed"),
        Text("请回到账单页再看一眼。", "Please look at the bills again."),
    ),
    "bill_already_paid": (
        Text("这张已经缴过了", "This bill is paid already"),
        Text("不用再付。", "No need to pay."),
    ),
    "sum_not_positive": (
        Text("金额要大于零", "The sum has to be more than zero"),
        Text("请输入要付多少，最少一分。", "Enter how much to pay, one fen at least."),
    ),
    "sum_too_large": (
        Text("填的比要缴的多", "That is more than is owed"),
        Text("钱没有扣。最多付到账单的数。", "Nothing was charged. Pay at most what the bills ask for."),
    ),
    "part_not_allowed": (
        Text("这张账单要一次付清", "This bill is paid whole"),
        Text(
            "它不能只付一部分。请付全部，或先付别的。",
            "No part of it can be paid. Pay it whole, or choose another.",
        ),
    ),
    "bill_code_unknown": (
        Text("这不是本小区的账单码", "This is not a bill code of this community"),
        Text(
            "可能是旧账单，或没印清楚。请到前台补印一张。",
            "It may be an old bill or badly printed. The counter prints it again.",
        ),
    ),
    "overpayment_unknown": (
        Text("这笔已经处理了", "This one is done already"),
        Text("退款或转预存已经在办，不用再选。", "It is being refunded or credited. Nothing to choose."),
    ),
    "credit_not_allowed": (
        Text("这笔不能转成预存", "This cannot become a prepayment"),
        Text("它是代收的钱，请选退款。", "It was collected for others. Please choose the refund."),
    ),
    "bill_being_paid": (
        Text("这张正在付款", "A payment of this bill is under way"),
        Text("请不要付第二次，等它有结果。", "Do not pay twice. Wait for its outcome."),
    ),
    "bills_of_two_payees": (
        Text("两家的账单要分开付", "Bills of two payees are paid apart"),
        Text("请一次选一家的。", "Choose the bills of one."),
    ),
    "sum_changed": (Text("金额刚刚变了", "The sum has just changed"), NO_CHARGE),
}
