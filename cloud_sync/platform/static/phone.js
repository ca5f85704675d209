// The owner's phone. Says what happened, not what was asked; a door is open only when its contact says so.
import { signCode } from "./cose.js";
import { holder, kept } from "./holder.js";
import { drawQr } from "./qr.js";
import { doorPicture, html, icon, mark, raw, show, word } from "./parts.js";
import { clock, day, has, isEnglish, pick, setEnglish, w, yuan } from "./words.js";

const CODE_LIFE_S = 30, REFRESH_MS = 3000, COMMAND_POLL_MS = 400, COMMAND_PATIENCE_MS = 60_000;
const FINAL = ["opened", "refused", "unknown"];
const TABS = [["code", "qr", "tabCode"], ["doors", "door", "tabDoors"], ["orders", "locker", "tabOrders"], ["pay", "bill", "tabPay"], ["more", "dots", "tabMore"]];
const screen = document.getElementById("screen"), tabs = document.getElementById("tabs"), over = document.getElementById("over");

const state = {
  me: null, personas: [], tab: "code", online: true, code: "", codeFault: "", codeUntil: 0,
  orders: [], bills: [], notices: [], visitors: [], payable: [], commands: {}, sheet: null, draft: {}, armed: "", fault: "",
};

class Refused extends Error { constructor(code) { super(code); this.code = code; } }

async function api(method, path, content) {
  let answer;
  try {
    const body = content === undefined ? undefined : JSON.stringify(content);
    answer = await fetch(`/phone/api${path}`, { method, body, headers: body ? { "Content-Type": "application/json" } : {} });
  } catch {
    state.online = false;
    throw new Refused("network");
  }
  state.online = true;
  const text = await answer.text(), decoded = text ? JSON.parse(text) : null;
  if (answer.status >= 400) throw new Refused(decoded?.error ?? "other");
  return decoded;
}

const explain = (code) => w(has(`error_${code}`) ? `error_${code}` : "error_other");
const why = (reason) => w(has(`why_${reason}`) ? `why_${reason}` : "notKnownWhy");

// ---- own code

async function freshCode() {
  const subject = state.me?.subject;
  if (!subject) return;
  try {
    const mine = (await holder(subject, (key) => api("POST", "/certificate", { public_key: key }))) ?? (await kept(subject));
    state.code = await signCode(mine.privateKey, mine.certificate, Date.now());
    state.codeFault = "";
  } catch (error) {
    const found = await kept(subject).catch(() => null);
    if (found) state.code = await signCode(found.privateKey, found.certificate, Date.now());
    else [state.code, state.codeFault] = ["", error instanceof Refused ? "codeMissing" : "noEd25519"];
  }
  state.codeUntil = Date.now() + CODE_LIFE_S * 1000;
}

const top = (title, hint) => html`<header class="top"><div><h1 class="sign head">${title}</h1><p class="note">${hint}</p></div>
  ${state.online ? word("done", w("online")) : word("unsure", w("offline"))}</header>`;

