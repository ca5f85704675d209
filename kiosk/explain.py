"""Every refusal in the neighbour's words: what happened, what it means, what to do. One table by code."""

from typing import NamedTuple

from edge.errors import DeviceError, EdgeError, PlatformUnreachable, Refusal, StoreError
from kiosk.refusals import REASONS, REFUSALS
from kiosk.visit import Answer, Dialog
from kiosk.words import Text

GOOD = Text("知道了", "All right")
CALL = Text("叫人帮忙", "Call a person")


class Explanation(NamedTuple):
    """A headline and the way on."""

    title: Text
    body: Text


NETWORK_AWAY = Explanation(
    Text("网络断了，手机付款先停一停", "The network is away, phone payment has to wait"),
    Text(
        "钱没有扣。取件和开门照常，能在前台付现金。",
        "Nothing was charged. Pickup and doors work; the counter takes cash.",
    ),
)
DEVICE_AWAY = Explanation(
    Text("柜子没有回答", "The lockers do not answer"),
    Text(
        "柜门没有动。请过一会儿再试，或叫人帮忙。",
        "No door has moved. Try again in a moment, or call a person.",
    ),
)
PLATFORM_SAID_NO = Explanation(
    Text("支付平台没有收下这笔", "The payment platform did not take it"),
    Text("钱没有扣。请再试一次，或到前台付。", "Nothing was charged. Try again, or pay at the counter."),
)
SCANS: dict[str, Explanation] = {
    "visitor": Explanation(
        Text("这是访客码，给门口的读码器看", "This is a visitor pass, for the reader at the gate"),
        Text("它开门用，在这里办不了事。", "It opens a door; nothing can be done with it here."),
    ),
    "staff": Explanation(
        Text("这是工作人员的码", "This is a staff pass"),
        Text("请在前台使用。", "Please use it at the counter."),
    ),
    "other": Explanation(
        Text("这个码我不认识", "I do not know this code"),
        Text(
            "我认得商品条码、取件码和住户码。别的码请到前台问问。",
            "I know product barcodes, pickup codes and resident codes. Ask the counter about others.",
        ),
    ),
}


PAYMENT_CODES: dict[str, Explanation] = {
    "elsewhere": Explanation(
        Text("付款码先收好", "Please put your payment code away"),
        Text(
            "我没有读它，也没有留下。到了付款那一页、看清金额以后，再出示它。",
            "It was not read and not kept. Show it on the payment page, once you have seen the sum.",
        ),
    ),
    "pay_page": Explanation(
        Text("付款码没有用上", "The payment code was not used"),
        Text(
            "我没有留下它。请看清金额，再出示一次。", "It was not kept. Look at the sum, then show it again."
        ),
    ),
    "look_first": Explanation(
        Text("先看一眼金额", "Please look at the sum first"),
        Text(
            "付款码没有用上，也没有留下。看清了再出示。",
            "The code was not used and not kept. Then show it again.",
        ),
    ),
    "already": Explanation(
        Text("这一笔已经在付了", "This is being paid already"),
        Text(
            "新的付款码没有用上。请等结果，不要付第二次。",
            "The code was not used. Wait, and do not pay twice.",
        ),
    ),
    "not_needed": Explanation(
        Text("这一单不用付款码", "No payment code is needed"),
        Text("全部由您的账户付，点下面的键就行。", "Your accounts pay all of it. Touch the key below."),
    ),
    "other": Explanation(
        Text("这里不收这种付款码", "This kind of payment code is not taken here"),
        Text(
            "它没有用上，也没有留下。请用微信或支付宝。",
            "It was not used and not kept. Please use WeChat or Alipay.",
        ),
    ),
    "slow": Explanation(
        Text("这个金额，扫屏幕上的码更快", "For this sum, scanning the screen is quicker"),
        Text(
            "超过 1000 元，微信付款码要在手机上输密码。扫码付自己慢慢来。付款码没有用上。",
            "Above 1,000 yuan WeChat asks for a password. Scanning leaves you time. The code was not used.",
        ),
    ),
}
"""A payment code that was not used: why, and what to do."""


def explain_payment_code(kind: str) -> Dialog:
    """What to say to a payment code that was not used."""
    title, body = PAYMENT_CODES[kind]
    if kind == "slow":
        again = Answer("dismiss", Text("再出示一次付款码", "Show the code again"))
        return Dialog(
            title, body, (again, Answer("pay_qr", Text("用手机扫码", "Scan with the phone"), main=True))
        )
    return _dialog(PAYMENT_CODES[kind])


def explain_scan(kind: str) -> Dialog:
    """What to say to a code that cannot be used here."""
    return _dialog(SCANS.get(kind, SCANS["other"]))


def explanation_of(error: EdgeError) -> Dialog:
    """The dialog for an error that a person may meet."""
    if isinstance(error, Refusal):
        title, body = REASONS.get(f"{error.code}:{error.details.get('reason')}") or REFUSALS.get(
            error.code, REFUSALS["refused"]
        )
        return _dialog(Explanation(title, body))
    if isinstance(error, StoreError):
        return _dialog(Explanation(*REFUSALS["trade_stopped"]))
    if isinstance(error, PlatformUnreachable):
        return _dialog(NETWORK_AWAY)
    if isinstance(error, DeviceError):
        return _dialog(DEVICE_AWAY)
    return _dialog(PLATFORM_SAID_NO)


def _dialog(explanation: Explanation) -> Dialog:
    answers = (Answer("help", CALL), Answer("dismiss", GOOD, main=True))
    return Dialog(explanation.title, explanation.body, answers, kind="stop")
