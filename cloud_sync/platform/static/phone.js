// The owner's phone. Says what happened, not what was asked; a door is open only when its contact says so.
import { freshCode } from "./phone_code.js";
import "./phone_doors.js";
import "./phone_orders.js";
import "./phone_pay.js";
import "./phone_wallet.js";
import "./phone_more.js";
import "./phone_home.js";
import "./phone_records.js";
import { Refused, api, closeSheet, listen, refresh, register, render, state } from "./phone_core.js";
import { isEnglish, setEnglish } from "./words.js";

const REFRESH_MS = 3000;

async function enter() {
  state.personas = await api("GET", "/personas").catch(() => []);
  try {
    state.me = await api("GET", "/me");
    localStorage.setItem("me", JSON.stringify(state.me));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Without network the phone still signs its own code.
    state.me = error.code === "network" ? JSON.parse(localStorage.getItem("me") ?? "null") : null;
  }
  await freshCode();
  await refresh();
  render();
}

register({
  actions: {
    login: async (subject) => { await api("POST", "/login", { subject }); state.commands = {}; await enter(); },
    logout: async () => { await api("POST", "/logout", {}); localStorage.removeItem("me"); state.me = null; state.tab = "code"; await enter(); },
    tab: (id) => { state.tab = id; state.armed = ""; globalThis.scrollTo(0, 0); render(); },
    close: closeSheet,
  },
});

setInterval(() => { if (state.me && document.visibilityState === "visible") refresh().then(render); }, REFRESH_MS);

for (const name of ["size", "theme"]) if (localStorage.getItem(name)) document.documentElement.dataset[name] = localStorage.getItem(name);
setEnglish(isEnglish());
listen();
navigator.serviceWorker?.register("/phone/worker.js", { scope: "/phone" });
enter();
