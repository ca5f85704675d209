// Every sentence of the phone page, Chinese first. `w("key")` gives the present language.
import * as accounts from "./words_accounts.js";
import * as home from "./words_home.js";
import * as pay from "./words_pay.js";

const ZH = {
  ...pay.ZH, ...accounts.ZH, ...home.ZH,
  app: "我的手机", online: "在线", offline: "连不上", whoAreYou: "您是哪一位？", demoLogin: "演示用：选一位住户，不用密码",
  nobody: "还没有住户资料。先给平台装入一个小区。",
  tabCode: "我的码", tabDoors: "开门", tabOrders: "取件", tabPay: "缴费", tabMore: "更多",
  renewIn: (s) => `${s} 秒后换新`, showThis: "开门、取件、缴费，出示这张码", signedHere: "码由这台手机自己签，没网也能用",
  codeMissing: "这台手机还没有证书，连上网就会办好。", noEd25519: "这台手机的浏览器不能签码，请用新一点的浏览器。",
  ordersWait: (n) => `${n} 个订单可取`, ordersNone: "没有要取的订单", showPass: "取件码", billsDue: "待缴", billsNone: "没有要缴的账单", see: "去看",
  doorsHint: "能开的门都在这里", noDoors: "您现在没有能远程打开的门。", open: "开门", openAgain: "再开一次", notAsked: "还没有按过开门",
  opened: "门开了", byContact: (s) => `门磁确认，用了 ${s} 秒`, released: "锁已松开，请拉门", waitingContact: "等门磁回话", onTheWay: "正在送到小区设备",
  allowed: "设备允许了", notKnown: "不知道开没开", notKnownWhy: "锁可能松开了，门磁没有回音。不会自己再开一次。", cannotOpen: "没有开",
  step_asked: "您按了开门", step_sent: "平台发出", step_accepted: "小区设备收到，允许", step_fired: "锁松开", step_opened: "门磁说：开了",
  step_unknown: "没有回音", step_refused: "设备说不行",
  ordersTitle: "取件", ordersHint: "到大堂取件柜，出示取件码", inCells: "在格口里", collected: "已取走", passUse: "对着柜机上的摄像头，一格一格开，取完关好门。",
  moreTitle: "更多", notRead: "还没有取到，连上后就有", sessionEnded: "这台手机已经退出登录，码和记录都已清掉。", awayCode: "能用：我的码、取件码、访客码，都不用网。", awayDoors: "现在不能远程开门。请用“我的码”在门口开，不用网。", awayDoor: "现在没法从这里问它", awayOrders: "能用：取件码、数字码，都不用网。", awayPay: "现在不能用这台手机付款。大堂的屏上可以用积分、钱包、现金。", payAway: "连上后，等着付的收款码会出现在这里。", awayMoney: "之后的变化连上后才看得到。", awayMore: "现在不能发码、收回和修改。发过的访客码还能看、还能用。", visitorTaken: "收回了。连着网的门马上就知道，断网的小区连上就知道。", pointsHave: (n) => `${n} 积分`, visitorTitle: "访客", newVisitor: "发一张访客码", visitorNone: "没有有效的访客码", visitorWho: "给谁（只有您看得到）", visitorDoors: "哪些门", visitorHours: "多久内有效", visitorUses: "能用几次",
  hours: (n) => `${n} 小时`, times: (n) => `${n} 次`, manyTimes: "不限次", make: "发码", revoke: "收回", revokeAsk: "真的收回？", revoked: "已收回", show: "看码", visitorUse: "把这张图发给访客，对着门口的读码器出示。", until: (t) => `到 ${t}`,
  notices: "通知", noNotices: "没有新的通知", settings: "设置", language: "English", large: "大字", normal: "小字", dark: "暗色", light: "亮色", logout: "换一位", close: "关闭", cancel: "取消", visitorSomebody: "访客", toCamera: "演示：拿到摄像头前",
  error_device_not_ready: "小区设备没有连上，现在不能远程开门。请用“我的码”在门口开。", error_broker_away: "平台到小区的线路断了，没有发出。请用“我的码”在门口开。", error_door_not_allowed: "这扇门没有授权给您。",
  error_network: "网络断了，没有取到。连上后再看。", error_network_unknown: "网络断了，不知道送到没有。连上后先看看办成没有，再决定要不要重来。", why_network_unknown: "网络断了，不知道命令送到没有，门可能会开，也可能不会。也可以用“我的码”在门口开。", error_other: "没有成，请再试一次。", error_malformed: "填的内容不对，请看看。",
  why_command_expired: "命令到得太晚，已作废。", why_command_replayed: "这条命令已用过。", why_identity_quarantined: "设备的身份要人工核对，先不远程开门。", why_clock_unknown: "设备还不知道现在几点，先不放行。", why_unknown_door: "设备上没有这扇门。", why_contact_silent: "锁松开了，门磁没有回音。不会自己再开一次。",
  why_no_answer: "设备没有回话，门可能开了，也可能没开。不会自己再开一次。", why_no_contact: "这扇门没有门磁，没法知道开没开。", why_restart: "设备中途重启了，不知道开没开。", why_busy: "设备正忙，请稍等一会再按。", why_already_open: "门本来就开着，分不清是不是这次开的。", why_pass_wrong_door: "这扇门没有授权给您。",
};
const EN = {
  ...pay.EN, ...accounts.EN, ...home.EN,
  app: "My phone", online: "Online", offline: "Not connected", whoAreYou: "Who are you?", demoLogin: "Demo: choose a resident, no password",
  nobody: "No residents yet. Seed the platform with a community first.",
  tabCode: "My code", tabDoors: "Doors", tabOrders: "Pickup", tabPay: "Pay", tabMore: "More",
  renewIn: (s) => `new in ${s} s`, showThis: "Show this code to open, collect or pay", signedHere: "Signed by this phone; works without network",
  codeMissing: "This phone has no certificate yet. It gets one as soon as it is online.", noEd25519: "This browser cannot sign codes. Please use a newer one.",
  ordersWait: (n) => (n === 1 ? "1 order to collect" : `${n} orders to collect`), ordersNone: "Nothing to collect", showPass: "Pass", billsDue: "Due", billsNone: "No bills to pay", see: "See",
  doorsHint: "Every door that you can open", noDoors: "You have no door to open from here at the moment.", open: "Open", openAgain: "Open again", notAsked: "Not asked yet",
  opened: "The door is open", byContact: (s) => `Said by the contact, after ${s} s`, released: "Unlocked, please pull", waitingContact: "Waiting for the door's contact", onTheWay: "On its way to the site",
  allowed: "The device allows it", notKnown: "Not known whether it opened", notKnownWhy: "The lock may have been released; the contact said nothing. It will not try again by itself.", cannotOpen: "Not opened",
  step_asked: "You asked", step_sent: "Platform sent it", step_accepted: "Device got it and allows it", step_fired: "Lock released", step_opened: "Contact says: open",
  step_unknown: "No answer", step_refused: "Device said no",
  ordersTitle: "Pickup", ordersHint: "Show the pass at the lockers in the lobby", inCells: "in cells", collected: "collected", passUse: "Show it to the camera. Cells open one after another; close each door.",
  moreTitle: "More", notRead: "Not read yet; it comes with the connection", sessionEnded: "This phone was logged out; its code and records are gone from it.", awayCode: "Still works without network: your code, pickup passes, visitor passes.", awayDoors: "No opening from afar now. Your code opens the door at the reader, without network.", awayDoor: "Cannot be asked from here now", awayOrders: "Passes and pickup codes work without network.", awayPay: "This phone cannot pay now. The lobby screen takes points, wallet and cash.", payAway: "Codes that wait for money appear here once you are connected.", awayMoney: "Later changes show once you are connected.", awayMore: "Nothing can be given or taken back now. Visitor passes that you made still show and still work.", visitorTaken: "Taken back. Doors that are connected know at once, others as soon as they are.", pointsHave: (n) => (n === 1 ? "1 point" : `${n} points`), visitorTitle: "Visitors", newVisitor: "Make a visitor pass", visitorNone: "No valid visitor passes", visitorWho: "For whom (only you see it)", visitorDoors: "Which doors", visitorHours: "Valid for", visitorUses: "How often",
  hours: (n) => (n === 1 ? "1 hour" : `${n} hours`), times: (n) => (n === 1 ? "once" : `${n} times`), manyTimes: "any number", make: "Make pass", revoke: "Take back", revokeAsk: "Really take back?", revoked: "taken back", show: "Show", visitorUse: "Send this picture to your visitor, to be shown to the reader at the door.", until: (t) => `until ${t}`,
  notices: "Notices", noNotices: "No notices", settings: "Settings", language: "中文", large: "Large type", normal: "Normal type", dark: "Dark", light: "Light", logout: "Somebody else", close: "Close", cancel: "Cancel", visitorSomebody: "Visitor", toCamera: "Demo: hold it to the camera",
  error_device_not_ready: "The site's device is not connected, so nothing was sent. Use your code at the door.", error_broker_away: "The line to the site is down, so nothing was sent. Use your code at the door.", error_door_not_allowed: "You have no grant for this door.",
  error_network: "The network is away; nothing could be read. Look again later.", error_network_unknown: "The network is away; nobody knows whether this arrived. Once connected, look whether it was done before doing it again.", why_network_unknown: "The network is away; nobody knows whether the command arrived. The door may or may not open. Your code opens it at the door.", error_other: "It did not work. Please try again.", error_malformed: "Something in the form is not right.",
  why_command_expired: "The command came too late and was dropped.", why_command_replayed: "This command was used before.", why_identity_quarantined: "The device's identity has to be checked; it opens nothing remotely.", why_clock_unknown: "The device does not know the time yet and lets nobody in.", why_unknown_door: "The device has no such door.", why_contact_silent: "The lock was released, the contact said nothing. It will not try again by itself.",
  why_no_answer: "The device did not answer; the door may or may not have opened. It will not try again by itself.", why_no_contact: "This door has no contact, so nobody can tell.", why_restart: "The device restarted half-way; nobody can tell.", why_busy: "The device is busy. Please wait a moment.", why_already_open: "The door stood open already.", why_pass_wrong_door: "You have no grant for this door.",
};
let english = localStorage.getItem("language") === "en";

