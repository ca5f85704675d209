// The journal as it arrives, the devices, their head and their gaps.
import { html, mark, raw, show } from "./parts.js";
import { accessGesture, accessSection, readDesk } from "./platform_access.js";
import { accountSection, lostGesture } from "./platform_accounts.js";
import { channelGesture, channelSection, keepFigure } from "./platform_channels.js";
import { clock, yuan } from "./words.js";

const EVERY_MS = 1000;
const OPENINGS = { cell_opened: "柜门开了 cells", door_opened: "门开了 doors", cell_unknown: "柜门不知道 cells not known", door_unknown: "门不知道 doors not known" };
const screen = document.getElementById("screen");
let drawn = "";

const short = (type) => type.replace(/^community\.edge\.|\.v\d+$/g, "");
const ago = (ms) => (ms < 1500 ? "刚刚" : ms < 90_000 ? `${Math.round(ms / 1000)} 秒前` : `${Math.round(ms / 60_000)} 分钟前`);

function stream(one, now) {
  const kind = one.quarantine ? "stop" : one.applied_seq < one.head_seq ? "wait" : "done";
  return html`<tr><td>${mark(kind)}</td><td><b>${one.device}</b> · ${one.epoch}</td><td class="num">${one.first_seq}–${one.head_seq}</td><td class="num">${one.applied_seq}</td><td class="hash">${one.head_hash.slice(0, 12)}</td><td>${one.quarantine ?? ago(now - one.last_ms)}</td></tr>`;
}
const event = (one) => html`<tr><td class="num">${clock(one.received_ms)}</td><td class="num">${one.device}-${one.epoch}</td><td class="num">${one.seq}</td><td>${short(one.type)}</td></tr>`;
const incident = (one) => html`<tr><td>${mark("stop")}</td><td>${one.device}-${one.epoch}</td><td>${one.code}</td><td class="num">seq ${one.seq}</td><td class="num">×${one.times}</td></tr>`;
const gauges = (one, now) => html`<tr><td><b>${one.device}</b></td><td class="small">${Object.entries(one.gauges).map(([name, value]) => `${name} ${value}`).join(" · ")}</td><td class="num">${ago(now - one.received_ms)}</td><td class="num">丢 ${one.dropped}</td></tr>`;

function page(view) {
  const { figures } = view;
  const openings = Object.entries(figures.openings).map(([name, count]) => `${OPENINGS[name] ?? name} ${count}`).join(" · ") || "—";
  return html`<header><div><h1 class="sign title">${view.name_zh} · 平台</h1><p class="note">${view.site} · 收到的都在这里，一件一次 · everything received, each thing once</p></div><a class="key" href="/phone">手机页 Phone</a></header>
    <section class="stack"><h2>数字 Figures</h2><dl class="figures"><div><dt>销售 sales</dt><dd class="num">${figures.sales.count} · ${yuan(figures.sales.total_fen)} 元</dd></div><div><dt>缴费 fees</dt><dd class="num">${figures.fees.count} · ${yuan(figures.fees.total_fen)} 元</dd></div><div><dt>取走订单 collected</dt><dd class="num">${figures.orders_collected}</dd></div><div><dt>开启 openings</dt><dd class="small">${openings}</dd></div></dl>
      <h2>设备 Devices</h2><table><thead><tr><th></th><th>设备·期</th><th>seq</th><th>已应用</th><th>链头</th><th>最近</th></tr></thead><tbody>${view.streams.map((one) => stream(one, view.now_ms))}</tbody></table>
      <h2>断号与分叉 Gaps, forks</h2>${view.incidents.length ? html`<table><tbody>${view.incidents.map(incident)}</tbody></table>` : html`<p class="small">没有 none</p>`}
      <h2>遥测 Telemetry</h2>${view.telemetry.length ? html`<table><tbody>${view.telemetry.map((one) => gauges(one, view.now_ms))}</tbody></table>` : html`<p class="small">没有 none</p>`}</section>
    <section><h2>流水 Journal</h2><table><tbody>${view.latest.map(event)}</tbody></table></section>
    ${accessSection()}${accountSection(view)}${channelSection(view)}`;
}

async function refresh() {
  const answer = await fetch("/sim/overview").catch(() => null);
  const markup = answer?.ok ? page(await answer.json()) : html`<p class="strip stop">${raw("平台没有回话 · no answer")}</p>`;
  // Nothing moves under a person who is typing.
  if (markup.text === drawn || document.activeElement?.matches("input, textarea, select")) return;
  drawn = markup.text;
  show(screen, markup);
}

document.addEventListener("click", async (gesture) => {
  if ((await accessGesture(gesture.target)) || (await channelGesture(gesture.target)) || (await lostGesture(gesture.target))) await refresh();
});
document.addEventListener("input", (gesture) => keepFigure(gesture.target));
readDesk().then(refresh);
setInterval(() => { if (document.visibilityState === "visible") refresh(); }, EVERY_MS);