function codeScreen() {
  const waiting = state.orders.filter((order) => order.state === "in_cells"), due = dueBills();
  const dueFen = due.reduce((sum, bill) => sum + bill.amount_fen - bill.paid_fen, 0);
  const qr = state.code ? html`<span class="qr">${raw(drawQr(state.code, w("tabCode")))}</span>` : html`<p class="center">${w(state.codeFault || "codeMissing")}</p>`;
  return html`${top(pick(state.me, "site"), `${state.me.room} · ${state.me.name}`)}
    <section class="plate own center"><p class="row split"><span class="tag">${w("tabCode")}</span><span class="small soft num" id="countdown">${left()}</span></p>
      ${qr}<p class="bold">${w("showThis")}</p><p class="small soft">${w("signedHere")}</p></section>${state.code ? cameraLink("kiosk", state.code) : ""}
    <ul class="list">
      <li>${icon("locker", true)}<div class="grow"><b>${waiting.length ? w("ordersWait", waiting.length) : w("ordersNone")}</b><p class="note">${waiting.flatMap(cellsOf).join("、")}</p></div>
        ${waiting.length ? html`<button class="key tool" data-action="pass" data-value="${waiting[0].id}">${w("showPass")}</button>` : ""}</li>
      <li>${icon("bill", true)}<div class="grow"><b class="num">${due.length ? `${w("billsDue")} ${yuan(dueFen)} ${w("yuan")}` : w("billsNone")}</b><p class="note">${due.length ? w("dueOn", due[0].due_on) : ""}</p></div>
        ${due.length ? html`<button class="key tool" data-action="tab" data-value="pay">${w("see")}</button>` : ""}</li>
      ${state.visitors.filter((pass) => !pass.revoked).slice(0, 2).map(visitorRow)}
    </ul>`;
}
// Only where the demo has cameras: put the code before one of them.
const cameraLink = (camera, text) => (state.me.camera_url ? html`<a class="key tool" target="camera" rel="noopener" href="${state.me.camera_url}#camera=${camera}&text=${encodeURIComponent(text)}">${icon("scan")}${w("toCamera")}</a>` : "");
const left = () => (state.code ? w("renewIn", Math.max(0, Math.ceil((state.codeUntil - Date.now()) / 1000))) : "");
const dueBills = () => state.bills.map((bill) => ({ paid_fen: 0, ...bill })).filter((bill) => bill.paid_fen < bill.amount_fen);
const cellsOf = (order) => order.cells.map((cell) => cell.cell);

// ---- doors

function doorsScreen() {
  return html`${top(w("tabDoors"), w("doorsHint"))}${state.me.doors.length ? state.me.doors.map(doorCard) : html`<p>${w("noDoors")}</p>`}`;
}

const VIEWS = {
  opened: ["done", "open"], refused: ["stop", "refused"], unknown: ["unsure", "unknown"],
  fired: ["wait", "released"], accepted: ["wait", ""], sent: ["wait", ""], queued: ["wait", ""],
};

function doorCard(door, at) {
  const command = state.commands[door.id], [kind, picture] = command ? VIEWS[command.state] : ["", ""];
  const busy = command && !FINAL.includes(command.state);
  const title = { opened: "opened", refused: "cannotOpen", unknown: "notKnown", fired: "released", accepted: "allowed" }[command?.state];
  const button = html`<button class="key ${command || at ? "" : "main"} ${command && !busy ? "wide" : ""} ${busy ? "busy" : ""}" data-action="open" data-value="${door.id}" ${busy ? raw("aria-disabled=true") : ""}>${command && !busy ? w("openAgain") : w("open")}</button>`;
  if (!command) {
    return html`<section class="doorcard" data-door="${door.id}" data-state="resting"><div class="row">${doorPicture("")}<div class="grow"><h2 class="sign head">${pick(door, "name")}</h2><p class="small soft">${w("notAsked")}</p></div>${button}</div></section>`;
  }
  return html`<section class="doorcard ${kind}" data-door="${door.id}" data-state="${command.state}"><div class="row top-row">${doorPicture(picture)}
    <div class="grow"><h2 class="sign title">${w(title ?? "onTheWay")}</h2><p>${pick(door, "name")}</p><p class="small soft">${doorNote(command)}</p></div></div>
    <ol class="track">${command.steps.map(stepRow)}</ol>${busy ? "" : button}</section>`;
}

function doorNote(command) {
  if (command.state === "opened") return w("byContact", ((command.steps.at(-1).at_ms - command.asked_ms) / 1000).toFixed(1));
  if (command.state === "fired") return w("waitingContact");
  if (command.state === "refused" || command.state === "unknown") return has(`error_${command.reason}`) ? explain(command.reason) : why(command.reason);
  return "";
}
const stepRow = (step) => html`<li>${mark({ refused: "stop", unknown: "unsure" }[step.state] ?? "done")}<div>${w(`step_${step.state}`)}<small class="num">${clock(step.at_ms, true)}</small></div></li>`;

