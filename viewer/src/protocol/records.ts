/**
 * Records: sealed pieces of the stream after the handshake (spec/protocol.md, section 3).
 *
 * AES-GCM is WebCrypto's at every size: in Chromium 156, in a worker, one record after a pause opens in 0.10 ms (256
 * bytes) to 0.14 ms (64 KiB), in a burst in 0.01 to 0.07 ms; @noble/ciphers takes 0.13 to 3.2 ms.
 */
import { type Bytes, isZero, text, utf8 } from "./bytes";
import { MuxError, ProtocolError, RecordError } from "./errors";
import { FrameType } from "./frames";
import * as limits from "./limits";
import { nonceBytes, rekey } from "./noise";

/** The first byte of a record's plaintext. */
export const RecordKind = { DATA: 0, REKEY: 1, BYE: 2 } as const;

/** Decryptions that WebCrypto has under way at a time: 8 are as fast as more (1.1 GB/s with full records). */
const UNDER_WAY = 8;
const BYE_TEXT = 200;

/** PADMÉ: the length to pad to so that only O(log log length) bits of it leak (Nikitin et al., 2019). */
export function padme(length: number): number {
  if (length < 2) return length;
  const exponent = 31 - Math.clz32(length);
  const mask = 2 ** (exponent - (32 - Math.clz32(exponent))) - 1;
  return (length + mask) & ~mask;
}

/** The length of a plaintext of `length` bytes once padded, at most `most`. */
export function padded(length: number, small: boolean, most = limits.PLAINTEXT_MAX): number {
  const target = Math.ceil(length / limits.SMALL_PADDING) * limits.SMALL_PADDING;
  return Math.min(small ? target : padme(length), most);
}

