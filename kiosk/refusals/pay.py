"""Payments, points, wallets."""

from kiosk.refusals.phrases import COUNTER_ONLY, NO_CHARGE, Words
from kiosk.words import Text

PAY: dict[str, Words] = {
    "attempt_still_open": (
        Text("上一次付款还没有结果", "The last payment has no outcome yet"),
        Text("请不要付第二次。有结果后前台能查到。", "Do not pay twice. The counter will see the outcome."),
    ),
    "order_already_paid": (
        Text("这单已经付过了", "This order is paid already"),
        Text("不用再付。凭单号到前台补小票。", "No need to pay. The counter reprints the receipt."),
    ),
    "order_not_payable": (
        Text("这单现在不能付", "This order cannot be paid now"),
        Text("钱没有扣。请重新来一次，或到前台。", "Nothing was charged. Start again, or go to the counter."),
    ),
    "payment_refused": (
        Text("支付平台没有收下这笔", "The payment platform did not take it"),
        Text("钱没有扣。请再试一次，或到前台付。", "Nothing was charged. Try again, or pay at the counter."),
    ),
    "amount_invalid": (
        Text("这个金额不能付", "This sum cannot be paid"),
        Text("钱没有扣。请到前台问问。", "Nothing was charged. Please ask at the counter."),
    ),
    "channel_unsupported": (
        Text("这里不收这种付款", "This way of paying is not taken here"),
        Text("钱没有扣。请用微信或支付宝。", "Nothing was charged. Please use WeChat or Alipay."),
    ),
    "payment_code_unknown": (
        Text("这不是付款码", "This is not a payment code"),
        Text(
            "钱没有扣。请打开微信或支付宝的付款码，再对准一次。",
            "Nothing was charged. Open the payment code in WeChat or Alipay and show it again.",
        ),
    ),
    "payment_code_unsupported": (
        Text("这种付款码这里还不支持", "This payment code is not supported here yet"),
        Text("钱没有扣。请用微信或支付宝的付款码。", "Nothing was charged. Please use WeChat or Alipay."),
    ),
    "refund_above_captured": (
        Text("退得比付的多了", "More would go back than was paid"),
        Text(
            "什么都没有退。请改小金额，再退一次。", "Nothing went back. Enter a smaller sum, then try again."
        ),
    ),
    "nothing_to_refund": (
        Text("这单没有可以退的钱", "Nothing of this order can go back"),
        Text("什么都没有退。请核对单号。", "Nothing went back. Please check the number."),
    ),
    "refund_part_unknown": COUNTER_ONLY,
    "release_not_possible": (
        Text("这单不能先放货", "The goods cannot be given out first"),
        Text("请看这单现在的状态，再决定。", "Look at how the order stands now, then decide."),
    ),
    "attempt_unknown": COUNTER_ONLY,
    "receipt_unknown": (
        Text("小票还没有出来", "The receipt is not there yet"),
        Text("付款有记录，前台凭单号能补。", "The payment is on record; the counter reprints it."),
    ),
    "account_unknown": (
        Text("没有找到这个账户", "This account is not known"),
        Text("请用微信或支付宝付，或到前台问问。", "Pay by WeChat or Alipay, or ask at the counter."),
    ),
    "tender_not_allowed": (
        Text("这一单不能这样抵", "This is not paid that way"),
        Text(
            "代收费用和专管商品不能用积分。其余照付。",
            "Not for utilities or licensed goods. Pay the usual way.",
        ),
    ),
    "other_issuer": (
        Text("这是另一家公司的余额", "This balance is with another company"),
        Text("它只能付那一家。这单请扫码付。", "It pays that company only. Please pay this one by QR."),
    ),
    "tenders_differ": (Text("各部分加起来不等于总数", "The parts do not add up"), NO_CHARGE),
    "balance_exceeded": (
        Text("余额不够这么多", "The balance is not enough"),
        Text("没有扣。请少用一点，其余扫码付。", "Nothing was taken. Use less, pay the rest by QR."),
    ),
    "lease_exceeded": (
        Text("现在能用的额度不够", "Less than that may be used now"),
        Text(
            "没有扣。联网后就能多用，其余先扫码付。",
            "Nothing was taken. More when online; pay the rest by QR.",
        ),
    ),
    "claim_refused": (
        Text("这张小票领不了积分", "No points for this receipt"),
        Text(
            "可能领过了、退了货或过了期。前台能查。", "Claimed, returned or too late. The counter can look."
        ),
    ),
    "top_up_refused": (
        Text("不能充这个金额", "This sum cannot be added"),
        Text(
            "没有扣。请换一个金额，上限见屏幕。",
            "Nothing was charged. Choose another; the screen shows the limit.",
        ),
    ),
}

REASONS: dict[str, Words] = {
    "claim_refused:receipt_unknown": (
        Text("这不是这里的小票", "This is no receipt of this kiosk"),
        Text(
            "积分没有动。别处的小票，请在手机 App 里补领。",
            "No points moved. Claim receipts from elsewhere in the app.",
        ),
    ),
    "claim_refused:identified": (
        Text("这单的积分早就记上了", "These points are credited already"),
        Text("付款时出示过住户码，不用再领。", "A resident code was shown at the payment. No need to claim."),
    ),
    "claim_refused:claimed": (
        Text("这张小票已经领过了", "This receipt was claimed already"),
        Text("每张小票只能领一次。不是您领的？请告诉前台。", "Each counts once. Not you? Tell the counter."),
    ),
    "claim_refused:too_late": (
        Text("过了补领的日子", "The days to claim are over"),
        Text(
            "积分没有动。下次付款前先出示住户码。",
            "No points moved. Show your resident code first next time.",
        ),
    ),
    "claim_refused:no_points": (
        Text("这张小票没有积分", "This receipt has no points"),
        Text("没有得积分，或者货已经退了。", "It earned none, or the goods went back."),
    ),
    "claim_refused:not_managed": (
        Text("您还没有积分账户", "You have no account of points"),
        Text(
            "积分给本物业管理的住户。请到前台问问。", "Points are for managed residents. Ask at the counter."
        ),
    ),
}
"""Words of refusals that name a reason, by code and reason."""
