"""Doors, passes, cards, commands. Codes that cannot be read share one sentence: a stranger learns nothing."""

from kiosk.refusals.phrases import BAD_CODE, DOORS_ONLY, Words
from kiosk.words import Text

DOORS: dict[str, Words] = {
    "pass_expired": (
        Text("这张码过期了", "This code is over"),
        Text(
            "请在 App 里重新打开，或请发码的人再发一张。", "Open it in the app again, or ask for a new one."
        ),
    ),
    "pass_not_yet_valid": (
        Text("这张码还没到时间", "This code is not valid yet"),
        Text("请到时间再来。", "Please come back when it begins."),
    ),
    "pass_wrong_site": (
        Text("这是别的小区的码", "This code is for another community"),
        Text("请在那边使用。", "Please use it there."),
    ),
    "pass_wrong_kind": (
        Text("这种码不能取件", "This kind of code collects nothing"),
        Text("请打开取件码再试。", "Please open the pickup code and try again."),
    ),
    "pass_wrong_door": DOORS_ONLY,
    "pass_revoked": (
        Text("这张码已经收回", "This code was withdrawn"),
        Text("请发码的人再发一张，或到前台。", "Ask for a new one, or go to the counter."),
    ),
    "pass_used_up": (
        Text("这单已经取过了", "This order was collected already"),
        Text(
            "不是您取的？请马上告诉前台，有记录可查。",
            "It was not you? Tell the counter now, it is on record.",
        ),
    ),
    "code_replayed": (
        Text("这张码刚刚用过", "This code was just used"),
        Text("请在 App 里刷新出一张新的。", "Please refresh it in the app."),
    ),
    "clock_unknown": (
        Text("时钟还没对准，这张码暂时不能用", "The clock is not set, this code has to wait"),
        Text("请过一会儿再试，或叫人帮忙。", "Try again in a moment, or call a person."),
    ),
    "not_a_pass": BAD_CODE,
    "bad_signature": BAD_CODE,
    "unknown_key": BAD_CODE,
    "not_canonical": BAD_CODE,
    "unknown_critical": BAD_CODE,
    "message_too_large": BAD_CODE,
    "unknown_door": DOORS_ONLY,
    "unknown_action": DOORS_ONLY,
    "command_expired": DOORS_ONLY,
    "command_replayed": DOORS_ONLY,
    "command_for_another": DOORS_ONLY,
    "not_a_command": DOORS_ONLY,
    "journal_stopped": (
        Text("存储有问题，这个码先开不了", "Storage is in trouble, this code opens nothing now"),
        Text(
            "没有打开，也没有用掉次数。已经告诉技术员，请稍后再来，或到前台问问。",
            "Nothing opened and no use was taken. A technician has been told; ask at the counter.",
        ),
    ),
}
