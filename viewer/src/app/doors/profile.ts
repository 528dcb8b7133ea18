/** This browser profile's own keys: made here, usable here, readable by nobody, not even by this page. */
import { type Bytes, concat } from "../../protocol/bytes";
import { Kind, LABEL, decodeCertificate, describe } from "../../protocol/identity";
import { DoorShut } from "./door";
import type { Store } from "./store";

const KEY = "profile";
const LIFETIME = 10 * 365 * 86400;
const EARLY = 86400;

export interface Profile {
  /** Its identity key, 32 bytes. */
  readonly identity: Bytes;
  readonly key: { readonly handle: CryptoKey; readonly publicKey: Bytes };
  readonly certificate: Bytes;
}

/** The profile's keys, made at the first call. `name` is for lists of devices; `now` in Unix seconds. Rejects with DoorShut. */
export async function profileOf(store: Store, name: string, now: number): Promise<Profile> {
  const kept = (await store.get("keys", KEY)) as Profile | undefined;
  if (kept !== undefined) return kept;
  const made = await make(name, now).catch((error: unknown) => {
    throw new DoorShut("browser", `This browser cannot make such keys (${String(error)}).`);
  });
  await store.put("keys", KEY, made);
  // Two windows may have made keys at once: those count that are kept.
  return (await store.get("keys", KEY)) as Profile;
}

async function make(name: string, now: number): Promise<Profile> {
  const { subtle } = crypto;
  const pair = (made: CryptoKey | CryptoKeyPair): CryptoKeyPair => made as CryptoKeyPair;
  const [identity, noise] = await Promise.all([
    subtle.generateKey("Ed25519", false, ["sign", "verify"]).then(pair),
    subtle.generateKey("X25519", false, ["deriveBits"]).then(pair),
  ]);
  const raw = async (key: CryptoKey): Promise<Bytes> => new Uint8Array(await subtle.exportKey("raw", key));
  const [identityPublic, publicKey] = await Promise.all([raw(identity.publicKey), raw(noise.publicKey)]);
  const times = [Math.max(0, Math.floor(now) - EARLY), Math.floor(now) + LIFETIME] as const;
  const body = describe(Kind.BROWSER, identityPublic, publicKey, times, name);
  const signature = new Uint8Array(await subtle.sign("Ed25519", identity.privateKey, concat(LABEL, body)));
  const certificate = concat(body, signature);
  decodeCertificate(certificate); // the gateway would refuse one that is wrong, less clearly
  return { identity: identityPublic, key: { handle: noise.privateKey, publicKey }, certificate };
}