async function openDoor(id) {
  const now = Date.now();
  state.commands[id] = { state: "queued", reason: "", asked_ms: now, steps: [{ state: "asked", at_ms: now }] };
  render();
  try {
    const { command } = await api("POST", `/doors/${id}/open`, {});
    await follow(id, command, now);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.commands[id] = { ...state.commands[id], state: "refused", reason: error.code };
    render();
  }
}

// Ask until the outcome is final; while the network is away, keep what is known and go on asking.
async function follow(id, command, begun) {
  while (Date.now() - begun < COMMAND_PATIENCE_MS) {
    try {
      const status = await api("GET", `/commands/${command}`);
      if (JSON.stringify(status) !== JSON.stringify(state.commands[id])) {
        state.commands[id] = status;
        render();
      }
      if (FINAL.includes(status.state) && !(status.state === "unknown" && Date.now() - begun < 15_000)) return;
    } catch (error) {
      if (!(error instanceof Refused && error.code === "network")) throw error;
      render();
    }
    await new Promise((resolve) => { setTimeout(resolve, COMMAND_POLL_MS); });
  }
  if (!FINAL.includes(state.commands[id].state)) state.commands[id] = { ...state.commands[id], state: "unknown", reason: "no_answer" };
  render();
}

// ---- orders, bills, paying

function ordersScreen() {
  const row = (order) => html`<li>${icon("locker", true)}<div class="grow stack"><p class="cells">${order.cells.map((cell) => html`<b>${cell.cell}</b>`)}</p>
    <p class="note">${order.cells.map((cell) => pick(cell, "items")).filter(Boolean).join("、")}</p><p class="small">${order.state === "in_cells" ? w("inCells") : word("done", w("collected"))}</p></div>
    ${order.pass_text ? html`<button class="key" data-action="pass" data-value="${order.id}">${w("showPass")}</button>` : ""}</li>`;
  return html`${top(w("ordersTitle"), w("ordersHint"))}${state.orders.length ? html`<ul class="list">${state.orders.map(row)}</ul>` : html`<p>${w("ordersNone")}</p>`}`;
}

function payScreen() {
  const row = (offer, at) => html`<li>${icon("scan", true)}<div class="grow"><b class="num">${yuan(offer.amount_fen)} ${w("yuan")}</b><p class="note">${w(offer.channel)} · ${pick(offer, "payee")}</p></div><button class="key ${at ? "" : "main"}" data-action="offer" data-value="${offer.attempt}">${w("use")}</button></li>`;
  const due = dueBills(), bill = (one) => html`<li><div class="grow"><b>${w(`item_${one.item}`)}</b> <span class="note">${one.period}${one.collected_for_others ? ` · ${w("forOthers")}` : ""}</span>
    <p class="note">${one.paid_fen >= one.amount_fen ? w("settled") : w("dueOn", one.due_on)}${one.paid_fen && one.paid_fen < one.amount_fen ? ` · ${w("partPaid", yuan(one.paid_fen))}` : ""}</p></div>
    ${one.paid_fen >= one.amount_fen ? word("done", w("settled")) : html`<b class="num">${yuan(one.amount_fen - one.paid_fen)} ${w("yuan")}</b>`}</li>`;
  const settled = state.bills.map((one) => ({ paid_fen: 0, ...one })).filter((one) => one.paid_fen >= one.amount_fen).toSorted((a, b) => b.period.localeCompare(a.period));
  return html`${top(w("payTitle"), w("billsWhere"))}
    <section class="stack"><h2 class="payee"><span>${w("scanTitle")}</span></h2><p class="note">${w("scanHint")}</p>
      ${state.payable.length ? html`<ul class="list" id="payable">${state.payable.map(row)}</ul>` : html`<p class="small">${w("nothingToPay")}</p>`}
      <form class="row" data-form="paste"><input class="field" name="qr" value="${state.draft.qr ?? ""}" placeholder="${w("paste")}" aria-label="${w("paste")}" autocomplete="off"><button class="key tool">${w("use")}</button></form></section>
    <section><h2 class="payee"><span>${w("billsTitle")}</span>${due.length ? "" : html`<span class="note">${w("allPaid")}</span>`}</h2><ul class="list" id="bills">${[...due, ...settled.slice(0, 6)].map(bill)}</ul></section>`;
}

