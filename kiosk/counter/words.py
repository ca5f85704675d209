"""The counter's words: states, kinds of differences with what to do, reasons, refusals."""

from typing import NamedTuple

from edge.errors import EdgeError, PlatformRejected, PlatformUnreachable, Refusal
from kiosk.explain import explanation_of
from kiosk.words import Text


class Words(NamedTuple):
    """A headline and the way on."""

    title: Text
    body: Text


ROLES = {
    "clerk": Text("收银员", "clerk"),
    "supervisor": Text("主管", "supervisor"),
    "technician": Text("技术员", "technician"),
    "auditor": Text("审计员", "auditor"),
    "manager": Text("经理", "manager"),
    "guard": Text("保安", "guard"),
}
CHANNELS = {
    "wechat": Text("微信", "WeChat"),
    "alipay": Text("支付宝", "Alipay"),
    "": Text("无", "none"),
}
METHODS = {
    "collection_qr": Text("收款码", "collection QR"),
    "payment_code": Text("付款码", "payment code"),
    "": Text("积分/余额", "points or wallet"),
}
PURPOSES = {
    "sale": Text("买东西", "Purchase"),
    "fee": Text("缴费", "Fees"),
    "top_up": Text("充值", "Top-up"),
}
STATES = {
    "created": Text("刚开始", "just begun"),
    "sent": Text("等顾客付", "waiting for the payer"),
    "unknown": Text("不知道付没付成", "not known whether paid"),
    "reversing": Text("正在撤销", "being taken back"),
    "reversed": Text("已撤销", "taken back"),
    "paid": Text("已付", "paid"),
    "failed": Text("没有付", "not paid"),
    "requested": Text("待退", "to be refunded"),
    "refunding": Text("正在退", "refund under way"),
    "refunded": Text("已退", "refunded"),
    "placed": Text("未付", "not paid yet"),
    "cancelled": Text("已取消", "cancelled"),
    "waiting": Text("账单还没出", "the bill is not there yet"),
    "matched": Text("已核对", "matched"),
}
TENDERS = {
    "channel": Text("手机支付", "phone payment"),
    "points": Text("积分", "points"),
    "wallet": Text("余额", "wallet"),
    "prepaid_fee": Text("预存物业费", "prepaid property fee"),
}
LINES = {"payment": Text("收款", "payment"), "refund": Text("退款", "refund")}

KINDS = {
    "twice_at_channel": Words(
        Text("渠道账单有两笔", "Twice on the channel's bill"),
        Text(
            "同一单渠道收了两次。查渠道后台，确实多收的，退给顾客一笔，再结案。",
            "The channel took it twice. Look at the channel's own page; give one back if so, then close.",
        ),
    ),
    "unreadable": Words(
        Text("账单这一行读不懂", "This line of the bill cannot be read"),
        Text(
            "金额写法不对。下载原账单看这一行，按实际情况结案，并告诉技术员。",
            "Its sum is written wrongly. Look at the original bill, close accordingly, tell a technician.",
        ),
    ),
    "payee_differs": Words(
        Text("收款方不一样", "Another payee"),
        Text(
            "钱进了别的账户。先不要动账，找经理，和收款方核对。",
            "The money went to another account. Change nothing; the manager settles it with that payee.",
        ),
    ),
    "unknown_open": Words(
        Text("我们这边还没有结果", "No outcome here yet"),
        Text(
            "打开这一单，按“再问一次”。渠道收了就会结清；还是不知道，明天再看。",
            "Open the order and press “Ask again”. Paid settles it; if still unknown, look tomorrow.",
        ),
    ),
    "amount_differs": Words(
        Text("金额不一样", "The sums differ"),
        Text(
            "以渠道账单为准核对小票。多收的退给顾客，少收的找经理，写明怎么处理。",
            "Check the receipt against the bill. Give back what was too much; too little is the manager's.",
        ),
    ),
    "missing_here": Words(
        Text("渠道收了，我们没有", "At the channel, not here"),
        Text(
            "顾客付了钱，可能没拿到货。按单号找顾客：补货或退款，再结案。",
            "Somebody paid and may have got nothing. Find them by the number: hand out or refund, close.",
        ),
    ),
    "missing_at_channel": Words(
        Text("我们有，渠道没有", "Here, not at the channel"),
        Text(
            "钱可能没到账，或在第二天的账单里。等一天，会自动再对；还没有就找经理。",
            "The money may not have come, or is on the next bill. It is matched again; then ask the manager.",
        ),
    ),
    "missing_at_platform": Words(
        Text("平台没有这一笔", "The platform does not have it"),
        Text(
            "钱和小票都对，平台漏了。告诉平台，等它补上，会自动再对。",
            "Money and receipt are right, the platform missed it. Tell the platform; it is matched again.",
        ),
    ),
}
"""Kinds of differences: what it is, and what to do."""

