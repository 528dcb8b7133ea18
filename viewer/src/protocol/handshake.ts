/**
 * The viewer's handshake: Noise XXpsk3 with ML-KEM-768 and CPace (spec/protocol.md, section 2).
 *
 * Randomness is drawn in a fixed order, which the vectors rely on: Noise ephemeral (32 bytes), ML-KEM seed (64), CPace
 * scalar (32, attended only). ML-KEM is @noble/post-quantum's: of the browsers' WebCryptos only Chromium's has it.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { type Bytes, type Entropy, concat, equal, isZero, lengthPrefixed, own, utf8 } from "./bytes";
import { CPace } from "./cpace";
import { HandshakeFailed, IdentityMismatch } from "./errors";
import { type Hello, type Welcome, encodeHello, encodeWelcome } from "./frames";
import { type Certificate, decodeCertificate, hostId } from "./identity";
import { type PrivateKey, generateKey } from "./keys";
import * as limits from "./limits";
import { HandshakeState, XXPSK3 } from "./noise";

/** What was said in the clear; all of it is bound into the keys. */
export interface Opening {
  readonly hello: Hello;
  readonly welcome: Welcome;
}

/** A finished handshake: keys to send and to receive with (32 bytes each) and its hash. */
export interface Secrets {
  readonly send: Bytes;
  readonly receive: Bytes;
  readonly handshakeHash: Bytes;
}

/** Noise's prologue. */
export function prologue({ hello, welcome }: Opening): Bytes {
  return concat(utf8("farhand session v1"), encodeHello(hello), encodeWelcome(welcome));
}

/** CPace over what was said in the clear; `secret` is the code's digits. */
export function openCPace({ hello, welcome }: Opening, secret: string, scalar: Bytes): CPace {
  return new CPace({
    prs: utf8(secret),
    ci: concat(utf8("farhand cpace v1"), welcome.hostId),
    sid: concat(hello.nonce, welcome.nonce),
    scalar,
  });
}

/** The psk of message 3; `isk` is CPace's key, empty unless attended. */
export function derivePsk({ hello, welcome }: Opening, isk: Bytes, kemSecret: Bytes): Bytes {
  const parts = [hello.nonce, welcome.nonce, isk, kemSecret].map(lengthPrefixed);
  return own(hkdf(sha256, concat(...parts), utf8("farhand psk v1"), new Uint8Array(0), 32));
}

/** The viewer's end: `write1`, `read2`, `write3`. `secret` is the code's digits, null unless attended. */
export class ViewerHandshake {
  readonly #opening: Opening;
  readonly #ephemeral: Bytes;
  readonly #kem: { publicKey: Uint8Array; secretKey: Uint8Array };
  readonly #cpace: CPace | null;
  readonly #noise: HandshakeState;

  constructor(opening: Opening, identity: PrivateKey, secret: string | null, entropy: Entropy) {
    const ephemeral = generateKey(entropy);
    this.#opening = opening;
    this.#ephemeral = ephemeral.publicKey;
    this.#kem = ml_kem768.keygen(entropy(64));
    this.#cpace = secret === null ? null : openCPace(opening, secret, entropy(32));
    this.#noise = new HandshakeState(XXPSK3, { initiator: true, prologue: prologue(opening), s: identity, e: ephemeral });
  }

  /** Message 1's body. */
  write1(): Promise<Bytes> {
    return this.#noise.writeMessage(concat(this.#kem.publicKey, this.#cpace?.share ?? new Uint8Array(32)));
  }

  /** The host's certificate, which names its Noise key and its id. Throws HandshakeFailed, IdentityMismatch. */
  async read2(body: Bytes): Promise<Certificate> {
    const payload = await this.#noise.readMessage(body);
    const certificate = decodeCertificate(payload.slice(0, limits.CERTIFICATE));
    const { re, rs } = this.#noise;
    if (re === undefined || rs === undefined) throw new HandshakeFailed("a handshake without the host's keys");
    if (!equal(certificate.static, rs) || !equal(hostId(certificate.identity), this.#opening.welcome.hostId)) {
      throw new IdentityMismatch("the host's certificate is for other keys than the host has");
    }
    let at = limits.CERTIFICATE;
    const kemSecret = own(ml_kem768.decapsulate(payload.subarray(at, at + limits.KEM_CIPHERTEXT), this.#kem.secretKey));
    at += limits.KEM_CIPHERTEXT;
    const share = payload.slice(at, at + 32);
    const feed = new DataView(payload.buffer, payload.byteOffset + at + 32, 8).getBigUint64(0);
    if (feed !== this.#opening.welcome.feed) throw new HandshakeFailed("the host names two versions of its advisory feed");
    let isk: Bytes = new Uint8Array(0);
    if (this.#cpace !== null) isk = this.#cpace.initiatorKey(this.#ephemeral, share, re);
    else if (!isZero(share)) throw new HandshakeFailed("a CPace share without a code");
    this.#noise.psks.push(derivePsk(this.#opening, isk, kemSecret));
    return certificate;
  }

  /** Message 3's body around `payload` (4096 bytes), and the keys. */
  async write3(payload: Bytes): Promise<{ body: Bytes; secrets: Secrets }> {
    const body = await this.#noise.writeMessage(payload);
    const [send, receive] = this.#noise.split();
    return { body, secrets: { send, receive, handshakeHash: this.#noise.handshakeHash } };
  }
}
