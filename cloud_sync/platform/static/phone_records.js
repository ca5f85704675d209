// What the own household's doors told, and what the site tells the phone.
import { shownCodes } from "./phone_code.js";
import { Refused, api, explain, none, redraw, register, render, state, top, why } from "./phone_core.js";
import { back, doorName } from "./phone_home.js";
import { html, mark } from "./parts.js";
import { day, has, w } from "./words.js";

const MARKS = { opened: "done", unknown: "unsure", not_fired: "stop", "": "wait" };

function recordRow(one) {
  const by = w(has(`by_${one.by}`) ? `by_${one.by}` : "by_other"), seconds = ((one.decided_ms - one.asked_ms) / 1000).toFixed(1);
  const outcome = one.outcome === "opened" ? `${w("outcome_opened")} · ${w("byContact", seconds)}` : w(`outcome_${one.outcome}`);
  return html`<li>${mark(MARKS[one.outcome])}<div class="grow"><b>${doorName(one.place)}</b><p class="note">${one.label || one.who} · ${by}</p><p class="small">${outcome}</p>${one.reason && one.outcome !== "opened" ? html`<p class="note">${why(one.reason)}</p>` : ""}</div><span class="note num right">${day(one.asked_ms)}</span></li>`;
}

function recordsScreen() {
  const rows = state.records.length ? html`<ul class="list" id="records">${state.records.map(recordRow)}</ul>` : html`<p class="small">${none("records", "noRecords")}</p>`;
  return html`${top(w("recordsTitle"), w("recordsHint"))}${back()}${state.recordsFault && state.online ? html`<div class="strip stop" role="alert">${explain(state.recordsFault)}</div>` : ""}${rows}`;
}

const SURE = { parcel_in: "done", parcel_overdue: "stop", locker_case: "unsure", parcel_left: "unsure" };
function messageRow({ kind, details, at_ms, read }) {
  return html`<li data-message="${kind}">${mark(SURE[kind] ?? "wait")}<div class="grow"><b>${w(`msg_${kind}`)}</b>${read ? "" : html` <span class="word done">${w("fresh")}</span>`}
    ${details.cells?.length ? html`<p class="cells">${details.cells.map((cell) => html`<b>${cell}</b>`)}</p>` : ""}${details.code ? html`<p>${w("codeIs")} <b class="num">${details.code}</b></p>` : ""}
    <p class="note">${w(`say_${kind}`)}${details.overdue_ms ? ` ${w("keptUntil", day(details.overdue_ms))}` : ""}</p></div><span class="note num right">${day(at_ms)}</span></li>`;
}
function messagesScreen() {
  return html`${top(w("messagesTitle"), w("messagesHint"))}${back()}${state.messages.length ? html`<ul class="list" id="messages">${state.messages.map(messageRow)}</ul>` : html`<p class="small">${none("messages", "noMessages")}</p>`}`;
}
export const unread = () => state.messages.filter((one) => !one.read).length;

async function showRecords() {
  state.tab = "records";
  globalThis.scrollTo(0, 0);
  render();
  try {
    [state.records, state.heard.records, state.recordsFault] = [await api("POST", "/door-records", { codes: shownCodes() }, { asks: true }), true, ""];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.recordsFault = error.code;
  }
  redraw();
}

// What is on the screen counts as read when the screen is left.
async function showMessages() {
  state.tab = "messages";
  globalThis.scrollTo(0, 0);
  render();
  if (unread()) await api("POST", "/messages/read", {});
}

register({
  kept: { records: true }, state: { records: [], recordsFault: "", messages: [] }, sources: { messages: "/messages" },
  screens: { records: recordsScreen, messages: messagesScreen }, actions: { records: showRecords, messages: showMessages },
});