REASONS = {
    "booked_by_hand": Text("已手工补账或补货", "booked or handed out by hand"),
    "refunded_by_hand": Text("已退给顾客", "given back to the payer"),
    "paid_outside": Text("在别处收的钱", "paid outside this site"),
    "channel_mistake": Text("渠道的错，渠道已更正", "the channel's mistake, put right there"),
    "another_date": Text("记在别的日期", "booked on another date"),
    "written_off": Text("经理同意记损失", "written off with the manager's word"),
}
RETURN_REASONS = {
    "quality": Text("质量有问题", "quality"),
    "wrong_item": Text("拿错、发错", "wrong item"),
    "changed_mind": Text("不想要了", "changed their mind"),
    "other": Text("其他", "other"),
}
INVOICES = {
    "asked": Text("已申请发票", "invoice asked for"),
    "issued": Text("发票已开", "invoice issued"),
    "red": Text("发票已红冲", "invoice taken back"),
}
VANISHED = Text("再对时已经一致", "all agree by now")
MATCH = Text("自动核对", "the match")

REFUSALS = {
    "reason_missing": Words(
        Text("要选原因", "Choose a reason"),
        Text(
            "选“其他”时，再写几个字。没有打开。", "With “other”, write a few words too. Nothing was opened."
        ),
    ),
    "door_not_there": Words(
        Text("没有这扇门", "There is no such door"), Text("请回去再选一次。", "Go back and choose again.")
    ),
    "cell_not_there": Words(
        Text("没有这个格口", "There is no such cell"),
        Text("请看一下柜门上的编号。", "Look at the number on its door."),
    ),
    "form_sent_already": Words(
        Text("这张表已经交过了", "This form was sent already"),
        Text("没有再做一次。请回去看看现在的样子。", "Nothing was done again. Go back and look."),
    ),
    "role_missing": Words(
        Text("您的岗位不办这件事", "Your role does not cover this"),
        Text("请找主管或经理。", "Please ask a supervisor or the manager."),
    ),
    "pin_refused": Words(
        Text("账号或密码不对", "The name or the PIN is wrong"),
        Text(
            "再输一次。连续错五次，账号锁十五分钟。",
            "Enter it again. After five wrong ones the account is locked for a quarter of an hour.",
        ),
    ),
    "case_reason_missing": Words(
        Text("要选原因，也要写几个字", "Choose a reason and write a few words"),
        Text("以后查账的人靠它。", "Whoever audits this needs them."),
    ),
    "case_already_closed": Words(
        Text("这一件已经结案", "This case is closed already"),
        Text("没有改动。", "Nothing was changed."),
    ),
    "case_unknown": Words(
        Text("没有这一件", "There is no such case"), Text("请看看编号。", "Please check the number.")
    ),
    "day_not_over": Words(
        Text("这一天对不了账", "This day cannot be matched"),
        Text("日期要写对，不能在以后；时钟要准。", "A date is needed, not one to come, and a known clock."),
    ),
    "platform_away": Words(
        Text("平台没有回答", "The platform does not answer"),
        Text("没有改动。网络好了再试。", "Nothing was changed. Try again when the network is back."),
    ),
    "release_not_possible": Words(
        Text("这一笔不能放行", "This one cannot be released"),
        Text(
            "它已经有结果，或已经放行。请看最新状态。",
            "It has an outcome, or was released. Look again.",
        ),
    ),
    "return_refused": Words(
        Text("这样退不了", "This cannot be taken back"),
        Text(
            "要写退几件，不能多于卖出的；单子要已付款。没有退钱，也没有动库存。",
            "Say how many pieces, no more than were sold, of a paid order. No money or stock has moved.",
        ),
    ),
    "receipt_unknown": Words(
        Text("没有找到这张小票", "This receipt was not found"),
        Text(
            "请看看小票号。码对不上的小票不是我们打的。",
            "Check the number. A code that is not ours finds nothing.",
        ),
    ),
    "order_unknown": Words(
        Text("没有找到这一单", "This order was not found"),
        Text("请看看单号，或扫小票上的码。", "Please check the number, or scan the code on the slip."),
    ),
}


def explain(error: EdgeError | str) -> Words:
    """What to say to staff of an error, or of a refusal's code."""
    if isinstance(error, PlatformUnreachable | PlatformRejected):
        return REFUSALS["platform_away"]
    code = error if isinstance(error, str) else error.code if isinstance(error, Refusal) else ""
    if code in REFUSALS:
        return REFUSALS[code]
    said = explanation_of(Refusal() if isinstance(error, str) else error)
    return Words(said.title, said.body)
