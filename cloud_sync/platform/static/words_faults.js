// What a simulated channel can be told to do wrong, in plain words: Chinese, English.
export const GROUPS = [
  ["付款", "Paying", ["user_paying", "password", "declined", "timeout_paid", "timeout_unpaid", "server_error", "hang", "silent", "order_exists", "wrong_amount", "auto"]],
  ["关单与撤销", "Closing and reversing", ["not_there", "close_paid", "late_success"]],
  ["支付通知", "Notices", ["notice_never", "notice_late", "notice_twice", "notice_early", "notice_forged", "notice_wrong_amount", "notice_wrong_order"]],
  ["退款", "Refunds", ["slow_refund", "refund_timeout", "refund_declined"]],
  ["次日账单", "Bill of the day", ["bill_now", "bill_late", "bill_extra", "bill_missing", "bill_differs"]],
];
export const FAULTS = {
  user_paying: ["付款人在输密码，过一会儿付成", "Payer is entering the password, paid a little later"],
  password: ["要付款人在手机上输密码", "Asks for the password on the phone"],
  declined: ["银行不同意付款", "The bank says no"],
  timeout_paid: ["不回话，钱已经付了", "No answer, the money is taken"],
  timeout_unpaid: ["不回话，什么也没发生", "No answer, nothing happened"],
  server_error: ["回一个服务器错误，什么也没发生", "Answers with a server error, nothing happened"],
  hang: ["问什么都不回话", "No answer to anything"],
  silent: ["钱收了，问结果不说", "Takes the money, will not say so"],
  order_exists: ["办好了，却说“订单已存在”", "Does it, but answers “order exists”"],
  wrong_amount: ["实收比应收多（少）", "Takes more (less) than asked"],
  auto: ["收款码第二次查询时自己付成", "A collection QR pays itself at the second question"],
  not_there: ["收款码还能付，却说“没有这笔”", "A QR that can be paid “does not exist”"],
  close_paid: ["正要关单，付款人刚好付了", "Payer pays just before it is closed"],
  late_success: ["关单、撤销以后又付成", "Paid after it was closed or reversed"],
  notice_never: ["不发通知", "No notice"],
  notice_late: ["通知来得晚", "Notice comes late"],
  notice_twice: ["通知来两次", "Notice comes twice"],
  notice_early: ["通知比回话先到", "Notice comes before the answer"],
  notice_forged: ["通知的签名不对", "Notice with a wrong signature"],
  notice_wrong_amount: ["通知里的金额不对", "Notice names another sum"],
  notice_wrong_order: ["通知里的单号不对", "Notice names another order"],
  slow_refund: ["退款很慢", "Slow refund"],
  refund_timeout: ["退了款，不回话", "Refunds, but does not answer"],
  refund_declined: ["退款不成", "Refund fails"],
  bill_now: ["账单现在就能取，今天的也行", "Bills at once, also of today"],
  bill_late: ["账单迟迟不出", "The bill does not come"],
  bill_extra: ["账单多一行", "A line too many"],
  bill_missing: ["账单少一行", "A line is missing"],
  bill_differs: ["账单有一行差一分", "A line differs by one fen"],
};
export const UNITS = { s: ["秒", "s"], fen: ["分", "fen"] };
export const STATES = { waiting: ["等付款", "waiting", "wait"], paid: ["已付", "paid", "done"], failed: ["没付成", "not paid", "stop"], reversed: ["已撤销", "reversed", "stop"], unknown: ["不知道", "not known", "unsure"] };
export const INCIDENTS = {
  amount_differs: ["实收和应收不一样", "taken is not what was asked"], paid_then_not: ["说已付，后来改口", "said paid, then took it back"], late_success: ["撤销或关单后又付成", "paid after reversal or close"],
  notice_forged: ["通知签名不对，没收下", "notice with a wrong signature, refused"], notice_order: ["通知的单号不认识，没收下", "notice of an unknown order, refused"], notice_amount: ["通知的金额不对，没收下", "notice with a wrong amount, refused"],
  notice_payee: ["通知的收款方不对，没收下", "notice of another payee, refused"], notice_refund: ["通知的退款不认识，没收下", "notice of an unknown refund, refused"],
  refund_exceeds: ["退款多于实收，没办", "refund above what was taken, refused"], refund_not_paid: ["没付成的单要退款，没办", "refund of what is not paid, refused"], refund_conflict: ["退款号被占用，没办", "refund number taken, refused"], refund_differs: ["实退和应退不一样", "refunded is not what was asked"],
};
