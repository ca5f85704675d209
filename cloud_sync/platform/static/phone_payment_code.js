// The payer's own payment code at the simulated channels: shown, charged by the kiosk, perhaps with a password.
import { cameraLink } from "./phone_code.js";
import { Refused, api, explain, openSheet, register, render, state } from "./phone_core.js";
import { amountPlate } from "./phone_pay.js";
import { html, icon, mark, raw, word } from "./parts.js";
import { drawQr } from "./qr.js";
import { pick, w, yuan } from "./words.js";

const CHARGE_POLL_MS = 1000, TICK_MS = 500;
const CHANNELS = ["wechat", "alipay"];
// A code is a bearer secret: it lives in this variable, never in storage.
let code = null;

export function codeKeys() {
  const waiting = state.charges.filter((one) => one.state === "paying");
  const row = (one) => html`<li>${icon("people", true)}<div class="grow"><b class="num">${yuan(one.amount_fen)} ${w("yuan")}</b><p class="note">${w("passwordAsked")} · ${pick(one, "payee")}</p></div><button class="key main" data-action="answerCharge" data-value="${one.attempt}">${w("enter")}</button></li>`;
  return html`<section class="stack"><h2 class="payee"><span>${w("codeTitle")}</span></h2><p class="note">${w("codeHint")}</p>
    ${waiting.length ? html`<ul class="list" id="charges">${waiting.map(row)}</ul>` : ""}
    <div class="two">${CHANNELS.map((channel) => html`<button class="key" data-action="payCode" data-value="${channel}">${icon("qr")}${w(`short_${channel}`)}</button>`)}</div></section>`;
}

const left = () => w("renewIn", code ? Math.max(0, Math.ceil((code.until - Date.now()) / 1000)) : 0);

function codeSheet({ channel, password, fault, before }) {
  const charge = state.charges.find((one) => !before.includes(one.attempt));
  if (charge) return chargeSheet({ attempt: charge.attempt });
  return html`<p class="row split"><span class="sign head">${w(`code_${channel}`)}</span><span class="small soft num" id="codeleft">${left()}</span></p>
    ${code ? html`<span class="qr" id="paycode">${raw(drawQr(code.text, w(`code_${channel}`)))}</span>` : html`<p class="center">${fault ? explain(fault) : w("codeComing")}</p>`}
    <p class="small soft center">${w("codeUse")}</p>${code ? cameraLink("kiosk", code.text) : ""}
    <button class="key" data-action="askPassword" aria-pressed="${password}">${password ? icon("check") : ""}${w("withPassword")}</button>
    <button class="key wide" data-action="close">${w("close")}</button>`;
}

const ENDS = {
  paid: ["done", "paid", "paidHint"], closed: ["stop", "payFailed", "payFailedHint"], reversed: ["stop", "payReversed", "payReversedHint"],
};

function chargeSheet({ attempt, fault }) {
  const charge = state.charges.find((one) => one.attempt === attempt);
  if (!charge) return html`<p>${w("chargeGone")}</p><button class="key wide" data-action="close">${w("close")}</button>`;
  const plate = amountPlate(charge);
  if (charge.state === "paying") {
    return html`${plate}<p class="bold" data-charge="paying">${word("wait", w("passwordAsked"))}</p><p class="small soft">${w("passwordHint")}</p>
      ${fault ? html`<div class="strip stop" role="alert">${explain(fault)}</div>` : ""}
      <button class="key main wide" data-action="enterPassword" data-value="${attempt}">${w("enterPassword")}</button>
      <div class="two"><button class="key stop" data-action="cancelCharge" data-value="${attempt}">${w("cancelPay")}</button><button class="key" data-action="close">${w("putAway")}</button></div>`;
  }
  const [kind, title, hint] = ENDS[charge.state] ?? ENDS.closed;
  const why = charge.state === "closed" && charge.reason === "revoked" ? "revokedHint" : hint;
  return html`${plate}<div class="strip ${kind}" data-charge="${charge.state}"><h2 class="row sign head">${mark(kind)}${w(title)}</h2><p>${w(why)}</p></div><button class="key wide" data-action="close">${w("close")}</button>`;
}

async function freshPayCode() {
  const { channel, password } = state.sheet;
  code = null;
  try {
    const made = await api("POST", "/payment-code", { channel, password });
    // The platform's clock decides when a code ends; this phone only counts the same minute down.
    if (state.sheet?.kind === "paycode") [code, state.sheet.fault] = [{ text: made.code, until: Date.now() + made.life_ms }, ""];
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (state.sheet?.kind === "paycode") state.sheet.fault = error.code;
  }
  render();
}

async function answer(attempt, action) {
  let fault = "";
  try {
    await api("POST", "/password", { attempt, action });
    state.charges = await api("GET", "/charges");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fault = error.code;
  }
  openSheet("charge", { attempt, fault });
}

register({
  state: { charges: [] }, fleeting: { charges: "/charges" }, sheets: { paycode: codeSheet, charge: chargeSheet },
  actions: {
    payCode: async (channel) => {
      state.charges = await api("GET", "/charges");
      openSheet("paycode", { channel, password: false, before: state.charges.map((one) => one.attempt) });
      await freshPayCode();
    },
    askPassword: async () => { state.sheet.password = !state.sheet.password; await freshPayCode(); },
    answerCharge: (attempt) => openSheet("charge", { attempt }),
    enterPassword: (attempt) => answer(attempt, "confirm"), cancelCharge: (attempt) => answer(attempt, "fail"),
  },
});

setInterval(() => {
  if (state.sheet?.kind !== "paycode") { code = null; return; }
  const shown = document.getElementById("codeleft");
  if (code && Date.now() >= code.until) freshPayCode();
  else if (shown) shown.textContent = left();
}, TICK_MS);
setInterval(async () => {
  if (!["paycode", "charge"].includes(state.sheet?.kind) || document.visibilityState !== "visible") return;
  const found = await api("GET", "/charges").catch(() => null);
  if (found) { state.charges = found; render(); }
}, CHARGE_POLL_MS);
