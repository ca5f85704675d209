"""Words that several refusals share."""

from kiosk.words import Text

Words = tuple[Text, Text]
"""A headline of one line, and the way on."""

BAD_CODE: Words = (
    Text("这张码读不通", "This code does not check out"),
    Text(
        "可能截图糊了，或不是本小区的。请在 App 里重新打开。",
        "It may be blurred, or not ours. Open it in the app again.",
    ),
)
AGAIN: Words = (
    Text("这一步没有做成", "This step was not done"),
    Text("什么都没有改变。请再按一次，或叫人帮忙。", "Nothing has changed. Press again, or call a person."),
)
DOORS_ONLY: Words = (
    Text("这件事不在这块屏幕上办", "This is not done on this screen"),
    Text("什么都没有打开。请找前台。", "Nothing was opened. Please ask at the counter."),
)
COUNTER_ONLY: Words = (
    Text("这件事由前台来办", "The counter does this"),
    Text("请把单号告诉前台。", "Please tell the counter the number."),
)
NO_CHARGE = Text("钱没有扣。请再看一眼，再付。", "Nothing was charged. Please look again, then pay.")
