// The property company's desk: who may open what. Records as they stand in the feed; what ends, ends with one change.
import { html, raw } from "./parts.js";
import { drawQr } from "./qr.js";
import { day } from "./words.js";

const NAMES = { door_groups: "门组 door groups", doors: "门的规则 door policy", holidays: "节假日 holidays", grants: "授权 grants", deny: "黑名单 deny list" };
const FRESH = {
  door_groups: { id: "b3", doors: ["gate"], name_zh: "3栋", name_en: "Building 3" }, holidays: { id: "spring", from_day: "2027-02-05", until_day: "2027-02-11", kind: "holiday", name_zh: "春节", name_en: "Spring Festival" },
  doors: { id: "gate", open_windows: [{ days: [1, 2, 3, 4, 5], from_min: 420, until_min: 540 }], night_lock: [], held_open_s: 30 },
  grants: { subject: "", doors: [], groups: [], from_ms: 0, until_ms: 0 }, deny: { id: "d1", kind: "plate", value: "", doors: [], from_ms: 0, until_ms: 0, reason: "" },
};
const kept = { desk: null, collection: "doors", text: "", said: "", armed: "", pass: null };
const idOf = (record) => record.id ?? record.subject;

const post = (method, path, content) => fetch(`/sim/desk${path}`, { method, headers: { "Content-Type": "application/json" }, body: content === undefined ? undefined : JSON.stringify(content) });
async function asked(answer) {
  const body = await answer.text();
  kept.said = answer.ok ? "写好了 done" : `${JSON.parse(body).error} ${JSON.parse(body).details?.reason ?? ""}`;
  await readDesk();
  return answer.ok && body ? JSON.parse(body) : null;
}
export async function readDesk() {
  const answer = await fetch("/sim/desk").catch(() => null);
  if (answer?.ok) kept.desk = await answer.json();
}

const recordRow = (collection) => (record) => html`<tr><td><b>${idOf(record)}</b></td><td class="small">${JSON.stringify(record)}</td><td><button class="key tool" data-desk="edit" data-collection="${collection}" data-id="${idOf(record)}">改 edit</button></td></tr>`;
const personRow = (one) => html`<tr><td><b>${one.nickname || one.name_masked}</b></td><td class="small">${one.subject} · ${one.room || "搬走了 left"} · ${one.kind ?? "owner"}</td><td>${one.room ? html`<button class="key tool stop" data-desk="leave" data-id="${one.subject}">${kept.armed === one.subject ? "真的？Really?" : "搬走 moves out"}</button>` : ""}</td></tr>`;
const cardRow = (one) => html`<tr><td class="num"><b>…${one.tail}</b></td><td class="small">${one.subject}</td><td class="num">${day(one.until_ms)}</td></tr>`;

export function accessSection() {
  const { desk } = kept;
  if (!desk) return html``;
  const list = desk.revocation_list[0], people = desk.residents.filter((one) => one.room).slice(0, 200);
  return html`<section class="stack wide-section" id="access"><h2>谁能开什么 Who may open what</h2><p class="small">吊销名单 revocation list ${list ? html`v${list.version} · ${day(list.issued_ms)}` : "—"}</p>
    ${kept.said ? html`<p class="strip ${kept.said.startsWith("写好了") ? "done" : "stop"}">${kept.said}</p>` : ""}
    <p class="row wrap">${Object.entries(NAMES).map(([name, label]) => html`<button class="key tool" data-desk="choose" data-collection="${name}" aria-pressed="${name === kept.collection}">${label}</button>`)}</p>
    <table><tbody>${desk[kept.collection].map(recordRow(kept.collection))}</tbody></table>
    <label>记录 record (JSON)<textarea class="field" id="desk-record" rows="4" spellcheck="false">${kept.text}</textarea></label>
    <p class="row wrap"><button class="key tool" data-desk="fresh">新的 new</button><button class="key tool" data-desk="put">写入 write</button><button class="key tool stop" data-desk="delete">删除 delete</button></p>
    <h3>门卡 Cards</h3><table><tbody>${desk.cards.map(cardRow)}</tbody></table>
    <p class="row wrap"><label class="grow">给谁 for whom<select class="field" id="desk-person">${people.map((one) => html`<option value="${one.subject}">${one.nickname || one.name_masked} · ${one.room}</option>`)}</select></label><label class="grow">卡号 number<input class="field num" id="desk-number" maxlength="40"></label><button class="key tool" data-desk="card">发卡 hand out</button></p>
    <h3>快递员与员工码 Couriers and staff</h3><p class="row wrap"><label class="grow">给谁 for whom<input class="field" id="desk-label" maxlength="40"></label><button class="key tool" data-desk="deposit">投递码 courier's pass, 8 h</button><button class="key tool" data-desk="staff">员工码 staff pass, 8 h</button></p>
    ${kept.pass ? html`<div class="row wrap"><span class="qr">${raw(drawQr(kept.pass.text, kept.pass.label))}</span><p>${kept.pass.label}<br>${day(kept.pass.until_ms)}</p></div>` : ""}
    <h3>住户 People</h3><table><tbody>${people.slice(0, 40).map(personRow)}</tbody></table></section>`;
}

const value = (id) => document.getElementById(id).value;
const HOURS_MS = 8 * 3_600_000, YEARS_MS = 5 * 365 * 24 * 3_600_000;
async function makePass(kind) {
  const now = Date.now();
  const made = await asked(await post("POST", "/passes", { kind, doors: [], from_ms: now - 60_000, until_ms: now + HOURS_MS, label: value("desk-label") }));
  if (made) kept.pass = made;
}
async function write(remove) {
  let record;
  try { record = JSON.parse(value("desk-record")); } catch { kept.said = "不是 JSON not JSON"; return; }
  kept.text = value("desk-record");
  const path = `/${kept.collection}/${encodeURIComponent(idOf(record))}`;
  await asked(remove ? await post("DELETE", path) : await post("PUT", path, record));
}

const GESTURES = {
  choose: (key) => { [kept.collection, kept.text, kept.said] = [key.dataset.collection, "", ""]; },
  edit: (key) => { kept.text = JSON.stringify(kept.desk[key.dataset.collection].find((one) => idOf(one) === key.dataset.id)); },
  fresh: () => { kept.text = JSON.stringify(FRESH[kept.collection]); },
  put: () => write(false), delete: () => write(true), deposit: () => makePass("deposit"), staff: () => makePass("staff"),
  card: async () => asked(await post("POST", "/cards", { subject: value("desk-person"), number: value("desk-number"), until_ms: Date.now() + YEARS_MS })),
  leave: async (key) => {
    if (kept.armed !== key.dataset.id) { kept.armed = key.dataset.id; return; }
    kept.armed = "";
    await asked(await post("POST", "/move-out", { subject: key.dataset.id }));
  },
};

// True when the gesture was ours and the page has to be drawn again.
export async function accessGesture(target) {
  const key = target.closest("[data-desk]");
  if (!key) return false;
  await GESTURES[key.dataset.desk](key);
  return true;
}
