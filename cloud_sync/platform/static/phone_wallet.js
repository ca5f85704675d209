// Wallet and prepaid fee: what is there, what of it works without network, every line in plain words, adding money.
import { api, explain, none, openSheet, Refused, register, render, state, top } from "./phone_core.js";
import { invoiceList, newsRow, pasteForm, pasteOf } from "./phone_receipts.js";
import { html } from "./parts.js";
import { day, has, isEnglish, pick, w, yuan } from "./words.js";

const TOP_UPS_FEN = [5_000, 10_000, 20_000];
const SHOWN = 5;

const signed = (fen) => `${fen > 0 ? "+" : ""}${yuan(fen)}`;
const amount = (account, fen) => (account.kind === "points" ? `${fen > 0 ? "+" : ""}${fen} ${w("pointsUnit")}` : `${signed(fen)} ${w("yuan")}`);
const total = (account, fen) => (account.kind === "points" ? `${fen} ${w("pointsUnit")}` : `${yuan(fen)} ${w("yuan")}`);
export const dateOf = (atMs) => {
  const at = new Date(atMs);
  return isEnglish() ? `${at.getDate()}/${at.getMonth() + 1}/${at.getFullYear()}` : `${at.getFullYear()}年${at.getMonth() + 1}月${at.getDate()}日`;
};

// What was paid in the app has no number on paper.
export const orderName = (order) => (order.startsWith("app-") ? w("inApp") : order);

function lineWords(line) {
  if (line.refused) return w("line_refused", w(has(`claim_${line.refused}`) ? `claim_${line.refused}` : "error_other"));
  return w(`line_${line.kind}`);
}
function lineNote(line) {
  if (line.pending_until_ms) return line.amount_fen < 0 ? w("fromPending") : w("countsFrom", dateOf(line.pending_until_ms));
  return line.expires_ms && line.amount_fen > 0 ? w("endsOn", dateOf(line.expires_ms)) : "";
}
export const lineRow = (account) => (line) => html`<li data-line="${line.kind}"><div class="grow"><b>${lineWords(line)}</b><p class="note">${day(line.at_ms)}${line.order ? ` · ${orderName(line.order)}` : ""}</p>${lineNote(line) ? html`<p class="note ${line.pending_until_ms ? "bold" : ""}">${lineNote(line)}</p>` : ""}</div>
  ${line.refused ? "" : html`<b class="num">${amount(account, line.amount_fen)}</b>`}</li>`;

function accountCard(account) {
  const money = account.kind !== "points", lines = account.lines.slice(0, SHOWN);
  return html`<section class="stack" data-account="${account.kind}"><div class="plate"><p class="row split"><span class="tag">${w(`kind_${account.kind}`)}</span><span class="small soft">${pick(account, "issuer")}</span></p>
      <p class="sign sum num" data-balance>${total(account, account.balance_fen)}</p>
      ${account.pending_fen ? html`<p class="small">${w("pendingNow", total(account, account.pending_fen))}</p>` : ""}
      ${account.balance_fen < 0 ? html`<p class="small">${w("belowZero")}</p>` : ""}
      <p class="small soft">${w(`about_${account.kind}`)}</p>
      ${account.leased_fen ? html`<p class="small soft">${w("offlineToo", total(account, Math.min(account.leased_fen, account.balance_fen)))}</p>` : ""}</div>
    ${money ? html`<button class="key wide ${account.kind === "wallet" ? "main" : ""}" data-action="topUp" data-value="${account.id}">${w(account.kind === "wallet" ? "topUp" : "prepay")}</button>` : ""}
    ${lines.length ? html`<ul class="list">${lines.map(lineRow(account))}</ul>` : html`<p class="small">${w("noLines")}</p>`}
    ${account.lines.length > SHOWN ? html`<button class="key tool" data-action="lines" data-value="${account.id}">${w("allLines")}</button>` : ""}</section>`;
}

function moneyScreen() {
  return html`${top(w("moneyTitle"), w("moneyHint"), "awayMoney")}
    ${state.accounts.map(accountCard)}${state.accounts.length ? "" : html`<p>${none("accounts", "noAccounts")}</p>`}
    <section class="stack"><h2 class="payee">${w("claimTitle")}</h2><p class="note">${w("claimHint")}</p>${pasteForm()}</section>
    <section><h2 class="payee">${w("paymentsTitle")}</h2>${state.payments.length ? html`<ul class="list" id="payments">${state.payments.slice(0, 12).map(newsRow)}</ul>` : html`<p class="small">${none("payments", "paymentsNone")}</p>`}</section>${invoiceList()}`;
}

const find = (id) => state.accounts.find((account) => account.id === id);
const linesSheet = ({ id }) => html`<h2 class="sign head">${w(`kind_${find(id).kind}`)}</h2><ul class="list">${find(id).lines.map(lineRow(find(id)))}</ul><button class="key wide" data-action="close">${w("close")}</button>`;

function topUpSheet({ id, fault }) {
  const account = find(id);
  const room = account.limit_fen ? account.limit_fen - account.balance_fen : 0;
  return html`<form class="stack" data-form="topUp"><h2 class="sign head">${w(account.kind === "wallet" ? "topUp" : "prepay")}</h2><input type="hidden" name="account" value="${id}">
    <p class="small soft">${pick(account, "issuer")}${account.limit_fen ? ` · ${w("roomLeft", yuan(Math.max(0, room)))}` : ""}</p>
    <div class="choices">${TOP_UPS_FEN.map((fen, at) => html`<label class="choice"><input type="radio" name="fen" value="${fen}" ${at === 0 ? "checked" : ""}><span class="num">${yuan(fen)}</span></label>`)}</div>
    <div class="two">${["wechat", "alipay"].map((name, at) => html`<label class="choice"><input type="radio" name="channel" value="${name}" ${at === 0 ? "checked" : ""}><span>${w(name)}</span></label>`)}</div>
    ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
    <button class="key main wide">${w("goOn")}</button><button type="button" class="key tool" data-action="close">${w("cancel")}</button></form>`;
}

async function topUp(form) {
  const fields = new FormData(form), id = fields.get("account");
  try {
    const offer = await api("POST", `/accounts/${id}/top-up`, { amount_fen: Number(fields.get("fen")), channel: fields.get("channel") });
    state.sheet = { kind: "offer", offer: { ...offer, payee_zh: find(id).issuer_zh, payee_en: find(id).issuer_en, amount_fen: Number(fields.get("fen")), channel: fields.get("channel"), description: w("topUp"), hint: "topUpHint" } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.sheet = { kind: "topUp", id, fault: error.code };
  }
  render();
}

register({
  state: { accounts: [], payments: [] }, sources: { accounts: "/accounts", payments: "/payments" }, screens: { money: moneyScreen }, sheets: { lines: linesSheet, topUp: topUpSheet },
  actions: { lines: (id) => openSheet("lines", { id }), topUp: (id) => openSheet("topUp", { id }) }, forms: { topUp, code: pasteOf },
});
