// The owner's phone. Says what happened, not what was asked; a door is open only when its contact says so.
import { freshCode } from "./phone_code.js";
import "./phone_doors.js";
import "./phone_orders.js";
import "./phone_pay.js";
import "./phone_password.js";
import "./phone_wallet.js";
import "./phone_more.js";
import "./phone_home.js";
import "./phone_records.js";
import { Refused, api, closeSheet, leave, listen, refresh, register, render, state, useKept } from "./phone_core.js";
import { isEnglish, setEnglish } from "./words.js";

const REFRESH_MS = 3000;

async function enter() {
  state.personas = await api("GET", "/personas").catch(() => state.personas);
  try {
    state.me = await api("GET", "/me");
    localStorage.setItem("me", JSON.stringify(state.me));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Without network the phone still signs its own code.
    const before = JSON.parse(localStorage.getItem("me") ?? "null");
    state.me = error.code === "network" ? before : null;
    if (before && !state.me) { leave(before.subject); state.ended = true; }
  }
  if (state.me) useKept(state.me.subject);
  await freshCode();
  render();
  await refresh();
  render();
}

register({
  actions: {
    login: async (subject) => { await api("POST", "/login", { subject }); state.ended = false; await enter(); },
    logout: async () => { await api("POST", "/logout", {}); leave(state.me.subject); await enter(); },
    tab: (id) => { state.tab = id; state.armed = ""; globalThis.scrollTo(0, 0); render(); },
    close: closeSheet,
  },
});

async function again() {
  if (document.visibilityState !== "visible") return;
  // Whoever could not be greeted without the platform is greeted as soon as it is back.
  await (state.me ? refresh().then(render) : state.personas?.length ? null : enter());
}
setInterval(again, REFRESH_MS);

for (const name of ["size", "theme"]) if (localStorage.getItem(name)) document.documentElement.dataset[name] = localStorage.getItem(name);
setEnglish(isEnglish());
listen();
navigator.serviceWorker?.register("/phone/worker.js", { scope: "/phone" });
enter();
