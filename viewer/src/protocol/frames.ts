/** The outer frames: what a gateway can see of a session. */
import { type Bytes, concat, isZero, text, utf8 } from "./bytes";
import { FailureCode, MalformedFrame, VersionMismatch } from "./errors";
import * as limits from "./limits";

export const VERSION = 1;
/** Bit 0: Noise_XXpsk3_25519_AESGCM_SHA256 + ML-KEM-768 + CPace-X25519-SHA512. */
export const SUITE = 1;
/** The WebSocket subprotocol of every leg. */
export const SUBPROTOCOL = "farhand.1";

/** The first byte of a frame. */
export const FrameType = {
  HELLO: 0x01,
  WELCOME: 0x02,
  FAILURE: 0x03,
  HANDSHAKE_1: 0x11,
  HANDSHAKE_2: 0x12,
  HANDSHAKE_3: 0x13,
  RECORD: 0x20,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** How the viewer means to be let in. */
export const Mode = { ATTENDED: 1, REJOIN: 2, UNATTENDED: 3 } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

/** The one legal body length of every frame but records, in bytes. */
export const LENGTHS: ReadonlyMap<number, number> = new Map([
  [FrameType.HELLO, limits.HELLO],
  [FrameType.WELCOME, limits.WELCOME],
  [FrameType.FAILURE, limits.FAILURE],
  [FrameType.HANDSHAKE_1, limits.HANDSHAKE_1],
  [FrameType.HANDSHAKE_2, limits.HANDSHAKE_2],
  [FrameType.HANDSHAKE_3, limits.HANDSHAKE_3],
]);

/** One frame; `bytes` are header and body, a view that nobody writes to. */
export interface Frame {
  readonly type: FrameType;
  readonly bytes: Bytes;
}

/** The body of a frame: a view. */
export function body(frame: Frame): Bytes {
  return frame.bytes.subarray(limits.FRAME_HEADER);
}

/** Put the three header bytes before `content`. */
export function encodeFrame(type: FrameType, content: Uint8Array): Bytes {
  return concat(Uint8Array.of(type, content.length >> 8, content.length & 0xff), content);
}

/**
 * Cuts a byte stream into frames and refuses those that are not `expected` at their third byte.
 *
 * `feed` bytes, then take frames with `next` until it gives null. `expected` may change between two frames; it counts
 * from the next header on. A frame that lies whole in what was fed is a view of it; nothing is copied.
 */
export class FrameReader {
  expected: readonly FrameType[];
  /** Bytes fed and not yet given out as frames. */
  waiting = 0;
  readonly #chunks: Bytes[] = [];
  #partial: Bytes | null = null;
  #filled = 0;
  readonly #header = new Uint8Array(limits.FRAME_HEADER);
  #headerFilled = 0;

  constructor(...expected: readonly FrameType[]) {
    this.expected = expected;
  }

  /** Take bytes, which must not change afterwards. */
  feed(chunk: Bytes): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.waiting += chunk.length;
  }

  /** The next complete frame, or null until more is fed. Throws MalformedFrame. */
  next(): Frame | null {
    for (;;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) return null;
      if (this.#headerFilled === 0 && chunk.length >= limits.FRAME_HEADER) {
        const end = limits.FRAME_HEADER + this.#length(chunk);
        if (chunk.length >= end) {
          this.#consume(chunk, end);
          return this.#give(chunk.subarray(0, end));
        }
      }
      if (this.#partial === null) {
        const take = Math.min(limits.FRAME_HEADER - this.#headerFilled, chunk.length);
        this.#header.set(chunk.subarray(0, take), this.#headerFilled);
        this.#headerFilled += take;
        this.#consume(chunk, take);
        if (this.#headerFilled < limits.FRAME_HEADER) continue;
        this.#partial = new Uint8Array(limits.FRAME_HEADER + this.#length(this.#header));
        this.#partial.set(this.#header);
        this.#filled = limits.FRAME_HEADER;
        continue;
      }
      const take = Math.min(this.#partial.length - this.#filled, chunk.length);
      this.#partial.set(chunk.subarray(0, take), this.#filled);
      this.#filled += take;
      this.#consume(chunk, take);
      if (this.#filled === this.#partial.length) {
        const whole = this.#partial;
        this.#partial = null;
        this.#headerFilled = 0;
        return this.#give(whole);
      }
    }
  }

  #give(bytes: Bytes): Frame {
    this.waiting -= bytes.length;
    return { type: bytes[0] as FrameType, bytes };
  }

  #consume(chunk: Bytes, count: number): void {
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
  }

  #length(header: Bytes): number {
    const [type = 0, high = 0, low = 0] = header;
    const length = (high << 8) | low;
    if (!(this.expected as readonly number[]).includes(type)) {
      throw new MalformedFrame(`a frame of type ${type} where it does not belong`);
    }
    if (type === FrameType.RECORD) {
      if (length < limits.RECORD_MIN) throw new MalformedFrame(`a record of ${length} bytes`);
    } else if (length !== LENGTHS.get(type)) {
      throw new MalformedFrame(`a frame of type ${type} with ${length} bytes`);
    }
    return length;
  }
}