export const isEnglish = () => english;
export function setEnglish(on) {
  english = on;
  localStorage.setItem("language", on ? "en" : "zh");
  document.documentElement.lang = on ? "en" : "zh-CN";
}
export function w(key, ...values) {
  const found = (english ? EN : ZH)[key] ?? ZH[key];
  if (found === undefined) return key;
  return typeof found === "function" ? found(...values) : found;
}
export const has = (key) => key in ZH;
export const pick = (record, name) => (english && record[`${name}_en`]) || record[`${name}_zh`] || "";
export const yuan = (fen) => `${fen < 0 ? "-" : ""}${Math.trunc(Math.abs(fen) / 100)}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;
const two = (number) => String(number).padStart(2, "0");
export function clock(atMs, tenths = false) {
  const at = new Date(atMs);
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return tenths ? `${text}.${Math.floor(at.getMilliseconds() / 100)}` : text;
}
export const listed = (texts) => texts.join(english ? ", " : "、");
// A time of today without its date.
export const moment = (atMs) => (new Date(atMs).toDateString() === new Date().toDateString() ? clock(atMs).slice(0, 5) : day(atMs));
export function day(atMs) {
  const at = new Date(atMs);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return english ? `${at.getDate()}/${at.getMonth() + 1} ${time}` : `${at.getMonth() + 1}月${at.getDate()}日 ${time}`;
}
