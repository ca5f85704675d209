// The journal as it fills at the platform: the newest entries, and which of them it holds.
import { find, make, mark, setAll, write } from "./drawing.js";
import { onLanguage, told, w } from "./words.js";
import { onState, state } from "./wire.js";

const rows = new Map();

function row(entry) {
  const key = `${entry.seq}`;
  const made = rows.get(key) ?? make("li", {}, make("span", { class: "num" }), make("span", { class: "what" }), make("span"));
  rows.set(key, made);
  const [number, what, held] = made.children;
  const words = told(entry);
  const text = words === entry.kind ? "" : words;
  write(number, `${entry.seq}`);
  if (what.dataset.said !== `${entry.kind} ${text}`) {
    what.dataset.said = `${entry.kind} ${text}`;
    const kind = make(text ? "small" : "b", { lang: "en" }, entry.kind);
    what.replaceChildren(...(text ? [make("b", {}, text), " ", kind] : [kind]));
    setAll(what, { title: `${entry.kind} ${text}` });
  }
  const label = entry.held ? w("held") : w("notHeld");
  if (held.dataset.said !== label) {
    held.dataset.said = label;
    held.replaceChildren(mark(entry.held ? "done" : "wait", label));
  }
  setAll(made, { class: entry.held ? null : "wait" });
  return made;
}

function draw() {
  const journal = state()?.journal;
  const list = find("entries");
  if (!journal?.entries.length) {
    list.replaceChildren(make("li", { class: "none" }, w("noEntries")));
    write(find("gaps"), "");
    find("waiting").hidden = true;
    return;
  }
  const drawn = journal.entries.map(row);
  const kept = new Set(journal.entries.map((entry) => `${entry.seq}`));
  for (const key of rows.keys()) if (!kept.has(key)) rows.delete(key);
  if (drawn.length !== list.children.length || drawn.some((item, place) => list.children[place] !== item)) list.replaceChildren(...drawn);
  write(find("gaps"), journal.gaps === null ? w("gapsUnknown") : w("gaps", journal.gaps));
  find("gaps").dataset.bad = String(journal.gaps > 0);
  const { waiting } = journal;
  find("waiting").hidden = false;
  find("waiting").dataset.waits = waiting === null ? "unknown" : String(waiting > 0);
  write(find("waiting"), waiting === null ? w("waitingUnknown") : waiting ? w("waiting", waiting) : w("allHeld"));
}

/** Show the journal. */
export function showJournal() {
  onState(draw);
  onLanguage(draw);
}
