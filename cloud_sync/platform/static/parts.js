// Small parts of markup. `html` escapes every value that is not markup itself.
class Markup { constructor(text) { this.text = text; } }
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export const raw = (text) => new Markup(text);
function plain(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(plain).join("");
  if (value === null || value === undefined || value === false) return "";
  return String(value).replace(/[&<>"']/g, (letter) => ESCAPES[letter]);
}
export const html = (strings, ...values) => raw(strings.reduce((text, part, at) => text + plain(values[at - 1]) + part));
export const show = (element, markup) => { element.innerHTML = plain(markup); };

export const icon = (name, large) => html`<svg class="i ${large ? "i-l" : ""}" aria-hidden="true"><use href="/static/icons.svg#${name}"/></svg>`;
const MARKS = { done: "check", stop: "cross", unsure: "unsure", wait: "clock" };
export const mark = (kind) => html`<span class="mark ${kind === "done" ? "" : kind}">${icon(MARKS[kind])}</span>`;
export const word = (kind, text) => html`<span class="word ${kind}">${mark(kind)}${text}</span>`;

const FRAME = raw('<path class="frame" d="M20 200V18h100v182M4 200h132"/>');
// A picture only for what the site has said; before that there is no picture of the door.
const DOORS = {
  released: '<rect class="dark" x="24" y="22" width="92" height="176"/><rect class="dash" x="30" y="28" width="80" height="164"/><circle cx="102" cy="112" r="6" class="light"/>',
  open: '<rect class="light" x="24" y="22" width="92" height="176"/><path class="leaf" d="M24 22 62 40v176l-38-18z"/>',
  refused: '<rect class="off" x="24" y="22" width="92" height="176"/><path class="x" d="M48 88l44 44M92 88l-44 44"/>',
  unknown: '<rect class="grey" x="24" y="22" width="92" height="176"/><rect class="dash" x="30" y="28" width="80" height="164"/>',
};
export const doorPicture = (kind) => !kind ? html`<span class="doorsign">${icon("door", true)}</span>` : html`<svg class="doorpic" viewBox="0 0 140 222" aria-hidden="true">${raw(DOORS[kind])}${FRAME}</svg>`;
