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
    "door_locked_down": (
        Text("这扇门暂时封闭", "This door is locked down"),
        Text("现在只有工作人员能通行，请找保安。", "Only staff may pass now. Please ask the guard."),
    ),
    "door_night_locked": (
        Text("夜间访客不能进", "No visitors at night"),
        Text(
            "请早上再来，或请住户到门口接您。", "Come in the morning, or let your host meet you at the door."
        ),
    ),
    "door_interlocked": (
        Text("请先关好另一扇门", "Close the other door first"),
        Text("两扇门一次只能开一扇。", "Only one of the two opens at a time."),
    ),
    "passed_back": (
        Text("这张凭证已经进过了", "This was used to come in already"),
        Text("要先从这里出去，才能再进。", "It opens again once you have gone out here."),
    ),
    "fire_still_burning": (
        Text("消防信号还在，不能复位", "The fire signal is still on"),
        Text("请先到消防主机上处理。", "Please see to it at the fire panel first."),
    ),
    "hold_too_long": (
        Text("常开最长一天", "A hold ends within a day"),
        Text("请选一个更早的结束时间。", "Please choose an earlier end."),
    ),
    "unknown_reason": (
        Text("请选一个原因", "Please choose a reason"),
        Text("备注最多 200 个字。", "A note has 200 characters at most."),
    ),
    "nothing_there": (
        Text("已经处理过了", "This was done already"),
        Text("请刷新页面再看。", "Please look at the page again."),
    ),
    "clock_unknown": (
        Text("时钟还没对准，这张码暂时不能用", "The clock is not set, this code has to wait"),
        Text("请过一会儿再试，或叫人帮忙。", "Try again in a moment, or call a person."),
    ),
    "pass_too_new": (
        Text("这张码比这台机器新", "This code is newer than this machine"),
        Text(
            "机器要先升级。请找前台或保安帮忙。", "The machine needs an update. Please ask a person for help."
        ),
    ),
    "revocation_list_old": (
        Text("这扇门太久没和平台核对了", "This door has not heard from the platform"),
        Text(
            "断网太久，挂失名单可能旧了。请找保安开门。",
            "Lost passes may be missing from its list. Please ask the guard to open.",
        ),
    ),
    "card_unknown": (
        Text("这张卡没有登记", "This card is not registered"),
        Text("请用 App 的码，或到前台登记。", "Use the app's code, or register it at the counter."),
    ),
    "card_revoked": (
        Text("这张卡已经挂失", "This card was reported lost"),
        Text("请把卡交给前台。", "Please give the card to the counter."),
    ),
    "not_a_card": (
        Text("卡没有读对", "The card was not read"),
        Text("请再贴一次，贴稳一点。", "Please hold it to the reader again."),
    ),
    "denied": (
        Text("这里现在不能进", "No entry here at present"),
        Text("请联系物业前台。", "Please speak to the counter."),
    ),
    "room_pin_refused": (
        Text("房号和密码对不上", "Room and PIN do not match"),
        Text(
            "请再输一次。忘了密码，可在 App 里重设，或到前台。",
            "Please try again. Set a new PIN in the app, or at the counter.",
        ),
    ),
    "room_pin_locked": (
        Text("输错太多次，密码先停用", "Too many tries, PINs wait now"),
        Text(
            "请过十五分钟再试，或用 App 的码、门卡。",
            "Try again in 15 minutes, or use the app's code or a card.",
        ),
    ),
    "credential_unknown": DOORS_ONLY,
    "revocations_too_old": DOORS_ONLY,
    "revocations_wrong_site": DOORS_ONLY,
    "not_a_pass": BAD_CODE,
    "bad_signature": BAD_CODE,
    "unknown_key": BAD_CODE,
    "key_revoked": BAD_CODE,
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
            "没有打开，也没有用掉次数。请告诉前台，或稍后再来。",
            "Nothing opened and no use was taken. Please tell the counter, or come back later.",
        ),
    ),
}
