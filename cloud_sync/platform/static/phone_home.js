// The household: who lives here and what opens for them, and how it ends. Everything here is the owner's to give and take.
import { freshCode } from "./phone_code.js";
import { Refused, api, closeSheet, explain, openSheet, redraw, register, render, say, state, top } from "./phone_core.js";
import { forget } from "./holder.js";
import { html, icon, raw } from "./parts.js";
import { day, has, listed, pick, w } from "./words.js";

export const doorName = (id) => { const door = state.me.doors.find((one) => one.id === id); return door ? pick(door, "name") : id; };
export const back = () => html`<button class="key tool" data-action="tab" data-value="more">${icon("back")}${w("back")}</button>`;

// A key that asks once more before it ends something.
const ending = (action, id, label, ask) => html`<button class="key tool stop" data-action="${action}" data-value="${id}">${w(state.armed === `${action}:${id}` ? ask : label)}</button>`;

function personRow(person) {
  const mine = person.subject === state.me.subject;
  const doors = person.doors.length ? w("opens", listed(person.doors.map(doorName))) : w("opensNone");
  const note = [doors, person.until_ms && w("until", day(person.until_ms)), person.has_pin && w("hasPin")].filter(Boolean).join(" · ");
  return html`<li>${icon("people", true)}<div class="grow"><b>${person.name}</b> <span class="note">${w(`kind_${person.kind}`)}${mine ? ` · ${w("you")}` : ""}</span><p class="note">${note}</p>
    ${state.armed === `dropPerson:${person.subject}` ? html`<p class="note bold">${w("takeBackWhat")}</p>` : ""}</div>${!mine && person.kind !== "owner" ? ending("dropPerson", person.subject, "takeBack", "takeBackAsk") : ""}</li>`;
}
const carRow = (car) => html`<li><div class="grow"><b class="num">${car.plate}</b><p class="note">${listed(car.doors.map(doorName))}</p></div>${state.household.is_owner ? ending("dropCar", car.id, "takeBack", "takeBackAsk") : ""}</li>`;
const cardRow = (card) => html`<li><div class="grow"><b class="num">${w("card", card.tail)}</b><p class="note">${nameOf(card.subject)}</p></div>${ending("lostCard", card.id, "lostCard", "lostCardAsk")}</li>`;
const nameOf = (subject) => state.household.people.find((one) => one.subject === subject)?.name ?? "";

function homeScreen() {
  const home = state.household;
  if (!home) return html`${top(w("homeTitle"), w("homeHint"))}${back()}<p>${w(state.online ? "leaveBusy" : "error_network")}</p>`;
  const mine = home.people.find((one) => one.subject === state.me.subject);
  const fault = state.homeFault && state.online ? html`<div class="strip stop" role="alert">${explain(state.homeFault)}</div>` : "";
  return html`${top(w("homeTitle"), w("homeHint"))}${back()}${fault}
    <section class="stack"><h2 class="payee">${w("people")}</h2><ul class="list" id="people">${home.people.map(personRow)}</ul>${home.is_owner ? html`<button class="key main wide" data-action="sheet" data-value="personForm">${icon("people")}${w("addPerson")}</button>` : ""}</section>
    <section class="stack"><h2 class="payee">${w("vehicles")}</h2>${home.vehicles.length ? html`<ul class="list" id="cars">${home.vehicles.map(carRow)}</ul>` : html`<p class="small">${w("noVehicles")}</p>`}${home.is_owner ? html`<button class="key wide" data-action="sheet" data-value="carForm">${w("addVehicle")}</button>` : ""}</section>
    <section class="stack"><h2 class="payee">${w("cards")}</h2>${home.cards.length ? html`<ul class="list" id="cards">${home.cards.map(cardRow)}</ul>` : html`<p class="small">${w("noCards")}</p>`}</section>
    <section class="stack"><h2 class="payee">${w("pinTitle")}</h2><p class="small">${w("pinHint")}</p><button class="key wide" data-action="sheet" data-value="pinForm">${w(mine?.has_pin ? "changePin" : "setPin")}</button></section>
    <section class="stack"><h2 class="payee">${w("lostTitle")}</h2><p class="small">${w("lostHint")}</p><button class="key stop wide" data-action="sheet" data-value="lostForm">${w("lostPhone")}</button></section>
    ${home.is_owner ? html`<section class="stack"><h2 class="payee">${w("leaveTitle")}</h2><p class="small">${w("leaveHint")}</p><button class="key stop wide" data-action="sheet" data-value="leaveForm">${w("leave")}</button></section>` : ""}`;
}

const doorChecks = () => state.me.doors.map((door, at) => html`<label class="check"><input type="checkbox" name="door" value="${door.id}" ${at === 0 ? raw("checked") : ""}>${pick(door, "name")}</label>`);
const form = (name, title, fault, fields, key, kind = "main") => html`<form class="stack" data-form="${name}"><h2 class="sign head">${title}</h2>${fields}
  ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}<button class="key ${kind} wide">${key}</button><button type="button" class="key tool" data-action="close">${w("cancel")}</button></form>`;

