() => {
  const bad = [], W = innerWidth, H = innerHeight;
  const name = (e) => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")} "${(e.textContent || "").trim().slice(0, 24)}"`;
  for (const e of document.querySelectorAll("#screen *")) {
    const r = e.getBoundingClientRect(), s = getComputedStyle(e);
    if (!r.width || !r.height || s.visibility === "hidden" || e.closest("svg") || e.closest(".sr")) continue;
    if (e.matches(".scene") || e.closest(".veil")) continue;
    if (r.right > W + 1 || r.bottom > H + 1 || r.left < -1 || r.top < -1) bad.push(`outside ${name(e)} ${Math.round(r.left)},${Math.round(r.top)},${Math.round(r.right)},${Math.round(r.bottom)}`);
    if (e.matches(".key, .box, .door, .lampline, .tender, .good, .bill, .banner, .dialog, .where, .timer, .look, .act, .foot, .top") && (e.scrollWidth > e.clientWidth + 2 || e.scrollHeight > e.clientHeight + 8) && !(e.matches(".look") && e.closest(".home, .idle"))) bad.push(`overflow ${name(e)} ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`);
  }
  for (const e of document.querySelectorAll(".touch")) if (e.scrollHeight > e.clientHeight + 2) bad.push(`touch scrolls ${e.scrollHeight} in ${e.clientHeight}`);
  const keys = [...document.querySelectorAll("#screen button, #screen .act")].filter((e) => !e.closest(".veil, .toast"));
  for (const e of document.querySelectorAll(".touch > *, .look > *, .browse > *, .banner, .paper")) {
    const r = e.getBoundingClientRect();
    if (e.matches(".scene, picture") || !r.height || getComputedStyle(e).position === "absolute") continue;
    const p = e.closest(".touch, .look, .browse"), q = p && p.getBoundingClientRect();
    if (q && (r.bottom > q.bottom + 2 || r.top < q.top - 2)) bad.push(`leaves its part ${name(e)}`);
  }
  const seen = keys.filter((e) => e.matches("button") && e.getBoundingClientRect().height);
  for (const a of seen) { const r = a.getBoundingClientRect(); if (r.height < 60 || r.width < 40) bad.push(`small ${name(a)} ${Math.round(r.width)}x${Math.round(r.height)}`);
    const m = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2); if (m && !a.contains(m) && !m.contains(a) && !m.closest(".veil, .toast")) bad.push(`covered ${name(a)} by ${name(m)}`); }
  for (const b of document.querySelectorAll(".banner")) { const r = b.getBoundingClientRect();
    if (!r.height || document.querySelector(".veil")) continue;
    const m = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2); if (m && !b.contains(m) && !m.closest(".toast")) bad.push(`covered ${name(b)} by ${name(m)}`); }
  return bad;
}
