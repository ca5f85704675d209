// Doors that can be pushed by hand. The picture is where the leaf stands, the word is what the hub says.
import { find, make, setAll, shape, write } from "./drawing.js";
import { onLanguage, told, w } from "./words.js";
import { isAway, onState, post, state } from "./wire.js";

const SAID_MS = 6000;
let drawn = "";
let quiet;

function leaf(open) {
  if (open === null) {
    return shape("svg", { class: "doorpic", viewBox: "0 0 140 222", "aria-hidden": "true" }, shape("path", { class: "grey", d: "M24 22h92v176H24z" }),
      shape("path", { class: "dash", d: "M30 28h80v164H30z" }), shape("path", { class: "frame", d: "M20 200V18h100v182M4 200h132" }));
  }
  const way = open ? "M24 22 62 40v176l-38-18z" : "M24 22h92v176H24z";
  const knob = open ? [] : [shape("circle", { class: "light", cx: 102, cy: 112, r: 6 })];
  const hole = shape("path", { class: open ? "light" : "dark", d: "M24 22h92v176H24z" });
  return shape("svg", { class: "doorpic", viewBox: "0 0 140 222", "aria-hidden": "true" }, hole,
    shape("path", { class: "leaf", d: way }), ...knob, shape("path", { class: "frame", d: "M20 200V18h100v182M4 200h132" }));
}

function said(text) {
  clearTimeout(quiet);
  write(find("doors-said"), text);
  quiet = setTimeout(() => write(find("doors-said"), w("doorsHint")), SAID_MS);
}

async function push(id) {
  const door = state().doors.find((one) => one.id === id);
  const answer = await post(`/hands/doors/${encodeURIComponent(id)}`, { push: door.world.open ? "closed" : "open" });
  if (!answer.ok) said(told(answer.said) || w("noAnswer"));
  else if (answer.moved === false) said(w(door.world.jammed ? "stuckJam" : "stuck", told(door)));
  else write(find("doors-said"), w("doorsHint"));
}

function build(doors) {
  drawn = doors.map((door) => door.id).join();
  find("doors").replaceChildren(...doors.map((door) => {
    const key = make("button", { class: "dd", type: "button", "data-door": door.id },
      make("span", { class: "leafbox" }), make("b"), make("span", { class: "word" }), make("span", { class: "flaw" }));
    key.onclick = () => push(door.id);
    return key;
  }));
}

function outcome(door) {
  const away = isAway() || state().health.hub === "away";
  if (away || door.hub === "unknown") return ["unsure", w("unknown")];
  if (door.held_open) return ["stop", w("heldOpen")];
  return door.hub === "open" ? ["open", w("open")] : ["done", w("closed")];
}

function drawOne(key, door) {
  const [box, name, word, flaw] = key.children;
  const { open, jammed, cut } = door.world;
  if (box.dataset.open !== String(open)) {
    box.dataset.open = String(open);
    box.replaceChildren(leaf(open));
  }
  write(name, told(door));
  const [kind, words] = outcome(door);
  setAll(word, { class: `word ${kind}` });
  write(word, words);
  const flaws = [jammed && w("jammed"), cut && w("cut")].filter(Boolean).join(w("comma"));
  write(flaw, flaws);
  const label = [w(open ? "pushShut" : "pushOpen", told(door)), w(open === null ? "standsUnknown" : open ? "standsOpen" : "standsShut"), w("doorSays", words), flaws];
  setAll(key, { "aria-label": label.filter(Boolean).join(", ") });
}

function draw() {
  const doors = state()?.doors ?? [];
  if (drawn !== doors.map((door) => door.id).join()) build(doors);
  doors.forEach((door, place) => drawOne(find("doors").children[place], door));
}

/** Show the doors. */
export function showDoors() {
  onState(draw);
  onLanguage(() => {
    write(find("doors-said"), w("doorsHint"));
    draw();
  });
}