/** A bye's plaintext; `reason` is cut to 200 bytes of UTF-8. */
export function encodeBye(code: number, reason: string): Bytes {
  let raw = utf8(reason);
  if (raw.length > BYE_TEXT) {
    let end = BYE_TEXT;
    // Not within a character: its later bytes are 10xxxxxx.
    while (((raw[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    raw = raw.subarray(0, end);
  }
  const out = new Uint8Array(limits.SMALL_PADDING);
  out.set([RecordKind.BYE, code, raw.length]);
  out.set(raw, 3);
  return out;
}

/** The code and text of a bye. Throws MuxError. */
export function decodeBye(plaintext: Bytes): { code: number; text: string } {
  const [, code, length] = plaintext;
  if (code === undefined || length === undefined) throw new MuxError("a bye without a code");
  const end = 3 + length;
  if (length > BYE_TEXT || end > plaintext.length || !isZero(plaintext, end)) throw new MuxError("a bye that is malformed");
  try {
    return { code, text: text(plaintext.subarray(3, end)) };
  } catch {
    throw new MuxError("a bye that is no text");
  }
}

/** Makes one direction's records. `now` in seconds of any steady clock. One call at a time. */
export class Sealer {
  #key: CryptoKey;
  #counter = 0;
  #underKey = 0;
  #since: number;

  constructor(key: CryptoKey, now: number) {
    this.#key = key;
    this.#since = now;
  }

  /** When the key is too old. */
  get rekeyAt(): number {
    return this.#since + limits.REKEY_SECONDS;
  }

  /** Whether the next record must be a rekey. */
  rekeyDue(now: number): boolean {
    return this.#underKey >= limits.REKEY_RECORDS - 1 || now >= this.rekeyAt;
  }

  /** The record as it goes on the wire. */
  async seal(plaintext: Bytes): Promise<Bytes> {
    const size = plaintext.length + limits.TAG;
    const record = new Uint8Array(limits.FRAME_HEADER + size);
    record.set([FrameType.RECORD, size >> 8, size & 0xff]);
    const additionalData = record.subarray(0, limits.FRAME_HEADER);
    const iv = nonceBytes(this.#counter);
    this.#counter += 1;
    this.#underKey += 1;
    const out = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, this.#key, plaintext);
    record.set(new Uint8Array(out), limits.FRAME_HEADER);
    return record;
  }

  /** The last record under this key; the next one comes under the new key. */
  async rekey(now: number): Promise<Bytes> {
    // As long as the smallest padded record, so that it does not stand out.
    const plaintext = new Uint8Array(limits.SMALL_PADDING);
    plaintext[0] = RecordKind.REKEY;
    const record = await this.seal(plaintext);
    this.#key = await rekey(this.#key);
    this.#underKey = 0;
    this.#since = now;
    return record;
  }
}

interface Slot {
  readonly record: Bytes;
  readonly counter: number;
  state: "waiting" | "opening" | "open" | "broken";
  plaintext: Bytes | null;
}

/**
 * Opens the other direction's records: several at a time, and gives their plaintexts to `take` in order.
 *
 * `take` gets data and bye (never empty); a rekey is dealt with here. The first record that does not open, and the
 * first ProtocolError that `take` throws, goes to `fail`; nothing is taken after that, nor after `stop`.
 */
export class Opener {
  readonly #take: (plaintext: Bytes) => void;
  readonly #fail: (error: ProtocolError) => void;
  readonly #slots: Slot[] = [];
  #key: CryptoKey;
  /** Grows with each rekey: what was begun under an older key is opened again. */
  #epoch = 0;
  #counter = 0;
  #underKey = 0;
  #opening = 0;
  #begun = 0;
  #renewing = false;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(key: CryptoKey, take: (plaintext: Bytes) => void, fail: (error: ProtocolError) => void) {
    this.#key = key;
    this.#take = take;
    this.#fail = fail;
  }

  /** Take a whole record, header and body, which must not change afterwards. */
  push(record: Bytes): void {
    if (this.#stopped) return;
    this.#slots.push({ record, counter: this.#counter, state: "waiting", plaintext: null });
    this.#counter += 1;
    this.#begin();
  }

  /** Open nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#slots.length = 0;
    this.#wake();
  }

  /** Resolves once every record pushed so far was taken, or none will be any more. */
  idle(): Promise<void> {
    if (this.#slots.length === 0 && !this.#renewing) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #begin(): void {
    while (!this.#renewing && this.#opening < UNDER_WAY) {
      const slot = this.#slots[this.#begun];
      if (slot === undefined) return;
      this.#begun += 1;
      slot.state = "opening";
      void this.#open(slot, this.#epoch);
    }
  }

  async #open(slot: Slot, epoch: number): Promise<void> {
    const { record, counter } = slot;
    const additionalData = record.subarray(0, limits.FRAME_HEADER);
    const algorithm = { name: "AES-GCM", iv: nonceBytes(counter), additionalData };
    this.#opening += 1;
    let plaintext: Bytes | null;
    try {
      const out = await crypto.subtle.decrypt(algorithm, this.#key, record.subarray(limits.FRAME_HEADER));
      plaintext = new Uint8Array(out);
    } catch {
      plaintext = null;
    }
    this.#opening -= 1;
    if (epoch === this.#epoch && !this.#stopped) {
      slot.plaintext = plaintext;
      slot.state = plaintext === null ? "broken" : "open";
      this.#drain();
    }
    this.#begin();
  }

  #drain(): void {
    for (;;) {
      const slot = this.#slots[0];
      if (slot === undefined || slot.state === "waiting" || slot.state === "opening") break;
      this.#slots.shift();
      this.#begun -= 1;
      try {
        if (this.#accept(slot)) return;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.stop();
        this.#fail(error);
        return;
      }
      // `take` may have called stop.
      if (this.#stopped) return;
    }
    if (this.#slots.length === 0) this.#wake();
  }

  /** Take one plaintext; true if it was a rekey, after which nothing goes on until the new key is there. */
  #accept(slot: Slot): boolean {
    if (this.#underKey >= limits.REKEY_RECORDS) {
      throw new RecordError("a key was used for more records than are allowed");
    }
    if (slot.plaintext === null) throw new RecordError("a record that does not open");
    this.#underKey += 1;
    if (slot.plaintext[0] !== RecordKind.REKEY) {
      this.#take(slot.plaintext);
      return false;
    }
    if (!isZero(slot.plaintext, 1)) throw new MuxError("a rekey with bytes where zeros belong");
    this.#epoch += 1;
    this.#underKey = 0;
    this.#begun = 0;
    for (const later of this.#slots) later.state = "waiting";
    this.#renewing = true;
    void this.#renew();
    return true;
  }

  async #renew(): Promise<void> {
    this.#key = await rekey(this.#key);
    this.#renewing = false;
    if (this.#slots.length === 0) this.#wake();
    this.#begin();
  }

  #wake(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
