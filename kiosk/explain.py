"""Every refusal in the neighbour's words: what happened, what it means, what to do. One table by code."""

from typing import NamedTuple

from edge.errors import DeviceError, EdgeError, PlatformUnreachable, Refusal, StoreError
from kiosk.refusals import REFUSALS
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
    "payment_code": Explanation(
        Text("付款码先收好", "Please put your payment code away"),
        Text(
            "我没有读它，也没有留下。付款时请用手机扫屏幕上的码。",
            "It was not read and not kept. To pay, scan the code on this screen with your phone.",
        ),
    ),
    "other": Explanation(
        Text("这个码我不认识", "I do not know this code"),
        Text(
            "我认得商品条码、取件码和住户码。别的码请到前台问问。",
            "I know product barcodes, pickup codes and resident codes. Ask the counter about others.",
        ),
    ),
}


def explain_scan(kind: str) -> Dialog:
    """What to say to a code that cannot be used here."""
    return _dialog(SCANS.get(kind, SCANS["other"]))


def explanation_of(error: EdgeError) -> Dialog:
    """The dialog for an error that a person may meet."""
    if isinstance(error, Refusal):
        title, body = REFUSALS.get(error.code, REFUSALS["refused"])
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
