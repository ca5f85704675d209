// Just enough of CBOR, COSE_Sign1 and base45 for a phone to sign its own code (docs/protocol.md, Resident code).
const TEXT = new TextEncoder();

function head(major, number) {
  const kind = major << 5;
  if (number < 24) return [kind | number];
  if (number < 0x100) return [kind | 24, number];
  if (number < 0x10000) return [kind | 25, number >> 8, number & 255];
  return [kind | 26, (number >>> 24) & 255, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];
}

// Canonical order of map keys: shorter encodings first, then by bytes.
function byKey([a], [b]) {
  if (a.length !== b.length) return a.length - b.length;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return a[at] - b[at];
  return 0;
}

export function encode(value) {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value];
  if (typeof value === "string") {
    const bytes = TEXT.encode(value);
    return [...head(3, bytes.length), ...bytes];
  }
  if (Array.isArray(value)) return [...head(4, value.length), ...value.flatMap(encode)];
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => [encode(key), encode(item)]).sort(byKey);
    return [...head(5, pairs.length), ...pairs.flat(2)];
  }
  throw new TypeError("no CBOR for this value");
}

const PROTECTED = new Uint8Array(encode(new Map([[1, -8]])));
const IAT = 6, CTI = 7, CERTIFICATE = -70010, SIGN1_TAG = 0xd2;

export async function signCode(privateKey, certificate, atMs) {
  const identity = crypto.getRandomValues(new Uint8Array(8));
  const claims = new Map([[IAT, Math.floor(atMs / 1000)], [CTI, identity], [CERTIFICATE, certificate]]);
  const payload = new Uint8Array(encode(claims));
  const toSign = new Uint8Array(encode(["Signature1", PROTECTED, new Uint8Array(), payload]));
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, toSign));
  const text = "CE1:" + base45([SIGN1_TAG, ...encode([PROTECTED, new Map(), payload, signature])]);
  return { text, id: "r-" + [...identity].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

export function base45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    let number = pair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    for (let digit = 0; digit < (pair ? 3 : 2); digit += 1) {
      text += ALPHABET[number % 45];
      number = Math.floor(number / 45);
    }
  }
  return text;
}
