() => {
  const bad = [], W = innerWidth, H = innerHeight;
  const name = (e) => `${e.tagName.toLowerCase()}.${[...e.classList].join(".")}#${e.id} "${(e.textContent || "").trim().slice(0, 30)}"`;
  const box = (e) => e.getBoundingClientRect();
  const seen = (e) => box(e).width > 1 && box(e).height > 1 && getComputedStyle(e).visibility !== "hidden";
  const root = document.documentElement;
  if (root.scrollWidth > W || root.scrollHeight > H) bad.push(`the page scrolls ${root.scrollWidth}x${root.scrollHeight}`);
  const all = [...document.querySelectorAll("main *")].filter((e) => seen(e) && !e.closest("svg, .sr, ol, [popover]"));
  for (const e of all) {
    const r = box(e), part = e.closest("section, header"), q = part && box(part);
    if (r.right > W + 1 || r.bottom > H + 1 || r.left < -1 || r.top < -1) bad.push(`outside ${name(e)}`);
    if (e.matches("iframe") || !q) continue;
    if (r.bottom > q.bottom + 2 || r.right > q.right + 8 || r.left < q.left - 8) bad.push(`leaves its part ${name(e)} ${Math.round(r.right - q.right)},${Math.round(r.bottom - q.bottom)}`);
  }
  const whole = ".key:not([data-busy]), .word, .flaw, .good .name, .dd b, .cell:not(.open), #line-first, #line-second, .waiting, h2 > span:first-child, .fgrid, .dgrid, .fn, .said, .panel";
  for (const e of document.querySelectorAll(whole)) {
    if (seen(e) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 3) && getComputedStyle(e).display !== "inline")
      bad.push(`cut off ${name(e)} ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`);
  }
  for (const e of document.querySelectorAll("main button, main iframe")) {
    const r = box(e), m = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
    if (seen(e) && m !== e && !e.contains(m)) bad.push(`covered ${name(e)} by ${m ? name(m) : "nothing"}`);
    if (seen(e) && (r.width < 24 || r.height < 22)) bad.push(`small ${name(e)} ${Math.round(r.width)}x${Math.round(r.height)}`);
  }
  const parts = [...document.querySelectorAll("main > section, main > header")].filter(seen);
  parts.forEach((one, place) => parts.slice(place + 1).forEach((other) => {
    const a = box(one), b = box(other);
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1) bad.push(`${name(one)} lies on ${name(other)}`);
  }));
  return bad;
}
