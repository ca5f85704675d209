"""Refusal codes in the neighbour's words. Fact, then what it means for you, then what to do."""

from kiosk.words import Text

Words = tuple[Text, Text]

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

REFUSALS: dict[str, Words] = {
    "refused": AGAIN,
    # goods
    "unknown_product": (
        Text("没有找到这件商品", "This product is not known"),
        Text(
            "条码读到了，但货架上没有登记。请拿到前台看看。",
            "The barcode was read, but it is not listed. Please ask the counter.",
        ),
    ),
    "not_a_barcode": (
        Text("条码没有读完整", "The barcode was not read fully"),
        Text("请把条码摊平，再扫一次。", "Hold it flat and scan it again."),
    ),
    "lot_expired": (
        Text("这件过了保质期，不卖", "This one is past its date, not sold"),
        Text("请换一件，这件交给前台。", "Please take another, and give this one to the counter."),
    ),
    "out_of_stock": (
        Text("登记的数量不够了", "There are not that many left"),
        Text("请少拿一件，或到前台问问。", "Take one less, or ask at the counter."),
    ),
    "restricted_goods": (
        Text("这件不能自助买", "This cannot be bought here"),
        Text("它要在前台由人来卖。", "A person at the counter has to sell it."),
    ),
    "basket_empty": (
        Text("篮子是空的", "The basket is empty"),
        Text("先放一件东西。", "Put something in first."),
    ),
    "basket_full": (
        Text("篮子放满了", "The basket is full"),
        Text("先付这些，再买下一篮。", "Pay for these, then start another."),
    ),
    "mixed_payees": (
        Text("篮子里是两家店的东西", "The basket holds goods of two shops"),
        Text("一次只能付给一家，请分两次买。", "One payment goes to one shop. Please buy them apart."),
    ),
    "price_changed": (Text("价格刚刚变了", "A price has just changed"), NO_CHARGE),
    "order_unknown": (
        Text("没有这个单号", "There is no such order"),
        Text("请核对单号，或到前台问问。", "Check the number, or ask at the counter."),
    ),
    "order_has_payment": (
        Text("这单已经在付款了", "A payment for this order is under way"),
        Text("请等它有结果。不要付第二次。", "Wait for its outcome. Do not pay twice."),
    ),
    # payments
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
    # points, wallet, prepaid fee
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
    "return_refused": COUNTER_ONLY,
    # residents and bills
    "resident_unknown": (
        Text("名册里没有找到您", "You are not on the roster"),
        Text("请到前台登记，以后就能用了。", "Please register at the counter, then it works."),
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
    # passes
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
    # lockers
    "unknown_order": (
        Text("柜子里没有这一单", "This order is not in the lockers"),
        Text(
            "可能还没送到，或已经取走。请看手机上的状态。",
            "It may not be here yet, or be collected. See your phone.",
        ),
    ),
    "order_in_progress": (
        Text("这单正在取", "This order is being collected"),
        Text("不是您在取？请马上告诉前台。", "It is not you? Tell the counter now."),
    ),
    "cell_in_use": (
        Text("这一格里可能还有别人的包裹", "Another parcel may still be in this cell"),
        Text("请叫人来看。", "A person will have a look."),
    ),
    "attempts_used_up": (
        Text("这一格试了两次都没打开", "This cell was tried twice"),
        Text("东西还是您的。请叫人来开。", "It is still yours. A person will open it."),
    ),
    "ask_at_counter": (
        Text("这单剩下的在前台", "The rest of this order is at the counter"),
        Text(
            "上次有格口没打开。请到前台说单号。",
            "A cell did not open last time. Tell the counter the number.",
        ),
    ),
    "unknown_session": AGAIN,
    "store_busy": (
        Text("这会儿太忙，没有记下来", "Too busy just now, nothing was noted"),
        Text("什么都没有改变。请过几秒再按一次。", "Nothing has changed. Press again in a few seconds."),
    ),
    # codes that cannot be read: one sentence for all of them, a stranger learns nothing from it
    "not_a_pass": BAD_CODE,
    "bad_signature": BAD_CODE,
    "unknown_key": BAD_CODE,
    "not_canonical": BAD_CODE,
    "unknown_critical": BAD_CODE,
    "message_too_large": BAD_CODE,
    # refusals that belong to other desks; words for the day one reaches a screen
    "unknown_door": DOORS_ONLY,
    "unknown_action": DOORS_ONLY,
    "command_expired": DOORS_ONLY,
    "command_replayed": DOORS_ONLY,
    "command_for_another": DOORS_ONLY,
    "not_a_command": DOORS_ONLY,
    "shift_already_open": COUNTER_ONLY,
    "no_open_shift": COUNTER_ONLY,
    "case_unknown": COUNTER_ONLY,
    "case_already_closed": COUNTER_ONLY,
    "case_reason_missing": COUNTER_ONLY,
    "day_not_over": COUNTER_ONLY,
    "form_sent_already": COUNTER_ONLY,
    "delivery_unknown": COUNTER_ONLY,
    "delivery_already_received": COUNTER_ONLY,
    "fee_order_unknown": COUNTER_ONLY,
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
    "busy": AGAIN,
    "picture_refused": (
        Text("这张图没有读", "This picture was not read"),
        Text("请换一张清楚的，再试一次。", "Try again with a clearer one."),
    ),
    "trade_stopped": (
        Text("存储有问题，先不卖东西", "Storage is in trouble, nothing is sold now"),
        Text(
            "钱没有扣，篮子还在。已经告诉技术员，请稍后再来，或到前台问问。",
            "Nothing was charged, your basket is kept. A technician has been told; ask at the counter.",
        ),
    ),
    "journal_stopped": (
        Text("存储有问题，这个码先开不了", "Storage is in trouble, this code opens nothing now"),
        Text(
            "没有打开，也没有用掉次数。已经告诉技术员，请稍后再来，或到前台问问。",
            "Nothing opened and no use was taken. A technician has been told; ask at the counter.",
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
    "nonce_mismatch": AGAIN,
    "checkpoint_foreign": AGAIN,
    "contract_unreadable": AGAIN,
    "already_posted": AGAIN,
    "event_too_large": AGAIN,
    "key_set_too_old": AGAIN,
    "time_answer_too_slow": AGAIN,
    "time_behind_floor": AGAIN,
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
