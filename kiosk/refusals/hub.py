"""The hub itself: its store, its jobs, its talk with the platform."""

from kiosk.refusals.phrases import AGAIN, COUNTER_ONLY, Words
from kiosk.words import Text

HUB: dict[str, Words] = {
    "store_busy": (
        Text("这会儿太忙，没有记下来", "Too busy just now, nothing was noted"),
        Text("什么都没有改变。请过几秒再按一次。", "Nothing has changed. Press again in a few seconds."),
    ),
    "busy": AGAIN,
    "picture_refused": (
        Text("这张图没有读", "This picture was not read"),
        Text("请换一张清楚的，再试一次。", "Try again with a clearer one."),
    ),
    "trade_stopped": (
        Text("存储有问题，先不收钱", "Storage is in trouble, no payment can begin"),
        Text(
            "钱没有扣，选好的还在。请告诉前台，或稍后再来。",
            "Nothing was charged, what you chose is kept. Please tell the counter, or come back later.",
        ),
    ),
    "part_off": (
        Text("本小区没有开通这项服务", "This community does not offer that"),
        Text(
            "什么都没有改变。需要的话请到前台问问。",
            "Nothing has changed. Please ask at the counter if you need it.",
        ),
    ),
    "identity_quarantined": (
        Text(
            "先不卖东西，这台设备的身份要人工核对",
            "Nothing is sold: this device has to be checked",
        ),
        Text(
            "钱没有扣，篮子还在。已经告诉技术员，请稍后再来，或到前台问问。",
            "Nothing was charged, your basket is kept. A technician has been told; ask at the counter.",
        ),
    ),
    "job_failed": COUNTER_ONLY,
    "batch_damaged": AGAIN,
    "batch_malformed": AGAIN,
    "batch_too_large": AGAIN,
    "protocol_unsupported": AGAIN,
    "encoding_unsupported": AGAIN,
    "csr_bad": AGAIN,
    "certificate_foreign": AGAIN,
    "configuration_too_old": AGAIN,
    "configuration_unfit": AGAIN,
    "configuration_foreign": AGAIN,
    "code_mistyped": AGAIN,
    "enrolment_foreign": AGAIN,
    "nonce_mismatch": AGAIN,
    "checkpoint_foreign": AGAIN,
    "contract_unreadable": AGAIN,
    "already_posted": AGAIN,
    "event_too_large": AGAIN,
    "key_set_too_old": AGAIN,
    "time_answer_too_slow": AGAIN,
    "time_behind_floor": AGAIN,
    "time_jumped": AGAIN,
    "no_time_jump": AGAIN,
}
