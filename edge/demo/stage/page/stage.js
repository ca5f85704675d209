// The stage: puts the page together. Everything on it is the real thing or said by it.
import { showBank } from "./bank.js";
import { showDoors } from "./doors.js";
import { find, setAll, write } from "./drawing.js";
import { press, showFaults } from "./faults.js";
import { showFrames, showPhone } from "./frames.js";
import { showJournal } from "./journal.js";
import { showLine } from "./line.js";
import { hold, showShelf } from "./shelf.js";
import { lang, onLanguage, speak, told, w } from "./words.js";
import { isAway, listen, onState, state } from "./wire.js";

const root = document.documentElement;
const SAID_MS = 6000;
let quiet;

function dress(theme) {
  root.dataset.theme = theme;
  write(find("theme"), w(theme === "dark" ? "light" : "dark"));
}
function chooseTheme() {
  const asked = new URLSearchParams(location.search).get("theme") ?? localStorage.getItem("stage-theme");
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  return ["light", "dark"].includes(asked) ? asked : system;
}

function sayOnPhone(text) {
  clearTimeout(quiet);
  write(find("phone-said"), text);
  quiet = setTimeout(() => write(find("phone-said"), ""), SAID_MS);
}
async function showCard(camera, text) {
  const door = state()?.doors.find((one) => one.id.startsWith(camera));
  const answer = await hold({ camera, symbology: "qr", text });
  if (!answer.ok) sayOnPhone(told(answer.said) || w("noHold"));
  else sayOnPhone(camera === "kiosk" ? w("heldAtKiosk") : w("heldAt", told(door) || camera));
}

// Whether the phone is cut off, what the frames are called, and how the hub is.
function drawReal() {
  const network = state()?.switches.find((one) => one.id === "phone.network");
  setAll(find("phone-network"), { "aria-pressed": String(network?.state === "on"), "data-busy": network?.state === "busy" ? "yes" : null });
  for (const [id, name] of [["kiosk", "kiosk"], ["phone", "phone"]]) setAll(find(id), { title: w(name) });
  const hub = isAway() ? "away" : state()?.health.hub ?? "ok";
  write(find("hub-said"), hub === "ok" ? w("realPage") : w(`hub_${hub}`));
  find("hub-said").dataset.hub = hub;
  setAll(find("tour"), { "aria-label": w("tour") });
}

find("theme").onclick = () => {
  const theme = root.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("stage-theme", theme);
  dress(theme);
};
find("language").onclick = () => speak(lang() === "zh" ? "en" : "zh");
find("play").onclick = () => dispatchEvent(new CustomEvent("stage:play"));
find("show-phone").onclick = showPhone;
find("phone-network").onclick = async () => {
  const answer = await press("phone.network");
  sayOnPhone(told(answer.said));
};
onState(drawReal);
onLanguage(() => {
  write(find("phone-said"), "");
  dress(root.dataset.theme);
  write(find("language"), w("other"));
  setAll(find("language"), { lang: lang() === "zh" ? "en" : "zh-CN" });
  drawReal();
});
dress(chooseTheme());
showLine();
showJournal();
showDoors();
showBank();
showFaults();
showFrames(showCard);
showShelf();
listen();
