// Accounts by kind, what devices may spend of them, and a device that a person declares lost.
import { html, mark } from "./parts.js";
import { yuan } from "./words.js";

const KINDS = { points: "积分 points", wallet: "钱包 wallet", prepaid_fee: "预存 prepaid" };
const LINES = { opening: "开户", earned: "得", claimed: "凭小票", spent: "用", taken_back: "收回", expired: "到期", topped_up: "充值", refunded: "退回", credited: "转存" };
const kept = { person: "", armed: "" };

const kindRow = (one) => html`<tr><td>${mark(one.unequal ? "stop" : "done")}</td><td><b>${KINDS[one.kind]}</b> · ${one.accounts}</td><td class="num">${yuan(one.balance_fen)}</td><td class="num">${yuan(one.pending_fen)}</td><td class="num">${yuan(one.leased_fen)}</td><td class="small">${Object.entries(one.moved).map(([name, fen]) => `${LINES[name]} ${yuan(fen)}`).join(" · ") || "—"}</td></tr>`;
const leaseRow = (one) => html`<tr><td>${mark(one.exceeded ? "stop" : "done")}</td><td><b>${one.device}</b> · ${one.epoch}</td><td>${KINDS[one.kind]}</td><td class="num">${yuan(one.granted_fen)}</td><td class="num">${yuan(one.spent_fen)}</td><td class="num">${one.open}</td></tr>`;

export function accountSection({ figures, streams }) {
  const devices = [...new Set(streams.map((one) => one.device))];
  return html`<section class="stack" id="accounts"><h2>账户 Accounts</h2>${figures.accounts.length ? html`<table><thead><tr><th></th><th>种类·户数</th><th>余额 元</th><th>待生效</th><th>租给设备</th><th>变动</th></tr></thead><tbody>${figures.accounts.map(kindRow)}</tbody></table>` : html`<p class="small">没有 none</p>`}
    <h2>租额 Leases</h2>${figures.leases.length ? html`<table><thead><tr><th></th><th>设备·期</th><th>种类</th><th>给过 元</th><th>用掉</th><th>在外</th></tr></thead><tbody>${figures.leases.map(leaseRow)}</tbody></table>` : html`<p class="small">没有 none</p>`}
    <h2>设备找不回来了 A device is lost</h2><p class="small">租额收回；它没报上来的花销由发行方承担 · Its leases come back; what it spent and never told is the issuer's loss</p>
    <label>谁决定的 who decides<input class="field" id="lost-person" maxlength="64" value="${kept.person}"></label>
    <p class="row wrap">${devices.map((device) => html`<button class="key tool stop" data-lost="${device}">${kept.armed === device ? "真的？Really?" : `${device} 丢失 lost`}</button>`)}</p></section>`;
}

// True when the gesture was ours and the page has to be read again.
export async function lostGesture(target) {
  const key = target.closest("[data-lost]");
  if (!key) return false;
  kept.person = document.getElementById("lost-person").value.trim();
  if (!kept.person) return false;
  if (kept.armed !== key.dataset.lost) { kept.armed = key.dataset.lost; return true; }
  kept.armed = "";
  await fetch(`/sim/devices/${key.dataset.lost}/lost`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ person: kept.person }) });
  return true;
}
