// The kiosk and the phone in their frames: the real pages, drawn smaller; asked and answered through their finger.
import { find, icon, setAll, write } from "./drawing.js";
import { onState } from "./wire.js";
import { onLanguage, told, w } from "./words.js";

const SIZES = { kiosk: [1080, 1920], phone: [390, 838] };
const ANSWER_MS = 15000, LOADED_MS = 4000;
const SILENT = "no answer";
const waiting = new Map();
const origins = {};
const addresses = {};
const alive = new Set(); // pages whose finger has answered once: they stand
let counted = 0;
let onCard = () => {};

/** Ask the finger in a frame for something ({stage: "tap", selector}...); gives its answer, `ok` false when it is late. */
export function ask(name, message, within_ms = ANSWER_MS) {
  const id = `stage-${(counted += 1)}`;
  return new Promise((resolve) => {
    const late = setTimeout(() => settle(id, { ok: false, reason: SILENT }), within_ms);
    waiting.set(id, { resolve, late });
    find(name).contentWindow.postMessage({ ...message, id }, origins[name] ?? "null");
  });
}
function settle(id, answer) {
  const asked = waiting.get(id);
  if (!asked) return;
  waiting.delete(id);
  clearTimeout(asked.late);
  asked.resolve(answer);
}

function hear(event) {
  const name = Object.keys(origins).find((one) => origins[one] === event.origin && find(one).contentWindow === event.source);
  if (!name || typeof event.data !== "object" || event.data === null) return;
  alive.add(name);
  const { stage, id, camera, text } = event.data;
  if (stage === "answer" && waiting.has(id)) settle(id, event.data);
  if (stage === "card" && name === "phone" && typeof text === "string") onCard(camera, text);
}

function fit(name) {
  const frame = find(name).parentElement;
  const [width, height] = SIZES[name];
  const scale = frame.clientWidth / width;
  find(name).style.setProperty("--scale", scale);
  find(name).style.height = `${Math.max(height, Math.floor(frame.clientHeight / scale))}px`;
}

// A page that could not be fetched while its server was away is fetched once that is back; one that stands goes on by itself.
async function heal(name) {
  if (alive.has(name)) return;
  const answer = await ask(name, { stage: "read", selector: "body" }, LOADED_MS);
  if (answer.reason === SILENT) find(name).src = addresses[name];
}
const away = { kiosk: false, phone: false };
function watchServers(state) {
  const now = { kiosk: state.health.hub === "away", phone: state.switches.some((one) => one.id === "phone.network" && one.state === "on") };
  for (const name of Object.keys(away)) if (away[name] && !now[name]) heal(name);
  Object.assign(away, now);
}

// One of them large, or none.
function enlarge(name) {
  for (const key of document.querySelectorAll("[data-big]")) {
    const on = key.dataset.big === name && key.getAttribute("aria-pressed") !== "true";
    setAll(key, { "aria-pressed": String(on) });
    key.replaceChildren(icon(on ? "minus" : "plus"));
    find(key.dataset.big).parentElement.classList.toggle("large", on);
  }
}

/** Put both pages into their frames. `card(camera, text)`: the phone was told to hold a card up. */
export async function showFrames(card) {
  onCard = card;
  addEventListener("message", hear);
  for (const name of Object.keys(SIZES)) new ResizeObserver(() => fit(name)).observe(find(name).parentElement);
  for (const key of document.querySelectorAll("[data-big]")) key.onclick = () => enlarge(key.dataset.big);
  enlarge("");
  onLanguage(() => {
    for (const key of document.querySelectorAll("[data-big]")) setAll(key, { "aria-label": w("larger", w(key.dataset.big)), title: w("larger", w(key.dataset.big)) });
  });
  Object.assign(addresses, await (await fetch("/frames.json")).json());
  for (const name of Object.keys(SIZES)) {
    origins[name] = new URL(addresses[name]).origin;
    find(name).src = addresses[name];
  }
  onState(watchServers);
}

/** Let the finger press the phone's own *hold it to the camera*; says why not where there is no code. */
export async function showPhone() {
  const answer = await ask("phone", { stage: "tap", selector: "a[target=camera]" });
  if (!answer.ok) write(find("phone-said"), told(answer.said) || w("nothingToShow"));
}
