// Orders that lie in cells, and their passes.
import { cameraLink } from "./phone_code.js";
import { openSheet, register, state, top } from "./phone_core.js";
import { passSheet } from "./phone_more.js";
import { html, icon, word } from "./parts.js";
import { pick, w } from "./words.js";

export const cellsOf = (order) => order.cells.map((cell) => cell.cell);

function ordersScreen() {
  const row = (order) => html`<li>${icon("locker", true)}<div class="grow stack"><p class="cells">${order.cells.map((cell) => html`<b>${cell.cell}</b>`)}</p>
    <p class="note">${order.cells.map((cell) => pick(cell, "items")).filter(Boolean).join("、")}</p><p class="small">${order.state === "in_cells" ? w("inCells") : word("done", w("collected"))}</p></div>
    ${order.pass_text ? html`<button class="key" data-action="pass" data-value="${order.id}">${w("showPass")}</button>` : ""}</li>`;
  return html`${top(w("ordersTitle"), w("ordersHint"))}${state.orders.length ? html`<ul class="list">${state.orders.map(row)}</ul>` : html`<p>${w("ordersNone")}</p>`}`;
}

register({
  state: { orders: [] }, sources: { orders: "/orders" }, screens: { orders: ordersScreen },
  sheets: { pass: ({ order }) => passSheet(cellsOf(order).join("、"), order.pass_text, w("passUse"), cameraLink("kiosk", order.pass_text)) },
  actions: { pass: (id) => openSheet("pass", { order: state.orders.find((order) => order.id === id) }) },
});
