// The own code, signed on this phone, and what waits today.
import { signCode } from "./cose.js";
import { Refused, api, none, register, render, state, top } from "./phone_core.js";
import { holder, kept } from "./holder.js";
import { cellsOf } from "./phone_orders.js";
import { coveredFen, dueBills } from "./phone_bills.js";
import { visitorRow } from "./phone_more.js";
import { unread } from "./phone_records.js";
import { html, icon, raw } from "./parts.js";
import { drawQr } from "./qr.js";
import { pick, w, yuan } from "./words.js";

const CODE_LIFE_S = 30;

// Ids of the codes that this phone signed: only it can tell the platform whose an opening by them was.
const CODES_KEPT = 200;
export const shownCodes = () => JSON.parse(localStorage.getItem(`codes.${state.me.subject}`) ?? "[]");

async function sign({ privateKey, certificate }) {
  const made = await signCode(privateKey, certificate, Date.now());
  state.code = made.text;
  localStorage.setItem(`codes.${state.me.subject}`, JSON.stringify([made.id, ...shownCodes()].slice(0, CODES_KEPT)));
}

let signing = false;
export async function freshCode() {
  const subject = state.me?.subject;
  if (!subject || signing) return;
  signing = true;
  try {
    const mine = (await holder(subject, (key) => api("POST", "/certificate", { public_key: key }))) ?? (await kept(subject));
    await sign(mine);
    state.codeFault = "";
  } catch (error) {
    const found = await kept(subject).catch(() => null);
    if (found) await sign(found);
    else [state.code, state.codeFault] = ["", error instanceof Refused ? "codeMissing" : "noEd25519"];
  }
  signing = false;
  state.codeUntil = Date.now() + CODE_LIFE_S * 1000;
}

function codeScreen() {
  const waiting = state.orders.filter((order) => order.state === "in_cells"), due = dueBills();
  const dueFen = due.reduce((sum, bill) => sum + bill.amount_fen - bill.paid_fen, 0);
  const qr = state.code ? html`<span class="qr">${raw(drawQr(state.code, w("tabCode")))}</span>` : html`<p class="center">${w(state.codeFault || "codeMissing")}</p>`;
  return html`${top(pick(state.me, "site"), `${state.me.room} · ${state.me.name}`, "awayCode")}
    <section class="plate own center"><p class="row split"><span class="tag">${w("tabCode")}</span><span class="small soft num" id="countdown">${left()}</span></p>
      ${qr}<p class="bold">${w("showThis")}</p><p class="small soft">${w("signedHere")}</p></section>${state.code ? cameraLink("kiosk", state.code) : ""}
    <ul class="list">
      <li>${icon("locker", true)}<div class="grow"><b>${waiting.length ? w("ordersWait", waiting.length) : none("orders", "ordersNone")}</b><p class="note">${waiting.flatMap(cellsOf).join("、")}</p></div>
        ${waiting.length ? html`<button class="key tool" data-action="pass" data-value="${waiting[0].id}">${w("showPass")}</button>` : ""}</li>
      <li>${icon("bill", true)}<div class="grow"><b class="num">${due.length ? `${w("billsDue")} ${yuan(dueFen)} ${w("yuan")}` : none("bills", "billsNone")}</b><p class="note">${due.length ? w("dueOn", due[0].due_on) : ""}${coveredFen(due) ? ` · ${w("pointsCoverShort", yuan(coveredFen(due)))}` : ""}</p></div>
        ${due.length ? html`<button class="key tool" data-action="tab" data-value="pay">${w("see")}</button>` : ""}</li>
      ${state.accounts.filter((account) => account.kind === "points").map(pointsRow)}
      ${unread() ? html`<li>${icon("notice", true)}<div class="grow"><b>${w("newMessages", unread())}</b><p class="note">${w(`msg_${state.messages[0].kind}`)}</p></div><button class="key tool" data-action="messages">${w("see")}</button></li>` : ""}
      ${state.visitors.filter((pass) => !pass.revoked).slice(0, 2).map(visitorRow)}
    </ul>`;
}
const pointsRow = (account) => html`<li data-points>${icon("wallet", true)}<div class="grow"><b class="num">${w("pointsHave", account.balance_fen)}</b><p class="note">${account.pending_fen ? w("pendingNow", `${account.pending_fen} ${w("pointsUnit")}`) : ""}</p></div><button class="key tool" data-action="tab" data-value="money">${w("see")}</button></li>`;
// Only where the demo has cameras: put the code before one of them.
export const cameraLink = (camera, text) => (state.me.camera_url ? html`<a class="key tool" target="camera" rel="noopener" href="${state.me.camera_url}#camera=${camera}&text=${encodeURIComponent(text)}">${icon("scan")}${w("toCamera")}</a>` : "");
const left = () => (state.code ? w("renewIn", Math.max(0, Math.ceil((state.codeUntil - Date.now()) / 1000))) : "");

setInterval(async () => {
  const countdown = document.getElementById("countdown");
  if (state.me && Date.now() >= state.codeUntil) { await freshCode(); render(); }
  if (countdown) countdown.textContent = left();
}, 500);

register({ state: { code: "", codeFault: "", codeUntil: 0 }, screens: { code: codeScreen } });
