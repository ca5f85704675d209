// The payer's password before a collection code is paid: entered at leisure, while the kiosk waits, or left.
import { closeSheet, openSheet, register, state } from "./phone_core.js";
import { amountPlate, answerOffer } from "./phone_pay.js";
import { html } from "./parts.js";
import { w } from "./words.js";

const DIGITS = 6;

function passwordSheet({ offer, entered }) {
  const key = (digit) => html`<button class="key num" data-action="digit" data-value="${digit}">${digit}</button>`;
  return html`${amountPlate(offer)}<h2 class="sign head center">${w("passwordTitle")}</h2><p class="small soft center">${w("passwordDemo")}</p>
    <p class="dots" role="img" aria-label="${w("passwordEntered", entered)}">${Array.from({ length: DIGITS }, (_, at) => html`<i class="${at < entered ? "in" : ""}"></i>`)}</p>
    <div class="pad">${["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(key)}<button class="key small" data-action="close">${w("later")}</button>${key("0")}<button class="key small" data-action="lessDigit">${w("lessDigit")}</button></div>`;
}

// The digits themselves are nobody's business here: the simulated channel takes any password.
async function digit() {
  const { offer, entered } = state.sheet;
  if (entered + 1 < DIGITS) openSheet("password", { offer, entered: entered + 1 });
  else await answerOffer("confirm");
}

register({
  sheets: { password: passwordSheet },
  actions: {
    askPin: () => openSheet("password", { offer: state.sheet.offer, entered: 0 }), digit,
    lessDigit: () => (state.sheet.entered ? openSheet("password", { ...state.sheet, entered: state.sheet.entered - 1 }) : closeSheet()),
  },
});
