// The live line of the invariant checker: green, red with reasons, hatched where nobody can know.
import { find, icon, make, setAll, write } from "./drawing.js";
import { lang, onLanguage, say, told, w } from "./words.js";
import { isAway, onState, state } from "./wire.js";

const LOOK_MS = 500;
const MARKS = { ok: "check", bad: "cross", unknown: "unsure" };
const LEAVES = { ok: "", bad: "stop", unknown: "unsure" };
let heard = { at_ms: 0, by: 0 };

function counts(language, line) {
  const parts = ["lost", "doubled", "extra"].map((kind) => `${line[kind]} ${say(language, kind, line[kind])}`);
  if (line.other) parts.push(`${line.other} ${say(language, "otherFault")}`);
  return parts.join(" · ");
}
function headline(language, line, kind) {
  if (kind !== "unknown") return counts(language, line);
  return line?.checked_at_ms ? `${say(language, "notKnown")} · ${say(language, "soFar")} ${counts(language, line)}` : `${say(language, "notKnown")} · ${say(language, "notRead")}`;
}
function reasonText(language, reason) {
  return reason[language] || reason.code;
}

// The age of the last check by this page's own clock, which only runs forward.
function age(line) {
  if (heard.at_ms !== line.checked_at_ms) {
    const first = heard.at_ms === 0 ? Math.max(0, Date.now() - line.checked_at_ms) : 0;
    heard = { at_ms: line.checked_at_ms, by: performance.now() - first };
  }
  const seconds = (performance.now() - heard.by) / 1000;
  return seconds < 100 ? w("ago", seconds.toFixed(1)) : w("agoMinutes", Math.round(seconds / 60));
}
function note(line, kind) {
  if (isAway()) return w("stageAway");
  if (!line) return "";
  if (kind === "unknown") return told(line.why_unknown);
  if (kind === "ok") return `${w("checked", line.sales, line.openings, line.entries)} · ${age(line)}`;
  const [first, ...rest] = line.reasons;
  if (!first) return "";
  return rest.length ? `${reasonText(lang(), first)} · ${w("more", rest.length)}` : reasonText(lang(), first);
}

function drawReasons(line, kind) {
  const list = make("ul");
  for (const reason of line?.reasons ?? []) {
    const item = make("li", {}, make("b", {}, `${reason.code} `), reason.zh ?? "", make("br"), make("span", { lang: "en" }, reason.en ?? ""));
    if (reason.detail) item.append(make("code", {}, reason.detail));
    list.append(item);
  }
  const head = make("h2", {}, headline(lang(), line, kind));
  const said = make("p", {}, kind === "ok" ? w("allWell") : kind === "unknown" ? note(line, kind) : "");
  const figures = line?.checked_at_ms ? [make("p", { class: "note" }, `${w("checked", line.sales, line.openings, line.entries)} · ${age(line)}`)] : [];
  find("reasons").replaceChildren(head, said, list, ...figures);
}

function draw() {
  const line = state()?.line;
  const kind = isAway() || !line ? "unknown" : line.state;
  const key = find("line");
  if (key.dataset.state !== kind || !key.dataset.drawn) {
    key.dataset.state = kind;
    key.dataset.drawn = "yes";
    const mark = key.querySelector(".mark");
    setAll(mark, { class: `mark ${LEAVES[kind]}` });
    mark.replaceChildren(icon(MARKS[kind]));
  }
  const other = lang() === "zh" ? "en" : "zh";
  write(find("line-first"), headline(lang(), line, kind));
  write(find("line-second"), headline(other, line, kind));
  setAll(find("line-second"), { lang: other === "en" ? "en" : "zh-CN" });
  setAll(key, { title: w("lineBadge") });
  write(find("line-note"), note(line, kind));
  find("line-note").dataset.state = kind;
  tellAloud(line, kind);
  if (find("reasons").matches(":popover-open")) drawReasons(line, kind);
}

// A screen reader hears the line when its outcome changes, not with every sale.
function tellAloud(line, kind) {
  const outcome = `${lang()} ${kind} ${line?.lost} ${line?.doubled} ${line?.extra} ${line?.other}`;
  if (find("line-said").dataset.outcome === outcome) return;
  find("line-said").dataset.outcome = outcome;
  write(find("line-said"), `${headline(lang(), line, kind)}. ${kind === "ok" ? "" : note(line, kind)}`);
}

/** Show the line and keep its age fresh. */
export function showLine() {
  onState(draw);
  onLanguage(draw);
  setInterval(draw, LOOK_MS);
  find("reasons").addEventListener("beforetoggle", (event) => {
    const line = state()?.line;
    find("reasons").style.setProperty("--from", `${find("line").getBoundingClientRect().left}px`);
    if (event.newState === "open") drawReasons(line, find("line").dataset.state);
  });
}
