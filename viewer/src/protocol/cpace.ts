/**
 * CPACE-X25519-SHA512 of draft-irtf-cfrg-cpace (initiator and responder), with RFC 9380's Elligator 2.
 *
 * The map works on big integers and takes a time that depends on them; a code answers one guess and is dead, so that
 * one measurement of one map is all that it leaks.
 */
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, own, utf8 } from "./bytes";
import { scalarMult } from "./keys";

const P = 2n ** 255n - 19n;
const A = 486662n;
const DSI = utf8("CPace255");
const DSI_ISK = utf8("CPace255_ISK");
const BLOCK = 128;

/** The length in unsigned LEB128, then `data`. */
export function prependLen(data: Bytes): Bytes {
  const head: number[] = [];
  let length = data.length;
  while (length > 127) {
    head.push((length & 127) | 128);
    length >>>= 7;
  }
  head.push(length);
  return concat(Uint8Array.from(head), data);
}

/** All parts, each after its length. */
export function lvCat(...parts: readonly Bytes[]): Bytes {
  return concat(...parts.map(prependLen));
}

/** The draft's generator_string: the password and the padding fill the hash's first block. */
export function generatorString(prs: Bytes, ci: Bytes, sid: Bytes): Bytes {
  const pad = Math.max(0, BLOCK - 1 - prependLen(prs).length - prependLen(DSI).length);
  return lvCat(DSI, prs, new Uint8Array(pad), ci, sid);
}

/** The generator that only who knows `prs` finds: a u-coordinate of 32 bytes. */
export function calculateGenerator(prs: Bytes, ci: Bytes, sid: Bytes): Bytes {
  const digest = sha512(generatorString(prs, ci, sid)).subarray(0, 32);
  let r = 0n;
  for (let at = 31; at >= 0; at -= 1) r = (r << 8n) | BigInt(digest[at] ?? 0);
  let u = elligator2(r & (2n ** 255n - 1n));
  const out = new Uint8Array(32);
  for (let at = 0; at < 32; at += 1) {
    out[at] = Number(u & 0xffn);
    u >>= 8n;
  }
  return out;
}

/** RFC 9380's map_to_curve_elligator2_curve25519, u-coordinate only. */
export function elligator2(r: bigint): bigint {
  const v = modulo(-A * power(modulo(1n + 2n * r * r), P - 2n));
  const w = modulo(v * v * v + A * v * v + v);
  return power(w, (P - 1n) / 2n) === 1n ? v : modulo(-v - A);
}

function modulo(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** One end of one exchange. `scalar` is 32 fresh random bytes, used once. */
export class CPace {
  /** What crosses the wire: 32 bytes. */
  readonly share: Bytes;
  readonly #scalar: Bytes;
  readonly #sid: Bytes;

  constructor(options: { prs: Bytes; ci: Bytes; sid: Bytes; scalar: Bytes }) {
    this.#scalar = options.scalar.slice();
    this.#sid = options.sid;
    this.share = scalarMult(this.#scalar, calculateGenerator(options.prs, options.ci, options.sid));
  }

  /** The initiator's ISK (64 bytes). Throws HandshakeFailed if `yb` is a low-order point. */
  initiatorKey(ada: Bytes, yb: Bytes, adb: Bytes): Bytes {
    return this.#isk(yb, concat(lvCat(this.share, ada), lvCat(yb, adb)));
  }

  /** The responder's ISK (64 bytes). Throws HandshakeFailed if `ya` is a low-order point. */
  responderKey(ya: Bytes, ada: Bytes, adb: Bytes): Bytes {
    return this.#isk(ya, concat(lvCat(ya, ada), lvCat(this.share, adb)));
  }

  #isk(theirs: Bytes, transcript: Bytes): Bytes {
    const point = scalarMult(this.#scalar, theirs);
    return own(sha512(concat(lvCat(DSI_ISK, this.#sid, point), transcript)));
  }
}
