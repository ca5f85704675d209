// The bills of the own room: what is owed, a printed bill's code, paying in the app, a bill that was paid twice.
import { Refused, api, explain, none, openSheet, refresh, register, render, state } from "./phone_core.js";
import { html, icon, mark, raw, word } from "./parts.js";
import { drawQr } from "./qr.js";
import { w, yuan } from "./words.js";

const counted = () => state.bills.map((bill) => ({ paid_fen: 0, ...bill }));
export const dueBills = () => counted().filter((bill) => bill.paid_fen < bill.amount_fen);

const left = (bill) => bill.amount_fen - bill.paid_fen;
const row = (one) => html`<li data-bill="${one.id}"><div class="grow"><b>${w(`item_${one.item}`)}</b> <span class="note">${one.period}${one.collected_for_others ? ` · ${w("forOthers")}` : ""}</span>
  <p class="note">${one.paid_fen >= one.amount_fen ? w("settled") : w("dueOn", one.due_on)}${one.paid_fen && one.paid_fen < one.amount_fen ? ` · ${w("partPaid", yuan(one.paid_fen))}` : ""}${one.part_allowed && one.paid_fen < one.amount_fen ? ` · ${w("partAllowed")}` : ""}</p></div>
  ${one.paid_fen >= one.amount_fen ? word("done", w("settled")) : html`<button class="key" data-action="bill" data-value="${one.id}"><span class="num">${yuan(left(one))} ${w("yuan")}</span></button>`}</li>`;

// Whoever paid twice says what becomes of it; nothing happens to the money before.
function twice(one) {
  const chosen = one.choice && !one.done;
  return html`<section class="strip unsure" data-twice="${one.id}"><h2 class="sign head">${w("paidTwice")}</h2><p>${w("paidTwiceHint", w(`item_${one.item}`), one.period, yuan(one.amount_fen))}</p>
    ${chosen ? html`<p class="bold">${w(`chosen_${one.choice}`)}</p>` : html`<div class="two"><button class="key" data-action="refundTwice" data-value="${one.id}">${w("chooseRefund")}</button>${one.account ? html`<button class="key" data-action="creditTwice" data-value="${one.id}">${w("chooseCredit")}</button>` : ""}</div>`}
    ${state.twiceFault ? html`<p class="bold">${explain(state.twiceFault)}</p>` : ""}</section>`;
}

export function billList() {
  const due = dueBills(), settled = counted().filter((bill) => bill.paid_fen >= bill.amount_fen).toSorted((a, b) => b.period.localeCompare(a.period));
  return html`${state.overpayments.filter((one) => !one.done).map(twice)}<section><h2 class="payee"><span>${w("billsTitle")}</span>${due.length ? "" : html`<span class="note">${none("bills", "allPaid")}</span>`}</h2><ul class="list" id="bills">${[...due, ...settled.slice(0, 6)].map(row)}</ul></section>`;
}

function billSheet({ bill, code, fault, paid, unknown }) {
  if (unknown) return html`<div class="strip unsure hatch" data-outcome="unknown"><h2 class="row sign head">${mark("unsure")}${w("payUnknown")}</h2><p>${w("payUnknownHint")} ${w("billUnknownHint")}</p></div><button class="key wide" data-action="close">${w("close")}</button>`;
  if (paid) return html`<div class="strip done" data-outcome="done"><h2 class="sign head">${w("billPaid")}</h2><p>${w("billPaidHint")}</p></div><button class="key wide" data-action="close">${w("close")}</button>`;
  return html`<section class="plate"><p class="row split"><span class="tag">${w(`item_${bill.item}`)}</span><span class="small soft">${bill.period}</span></p><p class="sign sum num">${yuan(left(bill))} ${w("yuan")}</p><p class="small soft">${w("dueOn", bill.due_on)} · ${w("penaltyBeside")}</p></section>
    ${coveredFen([bill]) ? html`<p class="small" data-covered>${w("pointsCover", yuan(coveredFen([bill])))}</p>` : ""}
    ${code ? html`<span class="qr" data-bill-code="${code}">${raw(drawQr(code, w("billCode")))}</span><p class="small soft center">${w("billCodeHint")}</p>` : ""}
    ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
    <button class="key main wide" data-action="payBill" data-value="${bill.id}">${w("payHere")}</button>
    ${code ? "" : html`<button class="key wide" data-action="billCode" data-value="${bill.id}">${icon("qr")}${w("billCode")}</button>`}
    <button class="key tool" data-action="close">${w("close")}</button>`;
}

// Points of a company cover its own property fee and nothing that is collected for others.
export function coveredFen(bills) {
  const accounts = state.accounts.filter((account) => account.kind === "points");
  return accounts.reduce((sum, { issuer, balance_fen }) => {
    const fee = bills.filter((one) => one.item === "property_fee" && !one.collected_for_others && one.payee === issuer);
    return sum + Math.max(0, Math.min(balance_fen, fee.reduce((fen, one) => fen + left(one), 0)));
  }, 0);
}

const find = (id) => counted().find((bill) => bill.id === id);

async function inSheet(id, work) {
  try {
    openSheet("bill", { bill: find(id), ...(await work()) });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    openSheet("bill", { bill: find(id), ...(error.code === "network_unknown" ? { unknown: true } : { fault: error.code }) });
  }
}

const payBill = (id) => inSheet(id, async () => { await api("POST", `/bills/${id}/pay`, {}); await refresh(); return { paid: true }; });
const billCode = (id) => inSheet(id, async () => ({ code: (await api("GET", `/bills/${id}/code`)).code }));

async function choose(id, choice) {
  try {
    await api("POST", `/overpayments/${encodeURIComponent(id)}/choose`, { choice });
    state.twiceFault = "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.twiceFault = error.code;
  }
  await refresh();
  render();
}

register({
  state: { bills: [], overpayments: [], twiceFault: "" }, sources: { bills: "/bills", overpayments: "/overpayments" }, sheets: { bill: billSheet },
  actions: { bill: (id) => openSheet("bill", { bill: find(id) }), payBill, billCode, refundTwice: (id) => choose(id, "refund"), creditTwice: (id) => choose(id, "credit") },
});
