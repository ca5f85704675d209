// Looks again at what stands live on the page. Without it the page is right, only not newer than its load.
const EVERY_MS = 2000;

async function look() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { "X-Live": "1" }, redirect: "manual" });
  if (!answer.ok) return say(answer.status !== 401);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = next.getElementById(part.id);
    if (now && now.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) part.innerHTML = now.innerHTML;
  }
  say(false);
}

// What is shown may be old: said as soon as it is so, never left to be guessed.
function say(old) {
  const stale = document.getElementById("stale");
  if (stale) stale.hidden = !old;
}

async function again() {
  try { await look(); } catch { say(true); }
  setTimeout(again, EVERY_MS);
}
setTimeout(again, EVERY_MS);
