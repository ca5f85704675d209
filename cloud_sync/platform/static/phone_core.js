// What every part of the phone page works with: what is known, how the platform is asked, how it is drawn.
// A subject is a file that registers its screens, sheets, gestures, forms and what it asks for every few seconds.
import { html, icon, raw, show, word } from "./parts.js";
import { has, w } from "./words.js";

const screen = document.getElementById("screen"), tabs = document.getElementById("tabs"), over = document.getElementById("over");

export const state = { me: null, personas: [], tab: "code", online: true, asOf: 0, sheet: null, draft: {}, armed: "" };
const TABS = [["code", "qr", "tabCode"], ["doors", "door", "tabDoors"], ["orders", "locker", "tabOrders"], ["pay", "bill", "tabPay"], ["money", "wallet", "tabMoney"], ["more", "dots", "tabMore"]];
const known = { screens: {}, sheets: {}, actions: {}, forms: {}, sources: {} };

// { screens, sheets, actions, forms: by name, sources: { name in state: path }, state: first values }
export function register({ state: first = {}, ...parts }) {
  Object.assign(state, first);
  for (const [kind, entries] of Object.entries(parts)) Object.assign(known[kind], entries);
}

export class Refused extends Error { constructor(code) { super(code); this.code = code; } }

export async function api(method, path, content) {
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

export const explain = (code) => w(has(`error_${code}`) ? `error_${code}` : "error_other");
export const why = (reason) => w(has(`why_${reason}`) ? `why_${reason}` : "notKnownWhy");

export const top = (title, hint) => html`<header class="top"><div><h1 class="sign head">${title}</h1><p class="note">${hint}</p></div>
  ${state.online ? word("done", w("online")) : word("unsure", w("offline"))}</header>`;

export function loginScreen() {
  const row = (person) => html`<li>${icon("people", true)}<div class="grow"><b>${person.name}</b><p class="note">${person.room}</p></div><button class="key" data-action="login" data-value="${person.subject}">${icon("next")}</button></li>`;
  return html`${top(w("whoAreYou"), w("demoLogin"))}${state.personas.length ? html`<ul class="list" id="personas">${state.personas.map(row)}</ul>` : html`<p>${w("nobody")}</p>`}<button class="key tool" data-action="language">${icon("lang")}${w("language")}</button>`;
}

// ---- drawing, gestures, refreshing

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
  show(tabs, html`${TABS.map(([id, name, label]) => html`<button data-action="tab" data-value="${id}" ${id === state.tab ? raw("aria-current=page") : ""}>${icon(name)}<span>${w(label)}</span></button>`)}`);
  const sheet = state.sheet ? html`<div class="veil"><div class="sheet" role="dialog" aria-modal="true">${known.sheets[state.sheet.kind](state.sheet)}</div></div>` : html``;
  if (sheet.text !== over.dataset.drawn) {
    over.dataset.drawn = sheet.text;
    show(over, sheet);
  }
}

export const openSheet = (kind, content = {}) => { state.sheet = { kind, ...content }; render(); };
export const closeSheet = () => { [state.sheet, state.armed] = [null, ""]; render(); };

// One subject that the platform refuses leaves the others as they are.
export async function refresh() {
  if (!state.me) return;
  const asked = Object.entries(known.sources).map(async ([name, path]) => { state[name] = await api("GET", path); });
  const answers = await Promise.allSettled(asked);
  if (answers.some((answer) => answer.status === "fulfilled")) state.asOf = Date.now();
}

export function listen() {
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-action]");
    if (!target || target.getAttribute("aria-disabled") === "true") return;
    attempt(known.actions[target.dataset.action](target.dataset.value));
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(known.forms[event.target.dataset.form](event.target));
  });
}
const attempt = (work) => Promise.resolve(work).catch((error) => { if (!(error instanceof Refused)) throw error; render(); });
