// The shelf, and what is held before a camera: a good from the shelf, or a card that the phone shows.
import { find, goodPicture, icon, make, setAll, write } from "./drawing.js";
import { lang, onLanguage, told, w } from "./words.js";
import { onState, post, state } from "./wire.js";

const FIRST = ["soy", "milk", "eggs", "noodle", "orange", "oil", "yogurt", "rice", "tissue", "water", "yogurt-berry", "liquor"];
const HOLD_MS = 3000, AWAY_MS = 1500;
const WIDE = matchMedia("(min-width: 1500px) and (min-height: 900px)");
let goods = [];
let page = 0;
let held = { what: "", until_ms: 0 };
let queue = Promise.resolve();
let refused = "";

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const rowSize = () => (WIDE.matches ? 4 : 3);
const pageSize = () => rowSize() * 3;
const pages = () => Math.max(1, Math.ceil(goods.length / pageSize()));
const nameOf = (good) => (lang() === "en" ? good.name_en : good.name_zh);

/** Hold something before a camera: `{camera, good}` or `{camera, symbology, text}`; one after the other. */
export function hold(what) {
  queue = queue.then(() => holdNow(what));
  return queue;
}
// A camera takes the same code for shown anew only once it was out of view for a while.
async function holdNow(what) {
  const same = `${what.camera} ${what.good ?? what.text}`;
  refused = "";
  if (held.what === same && performance.now() < held.until_ms + AWAY_MS) {
    write(find("camera-said"), w("again"));
    if (performance.now() < held.until_ms) await post("/clear", { camera: what.camera });
    await pause(Math.min(held.until_ms + AWAY_MS - performance.now(), AWAY_MS));
  }
  const answer = await post("/hold", what);
  if (answer.ok) held = { what: same, until_ms: performance.now() + HOLD_MS };
  else refused = told(answer.said) || w("noHold");
  drawSaid();
  return answer;
}

function key(good) {
  const made = make("button", { class: "good", type: "button", "data-good": good.ean, title: nameOf(good), "aria-label": w("hold", nameOf(good)) },
    make("span", { class: "name" }, nameOf(good)), goodPicture(good.picture));
  made.draggable = true;
  made.ondragstart = (event) => event.dataTransfer.setData("text/plain", good.ean);
  made.onclick = async () => {
    made.dataset.pressed = "yes";
    await hold({ camera: "kiosk", good: good.ean });
    delete made.dataset.pressed;
  };
  return made;
}
function turn(by) {
  const made = make("button", { class: "key tool", type: "button", "aria-label": w(by < 0 ? "back" : "next") }, icon(by < 0 ? "back" : "next"));
  made.onclick = () => {
    page = (page + by + pages()) % pages();
    draw();
    find("paging").querySelectorAll("button")[by < 0 ? 0 : 1].focus();
  };
  return made;
}

function draw() {
  page = Math.min(page, pages() - 1);
  const shown = goods.slice(page * pageSize(), (page + 1) * pageSize());
  const boards = [];
  for (let from = 0; from < shown.length; from += rowSize()) {
    const row = shown.slice(from, from + rowSize()).map(key);
    while (row.length < rowSize()) row.push(make("span"));
    boards.push(make("div", { class: "board-row" }, ...row));
  }
  find("shelf").replaceChildren(...boards);
  const where = make("span", { class: "note num", role: "status" }, `${page + 1}/${pages()}`);
  setAll(where, { "aria-label": w("pageOf", page + 1, pages()) });
  find("paging").replaceChildren(turn(-1), where, turn(1));
}

function drawSaid() {
  const words = refused || told(state()?.camera?.said) || w("cameraNothing");
  write(find("camera-said"), words);
  setAll(find("camera-said"), { title: words });
}

// The picture is a stream that ends when the camera is unplugged; it is asked for anew when it is back.
function drawCamera() {
  const unplugged = state()?.switches.some((one) => one.id === "hardware.camera" && one.state === "on") ?? false;
  const picture = find("camera");
  setAll(picture, { alt: w("camera") });
  find("camera-away").hidden = !unplugged && picture.dataset.broken !== "yes";
  write(find("camera-away"), w("cameraAway"));
  if (picture.dataset.unplugged === "yes" && !unplugged) look();
  picture.dataset.unplugged = unplugged ? "yes" : "no";
  drawSaid();
}
function look() {
  const picture = find("camera");
  picture.src = `/kiosk.mjpg?${Math.round(performance.now())}`;
}
// A good may be dragged before the camera as well as pressed.
function takeGoods() {
  const place = find("cam");
  place.ondragover = (event) => { event.preventDefault(); place.dataset.over = "yes"; };
  place.ondragleave = () => delete place.dataset.over;
  place.ondrop = (event) => {
    event.preventDefault();
    delete place.dataset.over;
    const good = goods.find((one) => one.ean === event.dataTransfer.getData("text/plain"));
    if (good) hold({ camera: "kiosk", good: good.ean });
  };
}
function watchCamera() {
  const picture = find("camera");
  picture.onload = () => { picture.dataset.broken = "no"; drawCamera(); };
  picture.onerror = () => {
    picture.dataset.broken = "yes";
    drawCamera();
    setTimeout(look, HOLD_MS);
  };
  look();
}

/** Show the shelf and the camera's picture. */
export async function showShelf() {
  onState(drawCamera);
  const found = await (await fetch("/goods.json")).json();
  const rank = (good) => (FIRST.indexOf(good.picture) + 1 || FIRST.length + 1);
  goods = [...found].sort((one, other) => rank(one) - rank(other));
  onLanguage(() => { draw(); drawCamera(); });
  WIDE.onchange = draw;
  watchCamera();
  takeGoods();
}