function offerSheet({ offer, outcome, fault }) {
  if (outcome) {
    const [kind, title, hint] = { paid: ["done", "paid", "paidHint"], failed: ["stop", "payFailed", "payFailedHint"], unknown: ["unsure", "payUnknown", "payUnknownHint"] }[outcome];
    return html`<div class="strip ${kind} ${kind === "unsure" ? "hatch" : ""}" data-outcome="${outcome}"><h2 class="row sign head">${mark(kind)}${w(title)}</h2><p>${w(hint)}</p></div><button class="key wide" data-action="close">${w("close")}</button>`;
  }
  return html`<section class="plate"><p class="row split"><span class="tag">${pick(offer, "payee")}</span><span class="small soft">${w(offer.channel)}</span></p><p class="sign sum num" id="amount">${yuan(offer.amount_fen)} ${w("yuan")}</p><p class="small soft">${offer.description}</p></section>
    ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
    <button class="key main wide" data-action="confirm">${w("confirmPay")}</button>
    <div class="two"><button class="key stop" data-action="fail">${w("letFail")}</button><button class="key" data-action="silent">${w("noAnswer")}</button></div>
    <button class="key tool" data-action="close">${w("later")}</button>`;
}

async function answerOffer(action) {
  const { offer } = state.sheet;
  try {
    const { outcome } = await api("POST", "/pay", { qr: offer.qr, action });
    state.sheet = { kind: "offer", offer, outcome };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { kind: "offer", offer, fault: error.code };
  }
  render();
}

// ---- visitors, notices, settings

const visitorRow = (pass) => html`<li>${icon("visitor", true)}<div class="grow"><b>${pass.label || w("visitorSomebody")}</b><p class="note">${pass.doors.map(doorName).join("、")} · ${pass.uses ? w("times", pass.uses) : w("manyTimes")} · ${w("until", day(pass.until_ms))}</p></div>
  ${pass.revoked ? html`<span class="note">${w("revoked")}</span>` : html`<button class="key tool" data-action="visitor" data-value="${pass.id}">${w("show")}</button>`}</li>`;
const doorName = (id) => { const door = state.me.doors.find((one) => one.id === id); return door ? pick(door, "name") : id; };

function moreScreen() {
  const notice = (one) => html`<li>${icon("notice", true)}<div class="grow"><b>${pick(one, "title")}</b><p class="note">${pick(one, "body")}</p></div></li>`;
  return html`${top(w("moreTitle"), state.me.name)}
    <section class="stack"><h2 class="payee">${w("visitorTitle")}</h2>${state.visitors.length ? html`<ul class="list" id="visitors">${state.visitors.map(visitorRow)}</ul>` : html`<p class="small">${w("visitorNone")}</p>`}
      <button class="key main wide" data-action="newVisitor">${icon("visitor")}${w("newVisitor")}</button></section>
    <section><h2 class="payee">${w("notices")}</h2>${state.notices.length ? html`<ul class="list">${state.notices.map(notice)}</ul>` : html`<p class="small">${w("noNotices")}</p>`}</section>
    <section class="stack"><h2 class="payee">${w("settings")}</h2><div class="two">
      <button class="key" data-action="language">${icon("lang")}${w("language")}</button><button class="key" data-action="size">${icon("large")}${w(document.documentElement.dataset.size === "large" ? "normal" : "large")}</button>
      <button class="key" data-action="theme">${w(document.documentElement.dataset.theme === "dark" ? "light" : "dark")}</button><button class="key" data-action="logout">${icon("people")}${w("logout")}</button></div></section>`;
}

