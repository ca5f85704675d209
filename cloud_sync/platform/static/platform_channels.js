// The simulated channels on the platform's page: what they are told to do wrong, and what came of it.
import { html, mark } from "./parts.js";
import { FAULTS, GROUPS, INCIDENTS, STATES, UNITS } from "./words_faults.js";
import { clock, yuan } from "./words.js";

const NAMES = { wechat: "微信支付 WeChat Pay", alipay: "支付宝 Alipay" };
// These are states of the channel, no property of one trade.
const STANDING = ["hang", "bill_now", "bill_late"];
const figures = {};
let chosen = "wechat";

const both = ([zh, en]) => html`<b>${zh}</b> <span class="note">${en}</span>`;

function faultRow(fault, view, facts) {
  const fact = facts[fault], on = view.switches.find((one) => one.fault === fault);
  const key = (scope, zh, en) => html`<button class="key tool" data-fault="${fault}" data-scope="${on?.scope === scope ? "off" : scope}" aria-pressed="${on?.scope === scope}" aria-label="${FAULTS[fault][0]}：${zh}">${zh}<span class="note">${en}</span></button>`;
  const figure = fact.unit ? html`<label class="figure"><input class="field num" type="number" data-figure="${fault}" value="${on ? on.value : (figures[fault] ?? fact.usual)}" aria-label="${FAULTS[fault][0]}">${UNITS[fact.unit][0]}</label>` : "";
  return html`<li data-row="${fault}"><div class="grow">${both(FAULTS[fault])}</div>${figure}<span class="row">${STANDING.includes(fault) ? "" : key("next", "下一笔", "next")}${key("always", "一直", "always")}</span></li>`;
}

function payment(one) {
  const [zh, en, kind] = STATES[one.state];
  const back = one.refunded_fen ? html` · 退 refunded ${yuan(one.refunded_fen)}` : "";
  return html`<tr><td>${mark(kind)}</td><td>${zh} <span class="note">${en}</span></td><td class="num">${yuan(one.amount_fen)}${back}</td><td class="num">${one.attempt}</td><td>${one.channel === "wechat" ? "微信" : "支付宝"} · ${one.method === "payment_code" ? "付款码" : "收款码"}</td><td class="num">${clock(one.changed_at_ms)}</td></tr>`;
}
const incident = (one) => html`<tr><td>${mark("stop")}</td><td>${both(INCIDENTS[one.code] ?? [one.code, ""])}</td><td class="num">${one.attempt}</td><td class="small">${one.detail}</td><td class="num">×${one.times}</td></tr>`;

export function channelSection(view) {
  if (!view.channels.length) return "";
  const facts = Object.fromEntries(view.faults.map((one) => [one.fault, one]));
  const present = view.channels.find((one) => one.channel === chosen) ?? view.channels[0];
  const tabs = view.channels.map((one) => html`<button class="key" data-channel="${one.channel}" aria-pressed="${one === present}">${NAMES[one.channel]}${one.switches.length ? html` · ${one.switches.length}` : ""}</button>`);
  const groups = GROUPS.map(([zh, en, faults]) => html`<h3>${both([zh, en])}</h3><ul class="list faults">${faults.map((fault) => faultRow(fault, present, facts))}</ul>`);
  return html`<section class="wide-section"><h2>模拟支付 Simulated channels</h2>
      <p class="note">想让它出什么错，按一下。“下一笔”只管一笔，“一直”到再按一下为止。 Press what should go wrong: “next” once, “always” until pressed again.</p>
      <p class="row wrap">${tabs}<button class="key" data-clear="${present.channel}">全部恢复正常 <span class="note">All normal</span></button></p>
      <div class="fault-groups">${groups}</div></section>
    <section><h2>付款 Payments</h2>${view.payments.length ? html`<table id="payments"><tbody>${view.payments.map(payment)}</tbody></table>` : html`<p class="small">没有 none</p>`}</section>
    <section><h2>付款里的异常 Payment incidents</h2>${view.payment_incidents.length ? html`<table id="payment-incidents"><tbody>${view.payment_incidents.map(incident)}</tbody></table>` : html`<p class="small">没有 none</p>`}</section>`;
}

const tell = (body) => fetch("/sim/channels", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

// Returns whether the gesture was one of ours.
export async function channelGesture(target) {
  const key = target.closest("[data-channel], [data-clear], [data-fault]");
  if (!key) return false;
  if (key.dataset.channel) chosen = key.dataset.channel;
  else if (key.dataset.clear) await tell({ channel: key.dataset.clear });
  else {
    const { fault, scope } = key.dataset, typed = document.querySelector(`[data-figure="${fault}"]`);
    const value = typed && typed.value !== "" ? Number(typed.value) : null;
    await tell({ channel: chosen, fault, scope, value: Number.isInteger(value) ? value : null });
  }
  return true;
}
export function keepFigure(target) {
  if (target.dataset.figure) figures[target.dataset.figure] = target.value;
}
