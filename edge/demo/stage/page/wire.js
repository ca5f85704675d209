// What the stage's server tells, and what is asked of it. The page owns no state of its own.
const watchers = [];
let latest = null;
let away = false;

/** The last state that was told, or null before the first. */
export const state = () => latest;
/** Whether the server has stopped answering: what is on the page is old then. */
export const isAway = () => away;
/** Calls back with each state; at once if there is one. */
export function onState(act) {
  watchers.push(act);
  if (latest) act(latest);
}

function tell() {
  if (latest) for (const act of watchers) act(latest);
}

/** Start listening. */
export function listen() {
  const events = new EventSource("/events");
  events.addEventListener("state", (message) => {
    latest = JSON.parse(message.data);
    away = false;
    tell();
  });
  events.onerror = () => {
    away = true;
    tell();
  };
}

/** POST to the stage: `{ok, said, ...}`; `said` is {zh, en} or null. Never throws. */
export async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
    const found = await answer.json().catch(() => ({}));
    return { said: null, ...found, ok: answer.ok };
  } catch {
    return { ok: false, said: null, gone: true };
  }
}
