// The bills of the own room.
import { register, state } from "./phone_core.js";
import { html, word } from "./parts.js";
import { w, yuan } from "./words.js";

const counted = () => state.bills.map((bill) => ({ paid_fen: 0, ...bill }));
export const dueBills = () => counted().filter((bill) => bill.paid_fen < bill.amount_fen);

const row = (one) => html`<li><div class="grow"><b>${w(`item_${one.item}`)}</b> <span class="note">${one.period}${one.collected_for_others ? ` · ${w("forOthers")}` : ""}</span>
  <p class="note">${one.paid_fen >= one.amount_fen ? w("settled") : w("dueOn", one.due_on)}${one.paid_fen && one.paid_fen < one.amount_fen ? ` · ${w("partPaid", yuan(one.paid_fen))}` : ""}</p></div>
  ${one.paid_fen >= one.amount_fen ? word("done", w("settled")) : html`<b class="num">${yuan(one.amount_fen - one.paid_fen)} ${w("yuan")}</b>`}</li>`;

export function billList() {
  const due = dueBills(), settled = counted().filter((bill) => bill.paid_fen >= bill.amount_fen).toSorted((a, b) => b.period.localeCompare(a.period));
  return html`<section><h2 class="payee"><span>${w("billsTitle")}</span>${due.length ? "" : html`<span class="note">${w("allPaid")}</span>`}</h2><ul class="list" id="bills">${[...due, ...settled.slice(0, 6)].map(row)}</ul></section>`;
}

register({ state: { bills: [] }, sources: { bills: "/bills" } });
