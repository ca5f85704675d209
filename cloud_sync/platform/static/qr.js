// QR codes (ISO/IEC 18004), level M, versions 1 to 20: alphanumeric where the text allows it, bytes otherwise.
const EC_PER_BLOCK = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const LEVEL_M = 0, MAX_VERSION = 20, QUIET = 4;

const EXP = new Uint8Array(512), LOG = new Uint8Array(256);
for (let at = 0, value = 1; at < 255; at += 1) {
  EXP[at] = EXP[at + 255] = value;
  LOG[value] = at;
  value = (value << 1) ^ (value & 128 ? 0x11d : 0);
}
const multiply = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);

function rawModules(version) {
  let count = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const align = Math.floor(version / 7) + 2;
    count -= (25 * align - 10) * align - 55;
    if (version >= 7) count -= 36;
  }
  return count;
}

const dataCodewords = (version) => (rawModules(version) >> 3) - EC_PER_BLOCK[version] * BLOCKS[version];

function encodeText(text) {
  const alphanumeric = [...text].every((letter) => ALPHABET.includes(letter));
  const bytes = new TextEncoder().encode(text);
  const length = alphanumeric ? text.length : bytes.length;
  const payload = [];
  if (alphanumeric) {
    for (let at = 0; at < text.length; at += 2) {
      const first = ALPHABET.indexOf(text[at]);
      if (at + 1 < text.length) payload.push([first * 45 + ALPHABET.indexOf(text[at + 1]), 11]);
      else payload.push([first, 6]);
    }
  } else for (const byte of bytes) payload.push([byte, 8]);
  for (let version = 1; version <= MAX_VERSION; version += 1) {
    const sizeBits = alphanumeric ? (version < 10 ? 9 : 11) : version < 10 ? 8 : 16;
    const bits = [];
    const put = (value, width) => { for (let at = width - 1; at >= 0; at -= 1) bits.push((value >> at) & 1); };
    put(alphanumeric ? 2 : 4, 4);
    put(length, sizeBits);
    for (const [value, width] of payload) put(value, width);
    const room = dataCodewords(version) * 8;
    if (bits.length > room) continue;
    put(0, Math.min(4, room - bits.length));
    while (bits.length % 8) bits.push(0);
    for (let pad = 0xec; bits.length < room; pad ^= 0xec ^ 0x11) put(pad, 8);
    const data = new Uint8Array(room / 8);
    bits.forEach((bit, at) => { data[at >> 3] |= bit << (7 - (at & 7)); });
    return { version, data };
  }
  throw new RangeError("text too long for a QR code");
}

function remainder(data, divisor) {
  const rest = new Uint8Array(divisor.length);
  for (const byte of data) {
    const factor = byte ^ rest[0];
    rest.copyWithin(0, 1);
    rest[rest.length - 1] = 0;
    divisor.forEach((part, at) => { rest[at] ^= multiply(part, factor); });
  }
  return rest;
}

function divisorOf(degree) {
  const divisor = new Uint8Array(degree);
  divisor[degree - 1] = 1;
  for (let root = 1, round = 0; round < degree; round += 1) {
    for (let at = 0; at < degree; at += 1) {
      divisor[at] = multiply(divisor[at], root);
      if (at + 1 < degree) divisor[at] ^= divisor[at + 1];
    }
    root = multiply(root, 2);
  }
  return divisor;
}

function interleave(version, data) {
  const blocks = BLOCKS[version], ecLength = EC_PER_BLOCK[version];
  const total = rawModules(version) >> 3, shortBlocks = blocks - (total % blocks);
  const shortData = Math.floor(total / blocks) - ecLength, divisor = divisorOf(ecLength);
  const parts = [];
  for (let block = 0, at = 0; block < blocks; block += 1) {
    const size = shortData + (block < shortBlocks ? 0 : 1);
    const slice = data.slice(at, at + size);
    at += size;
    parts.push({ slice, ec: remainder(slice, divisor) });
  }
  const out = [];
  for (let at = 0; at <= shortData; at += 1) for (const part of parts) if (at < part.slice.length) out.push(part.slice[at]);
  for (let at = 0; at < ecLength; at += 1) for (const part of parts) out.push(part.ec[at]);
  return out;
}

function alignments(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2, size = version * 4 + 17;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  const places = [6];
  for (let at = size - 7; places.length < count; at -= step) places.splice(1, 0, at);
  return places;
}

const MASKS = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

class Matrix {
  constructor(version) {
    this.version = version;
    this.size = version * 4 + 17;
    this.dark = Array.from({ length: this.size }, () => new Uint8Array(this.size));
    this.fixed = Array.from({ length: this.size }, () => new Uint8Array(this.size));
    this.drawPatterns();
  }

