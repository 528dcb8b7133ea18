/** QR codes (ISO/IEC 18004), byte mode, error correction M, versions 1 to 12: enough for an otpauth address. */
import { type TemplateResult, html, svg } from "lit/html.js";

/** Per version from 1: error correction bytes in a block, and blocks. */
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8];
const FORMAT_M = 0;

/** Rows of modules, true is dark. Raises RangeError for more than 287 bytes. */
export function qrModules(text: string, mask?: number): boolean[][] {
  const data = new TextEncoder().encode(text);
  const version = CORRECTION.findIndex((_, index) => capacity(index + 1) >= data.length + (index + 1 < 10 ? 2 : 3)) + 1;
  if (version === 0) throw new RangeError(`${data.length} bytes are more than this QR code takes.`);
  const code = new Code(version);
  code.place(interleave(version, dataBytes(version, data)));
  const masks = mask === undefined ? [0, 1, 2, 3, 4, 5, 6, 7] : [mask];
  const tried = masks.map((number) => code.masked(number));
  const costs = tried.map(penalty);
  return tried[costs.indexOf(Math.min(...costs))] ?? [];
}

/** The code as a drawing, dark on light whatever the page's colours are: cameras expect it so. */
export function qrCode(text: string, label: string): TemplateResult {
  const rows = qrModules(text);
  const size = rows.length + 8;
  const path = rows
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")))
    .join("");
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label=${label} shape-rendering="crispEdges">
    ${svg`<rect class="light" width=${size} height=${size} /><path class="dark" d=${path} />`}
  </svg>`;
}

function rawBytes(version: number): number {
  let bits = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const aligned = Math.floor(version / 7) + 2;
    bits -= (25 * aligned - 10) * aligned - 55;
    if (version >= 7) bits -= 36;
  }
  return Math.floor(bits / 8);
}

function capacity(version: number): number {
  return rawBytes(version) - (CORRECTION[version - 1] ?? 0) * (BLOCKS[version - 1] ?? 0);
}

function dataBytes(version: number, data: Uint8Array): number[] {
  const bits: number[] = [];
  const put = (value: number, length: number): void => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  put(0b0100, 4);
  put(data.length, version < 10 ? 8 : 16);
  for (const byte of data) put(byte, 8);
  const room = capacity(version) * 8;
  put(0, Math.min(4, room - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0; bits.length < room; pad ^= 1) put(pad ? 0x11 : 0xec, 8);
  return Array.from({ length: bits.length / 8 }, (_, byte) =>
    bits.slice(byte * 8, byte * 8 + 8).reduce((sum, bit) => sum * 2 + bit, 0),
  );
}

/** A product in GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((b >> bit) & 1) * a);
  return product & 0xff;
}

function generator(degree: number): number[] {
  let poly = [1];
  for (let n = 0, root = 1; n < degree; n++, root = times(root, 2)) {
    const next = [...poly, 0];
    poly.forEach((value, index) => {
      next[index + 1] = (next[index + 1] ?? 0) ^ times(value, root);
    });
    poly = next;
  }
  return poly.slice(1);
}

function remainder(block: readonly number[], poly: readonly number[]): number[] {
  let rest = poly.map(() => 0);
  for (const byte of block) {
    const factor = byte ^ (rest[0] ?? 0);
    rest = [...rest.slice(1), 0].map((value, index) => value ^ times(poly[index] ?? 0, factor));
  }
  return rest;
}

/** The blocks' bytes in turn, then their correction's: the first blocks are a byte shorter where it does not come out even. */
function interleave(version: number, data: readonly number[]): number[] {
  const blocks = BLOCKS[version - 1] ?? 1;
  const poly = generator(CORRECTION[version - 1] ?? 0);
  const short = Math.floor(data.length / blocks);
  const shorter = blocks - (data.length % blocks);
  const parts: number[][] = [];
  for (let n = 0, at = 0; n < blocks; n++) {
    const length = short + (n < shorter ? 0 : 1);
    parts.push(data.slice(at, at + length));
    at += length;
  }
  const corrections = parts.map((part) => remainder(part, poly));
  const woven = (of: readonly number[][], length: number): number[] =>
    Array.from({ length }, (_, index) => of.flatMap((part) => part.slice(index, index + 1))).flat();
  return [...woven(parts, short + 1), ...woven(corrections, poly.length)];
}

const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

class Code {
  private readonly size: number;
  private readonly dark: boolean[][];
  private readonly fixed: boolean[][];

  constructor(private readonly version: number) {
    this.size = version * 4 + 17;
    const blank = (): boolean[][] => Array.from({ length: this.size }, () => Array.from({ length: this.size }, () => false));
    this.dark = blank();
    this.fixed = blank();
    this.patterns();
  }

  place(bytes: readonly number[]): void {
    let bit = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.size; step++) {
        const upward = ((right + 1) & 2) === 0;
        const y = upward ? this.size - 1 - step : step;
        for (const x of [right, right - 1]) {
          if (this.fixed[y]?.[x] || bit >= bytes.length * 8) continue;
          this.put(x, y, (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1, false);
          bit++;
        }
      }
    }
  }

  masked(mask: number): boolean[][] {
    this.format(mask);
    const flips = MASKS[mask];
    return this.dark.map((row, y) => row.map((dark, x) => dark !== (!this.fixed[y]?.[x] && flips?.(x, y) === true)));
  }

  private put(x: number, y: number, dark: boolean, fixed = true): void {
    const [row, kept] = [this.dark[y], this.fixed[y]];
    if (!row || !kept || x < 0 || x >= this.size) return;
    row[x] = dark;
    if (fixed) kept[x] = true;
  }

  private patterns(): void {
    const { size, version } = this;
    for (let n = 0; n < size; n++) {
      this.put(6, n, n % 2 === 0);
      this.put(n, 6, n % 2 === 0);
    }
    for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) {
      this.rings(cx, cy, 4, (ring) => ring !== 2 && ring !== 4);
    }
    const places = alignments(version, size);
    const last = places.length - 1;
    places.forEach((y, row) => {
      places.forEach((x, column) => {
        const corner = (row === 0 && (column === 0 || column === last)) || (row === last && column === 0);
        if (!corner) this.rings(x, y, 2, (ring) => ring !== 1);
      });
    });
    this.format(0);
    if (version >= 7) this.versionBits();
  }

  private rings(cx: number, cy: number, reach: number, dark: (ring: number) => boolean): void {
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) this.put(cx + dx, cy + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }

  private format(mask: number): void {
    const data = (FORMAT_M << 3) | mask;
    let rest = data;
    for (let n = 0; n < 10; n++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const bits = ((data << 10) | rest) ^ 0x5412;
    const { size } = this;
    for (let n = 0; n < 15; n++) {
      const dark = ((bits >> n) & 1) === 1;
      // Once around the first finder, and once split between the other two.
      if (n < 8) this.put(8, n < 6 ? n : n + 1, dark);
      else this.put(n === 8 ? 7 : 14 - n, 8, dark);
      if (n < 8) this.put(size - 1 - n, 8, dark);
      else this.put(8, size - 15 + n, dark);
    }
    this.put(8, size - 8, true);
  }

  private versionBits(): void {
    let rest = this.version;
    for (let n = 0; n < 12; n++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
    const bits = (this.version << 12) | rest;
    for (let n = 0; n < 18; n++) {
      const [a, b] = [this.size - 11 + (n % 3), Math.floor(n / 3)];
      const dark = ((bits >> n) & 1) === 1;
      this.put(a, b, dark);
      this.put(b, a, dark);
    }
  }
}

function alignments(version: number, size: number): number[] {
  if (version === 1) return [];
  const number = Math.floor(version / 7) + 2;
  const step = Math.ceil((size - 13) / (2 * number - 2)) * 2;
  const places = Array.from({ length: number - 1 }, (_, n) => size - 7 - n * step).reverse();
  return [6, ...places];
}

/** The standard's four rules: long runs, blocks, what looks like a finder, and an uneven share of dark. */
function penalty(rows: readonly boolean[][]): number {
  const size = rows.length;
  const columns = rows.map((_, x) => rows.map((row) => row[x] ?? false));
  let cost = 0;
  for (const line of [...rows, ...columns]) {
    const text = line.map((dark) => (dark ? "1" : "0")).join("");
    for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) cost += run.length - 2;
    for (let at = 0; at + 11 <= size; at++) {
      const part = text.slice(at, at + 11);
      if (part === "10111010000" || part === "00001011101") cost += 40;
    }
  }
  for (let y = 0; y + 1 < size; y++) {
    for (let x = 0; x + 1 < size; x++) {
      const here = rows[y]?.[x];
      if (here === rows[y]?.[x + 1] && here === rows[y + 1]?.[x] && here === rows[y + 1]?.[x + 1]) cost += 3;
    }
  }
  const dark = rows.flat().filter(Boolean).length;
  return cost + Math.floor(Math.abs((dark * 20) / (size * size) - 10)) * 10;
}
