/**
 * The way to a host without a code: who proves the host's keys, and who hands over certificate and grant.
 *
 * Two doors: the gateway that served this page (gateway.ts), and the installed program on this computer (program.ts).
 */
import type { Capability } from "../../gen/messages";
import { type Bytes } from "../../protocol/bytes";
import type { ByGrant, KeysDiffer } from "../bridge";

/** A host whose keys are proven, by a root that is pinned. */
export interface Host {
  /** 16 bytes. */
  readonly id: Bytes;
  /** As it is called in the list; empty if unknown. */
  readonly name: string;
  readonly identity: Bytes;
  /** The Noise key to expect. */
  readonly static: Bytes;
  /** Whether this viewer sees it for the first time. */
  readonly first: boolean;
  readonly capabilities: readonly Capability[];
  readonly reason: string;
}

export interface Wish {
  readonly capabilities: readonly Capability[];
  /** 0: as long as the rules allow. */
  readonly seconds: number;
  readonly reason: string;
}

/** What a wish came to: something to use now, or a second person to wait for. */
export type Answer<T> = { readonly kind: "given"; readonly given: T } | { readonly kind: "waiting"; readonly approval: string };

/** What a session begins with, the host's keys apart. */
export type Pass = Pick<ByGrant, "key" | "certificate" | "credential">;

/** Every method rejects with DoorShut. */
export interface Door {
  /** Learn the host's keys, and check them. */
  meet(): Promise<Host>;
  /** Ask for a session. */
  enter(wish: Wish): Promise<Answer<Pass>>;
  /** Whether the second person has decided on a session. */
  entered(approval: string): Promise<Answer<Pass>>;
  /** Ask for more rights in mid-session: a credential. */
  more(wish: Wish): Promise<Answer<Bytes>>;
  /** Whether the second person has decided on more rights. */
  moreDecided(approval: string): Promise<Answer<Bytes>>;
  /** Keep the host's checkpoint. */
  keep(hostId: Bytes, checkpoint: Bytes): Promise<void>;
}

/** Why there is no way in; the page has a sheet for each. */
export type Why =
  | "signed-out" // the gateway does not know who this is
  | "reason-needed" // a rule wants one
  | "forbidden" // no rule allows it
  | "declined" // the second person said no, or nobody answered
  | "no-host" // there is no such host, or no window for it
  | "unproven" // nobody whom this viewer trusts vouches for the host's keys
  | "host-changed" // the keys are not those of the first contact
  | "root-changed" // the organisation's root is not the one that was pinned
  | "device-revoked"
  | "browser" // this browser cannot keep keys
  | "unreachable"
  | "failed";

/** There is no way in; `message` is for people, and may hold a stranger's words. */
export class DoorShut extends Error {
  override readonly name = "DoorShut";

  constructor(
    readonly why: Why,
    message: string,
    readonly keys: KeysDiffer | null = null,
    /** The host's name, where it is known. */
    readonly host = "",
  ) {
    super(message);
  }
}

/** Any error as one that a page can show. */
export function shutBy(error: unknown): DoorShut {
  if (error instanceof DoorShut) return error;
  return new DoorShut("failed", error instanceof Error ? error.message : String(error));
}
