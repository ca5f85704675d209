// The switches that break things, what each does, and what really happened when it was pressed.
import { find, icon, make, setAll, write } from "./drawing.js";
import { onLanguage, told, w } from "./words.js";
import { onState, post, state } from "./wire.js";

const GROUPS = ["network", "broker", "power", "door", "hardware", "attack", "other"];
const OWN = "/page/stage.svg";
const ICONS = { network: ["netoff"], broker: ["bolt", OWN], power: ["plug", OWN], door: ["door", OWN], hardware: ["camera"], attack: ["lock", OWN], other: ["clock"] };
const pressing = new Set();
let drawn = "";
let last = null;

const shown = () => (state()?.switches ?? []).filter((one) => GROUPS.includes(one.group));
const switchOf = (id) => (state()?.switches ?? []).find((one) => one.id === id);

/** Press a switch as a finger does; gives what it said: `{ok, said}`. */
export async function press(id) {
  const found = switchOf(id);
  if (!found || pressing.has(id)) return { ok: false, said: null };
  const on = found.one_shot || found.state !== "on";
  pressing.add(id);
  draw();
  const answer = await post(`/switches/${encodeURIComponent(id)}`, { on });
  pressing.delete(id);
  if (GROUPS.includes(found.group)) last = { id, said: answer.said, ok: answer.ok, gone: answer.gone };
  draw();
  dispatchEvent(new CustomEvent("stage:pressed", { detail: { id, on, ok: answer.ok, said: answer.said } }));
  return answer;
}

function build(switches) {
  drawn = switches.map((one) => one.id).join();
  const groups = GROUPS.filter((group) => switches.some((one) => one.group === group));
  find("faults").replaceChildren(...groups.map((group) => make("div", { class: "fg", role: "group", "data-group": group, "aria-label": w(`group_${group}`) },
    make("span", { class: "fn", "aria-hidden": "true" }, icon(...ICONS[group]), make("span")),
    ...switches.filter((one) => one.group === group).map((one) => key(one)))));
}

function key(one) {
  const made = make("button", { class: "key", type: "button", "data-switch": one.id, "aria-describedby": `help-${one.id}` }, make("span"), make("span", { class: "sr", id: `help-${one.id}` }));
  made.onclick = () => press(one.id);
  for (const name of ["mouseenter", "focus"]) made.addEventListener(name, () => help(one.id));
  for (const name of ["mouseleave", "blur"]) made.addEventListener(name, () => help(""));
  return made;
}

// While the finger rests on a switch its help stands where else stands what happened last.
function help(id) {
  const found = switchOf(id);
  const line = find("fault-help");
  const text = found?.help ? told(found.help) : "";
  line.hidden = !text;
  find("fault-said").classList.toggle("behind", Boolean(text));
  line.replaceChildren(...(text ? [make("b", {}, told(found)), ` ${text}`] : []));
}

function drawKey(made, one) {
  const busy = pressing.has(one.id) || one.state === "busy";
  write(made.firstChild, told(one));
  write(made.lastChild, told(one.help) || told(one));
  setAll(made, {
    "aria-pressed": one.one_shot ? null : String(one.state === "on"),
    "aria-disabled": one.state === "unavailable" ? "true" : null,
    "data-busy": busy ? "yes" : null,
    "aria-busy": busy ? "true" : null,
  });
}

function drawSaid() {
  const found = last && switchOf(last.id);
  const place = find("fault-said");
  const text = !last ? "" : told(last.said) || (last.gone ? w("noAnswer") : told(found?.said));
  const whole = found && text ? `${told(found)} ${text}` : "";
  if (place.dataset.said === whole) return;
  place.dataset.said = whole;
  place.dataset.ok = String(last?.ok ?? true);
  place.replaceChildren(...(whole ? [make("b", {}, told(found)), ` ${text}`] : []));
  setAll(place, { title: whole || null });
}

function draw() {
  const switches = shown();
  if (drawn !== switches.map((one) => one.id).join()) build(switches);
  for (const one of switches) drawKey(find("faults").querySelector(`[data-switch="${one.id}"]`), one);
  for (const group of find("faults").children) {
    const name = w(`group_${group.dataset.group}`);
    write(group.firstChild.lastChild, name);
    setAll(group, { "aria-label": name });
  }
  drawSaid();
}

/** Show the switches. */
export function showFaults() {
  onState(draw);
  onLanguage(draw);
}
