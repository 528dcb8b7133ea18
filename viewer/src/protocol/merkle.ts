/** The audit's proofs and checkpoints as a viewer checks them: RFC 6962's hashing, SHA-256, 32 bytes a hash. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal, own, utf8 } from "./bytes";
import { ProtocolError } from "./errors";
import { hostId } from "./identity";

const HASH = 32;
const BODY = 65;
const CHECKPOINT = BODY + 64;
const PROOF_MAX = 65;
const LABEL = utf8("farhand checkpoint v1");
const EMPTY_ROOT = own(sha256(new Uint8Array()));

/** A proof or a checkpoint does not show what it should: an entry was altered, dropped or moved. */
export class ProofError extends ProtocolError {
  override readonly name = "ProofError";
}

/** A host's word that its audit held `size` entries with this root at `time` (Unix milliseconds). */
export interface Checkpoint {
  readonly hostId: Bytes;
  readonly size: number;
  readonly root: Bytes;
  readonly time: number;
}

/** The hash of one entry. */
export function leafHash(leaf: Bytes): Bytes {
  return own(sha256(concat(new Uint8Array([0]), leaf)));
}

/** The hash of two subtrees. */
export function nodeHash(left: Bytes, right: Bytes): Bytes {
  return own(sha256(concat(new Uint8Array([1]), left, right)));
}

/** The root over these entries. */
export function rootOf(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) return EMPTY_ROOT;
  let level = leaves.map(leafHash);
  // Where a level has an odd one out, it goes up as it is: the same tree as the RFC's, built from below.
  while (level.length > 1) {
    const above: Bytes[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at] as Bytes, level[at + 1]];
      above.push(right === undefined ? left : nodeHash(left, right));
    }
    level = above;
  }
  return level[0] as Bytes;
}

/** Check that `leaf` is entry `index` of the `size` under `root` (RFC 9162, 2.1.3.2). Throws ProofError. */
export function verifyInclusion(leaf: Bytes, index: number, size: number, proof: readonly Bytes[], root: Bytes): void {
  checkProof(proof, index, size);
  if (index >= size) throw new ProofError(`entry ${index} of ${size}`);
  let hashed = leafHash(leaf);
  const last = climb(proof, index, size - 1, (sibling, onTheLeft) => {
    hashed = onTheLeft ? nodeHash(sibling, hashed) : nodeHash(hashed, sibling);
  });
  if (last !== 0n || !equal(hashed, root)) throw new ProofError(`entry ${index} is not what the root says`);
}

/** Check that the tree of `next` entries begins with that of `old` (RFC 9162, 2.1.4.2). Throws ProofError. */
export function verifyConsistency(
  old: number,
  next: number,
  proof: readonly Bytes[],
  oldRoot: Bytes,
  nextRoot: Bytes,
): void {
  checkProof(proof, old, next);
  if (old > next) throw new ProofError(`${old} entries are not the beginning of ${next}`);
  if (old === 0 || old === next) {
    const same = equal(oldRoot, old === 0 ? EMPTY_ROOT : nextRoot);
    if (proof.length > 0 || !same) throw new ProofError("the two roots differ");
    return;
  }
  const path = powerOfTwo(old) ? [oldRoot, ...proof] : [...proof];
  const start = path.shift();
  if (start === undefined) throw new ProofError("a proof that is too short");
  let [first, final] = [BigInt(old - 1), BigInt(next - 1)];
  while (first & 1n) [first, final] = [first >> 1n, final >> 1n];
  let [fromOld, fromNext] = [start, start];
  const last = climb(path, first, final, (sibling, onTheLeft) => {
    if (onTheLeft) fromOld = nodeHash(sibling, fromOld);
    fromNext = onTheLeft ? nodeHash(sibling, fromNext) : nodeHash(fromNext, sibling);
  });
  if (last !== 0n || !equal(fromOld, oldRoot) || !equal(fromNext, nextRoot)) {
    throw new ProofError("the newer tree does not begin with the older one");
  }
}

/** Read a checkpoint's 129 bytes; the host with this identity key (32 bytes) must have signed it. Throws ProofError. */
export function verifyCheckpoint(data: Bytes, identity: Bytes): Checkpoint {
  if (data.length !== CHECKPOINT || data[0] !== 1) throw new ProofError("not a checkpoint");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [size, time] = [Number(view.getBigUint64(17)), Number(view.getBigUint64(57))];
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(time)) {
    throw new ProofError("a checkpoint with numbers that no log has");
  }
  const host = data.slice(1, 17);
  if (!equal(host, hostId(identity))) throw new ProofError("a checkpoint of another host");
  if (!verifies(data.subarray(BODY), concat(LABEL, data.subarray(0, BODY)), identity)) {
    throw new ProofError("a checkpoint with a wrong signature");
  }
  return { hostId: host, size, root: data.slice(25, 57), time };
}

/** Walk a proof up the tree; returns what is left of the last entry's place, 0 at the root. */
function climb(
  proof: readonly Bytes[],
  from: number | bigint,
  to: number | bigint,
  step: (sibling: Bytes, onTheLeft: boolean) => void,
): bigint {
  let [first, last] = [BigInt(from), BigInt(to)];
  for (const sibling of proof) {
    if (last === 0n) throw new ProofError("a proof that is too long");
    const onTheLeft = (first & 1n) === 1n || first === last;
    step(sibling, onTheLeft);
    if (onTheLeft) while (first !== 0n && (first & 1n) === 0n) [first, last] = [first >> 1n, last >> 1n];
    [first, last] = [first >> 1n, last >> 1n];
  }
  return last;
}

function checkProof(proof: readonly Bytes[], ...numbers: readonly number[]): void {
  if (proof.length > PROOF_MAX || proof.some((one) => one.length !== HASH)) {
    throw new ProofError("a proof that is malformed");
  }
  if (!numbers.every((one) => Number.isSafeInteger(one) && one >= 0)) throw new ProofError("a number that is none");
}

function powerOfTwo(value: number): boolean {
  const big = BigInt(value);
  return (big & (big - 1n)) === 0n;
}

function verifies(signature: Bytes, message: Bytes, key: Bytes): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false;
  }
}
