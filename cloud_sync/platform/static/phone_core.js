// What every part of the phone page works with: what is known, how the platform is asked, how it is drawn.
// A subject is a file that registers its screens, sheets, gestures, forms and what it asks for every few seconds.
import { html, icon, raw, show, word } from "./parts.js";
import { dropKept, keepAnswers, readKept } from "./phone_kept.js";
import { has, moment, w } from "./words.js";

const screen = document.getElementById("screen"), tabs = document.getElementById("tabs"), over = document.getElementById("over"), toast = document.getElementById("toast");
const PATIENCE_MS = 8000, TOAST_MS = 4000;

// `personas` is null before the platform has told whom it knows; `heard` names what was read since or is kept here.
export const state = { me: null, personas: null, tab: "code", online: true, asOf: 0, heard: {}, sheet: null, draft: {}, armed: "", said: "", ended: false };
const TABS = [["code", "qr", "tabCode"], ["doors", "door", "tabDoors"], ["orders", "locker", "tabOrders"], ["pay", "bill", "tabPay"], ["money", "wallet", "tabMoney"], ["more", "dots", "tabMore"]];
const known = { screens: {}, sheets: {}, actions: {}, forms: {}, sources: {}, fleeting: {}, kept: {} };

// { screens, sheets, actions, forms: by name, sources: { name in state: path }, state: first values }
// `fleeting`: sources like the others, of which nothing is kept on the phone; `kept`: read otherwise, and kept.
const first = {};
export function register({ state: values = {}, ...parts }) {
  Object.assign(first, values);
  Object.assign(state, structuredClone(values));
  for (const [kind, entries] of Object.entries(parts)) Object.assign(known[kind], entries);
}

export class Refused extends Error { constructor(code) { super(code); this.code = code; } }

const NO_JSON = Symbol("no JSON");
function decode(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return NO_JSON;
  }
}

// A question that got no answer may be asked again; of anything else nobody knows whether it arrived.
export async function api(method, path, content, { asks = method === "GET" } = {}) {
  const silent = () => { state.online = false; return new Refused(asks ? "network" : "network_unknown"); };
  let answer, text;
  try {
    const body = content === undefined ? undefined : JSON.stringify(content);
    answer = await fetch(`/phone/api${path}`, { method, body, headers: body ? { "Content-Type": "application/json" } : {}, signal: AbortSignal.timeout(PATIENCE_MS) });
    text = await answer.text();
  } catch {
    throw silent();
  }
  const decoded = decode(text);
  // Whatever stands before a platform that is away does not speak for it.
  if (decoded === NO_JSON) throw silent();
  state.online = true;
  if (answer.status >= 400) throw new Refused(decoded?.error ?? "other");
  return decoded;
}

export const explain = (code) => w(has(`error_${code}`) ? `error_${code}` : "error_other");
export const why = (reason) => w(has(`why_${reason}`) ? `why_${reason}` : "notKnownWhy");

// `works`: what still works on this screen while the platform is away.
export const top = (title, hint, works = "awayMore") => html`<header class="top"><div><h1 class="sign head">${title}</h1><p class="note">${hint}</p></div>
  ${state.online ? word("done", w("online")) : word("unsure", w("offline"))}</header>${state.online ? "" : html`<div class="strip" data-as-of><p class="bold">${state.asOf ? w("asOf", moment(state.asOf)) : w("asOfNever")}</p>${state.me ? html`<p class="small">${w(works)}</p>` : ""}</div>`}`;

// An empty list is said to be empty only when the platform said so.
export const none = (source, words) => w(state.heard[source] ? words : "notRead");

export function loginScreen() {
  const row = (person) => html`<li>${icon("people", true)}<div class="grow"><b>${person.name}</b><p class="note">${person.room}</p></div><button class="key" data-action="login" data-value="${person.subject}" aria-label="${person.name}">${icon("next")}</button></li>`;
  const people = state.personas?.length ? html`<ul class="list" id="personas">${state.personas.map(row)}</ul>` : html`<p>${w(state.personas ? "nobody" : "notRead")}</p>`;
  return html`${top(w("whoAreYou"), w("demoLogin"))}${state.ended ? html`<div class="strip stop" role="alert" data-ended>${w("sessionEnded")}</div>` : ""}${people}<button class="key tool" data-action="language">${icon("lang")}${w("language")}</button>`;
}

// ---- drawing, gestures, refreshing

