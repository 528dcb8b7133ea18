/** Who a device is: its two keys and the certificate that binds them. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, type Entropy, concat, isZero, own, text, utf8 } from "./bytes";
import { IdentityMismatch } from "./errors";
import { type PrivateKey, privateKey } from "./keys";
import * as limits from "./limits";

const SIGNED = limits.CERTIFICATE - 64;
/** What stands before a certificate when it is signed. */
export const LABEL = utf8("farhand certificate v1");
const LIFETIME = 10 * 365 * 86400;
/** Clocks of two machines differ; a new certificate counts from so many seconds before its making. */
const EARLY = 86400;

/** What sort of device holds the keys. */
export const Kind = { HOST: 1, CLIENT: 2, BROWSER: 3 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A device's own word, signed by `identity` (Ed25519), that `static` (X25519) is its Noise key. Unix seconds. */
export interface Certificate {
  readonly kind: Kind;
  readonly identity: Bytes;
  readonly static: Bytes;
  readonly notBefore: bigint;
  readonly notAfter: bigint;
  readonly name: string;
  readonly encoded: Bytes;
}

/** A device's Noise key and its certificate (210 bytes). */
export interface Keys {
  readonly static: PrivateKey;
  readonly certificate: Bytes;
}

/** The 16 bytes that name the host with this Ed25519 public key (32 bytes). */
export function hostId(identity: Bytes): Bytes {
  return own(sha256(concat(utf8("farhand host id v1"), identity)).subarray(0, 16));
}

/** Make both keys (32 bytes of `entropy` each, identity first). `name` is cut to 63 bytes; `now` in Unix seconds. */
export function generateKeys(kind: Kind, name: string, now: number, entropy: Entropy): Keys {
  const secret = entropy(32);
  const noise = privateKey(entropy(32));
  const times = [Math.max(0, Math.floor(now) - EARLY), Math.floor(now) + LIFETIME] as const;
  const signed = describe(kind, own(ed25519.getPublicKey(secret)), noise.publicKey, times, name);
  return { static: noise, certificate: concat(signed, ed25519.sign(concat(LABEL, signed), secret)) };
}

/** The 146 bytes of a certificate that are signed, after LABEL; times in Unix seconds, `name` cut to 63 bytes. */
export function describe(
  kind: Kind, identity: Bytes, noise: Bytes, [notBefore, notAfter]: readonly [number, number], name: string,
): Bytes {
  const signed = new Uint8Array(SIGNED);
  const view = new DataView(signed.buffer);
  signed.set([1, kind]);
  signed.set(identity, 2);
  signed.set(noise, 34);
  view.setBigUint64(66, BigInt(notBefore));
  view.setBigUint64(74, BigInt(notAfter));
  const short = cut(name, 63);
  signed[82] = short.length;
  signed.set(short, 83);
  return signed;
}

/** Read and verify 210 bytes. Throws IdentityMismatch. */
export function decodeCertificate(data: Bytes): Certificate {
  if (data.length !== limits.CERTIFICATE) throw new IdentityMismatch(`a certificate of ${data.length} bytes`);
  const encoded = data.slice();
  const view = new DataView(encoded.buffer);
  const identity = encoded.slice(2, 34);
  if (!verifies(encoded.subarray(SIGNED), concat(LABEL, encoded.subarray(0, SIGNED)), identity)) {
    throw new IdentityMismatch("a certificate with a wrong signature");
  }
  const kind = view.getUint8(1);
  const length = view.getUint8(82);
  const known = kind === Kind.HOST || kind === Kind.CLIENT || kind === Kind.BROWSER;
  if (view.getUint8(0) !== 1 || !known || length > 63 || !isZero(encoded.subarray(83 + length, SIGNED))) {
    throw new IdentityMismatch("a certificate that is malformed");
  }
  let name: string;
  try {
    name = text(encoded.subarray(83, 83 + length));
  } catch {
    throw new IdentityMismatch("a certificate that is malformed");
  }
  const [notBefore, notAfter] = [view.getBigUint64(66), view.getBigUint64(74)];
  return { kind, identity, static: encoded.slice(34, 66), notBefore, notAfter, name, encoded };
}

/** Whether `signature` over `message` is by `key` (Ed25519, RFC 8032). */
export function verifies(signature: Bytes, message: Bytes, key: Bytes): boolean {
  try {
    // RFC 8032's own rules: what another implementation refuses is refused here too.
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}

/** UTF-8 of at most `limit` bytes, cut between characters. */
function cut(name: string, limit: number): Bytes {
  let out = "";
  let length = 0;
  for (const character of name) {
    length += utf8(character).length;
    if (length > limit) break;
    out += character;
  }
  return utf8(out);
}
