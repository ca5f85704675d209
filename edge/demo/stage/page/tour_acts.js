// What a step of the tour does, and what it looks for. A finger does what a visitor could do, and nothing else.
import { ask } from "./frames.js";
import { lang } from "./words.js";
import { onState, state } from "./wire.js";

const ANSWER_MS = 4000, LOOK_MS = 150, PRESS_MS = 90_000, AGAIN_MS = 9000, TRIES = 3;
export const PATIENCE_MS = 30_000;
export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const presses = [];
let newest = 0;

/** Something that was waited for did not come; `words` tell what, in both languages. */
export class NotCome extends Error {
  constructor(words) {
    super(words.en);
    this.words = words;
  }
}

/** What has happened up to now: conditions ask for what came afterwards. */
export const markNow = () => ({ seq: newest, presses: presses.length, at_ms: Date.now() });

// ---- what can be looked for

const entriesSince = (mark, kind) => (state()?.journal?.entries ?? []).filter((entry) => entry.seq > mark.seq && entry.kind === kind);
const switchOf = (id) => (state()?.switches ?? []).find((one) => one.id === id);
const cellOf = (id) => (state()?.bank?.columns ?? []).flat().find((one) => one.id === id);
const doorOf = (id) => (state()?.doors ?? []).find((one) => one.id === id);

// A frame whose page is just loading, or away, answers nothing; it is asked again.
const asked = (frame, message) => Promise.race([ask(frame, message), pause(ANSWER_MS).then(() => ({ ok: false, reason: "" }))]);

async function inFrame({ frame, selector, text }) {
  const found = await asked(frame, { stage: "read", selector });
  return found.ok && (!text || found.text.includes(text));
}

const LOOKS = {
  frame: inFrame,
  journal: ({ journal, times = 1, held }, mark) => {
    const found = entriesSince(mark, journal);
    return found.length >= times && (!held || found.every((entry) => entry.held));
  },
  switch: ({ switch: id, is }) => switchOf(id)?.state === is,
  pressed: ({ pressed }, mark) => presses.slice(mark.presses).some((one) => one.id === pressed && one.ok),
  door: ({ door, open, hub }) => (open === undefined || doorOf(door)?.world.open === open) && (hub === undefined || doorOf(door)?.hub === hub),
  cell: ({ cell, open }) => cellOf(cell)?.world.open === open,
  waiting: ({ waiting }) => (waiting === "some" ? state()?.journal?.waiting > 0 : state()?.journal?.waiting === waiting),
  line: ({ line }, mark) => state()?.line?.state === line && state().line.checked_at_ms >= mark.at_ms,
  hub: ({ hub }) => state()?.health?.hub === hub,
};

/** Whether a condition holds since `mark`. Raises TypeError for one that nobody knows. */
export async function holds(condition, mark) {
  const kind = Object.keys(LOOKS).find((name) => name in condition);
  if (!kind) throw new TypeError(`no such condition: ${JSON.stringify(condition)}`);
  return Boolean(await LOOKS[kind](condition, mark));
}
export async function allHold(conditions, mark) {
  for (const condition of conditions) if (!(await holds(condition, mark))) return false;
  return true;
}

/** Wait until every condition holds. Raises NotCome after `within_ms`; `stopped()` ends it without a word. */
export async function waitFor(conditions, { mark, within_ms = PATIENCE_MS, words, stopped }) {
  const end = performance.now() + within_ms;
  while (!(await allHold(conditions, mark))) {
    if (stopped()) return;
    if (performance.now() > end) throw new NotCome(words);
    await pause(LOOK_MS);
  }
}

// ---- what can be done

const ABSENT = { absent: ["那里没有这个键", "that key is not there"], busy: ["那里还在忙", "it is still busy there"], gone: ["它刚才换掉了", "it went away meanwhile"] };
function notPressed(words, reason) {
  const [zh, en] = ABSENT[reason] ?? ["没有回答", "no answer"];
  return { zh: `${words.zh}：${zh}`, en: `${words.en}: ${en}` };
}

// Press as soon as it can be pressed.
async function tap({ tap: where, selector, name, twice, optional }, { pace, words, within_ms, stopped }) {
  const end = performance.now() + within_ms, named = name && name[lang()];
  for (;;) {
    const message = { stage: "tap", selector, name: named, twice, pace };
    const answer = where === "stage" ? await globalThis.finger.tap(selector, pace) : await asked(where, message);
    if (answer.ok || stopped() || (optional && answer.reason === "absent")) return;
    if (performance.now() > end) throw new NotCome(notPressed(words, answer.reason));
    await pause(LOOK_MS);
  }
}

