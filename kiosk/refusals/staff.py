"""People who work here, and what only they do."""

from kiosk.refusals.phrases import COUNTER_ONLY, Words
from kiosk.words import Text

STAFF: dict[str, Words] = {
    "shift_already_open": COUNTER_ONLY,
    "no_open_shift": COUNTER_ONLY,
    "case_unknown": COUNTER_ONLY,
    "case_already_closed": COUNTER_ONLY,
    "case_reason_missing": COUNTER_ONLY,
    "day_not_over": COUNTER_ONLY,
    "form_sent_already": COUNTER_ONLY,
    "fee_order_unknown": COUNTER_ONLY,
    "reason_missing": COUNTER_ONLY,
    "door_not_there": COUNTER_ONLY,
    "cell_not_there": COUNTER_ONLY,
    "login_taken": COUNTER_ONLY,
    "role_missing": COUNTER_ONLY,
    "pin_refused": (
        Text("账号或密码不对", "The name or the PIN is wrong"),
        Text("请再输一次。", "Please enter it again."),
    ),
    "pin_too_simple": (
        Text("密码太简单", "The PIN is too simple"),
        Text("请用至少六位、不全相同的数字。", "Use six digits or more, not all the same."),
    ),
    "staff_locked": (
        Text("错了太多次，先锁住了", "Locked after too many wrong PINs"),
        Text("请过一会儿再试，或找管理员。", "Try again later, or ask an administrator."),
    ),
}
