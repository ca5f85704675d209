// Every sentence of the stage that is the page's own, Chinese and English. `w("key")` gives the present language.
// What the hub, the switches and the tour say comes in both languages from where it is said.
const ZH = {
  title: "和园里 · 舞台", play: "自己播放", dark: "夜间", light: "白天", other: "English",
  shelf: "货架", shelfHint: "拿起来，对着摄像头", pageOf: (n, all) => `第 ${n} 页，共 ${all} 页`, back: "上一页", next: "下一页",
  hold: (name) => `拿着${name}对着摄像头`,
  camera: "摄像头看到的画面", cameraAway: "摄像头没有画面", cameraNothing: "还没有读到码。从货架上拿一样给它看。", again: "先拿开一下，马上再给镜头看",
  noHold: "没拿成", heldAtKiosk: "手机拿到自助屏的摄像头前了", heldAt: (name) => `手机拿到${name}的读码器前了`,
  kiosk: "自助屏", phone: "业主手机", realPage: "真实页面", larger: (name) => `把${name}放大`, showPhone: "给自助屏看", phoneOff: "手机断网",
  nothingToShow: "手机上现在没有码。先在手机上打开我的码、取件码或访客码。",
  doors: "门", doorsHint: "可以用手推", open: "开着", closed: "关着", unknown: "不知道", heldOpen: "一直开着", jammed: "卡住了", cut: "门磁断线", comma: "、",
  pushOpen: (name) => `推开${name}`, pushShut: (name) => `关上${name}`, stuck: (name) => `${name}推不动：锁着`, stuckJam: (name) => `${name}推不动：卡住了`,
  doorSays: (word) => `小区设备说：${word}`, standsOpen: "门是开的", standsShut: "门是关的", standsUnknown: "看不见",
  bank: "取件柜", bankHint: "点一下关上或拉开", here: "您在这里", cell: (id) => `${id} 格`, pull: "拉开", shut: "关上",
  mark_other: "别人的包裹", mark_next: "下一个", mark_got: "已取", mark_jam: "先停用，等人看", mark_free: "空着",
  journal: "平台收到的日志", gaps: (n) => `缺口 ${n}`, noEntries: "还没有日志",
  waiting: (n) => `${n} 条在设备上等着，连上后补送，每条一次`, allHeld: "都到平台了", gapsUnknown: "缺口 不知道", waitingUnknown: "不知道有几条还没到平台：主机或平台没有回答", held: "平台收到了", notHeld: "在设备上等着",
  faults: "弄坏它", faultsHint: "再按一次就好", group_network: "网络", group_broker: "消息", group_power: "电源", group_door: "门", group_hardware: "硬件",
  group_attack: "攻击", group_other: "其他", unavailable: "这里用不了", noAnswer: "舞台没有回答",
  lost: "丢失", doubled: "重复", extra: () => "多开", otherFault: "其他", notKnown: "不知道", soFar: "至今",
  checked: (s, o, e) => `每步都查：${s} 笔销售 · ${o} 次开门 · ${e} 条日志`, ago: (s) => `上次 ${s} 秒前`, agoMinutes: (m) => `上次 ${m} 分钟前`,
  more: (n) => `还有 ${n} 条`, notRead: "还没有查过", stageAway: "舞台没有回答，下面是它最后说的", allWell: "每一笔都对得上：没有丢的，没有重复的，没有多开的门。",
  lineBadge: "点一下看查了什么",
  tourStep: (n, all) => `第 ${n} 步，共 ${all} 步`, tourShow: "做给我看", tourRepeat: "再做一次", tourAgain: "再试一次", tourNext: "下一步", tourBack: "上一步", tourStop: "停下",
  tourDoing: "正在做", tourDone: "看到了", tourFailed: "没有成", tourTry: "自己动手试试，或者让手指做给您看。",
  tour: "导览", hub_starting: "主机正在起来", hub_degraded: "主机有部分不在", hub_away: "主机不在",
};
const many = (n, one, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;
const EN = {
  title: "Heyuan Court · Stage", play: "Play by itself", dark: "Dark", light: "Light", other: "中文",
  shelf: "Shelf", shelfHint: "pick up, hold to the camera", pageOf: (n, all) => `page ${n} of ${all}`, back: "Previous page", next: "Next page",
  hold: (name) => `Hold ${name} to the camera`,
  camera: "What the camera sees", cameraAway: "No picture from the camera", cameraNothing: "No code read yet. Show it something from the shelf.", again: "Taken away for a moment, then shown again",
  noHold: "Not held up", heldAtKiosk: "The phone is held to the kiosk's camera", heldAt: (name) => `The phone is held to the reader of ${name}`,
  kiosk: "Kiosk", phone: "Resident's phone", realPage: "real page", larger: (name) => `Enlarge: ${name}`, showPhone: "Show to kiosk", phoneOff: "Phone offline",
  nothingToShow: "The phone shows no code now. Open my code, a pickup pass or a visitor pass on it first.",
  doors: "Doors", doorsHint: "push them by hand", open: "open", closed: "closed", unknown: "not known", heldOpen: "held open", jammed: "jammed", cut: "wire cut", comma: ", ",
  pushOpen: (name) => `Push ${name} open`, pushShut: (name) => `Shut ${name}`, stuck: (name) => `${name} does not move: locked`, stuckJam: (name) => `${name} does not move: jammed`,
  doorSays: (word) => `the hub says: ${word}`, standsOpen: "stands open", standsShut: "is shut", standsUnknown: "cannot be seen",
  bank: "Lockers", bankHint: "press to shut or pull open", here: "You are here", cell: (id) => `Cell ${id}`, pull: "pull open", shut: "shut",
  mark_other: "somebody's parcel", mark_next: "next", mark_got: "collected", mark_jam: "held for a person", mark_free: "empty",
  journal: "Journal at the platform", gaps: (n) => many(n, "gap"), noEntries: "No entries yet",
  waiting: (n) => (n === 1 ? "1 entry waits on the device; it is sent once when the line is back" : `${n} entries wait on the device; each is sent once when the line is back`),
  allHeld: "All at the platform", gapsUnknown: "gaps not known", waitingUnknown: "Not known how many wait: hub or platform does not answer", held: "held by the platform", notHeld: "waits on the device",
  faults: "Break it", faultsHint: "press again to mend", group_network: "Network", group_broker: "Messages", group_power: "Power", group_door: "Doors", group_hardware: "Hardware",
  group_attack: "Attack", group_other: "Other", unavailable: "not possible here", noAnswer: "The stage does not answer",
  lost: "lost", doubled: "doubled", extra: (n) => (n === 1 ? "extra opening" : "extra openings"), otherFault: "other", notKnown: "not known", soFar: "so far",
  checked: (s, o, e) => `Every step checked: ${many(s, "sale")} · ${many(o, "opening")} · ${many(e, "entry", "entries")}`, ago: (s) => `last ${s} s ago`, agoMinutes: (m) => `last ${m} min ago`,
  more: (n) => `${n} more`, notRead: "not checked yet", stageAway: "The stage does not answer; below is what it said last", allWell: "Everything adds up: nothing lost, nothing doubled, no door opened that nobody asked for.",
  lineBadge: "press to see what was checked",
  tourStep: (n, all) => `step ${n} of ${all}`, tourShow: "Show me", tourRepeat: "Once more", tourAgain: "Try again", tourNext: "Next", tourBack: "Step before", tourStop: "Stop",
  tourDoing: "Doing:", tourDone: "Seen:", tourFailed: "It did not come.", tourTry: "Try it with your own hands, or let the finger show you.",
  tour: "Tour", hub_starting: "the hub is starting", hub_degraded: "a part of the hub is away", hub_away: "the hub is away",
};

const asked = new URLSearchParams(location.search).get("lang");
const kept = localStorage.getItem("stage-language");
let present = [asked, kept, navigator.language.startsWith("zh") ? "zh" : "en"].find((one) => one === "zh" || one === "en");
const watchers = [];

/** The present language, "zh" or "en". */
export const lang = () => present;
/** A sentence of the table in the present language; functions take their figures as further arguments. */
export const w = (key, ...args) => say(present, key, ...args);
/** A sentence of the table in a language. */
export function say(language, key, ...args) {
  const words = (language === "en" ? EN : ZH)[key];
  return typeof words === "function" ? words(...args) : words;
}
/** What somebody else says in both languages: `{zh, en}` in the present one. */
export const told = (both) => both?.[present] || "";
/** Calls back now and whenever the language changes. */
export function onLanguage(act) {
  watchers.push(act);
  act();
}
/** Turn the page to a language. */
export function speak(language) {
  present = language;
  localStorage.setItem("stage-language", language);
  dress();
  for (const act of watchers) act();
}

function dress() {
  document.documentElement.lang = present === "en" ? "en" : "zh-CN";
  document.title = w("title");
  for (const place of document.querySelectorAll("[data-w]")) place.textContent = w(place.dataset.w);
}
dress();
