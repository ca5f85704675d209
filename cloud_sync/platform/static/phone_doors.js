// Doors: asked for here, opened there; only the contact's word makes one open.
import { Refused, api, explain, register, render, state, top, why } from "./phone_core.js";
import { doorPicture, html, mark, raw } from "./parts.js";
import { clock, has, moment, pick, w } from "./words.js";

const COMMAND_POLL_MS = 400, COMMAND_PATIENCE_MS = 60_000;
const FINAL = ["opened", "refused", "unknown", "expired"];

function doorsScreen() {
  return html`${top(w("tabDoors"), w("doorsHint"), "awayDoors")}${state.me.doors.length ? state.me.doors.map(doorCard) : html`<p>${w("noDoors")}</p>`}`;
}

const VIEWS = {
  expired: ["stop", "refused"], opened: ["done", "open"], refused: ["stop", "refused"], unknown: ["unsure", "unknown"],
  fired: ["wait", "released"], accepted: ["wait", ""], sent: ["wait", ""], queued: ["wait", ""],
};

function doorCard(door, at) {
  const command = state.commands[door.id], [kind, picture] = command ? VIEWS[command.state] : ["", ""];
  const busy = command && !FINAL.includes(command.state);
  const title = { expired: "expired", opened: "opened", refused: "cannotOpen", unknown: "notKnown", fired: "released", accepted: "allowed" }[command?.state];
  const button = html`<button class="key ${command || at ? "" : "main"} ${command && !busy ? "wide" : ""} ${busy ? "busy" : ""}" data-action="open" data-value="${door.id}" ${busy ? raw("aria-disabled=true") : ""}>${command && !busy ? w("openAgain") : w("open")}</button>`;
  if (!command) {
    return html`<section class="doorcard" data-door="${door.id}" data-state="resting"><div class="row">${doorPicture("")}<div class="grow"><h2 class="sign head">${pick(door, "name")}</h2><p class="small soft">${presence(door.id)}</p></div>${button}</div></section>`;
  }
  return html`<section class="doorcard ${kind}" data-door="${door.id}" data-state="${command.state}"><div class="row top-row">${doorPicture(picture)}
    <div class="grow"><h2 class="sign title">${w(title ?? "onTheWay")}</h2><p>${pick(door, "name")}</p><p class="small soft">${doorNote(command)}</p></div></div>
    <ol class="track">${command.steps.map(stepRow)}</ol>${busy ? "" : button}</section>`;
}

function doorNote(command) {
  if (command.state === "opened") return w("byContact", ((command.steps.at(-1).at_ms - command.asked_ms) / 1000).toFixed(1));
  if (command.state === "fired") return w("waitingContact");
  if (["refused", "unknown", "expired"].includes(command.state)) return has(`error_${command.reason}`) && !has(`why_${command.reason}`) ? explain(command.reason) : why(command.reason);
  return command.state === "queued" && isAway(command.door) ? w("waitsAway") : "";
}

// Whether the site can be reached, as the platform heard it; without a word of the platform nothing is said.
const isAway = (id) => state.presence[id] && !state.presence[id].reachable;
function presence(id) {
  const heard = state.presence[id];
  if (!state.online) return w("awayDoor");
  if (!heard) return w("notAsked");
  if (!heard.since_ms) return w("siteNever");
  const text = w(heard.reachable ? "siteHere" : "siteAway", moment(heard.since_ms));
  return heard.reachable ? text : html`<b>${text}</b>`;
}
const stepRow = (step) => html`<li>${mark({ refused: "stop", expired: "stop", unknown: "unsure" }[step.state] ?? "done")}<div>${w(`step_${step.state}`)}<small class="num">${clock(step.at_ms, true)}</small></div></li>`;

async function openDoor(id) {
  const now = Date.now();
  state.commands[id] = { door: id, state: "queued", reason: "", asked_ms: now, steps: [{ state: "asked", at_ms: now }] };
  render();
  try {
    const { command } = await api("POST", `/doors/${id}/open`, {});
    followed[id] = command;
    follow(id, command, now).catch((error) => giveUp(id, error));
  } catch (error) {
    giveUp(id, error);
  }
}

// A command of which nobody knows whether it left is not known; one that was refused is refused.
function giveUp(id, error) {
  if (!(error instanceof Refused)) throw error;
  state.commands[id] = { ...state.commands[id], state: error.code === "network_unknown" ? "unknown" : "refused", reason: error.code };
  render();
}

const followed = {};

// Ask until the outcome is final; while the network is away, keep what is known and go on asking.
async function follow(id, command, begun) {
  while (Date.now() - begun < COMMAND_PATIENCE_MS && followed[id] === command && state.commands[id]) {
    try {
      const status = await api("GET", `/commands/${command}`);
      if (JSON.stringify(status) !== JSON.stringify(state.commands[id])) {
        state.commands[id] = status;
        render();
      }
      if (FINAL.includes(status.state) && !(status.state === "unknown" && Date.now() - begun < 15_000)) return;
    } catch (error) {
      if (!(error instanceof Refused && error.code === "network")) throw error;
      render();
    }
    await new Promise((resolve) => { setTimeout(resolve, COMMAND_POLL_MS); });
  }
  if (followed[id] !== command || !state.commands[id]) return;
  if (!FINAL.includes(state.commands[id].state)) state.commands[id] = { ...state.commands[id], state: "unknown", reason: "no_answer" };
  render();
}

register({ state: { commands: {}, presence: {} }, fleeting: { presence: "/presence" }, screens: { doors: doorsScreen }, actions: { open: openDoor } });
