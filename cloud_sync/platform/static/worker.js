// Keeps the page itself on the phone, so that the own code can be shown without network. Answers of the API are never kept.
const SHELF = "phone-5", PATIENCE_MS = 4000;
const FILES = ["/phone", ...["tokens.css", "parts.css", "phone.css", "phone.js", "phone_core.js", "phone_kept.js", "phone_password.js", "phone_code.js", "phone_doors.js", "phone_orders.js", "phone_pay.js", "phone_payment_code.js", "phone_bills.js", "phone_wallet.js", "phone_receipts.js", "phone_more.js", "phone_home.js", "phone_records.js", "cose.js", "holder.js", "qr.js", "parts.js", "words.js", "words_pay.js", "words_accounts.js", "words_home.js", "icons.svg", "mark.svg"].map((name) => `/static/${name}`)];

self.addEventListener("install", (event) => event.waitUntil(caches.open(SHELF).then((shelf) => shelf.addAll(FILES))));
self.addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((name) => name !== SHELF).map((name) => caches.delete(name)))),
));
self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || !FILES.includes(pathname)) return;
  event.respondWith(fresh(event.request).catch(async (error) => {
    const found = await caches.match(pathname);
    if (!found) throw error;
    return found;
  }));
});

// From the platform while it answers in time; what only stands before it (a fault page) is no answer.
async function fresh(request) {
  const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new TypeError(`${answer.status}`);
  await (await caches.open(SHELF)).put(request, answer.clone());
  return answer;
}
