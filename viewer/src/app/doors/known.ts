/** Known hosts: the organisation's root is pinned at first contact, a host's keys count by its signature, and stay. */
import { type Bytes, equal, own } from "../../protocol/bytes";
import { GrantRefused } from "../../protocol/errors";
import { fingerprint, verifyHost } from "../../protocol/grants";
import type { Endorsement } from "../../gen/statements";
import type { KeysDiffer } from "../bridge";
import { hex } from "./asking";
import { DoorShut } from "./door";
import type { Store } from "./store";

const ROOT = "root";

interface Known {
  /** The host's id, in hexadecimal. */
  readonly id: string;
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
 * `root` is what the gateway says that it is: the first one is pinned. `name` is what the list calls the host: one that
 * led to another host before is a changed key, too, since people know computers by their names. `now` in milliseconds
 * since the epoch. Rejects with DoorShut; there is no way round it in the page.
 */
export async function prove(
  store: Store,
  { hostId, name, root, proof, now }: { hostId: Bytes; name: string; root: Bytes; proof: Bytes; now: number },
): Promise<Proven> {
  const pinned = keyOf(await store.get("roots", ROOT)) ?? root;
  if (!equal(pinned, root)) {
    throw new DoorShut("root-changed", "", { expected: fingerprint(pinned), found: fingerprint(root) });
  }
  const endorsement = verified(proof, pinned, hostId, now);
  const [id, { identity, static: noise }] = [hex(hostId), endorsement];
  const known = (await store.get("hosts", id)) as Known | undefined;
  const namesake = (await store.get("hosts", named(name))) as Known | undefined;
  if (known !== undefined && !equal(known.static, noise)) {
    throw new DoorShut("host-changed", "", differ(known.static, noise), name);
  }
  if (namesake !== undefined && namesake.id !== id) {
    throw new DoorShut("host-changed", "", differ(namesake.identity, identity), name);
  }
  await store.put("roots", ROOT, pinned);
  const kept: Known = known ?? { id, identity: own(identity), static: own(noise), name, firstSeen: now };
  await store.put("hosts", id, kept);
  if (name !== "") await store.put("hosts", named(name), kept);
  return { endorsement, first: known === undefined };
}

/** Ids are hexadecimal: no name is one. */
function named(name: string): string {
  return `name ${name}`;
}

function differ(before: Bytes, now: Bytes): KeysDiffer {
  return { expected: fingerprint(own(before)), found: fingerprint(own(now)) };
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
