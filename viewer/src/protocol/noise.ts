/**
 * The Noise Protocol Framework, revision 34, for 25519, AESGCM and SHA256 (noiseprotocol.org/noise.html).
 *
 * The names are the specification's. Keys and randomness are arguments; nothing is drawn here.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, own, utf8 } from "./bytes";
import { HandshakeFailed } from "./errors";
import type { PrivateKey } from "./keys";

export const DHLEN = 32;
export const TAGLEN = 16;

export type Token = "e" | "s" | "ee" | "es" | "se" | "ss" | "psk";

/** A handshake pattern: its name, what each end knows of the other beforehand, and the tokens of each message. */
export interface Pattern {
  readonly name: string;
  readonly messages: readonly (readonly Token[])[];
  readonly beforeInitiator?: readonly ("e" | "s")[];
  readonly beforeResponder?: readonly ("e" | "s")[];
}

/** The one pattern that Farhand uses. */
export const XXPSK3: Pattern = { name: "XXpsk3", messages: [["e"], ["e", "ee", "s", "es"], ["s", "se", "psk"]] };

/** HKDF of section 4.3: two or three outputs of 32 bytes. */
export function hkdf(chainingKey: Bytes, inputKey: Bytes, outputs: 2 | 3): Bytes[] {
  const temporary = hmac(sha256, chainingKey, inputKey);
  const out: Bytes[] = [];
  let last: Bytes = new Uint8Array(0);
  for (let n = 1; n <= outputs; n += 1) {
    last = own(hmac(sha256, temporary, concat(last, Uint8Array.of(n))));
    out.push(last);
  }
  return out;
}

/** An AES-256-GCM key that WebCrypto holds and does not give back. */
export function importKey(key: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Four zero bytes and the counter, big-endian (section 12.3). */
export function nonceBytes(counter: number): Bytes {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(4, Math.floor(counter / 2 ** 32));
  view.setUint32(8, counter >>> 0);
  return nonce;
}

const REKEY_NONCE: Bytes = Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255);

/** REKEY(k), the default of section 4.2. */
export async function rekey(key: CryptoKey): Promise<CryptoKey> {
  const algorithm = { name: "AES-GCM", iv: REKEY_NONCE, additionalData: new Uint8Array(0) };
  const out = await crypto.subtle.encrypt(algorithm, key, new Uint8Array(32));
  return importKey(new Uint8Array(out, 0, 32));
}

/** A key and its counter (section 5.1); without a key it passes everything on as it is. */
export class CipherState {
  #key: Promise<CryptoKey> | null = null;
  #counter = 0;

  hasKey(): boolean {
    return this.#key !== null;
  }

  initializeKey(key: Bytes): void {
    this.#key = importKey(key);
    this.#counter = 0;
  }