/** The viewer's first frame: `route` is a code's route part (text of 4 to 9 digits) or a host id (16 bytes). */
export interface Hello {
  readonly mode: Mode;
  readonly route: string | Bytes;
  readonly nonce: Bytes;
  readonly suites: number;
}

/** The host's answer to a hello; `feed` is the version of its advisory feed. */
export interface Welcome {
  readonly mode: Mode;
  readonly suite: number;
  readonly hostId: Bytes;
  readonly nonce: Bytes;
  readonly feed: bigint;
}

/** Why there is no session; `retry` in seconds, 0 if another try makes no sense. Anyone on the way can forge it. */
export interface Failure {
  readonly code: FailureCode;
  readonly retry: number;
}

/** The body of a hello. */
export function encodeHello(hello: Hello): Bytes {
  const route = typeof hello.route === "string" ? utf8(hello.route) : hello.route;
  const out = new Uint8Array(limits.HELLO);
  out.set(utf8("FHV1"));
  out.set([VERSION, hello.mode, hello.suites >> 8, hello.suites & 0xff], 4);
  out.set([typeof hello.route === "string" ? 1 : 2, route.length], 8);
  out.set(route, 10);
  out.set(hello.nonce, 42);
  return out;
}

/** Read the body of a hello. Throws MalformedFrame, VersionMismatch. */
export function decodeHello(bytes: Bytes): Hello {
  const view = start(bytes, limits.HELLO, "FHV1");
  const mode = readMode(view.getUint8(5));
  const suites = view.getUint16(6);
  if ((suites & SUITE) === 0) throw new VersionMismatch("the viewer offers no suite that this end speaks");
  const kind = view.getUint8(8);
  const length = view.getUint8(9);
  const raw = bytes.slice(10, 10 + Math.min(length, 32));
  let route: string | Bytes;
  if (kind === 1 && length >= 4 && length <= 9 && raw.every((byte) => byte >= 0x30 && byte <= 0x39)) route = text(raw);
  else if (kind === 2 && length === 16) route = raw;
  else throw new MalformedFrame("a hello with a route that is neither a code's nor a host's");
  if ((mode === Mode.ATTENDED) !== (kind === 1)) throw new MalformedFrame("a hello whose route does not suit its mode");
  if (!isZero(bytes.subarray(10 + length, 42)) || !isZero(bytes, 74)) {
    throw new MalformedFrame("a hello with bytes where zeros belong");
  }
  return { mode, route, nonce: bytes.slice(42, 74), suites };
}

/** The body of a welcome. */
export function encodeWelcome(welcome: Welcome): Bytes {
  const out = new Uint8Array(limits.WELCOME);
  const view = new DataView(out.buffer);
  out.set(utf8("FHH1"));
  out.set([VERSION, welcome.mode], 4);
  view.setUint16(6, welcome.suite);
  out.set(welcome.hostId, 8);
  out.set(welcome.nonce, 24);
  view.setBigUint64(56, welcome.feed);
  return out;
}

/** Read the body of a welcome. Throws MalformedFrame, VersionMismatch. */
export function decodeWelcome(bytes: Bytes): Welcome {
  const view = start(bytes, limits.WELCOME, "FHH1");
  const mode = readMode(view.getUint8(5));
  const suite = view.getUint16(6);
  if (suite !== SUITE) throw new VersionMismatch("the host chose a suite that was not offered");
  if (!isZero(bytes, 64)) throw new MalformedFrame("a welcome with bytes where zeros belong");
  return { mode, suite, hostId: bytes.slice(8, 24), nonce: bytes.slice(24, 56), feed: view.getBigUint64(56) };
}

/** The body of a failure. */
export function encodeFailure(failure: Failure): Bytes {
  const out = new Uint8Array(limits.FAILURE);
  out.set(utf8("FHF1"));
  out.set([VERSION, failure.code], 4);
  new DataView(out.buffer).setUint16(6, Math.min(failure.retry, 0xffff));
  return out;
}

/** Read the body of a failure. Throws MalformedFrame, VersionMismatch. */
export function decodeFailure(bytes: Bytes): Failure {
  const view = start(bytes, limits.FAILURE, "FHF1");
  const code = view.getUint8(5);
  if (code < 1 || code > FailureCode.TIMEOUT) throw new MalformedFrame(`a failure of unknown code ${code}`);
  if (!isZero(bytes, 8)) throw new MalformedFrame("a failure with bytes where zeros belong");
  return { code: code as FailureCode, retry: view.getUint16(6) };
}

function start(bytes: Bytes, length: number, magic: string): DataView {
  if (bytes.length !== length) throw new MalformedFrame(`${bytes.length} bytes where ${length} belong`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  for (let at = 0; at < 4; at += 1) {
    if (bytes[at] !== magic.charCodeAt(at)) throw new MalformedFrame("a frame without its label");
  }
  const version = view.getUint8(4);
  if (version !== VERSION) throw new VersionMismatch(`the other end speaks version ${version}, this one ${VERSION}`);
  return view;
}

function readMode(value: number): Mode {
  if (value !== Mode.ATTENDED && value !== Mode.REJOIN && value !== Mode.UNATTENDED) {
    throw new MalformedFrame(`an unknown mode ${value}`);
  }
  return value;
}
