/**
 * X25519 behind a seam.
 *
 * The viewer's keys live for one session, in memory, and are computed in JavaScript, so that every browser runs the
 * code that the vectors run. A key that is kept (WebCrypto, not extractable) fits the same interface.
 */
import { x25519 } from "@noble/curves/ed25519.js";
import { type Bytes, type Entropy, own } from "./bytes";
import { HandshakeFailed } from "./errors";

/** An X25519 private key of which only its use is known. */
export interface PrivateKey {
  /** 32 bytes. */
  readonly publicKey: Bytes;
  /** The shared secret with another's public key. Throws HandshakeFailed for a low-order point. */
  agree(publicKey: Bytes): Bytes | Promise<Bytes>;
}

/** X25519 of RFC 7748 with any u-coordinate. Throws HandshakeFailed for a low-order point (section 6.1). */
export function scalarMult(scalar: Bytes, point: Bytes): Bytes {
  try {
    return own(x25519.scalarMult(scalar, point));
  } catch {
    throw new HandshakeFailed("a public key that is a low-order point");
  }
}

/** A private key from its 32 bytes. */
export function privateKey(scalar: Bytes): PrivateKey {
  const kept = scalar.slice();
  return {
    publicKey: own(x25519.getPublicKey(kept)),
    agree: (publicKey) => scalarMult(kept, publicKey),
  };
}

/** A private key from 32 bytes of `entropy`. */
export function generateKey(entropy: Entropy): PrivateKey {
  return privateKey(entropy(32));
}

/** The key behind a WebCrypto handle (X25519), which its page may use and never read. */
export function fromHandle(handle: CryptoKey, publicKey: Bytes): PrivateKey {
  return {
    publicKey,
    async agree(theirs) {
      try {
        const key = await crypto.subtle.importKey("raw", theirs, "X25519", false, []);
        return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: key }, handle, 256));
      } catch {
        // WebCrypto refuses a result of zeros, which is what a low-order point gives.
        throw new HandshakeFailed("a public key that is a low-order point");
      }
    },
  };
}
