// The phone's own key: made here, never extractable, kept in IndexedDB beside its certificate.
const DATABASE = "community-edge-phone", STORE = "holder";
const RENEW_BEFORE_MS = 7 * 24 * 3600 * 1000;

function database() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function keep(mode, work) {
  const opened = await database();
  return new Promise((resolve, reject) => {
    const asked = work(opened.transaction(STORE, mode).objectStore(STORE));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

// What is kept for a person, or null.
export function kept(subject) {
  return keep("readonly", (store) => store.get(subject)).then((found) => found ?? null);
}

// The key and certificate of a person; asks `certify` for a certificate when there is none or it ends soon.
export async function holder(subject, certify) {
  const found = await kept(subject);
  if (found && found.expiresMs - Date.now() > RENEW_BEFORE_MS) return found;
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const answer = await certify(btoa(String.fromCharCode(...raw)));
  const made = { privateKey: pair.privateKey, certificate: fromBase64(answer.certificate), expiresMs: answer.expires_ms };
  await keep("readwrite", (store) => store.put(made, subject));
  return made;
}

export function forget(subject) {
  return keep("readwrite", (store) => store.delete(subject));
}
