/** Byte strings, and the few things that are done to them everywhere. */

/** Bytes over memory of their own kind (never shared), which WebCrypto and sockets take as they are. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Where randomness comes from: `count` bytes nobody can guess. */
export type Entropy = (count: number) => Bytes;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of `text`. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The text of UTF-8 bytes. Throws TypeError where they are not UTF-8. */
export function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** All parts in a row, in memory of their own. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both hold the same bytes; takes as long for a difference at the start as at the end. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}

/** Whether every byte from `start` on is zero. */
export function isZero(bytes: Uint8Array, start = 0): boolean {
  for (let at = start; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** A length in two big-endian bytes, then the bytes. Throws RangeError above 65535. */
export function lengthPrefixed(bytes: Uint8Array): Bytes {
  if (bytes.length > 0xffff) throw new RangeError(`${bytes.length} bytes have no 16-bit length`);
  return concat(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}

/** The same bytes in memory of their own, whatever memory they came in. */
export function own(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}
