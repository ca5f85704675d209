// Orders that lie in cells, and their passes.
import { cameraLink } from "./phone_code.js";
import { Refused, api, explain, none, openSheet, register, render, state, top } from "./phone_core.js";
import { passSheet } from "./phone_more.js";
import { html, icon, word } from "./parts.js";
import { day, pick, w } from "./words.js";

export const cellsOf = (order) => order.cells.map((cell) => cell.cell);

const LABELS = { collected: "collected", removed: "removed" };
function stateOf(order) {
  if (order.state !== "in_cells") return html`<p class="small">${word("done", w(LABELS[order.state]))}</p>`;
  const late = order.overdue_ms && order.overdue_ms < Date.now();
  const until = order.overdue_ms ? w(late ? "overdueSince" : "keptUntil", day(order.overdue_ms)) : w("inCells");
  return html`<p class="small">${until}</p><p>${w("codeIs")} <b class="num">${order.code.slice(0, 4)} ${order.code.slice(4)}</b></p><button class="key tool" data-action="delegate" data-value="${order.id}">${w("delegate")}</button>`;
}

async function delegate(form) {
  try {
    const made = await api("POST", `/orders/${state.sheet.order}/delegate`, { label: new FormData(form).get("label") });
    state.sheet = { kind: "delegated", pass: made };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { ...state.sheet, fault: error.code };
  }
  render();
}
const delegateForm = ({ fault }) => html`<form class="stack" data-form="delegate"><h2 class="sign head">${w("delegate")}</h2><label>${w("delegateWho")}<input class="field" name="label" maxlength="20" autocomplete="off"></label>${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}<button class="key main wide">${w("make")}</button><button type="button" class="key tool" data-action="close">${w("cancel")}</button></form>`;

function ordersScreen() {
  const row = (order) => html`<li class="order" data-order="${order.id}"><div class="row split"><p class="cells">${order.cells.map((cell) => html`<b>${cell.cell}</b>`)}</p>
    ${order.pass_text ? html`<button class="key" data-action="pass" data-value="${order.id}">${icon("qr")}${w("showPass")}</button>` : ""}</div>
    <p class="note">${[w(order.kind), ...order.cells.map((cell) => pick(cell, "items"))].filter(Boolean).join(" · ")}</p>${stateOf(order)}</li>`;
  return html`${top(w("ordersTitle"), w("ordersHint"), "awayOrders")}${state.orders.length ? html`<ul class="list">${state.orders.map(row)}</ul>` : html`<p>${none("orders", "ordersNone")}</p>`}`;
}

register({
  state: { orders: [] }, sources: { orders: "/orders" }, screens: { orders: ordersScreen },
  sheets: { delegateForm, delegated: ({ pass }) => passSheet(pass.label || w("delegate"), pass.text, w("delegateUse"), cameraLink("kiosk", pass.text)), pass: ({ order }) => passSheet(cellsOf(order).join("、"), order.pass_text, w("passUse"), cameraLink("kiosk", order.pass_text)) },
  forms: { delegate },
  actions: { delegate: (id) => openSheet("delegateForm", { order: id }), pass: (id) => openSheet("pass", { order: state.orders.find((order) => order.id === id) }) },
});
