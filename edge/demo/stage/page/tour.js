// The guided tour: by hand it says what to try and notices that it happened; by itself a finger plays it.
import { NotCome, act, allHold, holds, markNow, pause, waitFor } from "./tour_acts.js";
import { find, icon, make, mark, setAll, write } from "./drawing.js";
import { lang, onLanguage, told, w } from "./words.js";
import { onState } from "./wire.js";

const asked = new URLSearchParams(location.search);
const PACE = Number(asked.get("pace") ?? 1);
const READ_MS = 3200, SEEN_MS = 2200, BREATH_MS = 500, NOTICE_MS = 500;
const DONE_WITHIN_MS = 45_000;

const run = { steps: [], at: 0, doing: "", outcome: "", why: null, playing: false, turn: 0, since: markNow() };
const step = () => run.steps[run.at];

// ---- the panel

function key(name, act, ...content) {
  const made = make("button", { class: "key", type: "button", "data-tour": name }, ...content);
  made.onclick = act;
  return made;
}
const parts = {
  note: make("span", { class: "note num" }), title: make("b", { class: "lead" }), words: make("p", { class: "soft" }), said: make("p", { class: "tsaid", role: "status" }),
  back: key("back", () => turnTo(run.at - 1), icon("back")), show: key("show", () => showOnce(), make("span")), next: key("next", () => turnTo(run.at + 1), make("span"), icon("next")),
};
parts.next.classList.add("main");

function build() {
  const heading = make("h2", {}, make("span", { id: "h-tour" }), " ", parts.note);
  const text = make("div", { class: "ttext" }, parts.title, parts.words);
  find("tour").replaceChildren(heading, make("div", { class: "row row-top" }, text, make("div", { class: "row tkeys" }, parts.back, parts.show, parts.next)), parts.said);
}

const SIGNS = { doing: ["wait", "tourDoing"], done: ["done", "tourDone"], failed: ["unsure", "tourFailed"] };
function draw() {
  if (!run.steps.length) return;
  const last = run.at + 1 === run.steps.length;
  write(find("h-tour"), w("tour"));
  write(parts.note, w("tourStep", run.at + 1, run.steps.length));
  write(parts.title, told(step().title));
  write(parts.words, told(step().words));
  write(parts.show.firstChild, w(run.outcome === "failed" ? "tourAgain" : run.outcome === "done" ? "tourRepeat" : "tourShow"));
  write(parts.next.firstChild, w("tourNext"));
  setAll(parts.back, { "aria-label": w("tourBack"), "aria-disabled": run.at ? null : "true" });
  setAll(parts.next, { "aria-disabled": last ? "true" : null });
  setAll(parts.show, { "aria-disabled": run.doing ? "true" : null });
  setAll(find("tour"), { "data-step": step().id, "data-outcome": run.outcome || (run.doing ? "doing" : "waits"), "data-at": run.at + 1, "data-playing": run.playing ? "yes" : null });
  drawSaid();
  drawPlay(last);
}

function drawSaid() {
  const now = run.outcome || (run.doing ? "doing" : "");
  const words = now === "failed" ? told(run.why) : now === "doing" ? told(run.doing) : now === "done" ? told(step().seen) : w("tourTry");
  const said = `${now} ${words} ${lang()}`;
  if (parts.said.dataset.said === said) return;
  parts.said.dataset.said = said;
  setAll(parts.said, { "data-outcome": now || null, title: words });
  const sign = SIGNS[now] ? [mark(SIGNS[now][0]), make("b", {}, w(SIGNS[now][1])), " "] : [];
  parts.said.replaceChildren(...sign, make("span", {}, words));
}

function drawPlay(last) {
  const [sign, words] = find("play").children;
  const name = run.playing ? "tourStop" : "play";
  words.dataset.w = name;
  write(words, w(name));
  sign.firstElementChild.setAttribute("href", run.playing ? "/page/stage.svg#pause" : "/kit/art/icons.svg#next");
  setAll(find("play"), { "aria-pressed": String(run.playing) });
  find("tour").dataset.over = String(last && run.outcome === "done");
}

// ---- the steps

/** Turn to a step; whatever is being shown ends. What happens from now on counts. */
function turnTo(place) {
  if (place < 0 || place >= run.steps.length) return;
  stop();
  begin(place);
}
function begin(place) {
  Object.assign(run, { at: place, doing: "", outcome: "", why: null, since: markNow() });
  draw();
}
function stop() {
  run.turn += 1;
  run.playing = false;
  run.doing = "";
}

// By hand: a step is done when what it is about was seen, whoever did it.
async function notice() {
  for (;;) {
    await pause(NOTICE_MS);
    const { turn, at } = run;
    if (!run.steps.length || run.outcome === "done" || run.doing || step().until.length === 0) continue;
    const seen = await allHold(step().until, run.since);
    if (seen && turn === run.turn && at === run.at && !run.doing) {
      run.outcome = "done";
      draw();
    }
  }
}

/** Let the finger do this step; afterwards it is done, or says what did not come. */
async function show(turn) {
  const now = step(), mark = markNow(), stopped = () => turn !== run.turn;
  const how = { pace: PACE, mark, stopped, words: now.title };
  Object.assign(run, { outcome: "", why: null, doing: now.title, since: mark });
  draw();
  try {
    for (const action of now.do) {
      if (stopped()) return false;
      if (action.say) run.doing = action.say;
      draw();
      if (action.unless && (await holds(action.unless, mark))) continue;
      await act(action, how);
      await pause(BREATH_MS * PACE);
    }
    await waitFor(now.until, { ...how, within_ms: DONE_WITHIN_MS, words: now.seen });
    if (!stopped()) run.outcome = "done";
  } catch (error) {
    if (!(error instanceof NotCome)) throw error;
    if (!stopped()) [run.outcome, run.why] = ["failed", { zh: `没有等到：${error.words.zh}`, en: `Did not come: ${error.words.en}` }];
  }
  if (stopped()) return false;
  run.doing = "";
  draw();
  return run.outcome === "done";
}
function showOnce() {
  if (run.doing) return;
  stop();
  show(run.turn);
}

/** Play from this step on, or anew after the last; ends by itself where a step does not come. */
async function play() {
  const again = run.at + 1 === run.steps.length && run.outcome === "done";
  stop();
  run.playing = true;
  const { turn } = run;
  for (let place = again ? 0 : run.at; place < run.steps.length; place += 1) {
    begin(place);
    await pause(READ_MS * PACE);
    if (turn !== run.turn) return;
    if (!(await show(turn))) break;
    await pause(SEEN_MS * PACE);
    if (turn !== run.turn) return;
  }
  if (turn !== run.turn) return;
  run.playing = false;
  draw();
}

const answer = await fetch("/tour.json");
if (answer.ok) {
  run.steps = (await answer.json()).steps;
  build();
  begin(Math.min(Math.max(Number(asked.get("step") ?? 1), 1), run.steps.length) - 1);
  onLanguage(draw);
  addEventListener("stage:play", () => { if (run.playing) { stop(); draw(); } else play(); });
  notice();
  if (asked.get("play") === "1") {
    let begun = false;
    onState(() => { if (!begun) { begun = true; play(); } });
  }
}
