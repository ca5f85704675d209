// Words of paying and of bills.
export const ZH = {
  payTitle: "缴费", scanTitle: "扫屏上的收款码", scanHint: "演示用：这里列出模拟支付里等着付的收款码，也可以粘贴码的内容", nothingToPay: "现在没有等着付的收款码。在大堂屏上按“去付款”，码就会出现在这里。",
  paste: "粘贴收款码", use: "打开", confirmPay: "确认付款", letFail: "不付了，取消", noAnswer: "付了，不回话", later: "先不付", askPin: "输密码再付", passwordTitle: "请输支付密码", passwordDemo: "演示：随便六个数字。不急，屏上会等。", passwordEntered: (n) => `已输 ${n} 位`, lessDigit: "删除",
  paid: "付好了", paidHint: "看屏上的结果，小票在屏上。", payFailed: "没有付成", payFailedHint: "钱没有扣。可以在屏上重新来。", payUnknown: "还不知道付没付成",
  payUnknownHint: "钱可能扣了，也可能没扣。请不要再付一次。", billsTitle: "我家的账单", billsWhere: "在大堂的屏上缴，用这部手机付款。", allPaid: "都缴清了", dueOn: (d) => `${d} 前`, settled: "已缴清", partPaid: (sum) => `已缴 ${sum} 元`,
  forOthers: "代收", item_property_fee: "物业费", item_water: "水费", item_electricity: "电费", item_parking: "停车费", item_shared: "公摊",
  wechat: "微信支付（模拟）", alipay: "支付宝（模拟）", yuan: "元",
  codeTitle: "出示付款码", codeHint: "演示用：模拟支付的付款码。在屏上看过金额，再对着摄像头出示", short_wechat: "微信付款码", short_alipay: "支付宝付款码", code_wechat: "微信付款码（模拟）", code_alipay: "支付宝付款码（模拟）",
  codeComing: "正在取新的付款码", codeUse: "只在付款时给收银屏看，不要发给别人。", withPassword: "这次要输密码", passwordAsked: "等您输支付密码", passwordHint: "输了才付钱；不输，过一会儿会自己取消。",
  enter: "去输", enterPassword: "输好密码，付款", cancelPay: "不付了", putAway: "放着不管", payReversed: "商家撤销了", payReversedHint: "钱没有扣；扣过的也已经退回。", revokedHint: "等密码等得太久，自己取消了。钱没有扣。", chargeGone: "这笔付款已经看不到了。",
  error_payment_not_open: "这笔已付过、已关闭或过期了。", error_qr_unknown: "不认识这张码，看看有没有粘贴完整。",
};
export const EN = {
  payTitle: "Pay", scanTitle: "Scan the code on the screen", scanHint: "Demo: collection codes of the simulated channels that wait for money; you may also paste one", nothingToPay: "No code waits for money. Press Pay on the lobby screen and it appears here.",
  paste: "Paste a code", use: "Open", confirmPay: "Confirm payment", letFail: "Cancel it", noAnswer: "Pay, channel stays silent", later: "Not now", askPin: "Enter a password first", passwordTitle: "Payment password", passwordDemo: "Demo: any six digits. Take your time, the screen waits.", passwordEntered: (n) => `${n} digits entered`, lessDigit: "Delete",
  paid: "Paid", paidHint: "The lobby screen shows the result and the receipt.", payFailed: "Not paid", payFailedHint: "No money was taken. You can begin again at the screen.", payUnknown: "Not known yet whether it was paid",
  payUnknownHint: "The money may or may not have been taken. Please do not pay again.", billsTitle: "Bills of our home", billsWhere: "Pay at the lobby screen with this phone.", allPaid: "All paid", dueOn: (d) => `by ${d}`, settled: "paid", partPaid: (sum) => `${sum} yuan paid`,
  forOthers: "for others", item_property_fee: "Property fee", item_water: "Water", item_electricity: "Electricity", item_parking: "Parking", item_shared: "Shared costs",
  wechat: "WeChat Pay (simulated)", alipay: "Alipay (simulated)", yuan: "yuan",
  codeTitle: "Show a payment code", codeHint: "Demo: payment codes of the simulated channels. See the sum on the screen first, then hold the code to the camera", short_wechat: "WeChat code", short_alipay: "Alipay code", code_wechat: "WeChat payment code (simulated)", code_alipay: "Alipay payment code (simulated)",
  codeComing: "Getting a fresh code", codeUse: "Show it to the till only while you pay. Send it to nobody.", withPassword: "Ask for my password", passwordAsked: "Waiting for your payment password", passwordHint: "Nothing is paid before you enter it; left alone, it is cancelled after a while.",
  enter: "Enter", enterPassword: "Enter password and pay", cancelPay: "Do not pay", putAway: "Leave it", payReversed: "Taken back by the shop", payReversedHint: "No money was taken; what had been taken is back.", revokedHint: "The password took too long and it was cancelled. No money was taken.", chargeGone: "This payment is not shown any more.",
  error_payment_not_open: "This was paid, closed or has expired.", error_qr_unknown: "Unknown code. Was it pasted whole?",
};
