/** Known hosts: the organisation's root is pinned at first contact, a host's keys count by its signature, and stay. */
import { type Bytes, equal, own } from "../../protocol/bytes";
import { GrantRefused } from "../../protocol/errors";
import { fingerprint, verifyHost } from "../../protocol/grants";
import type { Endorsement } from "../../gen/statements";
import { hex } from "./asking";
import { DoorShut } from "./door";
import type { Store } from "./store";

const ROOT = "root";

interface Known {
  readonly identity: Bytes;
  readonly static: Bytes;
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
}

/** A host's keys, as the pinned root has signed them. */
export interface Proven {
  readonly endorsement: Endorsement;
  /** Whether this profile meets the host for the first time. */
  readonly first: boolean;
}

/**
 * Check a proof against the pinned root, and its keys against those of the first contact.
 *
 * `root` is what the gateway says that it is: the first one is pinned. `now` in milliseconds since the epoch. Rejects
 * with DoorShut; there is no way round it in the page.
 */
export async function prove(
  store: Store, { hostId, root, proof, now }: { hostId: Bytes; root: Bytes; proof: Bytes; now: number },
): Promise<Proven> {
  const pinned = keyOf(await store.get("roots", ROOT)) ?? root;
  if (!equal(pinned, root)) {
    throw new DoorShut("root-changed", "", { expected: fingerprint(pinned), found: fingerprint(root) });
  }
  const endorsement = verified(proof, pinned, hostId, now);
  const key = hex(hostId);
  const known = (await store.get("hosts", key)) as Known | undefined;
  const before = keyOf(known?.static);
  if (before !== null && !equal(before, endorsement.static)) {
    const keys = { expected: fingerprint(before), found: fingerprint(own(endorsement.static)) };
    throw new DoorShut("host-changed", "", keys, endorsement.name);
  }
  await store.put("roots", ROOT, pinned);
  if (before === null) {
    const { identity, static: noise, name } = endorsement;
    await store.put("hosts", key, { identity: own(identity), static: own(noise), name, firstSeen: now } satisfies Known);
  }
  return { endorsement, first: before === null };
}

function verified(proof: Bytes, root: Bytes, hostId: Bytes, now: number): Endorsement {
  try {
    return verifyHost(proof, { root, hostId, now: now / 1000 });
  } catch (error) {
    if (!(error instanceof GrantRefused)) throw error;
    throw new DoorShut("unproven", `${error.message} (${error.why}).`);
  }
}

function keyOf(value: unknown): Bytes | null {
  return value instanceof Uint8Array && value.length === 32 ? own(value) : null;
}
