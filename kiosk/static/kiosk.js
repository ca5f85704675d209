// Shows what the server renders, reports what a finger does. Holds no state that a reload could lose.
const RETRY_MS = [250, 500, 1000, 2000];
let socket = null, sent = 0, waiting = null, tries = 0;

// Change `from` into `to`, keeping every node that can stay, so that focus and animations survive.
function morph(from, to) {
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && name !== "data-pressed") from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const old = [...from.childNodes], next = [...to.childNodes];
  next.forEach((node, index) => {
    const here = old[index];
    if (!here) from.append(node);
    else if (here.nodeType !== node.nodeType || here.nodeName !== node.nodeName) here.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) morph(here, node);
    else if (here.data !== node.data) here.data = node.data;
  });
  old.slice(next.length).forEach((node) => node.remove());
}

const find = (key) => document.querySelector(`[data-do="${key.do}"][data-value="${CSS.escape(key.value)}"]`);
const main = () => document.getElementById("screen");

function show(html) {
  const next = document.createElement("template");
  next.innerHTML = html;
  const before = main().dataset.sound, screen = main().dataset.screen, to = next.content.firstElementChild;
  if (screen === to.dataset.screen) morph(main(), to);
  else main().replaceWith(to);
  dress();
  if (main().dataset.sound !== before && main().dataset.quiet === "no") knock(main().dataset.sound.split(":")[0]);
}

// The page wears the language, theme and size of the screen that it shows.
function dress() {
  const root = document.documentElement, { lang, theme, size } = main().dataset;
  root.lang = lang; root.dataset.theme = theme; root.dataset.size = size;
}

// One soft wood knock = read, two = done, one low = not done.
let sound = null;
function knock(name) {
  if (!sound) return;
  const tones = { read: [620], done: [620, 780], no: [220] }[name] || [];
  tones.forEach((pitch, index) => {
    const tone = sound.createOscillator(), gain = sound.createGain(), at = sound.currentTime + index * 0.14;
    tone.frequency.value = pitch; tone.type = "triangle";
    gain.gain.setValueAtTime(0.25, at); gain.gain.exponentialRampToValueAtTime(0.001, at + 0.12);
    tone.connect(gain).connect(sound.destination); tone.start(at); tone.stop(at + 0.13);
  });
}

function send(gesture, value) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ gesture, value, n: ++sent }));
}

function connect() {
  socket = new WebSocket(new URL("ws", location.href).href.replace(/^http/, "ws"));
  socket.onopen = () => { tries = 0; waiting = null; send("measure", `${innerWidth}x${innerHeight}`); };
  socket.onmessage = (event) => {
    const { html, answered } = JSON.parse(event.data);
    document.getElementById("gone").hidden = true;
    if (waiting && answered >= waiting.n) { find(waiting)?.removeAttribute("data-busy"); waiting = null; }
    if (html) show(html);
    if (waiting) find(waiting)?.setAttribute("data-busy", "");
  };
  socket.onclose = () => {
    document.getElementById("gone").hidden = false;
    setTimeout(connect, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  };
}

// Feedback at touch-down, the action at touch-up inside; a second tap before the answer does nothing.
document.addEventListener("pointerdown", (event) => {
  sound ||= window.AudioContext ? new AudioContext() : null;
  event.target.closest("[data-do]")?.setAttribute("data-pressed", "");
});
for (const name of ["pointerup", "pointercancel", "pointerout"])
  document.addEventListener(name, (event) => event.target.closest?.("[data-do]")?.removeAttribute("data-pressed"));
document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-do]");
  if (!key || waiting) return;
  send(key.dataset.do, key.dataset.value ?? "");
  waiting = { do: key.dataset.do, value: key.dataset.value ?? "", n: sent };
  key.setAttribute("data-busy", "");
});
document.addEventListener("contextmenu", (event) => event.preventDefault());
addEventListener("resize", () => send("measure", `${innerWidth}x${innerHeight}`));
dress();
connect();
