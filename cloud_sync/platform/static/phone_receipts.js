// Codes of paper: points by a receipt, the outcome of a claim slip. The field stands for the phone's camera.
import { Refused, api, explain, redraw, register, render, state } from "./phone_core.js";
import { dateOf, orderName } from "./phone_wallet.js";
import { html, icon, mark, word } from "./parts.js";
import { day, has, pick, w, yuan } from "./words.js";

const OUTCOMES = { paid: "done", failed: "stop", unknown: "unsure", waiting: "wait", not_here: "wait" };
const SLIP = "CE-S:", RECEIPT = "CE-R:";

export const pasteForm = () => html`<form class="row" data-form="code"><input class="field" name="text" placeholder="${w("pasteCode")}" aria-label="${w("pasteCode")}" autocomplete="off"><button class="key tool">${w("use")}</button></form>`;

export async function pasteOf(form) {
  const text = new FormData(form).get("text").trim();
  document.activeElement.blur();
  if (text) await (text.startsWith(SLIP) ? lookUp(text) : claim(text));
  redraw();
}

async function claim(text) {
  try {
    state.sheet = { kind: "claim", text, claim: await api("POST", "/receipts", { text }, { asks: true }) };
    state.accounts = await api("GET", "/accounts");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { kind: "claim", fault: error.code };
  }
}

async function lookUp(text) {
  try {
    state.sheet = { kind: "slip", text, news: await api("POST", "/slips", { text }, { asks: true }) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { kind: "slip", text, fault: error.code };
  }
}

const strip = (kind, title, hint) => html`<div class="strip ${kind === "wait" ? "" : kind} ${kind === "unsure" ? "hatch" : ""}" data-outcome="${kind}"><h2 class="row sign head">${mark(kind)}${title}</h2><p>${hint}</p></div>`;
const closeKey = () => html`<button class="key wide" data-action="close">${w("close")}</button>`;

function claimWords({ state: outcome, reason, points, counts_from_ms: from }) {
  if (outcome === "granted") return strip("done", w("claimed", points), from ? w("countsFrom", dateOf(from)) : w("countsNow"));
  if (outcome === "waiting") return strip("wait", w("claimWaits"), w("claimWaitsHint"));
  return strip("stop", w("claimRefused"), w(has(`claim_${reason}`) ? `claim_${reason}` : "error_other"));
}

function claimSheet({ text, claim: found, invoice, fault }) {
  if (fault) return html`${strip("stop", w("notSent"), explain(fault))}${closeKey()}`;
  const ask = text.startsWith(RECEIPT) && !invoice ? html`<button class="key wide" data-action="askInvoice">${icon("bill")}${w("askInvoice")}</button>` : "";
  return html`${claimWords(found)}${invoice ? html`<p class="bold" data-invoice>${invoice}</p>` : ""}${ask}${closeKey()}`;
}

async function askInvoice() {
  try {
    const { state: standing } = await api("POST", "/invoices", { code: state.sheet.text });
    state.sheet = { ...state.sheet, invoice: w(`invoice_${standing}`) };
    state.invoices = await api("GET", "/invoices");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { ...state.sheet, invoice: explain(error.code) };
  }
  render();
}

function newsWords(news) {
  if (news.refund_fen) return news.refunded_fen >= news.refund_fen ? w("refundDone", yuan(news.refunded_fen)) : w("refundComing", yuan(news.refund_fen));
  return w(`slip_${news.state}_hint`);
}

function slipSheet({ text, news, fault }) {
  const again = html`<button class="key main wide" data-action="slipAgain">${w("askAgain")}</button>`;
  if (fault) return html`${strip("stop", w("notSent"), explain(fault))}${again}${closeKey()}`;
  const open = news.state === "unknown" || news.state === "waiting" || news.state === "not_here";
  return html`<p class="small soft">${w("slipOf", news.order)}</p>${strip(OUTCOMES[news.state], w(`slip_${news.state}`), newsWords(news))}
    ${news.total_fen ? html`<p class="row split"><span>${pick(news, "payee")}</span><b class="num">${yuan(news.total_fen)} ${w("yuan")}</b></p>` : ""}
    ${open && text ? again : ""}${closeKey()}`;
}

export const invoiceList = () => !state.invoices.length ? "" : html`<section><h2 class="payee">${w("invoicesTitle")}</h2><ul class="list" id="invoices">${state.invoices.map((one) => html`<li><div class="grow"><b>${orderName(one.id)}</b>${one.number ? html`<p class="note">${one.number}</p>` : ""}</div><b>${w(`invoice_${one.state}`)}</b></li>`)}</ul></section>`;
export const newsRow = (news) => html`<li data-order="${news.order}"><div class="grow"><b>${w(`order_${news.kind}`)}</b> <span class="note">${pick(news, "payee")}</span><p class="note">${day(news.at_ms)} · ${orderName(news.order)}</p>
    ${news.tenders_fen ? html`<p class="note">${w("ofIt", yuan(news.tenders_fen))}</p>` : ""}${news.refund_fen ? html`<p class="note bold">${newsWords(news)}</p>` : ""}</div>
  <div class="right"><b class="num">${yuan(news.total_fen)} ${w("yuan")}</b>${news.state === "paid" ? "" : html`<p class="small">${word(OUTCOMES[news.state], w(`slip_${news.state}`))}</p>`}</div></li>`;

register({
  state: { invoices: [] }, sources: { invoices: "/invoices" },
  sheets: { claim: claimSheet, slip: slipSheet },
  actions: { askInvoice, slipAgain: async () => { const { text } = state.sheet; await lookUp(text); render(); } },
});
