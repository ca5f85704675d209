// Paying with this phone: the codes that wait for money, and the payer's answer.
import { Refused, api, explain, openSheet, redraw, register, render, state, top } from "./phone_core.js";
import { billList } from "./phone_bills.js";
import { codeKeys } from "./phone_payment_code.js";
import { html, icon, mark } from "./parts.js";
import { pick, w, yuan } from "./words.js";

function payScreen() {
  const row = (offer, at) => html`<li>${icon("scan", true)}<div class="grow"><b class="num">${yuan(offer.amount_fen)} ${w("yuan")}</b><p class="note">${w(offer.channel)} · ${pick(offer, "payee")}</p></div><button class="key ${at ? "" : "main"}" data-action="offer" data-value="${offer.attempt}">${w("use")}</button></li>`;
  return html`${top(w("payTitle"), w("billsWhere"), "awayPay")}
    <section class="stack"><h2 class="payee"><span>${w("scanTitle")}</span></h2><p class="note">${w("scanHint")}</p>
      ${state.payable.length ? html`<ul class="list" id="payable">${state.payable.map(row)}</ul>` : html`<p class="small">${state.online ? w("nothingToPay") : w("payAway")}</p>`}
      <form class="row" data-form="paste"><input class="field" name="qr" value="${state.draft.qr ?? ""}" placeholder="${w("paste")}" aria-label="${w("paste")}" autocomplete="off"><button class="key tool">${w("use")}</button></form></section>
    ${codeKeys()}
    ${billList()}`;
}

export const amountPlate = (one) => html`<section class="plate"><p class="row split"><span class="tag">${pick(one, "payee")}</span><span class="small soft">${w(one.channel)}</span></p>${one.amount_fen ? html`<p class="sign sum num" id="amount">${yuan(one.amount_fen)} ${w("yuan")}</p>` : ""}<p class="small soft">${one.description}</p></section>`;

function offerSheet({ offer, outcome, fault }) {
  if (outcome) {
    const [kind, title, hint] = { paid: ["done", "paid", "paidHint"], failed: ["stop", "payFailed", "payFailedHint"], unknown: ["unsure", "payUnknown", "payUnknownHint"] }[outcome];
    return html`<div class="strip ${kind} ${kind === "unsure" ? "hatch" : ""}" data-outcome="${outcome}"><h2 class="row sign head">${mark(kind)}${w(title)}</h2><p>${w(outcome === "paid" && offer.hint ? offer.hint : hint)}</p></div><button class="key wide" data-action="close">${w("close")}</button>`;
  }
  return html`${amountPlate(offer)}
    ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
    ${OVER.includes(fault) ? "" : answerKeys()}
    <button class="key tool" data-action="close">${w("later")}</button>`;
}

// What will never be paid any more has no keys to pay it.
const OVER = ["payment_not_open", "qr_unknown"];
const answerKeys = () => html`<button class="key main wide" data-action="confirm">${w("confirmPay")}</button>
    <button class="key wide" data-action="askPin">${w("askPin")}</button>
    <div class="two"><button class="key stop" data-action="fail">${w("letFail")}</button><button class="key" data-action="silent">${w("noAnswer")}</button></div>`;

// Where nobody said what became of it, the money may be gone: that is an outcome, and no reason to pay again.
export async function answerOffer(action) {
  const { offer } = state.sheet;
  try {
    const { outcome } = await api("POST", "/pay", { qr: offer.qr, action });
    state.sheet = { kind: "offer", offer, outcome };
    state.payable = state.payable.filter((one) => one.qr !== offer.qr);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = error.code === "network_unknown" ? { kind: "offer", offer, outcome: "unknown" } : { kind: "offer", offer, fault: error.code };
  }
  render();
}

const offerOf = (qr) => state.payable.find((one) => one.qr === qr) ?? { qr, payee_zh: w("payTitle"), channel: qr.startsWith("weixin") ? "wechat" : "alipay", amount_fen: 0, description: qr };

function pasteCode(form) {
  const qr = new FormData(form).get("qr").trim();
  if (!qr) return;
  state.draft.qr = "";
  document.activeElement.blur();
  state.sheet = { kind: "offer", offer: offerOf(qr) };
  redraw();
}

register({
  state: { payable: [] }, fleeting: { payable: "/payable" }, screens: { pay: payScreen }, sheets: { offer: offerSheet },
  actions: {
    offer: (attempt) => openSheet("offer", { offer: state.payable.find((offer) => offer.attempt === attempt) }),
    confirm: () => answerOffer("confirm"), fail: () => answerOffer("fail"), silent: () => answerOffer("no_answer"),
  },
  forms: { paste: pasteCode },
});
