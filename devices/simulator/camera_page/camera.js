// Hands for the simulated cameras: what is pressed here is printed on a card and held up.
const KINDS = [["", "全部", "All"], ["staples", "米面油", "Staples"], ["dairy", "奶蛋", "Dairy, eggs"], ["produce", "果蔬", "Produce"],
  ["household", "日用", "Household"], ["drinks", "饮料", "Drinks"], ["snacks", "零食", "Snacks"]];
const HOLD_S = 4, AWAY_S = 1.5;
const JSON_BODY = { "Content-Type": "application/json" };
const SVG = "http://www.w3.org/2000/svg";
const find = (id) => document.getElementById(id);
const make = (tag, text = "", fields = {}) => Object.assign(document.createElement(tag), { textContent: text }, fields);
const english = (tag, text) => make(tag, text, { lang: "en" });
let camera = "kiosk";
let over, last = { text: "", until: 0 };

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
function say(kind, chinese, words) {
  clearTimeout(over);
  const said = find("said");
  said.className = kind;
  said.replaceChildren(`${chinese} `, english("span", words));
  if (kind === "held") over = setTimeout(() => say("", "拿开了。", "Taken away."), HOLD_S * 1000);
}

async function send(path, options, chinese, words) {
  const answer = await fetch(path, { method: "POST", ...options }).catch(() => null);
  if (answer?.ok) return say("held", chinese, words);
  say("refused", "没拿成。", answer ? await answer.text() : "The simulator does not answer.");
}

// A camera takes the same code for shown anew only once it was out of view for a while.
async function hold(symbology, text, chinese, words) {
  const early = last.text === camera + text ? last.until + AWAY_S * 1000 - Date.now() : 0;
  if (early > 0) {
    say("away", "先拿开一下，马上再给镜头看。", "Taken away for a moment, then shown again.");
    if (Date.now() < last.until) await fetch("clear", { method: "POST", body: JSON.stringify({ camera }), headers: JSON_BODY });
    await pause(Math.min(early, AWAY_S * 1000));
  }
  last = { text: camera + text, until: Date.now() + HOLD_S * 1000 };
  const body = JSON.stringify({ camera, symbology, text, seconds: HOLD_S });
  return send("hold", { body, headers: JSON_BODY }, chinese, words);
}

function choose(name) {
  camera = name;
  for (const key of document.querySelectorAll("[data-camera]")) key.ariaPressed = String(key.dataset.camera === name);
  find("view").src = `${name}.mjpg`;
}

function draw(goods, kind) {
  for (const key of find("kinds").children) key.ariaPressed = String(key.dataset.kind === kind);
  find("shelf").replaceChildren(...goods.filter((good) => !kind || good.category === kind).map((good) => {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("aria-hidden", "true");
    picture.append(Object.assign(document.createElementNS(SVG, "use")));
    picture.firstChild.setAttribute("href", `goods.svg#${good.picture}`);
    const names = make("span");
    names.append(make("b", good.name_zh), english("small", good.name_en), make("small", good.spec_zh), make("small", good.ean));
    const button = make("button", "", { type: "button" });
    button.append(picture, make("span", "", { className: "board" }), names);
    button.onclick = () => hold("ean13", good.ean, `拿着${good.name_zh}，条码对着镜头。`, `Holding ${good.name_en}.`);
    const item = make("li");
    item.append(button);
    return item;
  }));
}

for (const key of document.querySelectorAll("[data-camera]")) key.onclick = () => choose(key.dataset.camera);
find("paste").onsubmit = (event) => {
  event.preventDefault();
  const text = find("text").value.trim();
  hold(/^\d{13}$/.test(text) ? "ean13" : "qr", text, "拿着一张印了码的卡片。", "Holding a card with the code.");
};
find("upload").onsubmit = (event) => {
  event.preventDefault();
  const body = new FormData();
  body.append("camera", camera);
  body.append("picture", find("picture").files[0]);
  send("picture", { body }, "镜头看到的是这张照片。", "The camera sees the photograph.");
};
const asked = new URLSearchParams(location.hash.slice(1));
if (document.querySelector(`[data-camera="${CSS.escape(asked.get("camera") ?? "")}"]`)) choose(asked.get("camera"));
find("text").value = asked.get("text") ?? "";
const goods = await (await fetch("goods.json")).json();
find("kinds").append(...KINDS.map(([kind, chinese, words]) => {
  const key = make("button", `${chinese} `, { type: "button", className: "key" });
  key.append(english("small", words));
  key.dataset.kind = kind;
  key.onclick = () => draw(goods, kind);
  return key;
}));
draw(goods, "");