const sheets = {
  personForm: ({ fault }) => form("person", w("addPerson"), fault, html`<label>${w("personName")}<input class="field" name="name" maxlength="20" autocomplete="off" required></label>
    <fieldset class="stack"><legend class="small soft">${w("personKind")}</legend><div class="two">${["family", "tenant"].map((kind, at) => html`<label class="choice"><input type="radio" name="kind" value="${kind}" ${at === 0 ? raw("checked") : ""}><span>${w(`kind_${kind}`)}</span></label>`)}</div></fieldset>
    <fieldset class="stack"><legend class="small soft">${w("personDoors")}</legend>${doorChecks()}</fieldset><label>${w("personUntil")}<input class="field" type="date" name="until"></label>`, w("add")),
  carForm: ({ fault }) => form("car", w("addVehicle"), fault, html`<label>${w("plate")}<input class="field" name="plate" maxlength="8" autocomplete="off" placeholder="京A12345" required></label><fieldset class="stack"><legend class="small soft">${w("vehicleDoors")}</legend>${doorChecks()}</fieldset>`, w("add")),
  pinForm: ({ fault }) => form("pin", w("pinTitle"), fault, html`<p class="small">${w("pinHint")}</p><label>${w("pinNew")}<input class="field num" name="pin" type="password" inputmode="numeric" pattern="[0-9]{6}" maxlength="6" autocomplete="off" required></label>`, w("setPin")),
  lostForm: ({ fault }) => form("lost", w("lostTitle"), fault, html`<p class="small">${w("lostHint")}</p><label>${w("whosePhone")}<select class="field" name="subject">${state.household.people.map((one) => html`<option value="${one.subject}" ${one.subject === state.me.subject ? raw("selected") : ""}>${one.name}</option>`)}</select></label>`, w("lostPhone"), "stop"),
  leaveForm: ({ fault }) => form("leave", w("leaveTitle"), fault, html`<p class="small bold">${w("leaveHint")}</p><label>${w("leaveType", state.me.room)}<input class="field num" name="room" maxlength="20" autocomplete="off" required></label>`, w("leaveGo"), "stop"),
};

const fields = (element) => new FormData(element);
const dateEnd = (text) => (text ? new Date(`${text}T23:59:59`).getTime() : 0);

async function load() {
  try {
    [state.household, state.homeFault, state.heard.household] = [await api("GET", "/household"), "", true];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.homeFault = error.code;
  }
  redraw();
}

// Post what a sheet holds; a refusal stays in the sheet, in words.
const posting = (kind, path, content, done) => async (element) => {
  const asked = content(fields(element));
  try {
    await api("POST", path, asked);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { ...state.sheet, kind, fault: has(`error_${error.code}`) ? error.code : "other" };
    render();
    return;
  }
  closeSheet();
  say(w(done));
  await load();
};

const dropping = (action, path) => async (id) => {
  if (state.armed !== `${action}:${id}`) { state.armed = `${action}:${id}`; render(); return; }
  state.armed = "";
  try {
    await api("POST", path(id), {});
    say(w("takenBack"));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.homeFault = error.code;
  }
  await load();
};

async function loseThePhone(element) {
  const subject = fields(element).get("subject");
  await posting("lostForm", "/lost-phone", () => ({ subject }), subject === state.me.subject ? "lostDone" : "lostOther")(element);
  if (state.sheet || subject !== state.me.subject) return;
  await forget(subject);
  await freshCode();
}

async function moveOut(element) {
  await posting("leaveForm", "/move-out", (given) => ({ room: given.get("room") }), "leaveDone")(element);
  if (state.sheet) return;
  localStorage.removeItem("me");
  globalThis.location.reload();
}

register({
  state: { household: null, homeFault: "" }, kept: { household: true }, screens: { home: homeScreen }, sheets,
  forms: {
    person: posting("personForm", "/household", (given) => ({ name: given.get("name"), kind: given.get("kind"), doors: given.getAll("door"), until_ms: dateEnd(given.get("until")) }), "personAdded"),
    car: posting("carForm", "/vehicles", (given) => ({ plate: given.get("plate").trim().toUpperCase(), doors: given.getAll("door") }), "carAdded"),
    pin: posting("pinForm", "/pin", (given) => ({ pin: given.get("pin") }), "pinSet"), lost: loseThePhone, leave: moveOut,
  },
  actions: {
    home: () => { [state.tab, state.armed] = ["home", ""]; globalThis.scrollTo(0, 0); render(); return load(); },
    sheet: (kind) => openSheet(kind),
    dropPerson: dropping("dropPerson", (id) => `/household/${id}/revoke`), dropCar: dropping("dropCar", (id) => `/vehicles/${id}/revoke`), lostCard: dropping("lostCard", (id) => `/cards/${id}/lost`),
  },
});