function visitorForm({ fault }) {
  const doors = state.me.doors.map((door, at) => html`<label class="check"><input type="checkbox" name="door" value="${door.id}" ${at === 0 ? raw("checked") : ""}>${pick(door, "name")}</label>`);
  const choice = (name, values, text) => html`<select class="field" name="${name}">${values.map((value) => html`<option value="${value}">${text(value)}</option>`)}</select>`;
  return html`<form class="stack" data-form="visitor"><h2 class="sign head">${w("newVisitor")}</h2>
    <label>${w("visitorWho")}<input class="field" name="label" maxlength="20" autocomplete="off"></label>
    <fieldset class="stack"><legend class="small soft">${w("visitorDoors")}</legend>${doors}</fieldset>
    <div class="two"><label>${w("visitorHours")}${choice("hours", [3, 1, 12, 24], (n) => w("hours", n))}</label><label>${w("visitorUses")}${choice("uses", [1, 2, 5, 0], (n) => (n ? w("times", n) : w("manyTimes")))}</label></div>
    ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
    <button class="key main wide">${w("make")}</button><button type="button" class="key tool" data-action="close">${w("cancel")}</button></form>`;
}

async function makeVisitor(form) {
  const fields = new FormData(form), now = Date.now();
  const asked = { doors: fields.getAll("door"), from_ms: now - 60_000, until_ms: now + Number(fields.get("hours")) * 3_600_000, uses: Number(fields.get("uses")) || null, label: fields.get("label") };
  try {
    const made = await api("POST", "/visitors", asked);
    state.visitors = await api("GET", "/visitors");
    state.sheet = { kind: "visitor", pass: made };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { kind: "visitorForm", fault: error.code };
  }
  render();
}

const passSheet = (title, text, hint, extra) => html`<h2 class="sign head center">${title}</h2><span class="qr" data-pass="${text}">${raw(drawQr(text, title))}</span><p class="small soft center">${hint}</p>${extra}<button class="key wide" data-action="close">${w("close")}</button>`;

const SHEETS = {
  offer: offerSheet,
  pass: ({ order }) => passSheet(cellsOf(order).join("、"), order.pass_text, w("passUse"), cameraLink("kiosk", order.pass_text)),
  visitor: ({ pass }) => passSheet(pass.label || w("visitorSomebody"), pass.text, w("visitorUse"), html`${cameraLink("gate", pass.text)}<p class="note center">${pass.doors.map(doorName).join("、")} · ${w("until", day(pass.until_ms))}</p><button class="key stop" data-action="revoke" data-value="${pass.id}">${w(state.armed === pass.id ? "revokeAsk" : "revoke")}</button>`),
  visitorForm,
};
const SCREENS = { code: codeScreen, doors: doorsScreen, orders: ordersScreen, pay: payScreen, more: moreScreen };

function loginScreen() {
  const row = (person) => html`<li>${icon("people", true)}<div class="grow"><b>${person.name}</b><p class="note">${person.room}</p></div><button class="key" data-action="login" data-value="${person.subject}">${icon("next")}</button></li>`;
  return html`${top(w("whoAreYou"), w("demoLogin"))}${state.personas.length ? html`<ul class="list" id="personas">${state.personas.map(row)}</ul>` : html`<p>${w("nobody")}</p>`}<button class="key tool" data-action="language">${icon("lang")}${w("language")}</button>`;
}

// ---- drawing, gestures, refreshing

let drawn = "";
function render() {
  const focused = document.activeElement?.name === "qr";
  const markup = state.me ? SCREENS[state.tab]() : loginScreen();
  // Nothing moves under a person who is typing.
  if (markup.text !== drawn && !focused) {
    drawn = markup.text;
    show(screen, markup);
  }
  tabs.hidden = !state.me;
  show(tabs, html`${TABS.map(([id, name, label]) => html`<button data-action="tab" data-value="${id}" ${id === state.tab ? raw("aria-current=page") : ""}>${icon(name)}<span>${w(label)}</span></button>`)}`);
  const sheet = state.sheet ? html`<div class="veil"><div class="sheet" role="dialog" aria-modal="true">${SHEETS[state.sheet.kind](state.sheet)}</div></div>` : html``;
  if (sheet.text !== over.dataset.drawn) {
    over.dataset.drawn = sheet.text;
    show(over, sheet);
  }
}