  set(x, y, dark) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y][x] = dark ? 1 : 0;
    this.fixed[y][x] = 1;
  }

  drawPatterns() {
    for (let at = 0; at < this.size; at += 1) {
      this.set(6, at, at % 2 === 0);
      this.set(at, 6, at % 2 === 0);
    }
    for (const [cx, cy] of [[3, 3], [this.size - 4, 3], [3, this.size - 4]]) this.square(cx, cy, 4, [2, 4]);
    const places = alignments(this.version), last = places.length - 1;
    places.forEach((x, i) => places.forEach((y, j) => {
      const corner = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
      if (!corner) this.square(x, y, 2, [1]);
    }));
    this.drawFormat(0);
    if (this.version >= 7) this.drawVersion();
  }

  square(cx, cy, reach, light) {
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        this.set(cx + dx, cy + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
      }
    }
  }

  drawFormat(mask) {
    const data = (LEVEL_M << 3) | mask;
    let rest = data;
    for (let at = 0; at < 10; at += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412, bit = (at) => (bits >> at) & 1;
    for (let at = 0; at <= 5; at += 1) this.set(8, at, bit(at));
    this.set(8, 7, bit(6));
    this.set(8, 8, bit(7));
    this.set(7, 8, bit(8));
    for (let at = 9; at < 15; at += 1) this.set(14 - at, 8, bit(at));
    for (let at = 0; at < 8; at += 1) this.set(this.size - 1 - at, 8, bit(at));
    for (let at = 8; at < 15; at += 1) this.set(8, this.size - 15 + at, bit(at));
    this.set(8, this.size - 8, 1);
  }

  drawVersion() {
    let rest = this.version;
    for (let at = 0; at < 12; at += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let at = 0; at < 18; at += 1) {
      const a = this.size - 11 + (at % 3), b = Math.floor(at / 3);
      this.set(a, b, (bits >> at) & 1);
      this.set(b, a, (bits >> at) & 1);
    }
  }

  drawCodewords(codewords) {
    let at = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.size; step += 1) {
        for (const x of [right, right - 1]) {
          const y = ((right + 1) & 2) === 0 ? this.size - 1 - step : step;
          if (this.fixed[y][x] || at >= codewords.length * 8) continue;
          this.dark[y][x] = (codewords[at >> 3] >> (7 - (at & 7))) & 1;
          at += 1;
        }
      }
    }
  }

  mask(mask) {
    for (let y = 0; y < this.size; y += 1) {
      for (let x = 0; x < this.size; x += 1) if (!this.fixed[y][x] && MASKS[mask](x, y)) this.dark[y][x] ^= 1;
    }
  }

  // How hard a mask makes reading: long runs, blocks, and lines that look like a finder.
  penalty() {
    const lines = [...this.dark, ...this.dark.map((_, x) => this.dark.map((row) => row[x]))];
    let sum = 0, darkCount = 0;
    for (const line of lines) {
      const text = Array.from(line).join("");
      for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
      sum += 40 * (text.match(/(?=10111010000|00001011101)/g) ?? []).length;
    }
    for (let y = 0; y < this.size; y += 1) {
      for (let x = 0; x < this.size; x += 1) {
        darkCount += this.dark[y][x];
        if (x && y && this.dark[y][x] === this.dark[y - 1][x] && this.dark[y][x] === this.dark[y][x - 1]
          && this.dark[y][x] === this.dark[y - 1][x - 1]) sum += 3;
      }
    }
    return sum + 10 * Math.floor(Math.abs(darkCount * 20 - this.size * this.size * 10) / (this.size * this.size));
  }
}

export function matrix(text) {
  const { version, data } = encodeText(text);
  const drawn = new Matrix(version);
  drawn.drawCodewords(interleave(version, data));
  let best = 0, least = Infinity;
  for (let mask = 0; mask < 8; mask += 1) {
    drawn.mask(mask);
    drawn.drawFormat(mask);
    const penalty = drawn.penalty();
    if (penalty < least) [best, least] = [mask, penalty];
    drawn.mask(mask);
  }
  drawn.mask(best);
  drawn.drawFormat(best);
  return drawn.dark;
}

// An SVG element with four light modules around the code.
export function drawQr(text, label) {
  const rows = matrix(text), side = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => Array.from(row, (dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""))).join("");
  return `<svg viewBox="0 0 ${side} ${side}" role="img" aria-label="${label}"><path d="${path}"/></svg>`;
}
