// Hands at the simulated site: shows what the simulators say, passes on what a hand does.
const LOOK_MS = 400;
const JSON_BODY = { "Content-Type": "application/json" };
const SVG = "http://www.w3.org/2000/svg";
const WORDS = {
  forced: ["撬开", "force"], held: ["顶住不关", "hold open"], jammed: ["卡住", "jammed"], deserted: ["没人拉", "nobody pulls"],
  cut: ["断线", "wire cut"], lying: ["说谎", "lies"], dead: ["不动了", "dead"], drops: ["漏报", "drops"], repeats: ["重复报", "repeats"],
  bouncing: ["抖动", "bounces"], silent: ["不报告", "says nothing"], never_closed: ["没人关", "nobody shuts"],
  fire: ["火警", "Fire alarm"], exit_button: ["出门按钮", "Exit button"], parallel: ["另一个门禁", "Other controller"],
  loop: ["车在地感线圈上", "Vehicle on the loop"], tamper: ["被拆", "Tamper"],
};
const SHOWN = new Set(["released", "relay", "open", "active", "moved"]);
const HANDS = new Set(["forced", "held"]);
const unfolded = new Set();
const PRESS_MS = 700;
const find = (id) => document.getElementById(id);
const make = (tag, text = "", fields = {}) => Object.assign(document.createElement(tag), { textContent: text }, fields);

function key([chinese, english], act, { pressed, label } = {}) {
  const button = make("button", `${chinese} `, { type: "button", className: "key", onclick: act });
  button.append(make("small", english, { lang: "en" }));
  if (pressed !== undefined) button.ariaPressed = String(pressed);
  if (label) button.ariaLabel = label;
  return button;
}

function leaf(open, released) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 140 222");
  picture.setAttribute("class", `leaf ${open ? "open" : "shut"} ${released ? "released" : ""}`);
  picture.setAttribute("aria-hidden", "true");
  for (const [kind, d] of [["hole", "M24 22h92v176H24z"], ["wing", open ? "M24 22l38 18v176l-38-18z" : "M24 22h92v176H24z"], ["frame", "M20 200V18h100v182M4 200h132"]]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", kind);
    path.setAttribute("d", d);
    picture.append(path);
  }
  return picture;
}

async function move(kind, name, body) {
  const answer = await fetch(`${kind}/${encodeURIComponent(name)}`, { method: "POST", body: JSON.stringify(body), headers: JSON_BODY }).catch(() => null);
  const told = answer?.ok ? await answer.json() : null;
  const stuck = body.push && told && told.moved === false;
  find("said").textContent = !told ? `${name}: 没有回答 · no answer` : stuck ? `${name}: 推不动 · does not move` : "";
  await look();
}

function toggle(kind, name, flag, value) {
  return key(WORDS[flag] ?? [flag, ""], () => move(kind, name, { [flag]: !value }), { pressed: value, label: `${name} ${flag}` });
}

// What a hand does stands open; what breaks is folded away, and open where something is broken.
function switches(kind, name, state) {
  const flags = Object.entries(state).filter(([flag, value]) => typeof value === "boolean" && !SHOWN.has(flag));
  const hands = flags.filter(([flag]) => HANDS.has(flag)), faults = flags.filter(([flag]) => !HANDS.has(flag));
  const shown = hands.map(([flag, value]) => toggle(kind, name, flag, value));
  if (!faults.length) return shown;
  const fold = make("details", "", { open: unfolded.has(name) || faults.some(([, value]) => value) });
  fold.ontoggle = () => (fold.open ? unfolded.add(name) : unfolded.delete(name));
  fold.append(make("summary", "弄坏 · break"), ...faults.map(([flag, value]) => toggle(kind, name, flag, value)));
  return [...shown, fold];
}

function drawDoor([name, door]) {
  const item = make("li");
  const words = door.open ? ["开着", "open"] : door.released ? ["锁松开了", "released"] : ["锁着", "locked"];
  item.append(make("b", name), leaf(door.open, door.released), make("p", words.join(" · ")));
  item.append(key(door.open ? ["关上", "shut"] : ["推开", "push"], () => move("doors", name, { push: door.open ? "closed" : "open" }), { label: `${name} push` }));
  item.append(...switches("doors", name, door));
  return item;
}

function drawInput([name, input]) {
  const item = make("li");
  const [chinese, english] = WORDS[input.kind] ?? [input.kind, ""];
  const momentary = ["exit_button", "parallel"].includes(input.kind);
  const press = momentary
    ? async () => { await move("inputs", name, { active: true }); setTimeout(() => move("inputs", name, { active: false }), PRESS_MS); }
    : () => move("inputs", name, { active: !input.active });
  item.append(make("b", name), key([chinese, english], press, { pressed: input.active, label: `${name} press` }), ...switches("inputs", name, input));
  return item;
}

function drawCell([name, cell]) {
  const item = make("li", "", { className: cell.open ? "open" : "" });
  item.append(make("b", name), key(cell.open ? ["关上", "shut"] : ["撬开", "force"], () => move("cells", name, { open: !cell.open }), { label: `${name} push` }));
  item.append(...switches("cells", name, cell));
  return item;
}

const drawn = {};
function draw(kind, things, one) {
  const told = JSON.stringify(things);
  if (drawn[kind] === told) return;
  drawn[kind] = told;
  const focused = document.activeElement?.ariaLabel;
  find(kind).replaceChildren(...Object.entries(things).map(one));
  find(kind).closest("section").hidden = !Object.keys(things).length;
  if (focused) document.querySelector(`#${kind} [aria-label="${focused}"]`)?.focus();
}

async function look() {
  const answer = await fetch("world.json").catch(() => null);
  if (!answer?.ok) { find("said").textContent = "模拟器不在 · the simulators are away"; return; }
  const world = await answer.json();
  draw("doors", world.doors, drawDoor);
  draw("inputs", world.inputs, drawInput);
  draw("cells", world.cells, drawCell);
}

async function live() {
  if (!document.hidden) await look();
  setTimeout(live, LOOK_MS);
}
live();