async function refresh() {
  if (!state.me) return;
  const [orders, bills, notices, visitors, payable] = await Promise.all(["/orders", "/bills", "/notices", "/visitors", "/payable"].map((path) => api("GET", path)));
  Object.assign(state, { orders, bills, notices, visitors, payable });
}

async function enter() {
  state.personas = await api("GET", "/personas").catch(() => []);
  try {
    state.me = await api("GET", "/me");
    localStorage.setItem("me", JSON.stringify(state.me));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Without network the phone still signs its own code.
    state.me = error.code === "network" ? JSON.parse(localStorage.getItem("me") ?? "null") : null;
  }
  await freshCode();
  await refresh().catch(() => {});
  render();
}

const ACTIONS = {
  login: async (subject) => { await api("POST", "/login", { subject }); state.commands = {}; await enter(); },
  logout: async () => { await api("POST", "/logout", {}); localStorage.removeItem("me"); state.me = null; state.tab = "code"; await enter(); },
  tab: (id) => { state.tab = id; state.armed = ""; globalThis.scrollTo(0, 0); render(); },
  open: (id) => openDoor(id),
  pass: (id) => { state.sheet = { kind: "pass", order: state.orders.find((order) => order.id === id) }; render(); },
  visitor: (id) => { state.sheet = { kind: "visitor", pass: state.visitors.find((pass) => pass.id === id) }; render(); },
  newVisitor: () => { state.sheet = { kind: "visitorForm" }; render(); },
  revoke: async (id) => {
    if (state.armed !== id) { state.armed = id; render(); return; }
    await api("POST", `/visitors/${id}/revoke`, {});
    [state.sheet, state.armed] = [null, ""];
    await refresh();
    render();
  },
  offer: (attempt) => { state.sheet = { kind: "offer", offer: state.payable.find((offer) => offer.attempt === attempt) }; render(); },
  confirm: () => answerOffer("confirm"), fail: () => answerOffer("fail"), silent: () => answerOffer("no_answer"),
  close: () => { [state.sheet, state.armed] = [null, ""]; render(); },
  language: () => { setEnglish(!isEnglish()); render(); },
  size: () => { toggle("size", "large", "normal"); render(); },
  theme: () => { toggle("theme", "dark", "light"); render(); },
};

function toggle(name, on, off) {
  const value = document.documentElement.dataset[name] === on ? off : on;
  document.documentElement.dataset[name] = value;
  localStorage.setItem(name, value);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-action]");
  if (!target || target.getAttribute("aria-disabled") === "true") return;
  Promise.resolve(ACTIONS[target.dataset.action](target.dataset.value)).catch((error) => { if (!(error instanceof Refused)) throw error; render(); });
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.dataset.form === "visitor") makeVisitor(event.target);
  else {
    const qr = new FormData(event.target).get("qr").trim();
    const offer = state.payable.find((one) => one.qr === qr) ?? { qr, payee_zh: w("payTitle"), channel: qr.startsWith("weixin") ? "wechat" : "alipay", amount_fen: 0, description: qr };
    state.draft.qr = "";
    document.activeElement.blur();
    state.sheet = { kind: "offer", offer };
    drawn = "";
    render();
  }
});

setInterval(async () => {
  const countdown = document.getElementById("countdown");
  if (state.me && Date.now() >= state.codeUntil) { await freshCode(); render(); }
  if (countdown) countdown.textContent = left();
}, 500);
setInterval(() => { if (state.me && document.visibilityState === "visible") refresh().catch(() => {}).then(render); }, REFRESH_MS);

for (const name of ["size", "theme"]) if (localStorage.getItem(name)) document.documentElement.dataset[name] = localStorage.getItem(name);
setEnglish(isEnglish());
navigator.serviceWorker?.register("/phone/worker.js", { scope: "/phone" });
enter();
