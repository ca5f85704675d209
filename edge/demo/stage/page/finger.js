// The visible finger. It goes to a real key, and that key is pressed; it knows nothing of what the key does.
// In a frame it listens to the stage's page alone; on the stage's own page the tour asks it directly.
(() => {
  const STAGE = document.currentScript?.dataset.stage ?? "";
  const SVG = "http://www.w3.org/2000/svg", TRAVEL_MS = 420, PRESS_MS = 160, REST_MS = 1600, LETTER_MS = 40;
  const SHAPE = "M11 2a3.2 3.2 0 0 1 3.2 3.2v8.2l7.1 1.5a4 4 0 0 1 3.1 4.5l-.9 6.2a5 5 0 0 1-4.9 4.2h-5.4a6 6 0 0 1-4.7-2.3l-5.2-6.6a2.6 2.6 0 0 1 3.7-3.6l.8.7V5.2A3.2 3.2 0 0 1 11 2z";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
  let hand = null, at = null, resting = 0;

  function draw() {
    hand = document.createElementNS(SVG, "svg");
    hand.setAttribute("viewBox", "0 0 28 32");
    hand.setAttribute("aria-hidden", "true");
    hand.id = "finger";
    for (const [fill, stroke, width] of [["#fff", "#fff", "3.4"], ["#f5b640", "#0b211e", "1.6"]]) {
      const line = document.createElementNS(SVG, "path");
      for (const [name, value] of Object.entries({ d: SHAPE, fill, stroke, "stroke-width": width, "stroke-linejoin": "round" })) line.setAttribute(name, value);
      hand.append(line);
    }
    const size = innerWidth === 1080 ? 104 : innerWidth < 500 ? 46 : 40;
    Object.assign(hand.style, { position: "fixed", zIndex: 2147483647, pointerEvents: "none", left: 0, top: 0, width: `${size}px`, height: `${Math.round(size * 8 / 7)}px`, transformOrigin: "39% 8%" });
    document.documentElement.append(hand);
    at = [innerWidth / 2, innerHeight * 0.96];
    return hand;
  }

  const place = ([x, y], scale = 1) => `translate(${x - hand.clientWidth * 0.39}px, ${y - hand.clientHeight * 0.08}px) scale(${scale})`;
  // A key that a finger can see, and one that may be pressed: neither switched off nor still at work.
  const seen = (element) => element.getClientRects().length > 0;
  const idle = (element) => !element.closest("[aria-disabled=true], [aria-busy=true], :disabled") && !document.querySelector("[data-do][data-busy]");

  function look({ selector, name }) {
    const found = [...document.querySelectorAll(selector ?? "button, a, [role=button]")].filter(seen);
    return name ? found.find((one) => one.textContent.includes(name)) : found[0];
  }

  function middle(element) {
    const box = element.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  }

  // With `pace` 0, or where little motion is wished for, it is there at once.
  async function go(element, pace) {
    hand ??= draw();
    clearTimeout(resting);
    hand.style.opacity = 1;
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
    const to = middle(element), begun = at, ms = calm.matches ? 0 : TRAVEL_MS * pace;
    at = to;
    hand.style.transform = place(to);
    if (ms) await hand.animate([{ transform: place(begun) }, { transform: place(to) }], { duration: ms, easing: "cubic-bezier(.3,0,.2,1)" }).finished;
    resting = setTimeout(() => { hand.style.opacity = 0; }, REST_MS + ms);
  }

  async function press(find, { twice = false, pace = 1 }) {
    const found = find();
    if (!found) return { ok: false, reason: "absent" };
    if (!idle(found)) return { ok: false, reason: "busy" };
    await go(found, pace);
    // What was drawn anew meanwhile is another element; a key that is gone is not pressed.
    const element = find();
    if (!element || !idle(element)) return { ok: false, reason: "gone" };
    const point = { bubbles: true, pointerType: "touch", isPrimary: true };
    element.dispatchEvent(new PointerEvent("pointerdown", point));
    if (pace && !calm.matches) await hand.animate([{ transform: place(at) }, { transform: place(at, 0.84) }, { transform: place(at) }], { duration: PRESS_MS }).finished;
    element.dispatchEvent(new PointerEvent("pointerup", point));
    // A page that drew its keys anew while the finger was down has another element in the same place.
    const key = element.isConnected ? element : find();
    if (!key || !idle(key)) return { ok: false, reason: "gone" };
    for (let taps = twice ? 2 : 1; taps; taps -= 1) key.click();
    return { ok: true, text: key.textContent.trim() };
  }

  async function type(find, { text = "", pace = 1 }) {
    const field = find();
    if (!field) return { ok: false, reason: "absent" };
    await go(field, pace);
    field.focus();
    for (let length = pace ? 1 : text.length; length <= text.length; length += 1) {
      field.value = text.slice(0, length);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await pause(LETTER_MS * pace);
    }
    field.blur();
    return { ok: true, text: field.value };
  }

  function read(find) {
    const found = find();
    return found ? { ok: true, text: found.innerText ?? found.textContent } : { ok: false, reason: "absent" };
  }

  const ACTS = { tap: press, type, read };
  globalThis.finger = { tap: (selector, pace = 1) => press(() => look({ selector }), { pace }) };
  if (!STAGE || parent === globalThis) return;

  addEventListener("message", async (event) => {
    if (event.origin !== STAGE || event.source !== parent || typeof event.data !== "object" || event.data === null) return;
    const { stage, id, ...asked } = event.data, act = Object.hasOwn(ACTS, stage) ? ACTS[stage] : null;
    if (!act) return;
    let answer;
    try {
      answer = await act(() => look(asked), asked);
    } catch (error) {
      answer = { ok: false, reason: String(error.message ?? error) };
    }
    parent.postMessage({ stage: "answer", id, text: "", reason: "", ...answer }, STAGE);
  });

  // The phone's way to the demo's camera page stays on the stage: the card is held up there.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[target=camera]");
    if (!link) return;
    event.preventDefault();
    const held = new URLSearchParams(new URL(link.href).hash.slice(1));
    parent.postMessage({ stage: "card", camera: held.get("camera"), text: held.get("text") }, STAGE);
  }, true);
})();