async function type({ type: where, selector, text }, { pace, words }) {
  const answer = await asked(where, { stage: "type", selector, text: text[lang()], pace });
  if (!answer.ok) throw new NotCome(notPressed(words, answer.reason));
}

// A switch that stands already as wished is left alone; what it answered is what happened.
async function flip({ flip: id, on = true }, { pace, words, stopped }) {
  const key = `[data-switch="${id}"]`, one = switchOf(id);
  if (!one || (!one.one_shot && (one.state === "on") === on)) return;
  const before = presses.length;
  await tap({ tap: "stage", selector: key }, { pace, words, within_ms: PATIENCE_MS, stopped });
  const answered = () => presses.slice(before).find((press) => press.id === id);
  for (const end = performance.now() + PRESS_MS; !answered(); await pause(LOOK_MS)) {
    if (stopped()) return;
    if (performance.now() > end) throw new NotCome(notPressed(words, ""));
  }
  const { ok, said } = answered();
  if (!ok) throw new NotCome(said?.zh ? said : notPressed(words, ""));
  if (one.one_shot) return;
  await waitFor([{ switch: id, is: on ? "on" : "off" }], { words, stopped });
}

const otherLanguage = (frame) => ({ frame, selector: `html[lang|=${lang() === "zh" ? "en" : "zh"}]` });

// Leave the kiosk as the person before would have left it: nothing asked, nothing in the basket; in the stage's language.
const WAYS_OUT = ["dismiss", "end", "give_up", "take_slip", "later", "skip", "home", "back"].map((way) => `[data-do=${way}]`);
async function leave(_, how) {
  const { pace, words, within_ms, mark, stopped } = how;
  const idle = { frame: "kiosk", selector: "[data-screen=idle], [data-screen=home]:not(:has(.dialog))" };
  for (const end = performance.now() + within_ms; !(await holds(idle, mark)); await pause(LOOK_MS)) {
    if (stopped()) return;
    if (performance.now() > end) throw new NotCome(words);
    for (const selector of WAYS_OUT) if ((await asked("kiosk", { stage: "tap", selector, pace: pace / 2 })).ok) break;
  }
  if (await holds(otherLanguage("kiosk"), mark)) await tap({ tap: "kiosk", selector: "[data-do=language]" }, how);
}

// The phone with its sheet closed, signed in, in the stage's language.
async function pickUp(_, how) {
  await waitFor([{ frame: "phone", selector: "#screen > *" }], how);
  if (await holds({ frame: "phone", selector: "#personas" }, how.mark)) {
    if (await holds(otherLanguage("phone"), how.mark)) await tap({ tap: "phone", selector: "[data-action=language]" }, how);
    await tap({ tap: "phone", selector: "#personas [data-action=login]" }, how);
    await waitFor([{ frame: "phone", selector: ".own .qr svg" }], how);
  }
  await tap({ tap: "phone", selector: "#over [data-action=close]", optional: true }, how);
}

const ACTS = { tap, type, flip, leave, pick_up: pickUp, wait: async () => {} };

/** Do one action and wait for what shows that it happened; nothing is done where that is so already.
 *
 * What may be done `again` (a card held to a camera that did not read it) is done up to three times.
 * `how`: pace, mark, words, stopped. Raises NotCome.
 */
export async function act(action, how) {
  const kind = Object.keys(ACTS).find((name) => name in action), until = action.until ?? [];
  const bounded = { ...how, within_ms: (action.within_s ?? PATIENCE_MS / 1000) * 1000, words: action.say ?? how.words };
  if (until.length && (await allHold(until, how.mark))) return;
  for (let tries = action.again ? TRIES : 1; ; tries -= 1) {
    await ACTS[kind](action, bounded);
    try {
      return await waitFor(until, action.again ? { ...bounded, within_ms: AGAIN_MS } : bounded);
    } catch (error) {
      if (!(error instanceof NotCome) || tries <= 1) throw error;
    }
  }
}

addEventListener("stage:pressed", (event) => presses.push(event.detail));
onState(() => { newest = state()?.journal?.entries[0]?.seq ?? newest; });