  async encryptWithAd(ad: Bytes, plaintext: Bytes): Promise<Bytes> {
    if (this.#key === null) return plaintext;
    const algorithm = { name: "AES-GCM", iv: nonceBytes(this.#counter), additionalData: ad };
    const out = await crypto.subtle.encrypt(algorithm, await this.#key, plaintext);
    this.#counter += 1;
    return new Uint8Array(out);
  }

  /** Throws HandshakeFailed and does not count where the tag is wrong. */
  async decryptWithAd(ad: Bytes, ciphertext: Bytes): Promise<Bytes> {
    if (this.#key === null) return ciphertext;
    const algorithm = { name: "AES-GCM", iv: nonceBytes(this.#counter), additionalData: ad };
    const key = await this.#key;
    let out: ArrayBuffer;
    try {
      out = await crypto.subtle.decrypt(algorithm, key, ciphertext);
    } catch {
      throw new HandshakeFailed("a ciphertext that does not open");
    }
    this.#counter += 1;
    return new Uint8Array(out);
  }

  async rekey(): Promise<void> {
    if (this.#key === null) throw new Error("no key to renew");
    this.#key = Promise.resolve(await rekey(await this.#key));
  }
}

/** The chaining key and the hash of all that was said (section 5.2). */
export class SymmetricState {
  readonly cipher = new CipherState();
  h: Bytes;
  #ck: Bytes;

  constructor(protocolName: string) {
    const name = utf8(protocolName);
    this.h = name.length > 32 ? own(sha256(name)) : concat(name, new Uint8Array(32 - name.length));
    this.#ck = this.h;
  }

  mixKey(inputKey: Bytes): void {
    const [ck, key] = hkdf(this.#ck, inputKey, 2) as [Bytes, Bytes];
    this.#ck = ck;
    this.cipher.initializeKey(key);
  }

  mixHash(data: Bytes): void {
    this.h = own(sha256(concat(this.h, data)));
  }

  mixKeyAndHash(inputKey: Bytes): void {
    const [ck, mixed, key] = hkdf(this.#ck, inputKey, 3) as [Bytes, Bytes, Bytes];
    this.#ck = ck;
    this.mixHash(mixed);
    this.cipher.initializeKey(key);
  }

  async encryptAndHash(plaintext: Bytes): Promise<Bytes> {
    const out = await this.cipher.encryptWithAd(this.h, plaintext);
    this.mixHash(out);
    return out;
  }

  async decryptAndHash(ciphertext: Bytes): Promise<Bytes> {
    const out = await this.cipher.decryptWithAd(this.h, ciphertext);
    this.mixHash(ciphertext);
    return out;
  }

  /** The two directions' keys: the initiator's first. */
  split(): [Bytes, Bytes] {
    return hkdf(this.#ck, new Uint8Array(0), 2) as [Bytes, Bytes];
  }
}

/** What an end brings to a handshake; `e` must be fresh. */
export interface HandshakeOptions {
  readonly initiator: boolean;
  readonly prologue: Bytes;
  readonly s?: PrivateKey;
  readonly e?: PrivateKey;
  readonly rs?: Bytes;
  readonly re?: Bytes;
  readonly psks?: readonly Bytes[];
}

/**
 * One end of a handshake (section 5.3).
 *
 * `s` and `e` are this end's keys, `rs` and `re` the other's as far as known. The psks are in the order in which the
 * messages use them and may be added before the message that needs them (`psks.push`).
 */
export class HandshakeState {
  readonly psks: Bytes[];
  readonly #symmetric: SymmetricState;
  readonly #initiator: boolean;
  readonly #usesPsk: boolean;
  readonly #left: (readonly Token[])[];
  readonly #s: PrivateKey | undefined;
  readonly #e: PrivateKey | undefined;
  rs: Bytes | undefined;
  re: Bytes | undefined;

  constructor(pattern: Pattern, options: HandshakeOptions) {
    this.#initiator = options.initiator;
    this.#s = options.s;
    this.#e = options.e;
    this.rs = options.rs;
    this.re = options.re;
    this.psks = [...(options.psks ?? [])];
    this.#usesPsk = pattern.messages.some((tokens) => tokens.includes("psk"));
    this.#left = [...pattern.messages];
    this.#symmetric = new SymmetricState(`Noise_${pattern.name}_25519_AESGCM_SHA256`);
    this.#symmetric.mixHash(options.prologue);
    for (const token of pattern.beforeInitiator ?? []) this.#symmetric.mixHash(this.#known(token, options.initiator));
    for (const token of pattern.beforeResponder ?? []) this.#symmetric.mixHash(this.#known(token, !options.initiator));
  }

  /** Whether all messages have passed. */
  get finished(): boolean {
    return this.#left.length === 0;
  }

  /** h: unique to the session once it is finished (section 11.2). */
  get handshakeHash(): Bytes {
    return this.#symmetric.h;
  }

  /** The next message, with `payload`. Throws HandshakeFailed for a low-order key of the other end. */
  async writeMessage(payload: Bytes): Promise<Bytes> {
    const out: Bytes[] = [];
    for (const token of this.#nextTokens()) {
      if (token === "e") {
        const fresh = this.#known("e", true);
        out.push(fresh);
        this.#mixE(fresh);
      } else if (token === "s") {
        out.push(await this.#symmetric.encryptAndHash(this.#known("s", true)));
      } else {
        await this.#mix(token);
      }
    }
    out.push(await this.#symmetric.encryptAndHash(payload));
    return concat(...out);
  }

  /** The payload of the other end's next message. Throws HandshakeFailed. */
  async readMessage(message: Bytes): Promise<Bytes> {
    let at = 0;
    const take = (size: number): Bytes => {
      const part = message.slice(at, at + size);
      if (part.length !== size) throw new HandshakeFailed("a handshake message that is too short");
      at += size;
      return part;
    };
    for (const token of this.#nextTokens()) {
      if (token === "e") {
        this.re = take(DHLEN);
        this.#mixE(this.re);
      } else if (token === "s") {
        this.rs = await this.#symmetric.decryptAndHash(take(DHLEN + (this.#symmetric.cipher.hasKey() ? TAGLEN : 0)));
      } else {
        await this.#mix(token);
      }
    }
    return this.#symmetric.decryptAndHash(message.slice(at));
  }

  /** Keys to send and to receive with; only once finished. */
  split(): [Bytes, Bytes] {
    if (!this.finished) throw new Error("the handshake is not over");
    const [first, second] = this.#symmetric.split();
    return this.#initiator ? [first, second] : [second, first];
  }

  #nextTokens(): readonly Token[] {
    const tokens = this.#left.shift();
    if (tokens === undefined) throw new Error("the handshake is over");
    return tokens;
  }

  #mixE(publicKey: Bytes): void {
    this.#symmetric.mixHash(publicKey);
    if (this.#usesPsk) this.#symmetric.mixKey(publicKey);
  }

  async #mix(token: Exclude<Token, "e" | "s">): Promise<void> {
    if (token === "psk") {
      const psk = this.psks.shift();
      if (psk === undefined) throw new Error("no psk for the message that needs one");
      this.#symmetric.mixKeyAndHash(psk);
      return;
    }
    const ours = token[this.#initiator ? 0 : 1];
    const theirs = token[this.#initiator ? 1 : 0];
    const mine = ours === "e" ? this.#e : this.#s;
    const other = theirs === "e" ? this.re : this.rs;
    if (mine === undefined || other === undefined) throw new Error(`no key for ${token}`);
    this.#symmetric.mixKey(await mine.agree(other));
  }

  #known(token: "e" | "s", ours: boolean): Bytes {
    const key = ours ? (token === "e" ? this.#e : this.#s)?.publicKey : token === "e" ? this.re : this.rs;
    if (key === undefined) throw new Error(`no key for ${token}`);
    return key;
  }
}
