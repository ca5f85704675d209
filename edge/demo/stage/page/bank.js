// The locker bank as it stands there: an open leaf is an open leaf, the hatch is where the hub does not know.
import { find, icon, make, setAll, write } from "./drawing.js";
import { onLanguage, told, w } from "./words.js";
import { isAway, onState, post, state } from "./wire.js";

let drawn = "";
const signature = (columns) => columns.map((column) => column.map((cell) => `${cell.id}:${cell.size}`).join()).join(";");
const isPanel = (cell) => cell.size === "panel";

async function pull(id) {
  const cell = state().bank.columns.flat().find((one) => one.id === id);
  const answer = await post(`/hands/cells/${encodeURIComponent(id)}`, { open: !cell.world.open });
  write(find("bank-said"), answer.ok ? w("bankHint") : told(answer.said) || w("noAnswer"));
}

function build(columns) {
  drawn = signature(columns);
  find("bank").replaceChildren(...columns.map((column) => make("div", { class: "col" }, ...column.map((cell) => {
    if (isPanel(cell)) return make("div", { class: "panel" }, icon("scan"), make("span"));
    const key = make("button", { type: "button", "data-cell": cell.id });
    key.onclick = () => pull(cell.id);
    return key;
  }))));
}

function look(cell) {
  const notKnown = isAway() || state().health.hub === "away" || cell.hub === "unknown";
  if (cell.world.open) return notKnown ? ["open unsure", "unsure"] : ["open", ""];
  if (cell.world.jammed || cell.mark === "jam") return ["jam", "cross"];
  if (notKnown) return ["unsure", "unsure"];
  return { other: ["other", ""], next: ["next", ""], got: ["got", "check"], free: ["", ""] }[cell.mark];
}

function drawCell(key, cell) {
  const [kind, sign] = look(cell);
  const shown = `${kind} ${sign}`;
  if (key.dataset.shown !== shown) {
    key.dataset.shown = shown;
    key.className = `cell ${cell.size} ${kind}`;
    key.replaceChildren(cell.id, ...(sign ? [icon(sign)] : []));
  }
  const hub = kind.includes("unsure") ? w("unknown") : w(cell.hub === "open" ? "open" : "closed");
  const words = [w("cell", cell.id), w(cell.world.open ? "standsOpen" : "standsShut"), w("doorSays", hub), w(`mark_${cell.mark}`), w(cell.world.open ? "shut" : "pull")];
  setAll(key, { "aria-label": words.join(", "), title: `${cell.id} · ${w(`mark_${cell.mark}`)}` });
}

function draw() {
  const columns = state()?.bank?.columns ?? [];
  if (drawn !== signature(columns)) build(columns);
  columns.forEach((column, across) => column.forEach((cell, down) => {
    const place = find("bank").children[across].children[down];
    if (isPanel(cell)) write(place.lastChild, w("here"));
    else drawCell(place, cell);
  }));
}

/** Show the bank. */
export function showBank() {
  onState(draw);
  onLanguage(() => {
    write(find("bank-said"), w("bankHint"));
    draw();
  });
}
