// Small things that every part of the page draws with.
const SVG = "http://www.w3.org/2000/svg";
export const find = (id) => document.getElementById(id);

/** An element with text, attributes and children; attributes that are null are left out. */
export function make(tag, fields = {}, ...children) {
  const made = document.createElement(tag);
  setAll(made, fields);
  made.append(...children);
  return made;
}
/** Set attributes that differ; null takes one away, so that a redraw that changes nothing touches nothing. */
export function setAll(element, fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
  }
}
/** Set text where it differs: a status that is said again is not read out again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
/** A symbol of the kit's icons or of another file. */
export function icon(name, file = "/kit/art/icons.svg") {
  const picture = shape("svg", { class: "i", "aria-hidden": "true" });
  picture.append(shape("use", { href: `${file}#${name}` }));
  return picture;
}
/** A picture of the goods. */
export function goodPicture(name) {
  const picture = shape("svg", { class: "pic", "aria-hidden": "true" });
  picture.append(shape("use", { href: `/kit/art/goods.svg#${name}` }));
  return picture;
}
/** An SVG element. */
export function shape(tag, fields, ...children) {
  const made = document.createElementNS(SVG, tag);
  setAll(made, fields);
  made.append(...children);
  return made;
}
/** Round mark of an outcome: done, wait, stop, unsure. */
export function mark(kind, label = "") {
  const names = { done: "check", wait: "clock", stop: "cross", unsure: "unsure" };
  const made = make("span", { class: `mark ${kind}` }, icon(names[kind]));
  if (label) setAll(made, { role: "img", "aria-label": label });
  return made;
}