const TYPED = "form input, form select";
let drawn = "";
export const redraw = () => { drawn = ""; render(); };
export function render() {
  // Nothing moves under a person who is typing.
  const typing = screen.contains(document.activeElement) && document.activeElement.matches("input");
  const markup = state.me ? known.screens[state.tab]() : loginScreen();
  if (markup.text !== drawn && !typing) {
    drawn = markup.text;
    show(screen, markup);
  }
  tabs.hidden = !state.me;
  const tab = TABS.some(([id]) => id === state.tab) ? state.tab : "more";
  const keys = html`${TABS.map(([id, name, label]) => html`<button data-action="tab" data-value="${id}" ${id === tab ? raw("aria-current=page") : ""}>${icon(name)}<span>${w(label)}</span></button>`)}`;
  // A key that is drawn anew under a finger loses its click.
  if (keys.text !== tabs.dataset.drawn) {
    tabs.dataset.drawn = keys.text;
    show(tabs, keys);
  }
  show(toast, state.said ? html`<p>${state.said}</p>` : html``);
  const sheet = state.sheet ? html`<div class="veil"><div class="sheet" role="dialog" aria-modal="true">${known.sheets[state.sheet.kind](state.sheet)}</div></div>` : html``;
  if (sheet.text !== over.dataset.drawn) {
    over.dataset.drawn = sheet.text;
    const same = state.sheet && over.dataset.kind === state.sheet.kind;
    over.dataset.kind = state.sheet?.kind ?? "";
    const typed = same ? [...over.querySelectorAll(TYPED)].map(({ value, checked }) => ({ value, checked })) : [];
    show(over, sheet);
    const fields = [...over.querySelectorAll(TYPED)];
    // A refusal drawn into a form takes nothing of what was typed.
    if (typed.length === fields.length) fields.forEach((field, at) => Object.assign(field, typed[at]));
  }
}

export const openSheet = (kind, content = {}) => { [state.sheet, state.said] = [{ kind, ...content }, ""]; render(); };
export const closeSheet = () => { [state.sheet, state.armed] = [null, ""]; render(); };

// A short word about what happened; the next one replaces it.
let fading = 0;
export function say(text) {
  state.said = text;
  clearTimeout(fading);
  fading = setTimeout(() => { state.said = ""; render(); }, TOAST_MS);
  render();
}

// ---- what is known of a person's affairs

export function useKept(subject) {
  const { asOf, answers } = readKept(subject);
  const mine = Object.entries(answers).filter(([name]) => name in known.sources || name in known.kept);
  Object.assign(state, Object.fromEntries(mine), { asOf, heard: Object.fromEntries(mine.map(([name]) => [name, true])) });
}

// The session is over, here or because the phone was reported lost: nothing of the person stays on the screen.
export function leave(subject) {
  dropKept(subject);
  localStorage.removeItem("me");
  Object.assign(state, structuredClone(first), { me: null, tab: "code", sheet: null, armed: "", asOf: 0, heard: {} });
}

let asking = false;
// One subject that the platform refuses leaves the others as they are.
export async function refresh() {
  if (!state.me || asking) return;
  asking = true;
  const { subject } = state.me, sources = { ...known.sources, ...known.fleeting };
  const answers = await Promise.allSettled(Object.entries(sources).map(async ([name, path]) => [name, await api("GET", path)]));
  asking = false;
  if (state.me?.subject !== subject) return;
  const read = answers.filter((answer) => answer.status === "fulfilled").map((answer) => answer.value);
  for (const [name, answer] of read) [state[name], state.heard[name]] = [answer, true];
  if (answers.some((answer) => answer.reason?.code === "unauthorized")) { leave(subject); state.ended = true; return; }
  state.online = answers.some((answer) => answer.status === "fulfilled" || answer.reason.code !== "network");
  if (!read.length) return;
  state.asOf = Date.now();
  keepAnswers(subject, state.asOf, Object.fromEntries(Object.keys({ ...known.sources, ...known.kept }).filter((name) => state.heard[name]).map((name) => [name, state[name]])));
}

// The same key twice is one gesture while the first is under way.
const underWay = new Set();
async function attempt(gesture, element, work) {
  if (underWay.has(gesture)) return;
  underWay.add(gesture);
  element?.classList.add("busy");
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(explain(error.code));
  } finally {
    underWay.delete(gesture);
    element?.classList.remove("busy");
  }
}

export function listen() {
  document.addEventListener("click", (event) => {
    if (event.target.classList.contains("veil") && !over.querySelector("form")) { closeSheet(); return; }
    const target = event.target.closest("[data-action]");
    if (!target || target.getAttribute("aria-disabled") === "true") return;
    const { action, value } = target.dataset;
    attempt(`${action}:${value ?? ""}`, target.matches(".key") ? target : null, () => known.actions[action](value));
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const { form } = event.target.dataset;
    attempt(`form:${form}`, event.submitter, () => known.forms[form](event.target));
  });
}
