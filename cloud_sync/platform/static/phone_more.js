// Visitors, notices, settings, and the sheet that shows a pass.
import { cameraLink } from "./phone_code.js";
import { Refused, api, closeSheet, explain, none, openSheet, refresh, register, render, say, state, top } from "./phone_core.js";
import { doorName } from "./phone_home.js";
import { html, icon, raw } from "./parts.js";
import { drawQr } from "./qr.js";
import { day, isEnglish, listed, pick, setEnglish, w } from "./words.js";

export const visitorRow = (pass) => html`<li>${icon("visitor", true)}<div class="grow"><b>${pass.label || w("visitorSomebody")}</b><p class="note">${listed(pass.doors.map(doorName))} · ${pass.uses ? w("usedOf", pass.used, pass.uses) : pass.used ? w("usedTimes", pass.used) : w("manyTimes")} · ${w("until", day(pass.until_ms))}</p></div>
  ${pass.revoked ? html`<span class="note">${w("revoked")}</span>` : html`<button class="key tool" data-action="visitor" data-value="${pass.id}">${w("show")}</button>`}</li>`;

const wayRow = ([action, name, label]) => html`<li>${icon(name, true)}<b class="grow">${w(label)}</b><button class="key tool" data-action="${action}" aria-label="${w(label)}">${icon("next")}</button></li>`;

function moreScreen() {
  const notice = (one) => html`<li>${icon("notice", true)}<div class="grow"><b>${pick(one, "title")}</b><p class="note">${pick(one, "body")}</p></div></li>`;
  return html`${top(w("moreTitle"), state.me.name)}
    <section class="stack"><h2 class="payee">${w("visitorTitle")}</h2>${state.visitors.length ? html`<ul class="list" id="visitors">${state.visitors.map(visitorRow)}</ul>` : html`<p class="small">${none("visitors", "visitorNone")}</p>`}
      <button class="key main wide" data-action="newVisitor">${icon("visitor")}${w("newVisitor")}</button></section>
    <section class="stack"><h2 class="payee">${w("homeTitle")}</h2><ul class="list">${[["home", "people", "seeHome"], ["records", "door", "seeRecords"], ["messages", "notice", "seeMessages"]].map(wayRow)}</ul></section>
    <section><h2 class="payee">${w("notices")}</h2>${state.notices.length ? html`<ul class="list">${state.notices.map(notice)}</ul>` : html`<p class="small">${none("notices", "noNotices")}</p>`}</section>
    <section class="stack"><h2 class="payee">${w("settings")}</h2><div class="two">
      <button class="key" data-action="language">${icon("lang")}${w("language")}</button><button class="key" data-action="size">${icon("large")}${w(document.documentElement.dataset.size === "large" ? "normal" : "large")}</button>
      <button class="key" data-action="theme">${w(document.documentElement.dataset.theme === "dark" ? "light" : "dark")}</button><button class="key" data-action="logout">${icon("people")}${w("logout")}</button></div></section>`;
}

const localNow = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function visitorForm({ fault, from }) {
  const doors = state.me.doors.map((door, at) => html`<label class="check"><input type="checkbox" name="door" value="${door.id}" ${at === 0 ? raw("checked") : ""}>${pick(door, "name")}</label>`);
  const choice = (name, values, text) => html`<select class="field" name="${name}">${values.map((value) => html`<option value="${value}">${text(value)}</option>`)}</select>`;
  return html`<form class="stack" data-form="visitor"><h2 class="sign head">${w("newVisitor")}</h2>
    <label>${w("visitorWho")}<input class="field" name="label" maxlength="20" autocomplete="off"></label>
    <fieldset class="stack"><legend class="small soft">${w("visitorDoors")}</legend>${doors}</fieldset>
    <label>${w("visitorFrom")}<input class="field" type="datetime-local" name="from" value="${from}"></label>
    <div class="two"><label>${w("visitorHours")}${choice("hours", [3, 1, 12, 24], (n) => w("hours", n))}</label><label>${w("visitorUses")}${choice("uses", [1, 2, 5, 0], (n) => (n ? w("times", n) : w("manyTimes")))}</label></div>
    ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
    <button class="key main wide">${w("make")}</button><button type="button" class="key tool" data-action="close">${w("cancel")}</button></form>`;
}

async function makeVisitor(form) {
  const fields = new FormData(form), now = Date.now();
  const given = fields.get("from") ? new Date(fields.get("from")).getTime() : now, from = Math.max(given, now);
  const asked = { doors: fields.getAll("door"), from_ms: from - 60_000, until_ms: from + Number(fields.get("hours")) * 3_600_000, uses: Number(fields.get("uses")) || null, label: fields.get("label") };
  try {
    const made = await api("POST", "/visitors", asked);
    state.sheet = { kind: "visitor", pass: made };
    state.visitors = [...state.visitors, made];
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { ...state.sheet, fault: error.code };
  }
  render();
}

export const passSheet = (title, text, hint, extra) => html`<h2 class="sign head center">${title}</h2><span class="qr" data-pass="${text}">${raw(drawQr(text, title))}</span><p class="small soft center">${hint}</p>${extra}<button class="key wide" data-action="close">${w("close")}</button>`;

const visitorSheet = ({ pass }) => passSheet(pass.label || w("visitorSomebody"), pass.text, w("visitorUse"), html`${cameraLink("gate", pass.text)}<p class="note center">${listed(pass.doors.map(doorName))} · ${w("until", day(pass.until_ms))}</p><button class="key stop" data-action="revoke" data-value="${pass.id}">${w(state.armed === pass.id ? "revokeAsk" : "revoke")}</button>`);

async function revoke(id) {
  if (state.armed !== id) { state.armed = id; render(); return; }
  await api("POST", `/visitors/${id}/revoke`, {});
  closeSheet();
  say(w("visitorTaken"));
  await refresh();
  render();
}

function toggle(name, on, off) {
  const value = document.documentElement.dataset[name] === on ? off : on;
  document.documentElement.dataset[name] = value;
  localStorage.setItem(name, value);
  render();
}

register({
  state: { notices: [], visitors: [] }, sources: { notices: "/notices", visitors: "/visitors" },
  screens: { more: moreScreen }, sheets: { visitor: visitorSheet, visitorForm }, forms: { visitor: makeVisitor },
  actions: {
    visitor: (id) => openSheet("visitor", { pass: state.visitors.find((pass) => pass.id === id) }), newVisitor: () => openSheet("visitorForm", { from: localNow() }), revoke,
    language: () => { setEnglish(!isEnglish()); render(); }, size: () => toggle("size", "large", "normal"), theme: () => toggle("theme", "dark", "light"),
  },
});
