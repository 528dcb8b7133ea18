/** Rights as the page shows them: what is held and until when, and what may be asked for. */
import { CAPABILITIES, type Capability } from "../gen/messages";
import type { Held } from "./bridge";

/** What a session begins by asking for; the host decides. */
export const FIRST: readonly Capability[] = ["view", "control", "clipboard"];

/** For how long more rights may be asked, in seconds; 0: as long as the session. */
export const SPANS = [300, 900, 3600, 0] as const;

/** Each of `granted` with its end; null where the two lists do not fit each other. */
export function held(granted: readonly Capability[], until: readonly number[]): readonly Held[] | null {
  if (until.length !== 0 && until.length !== granted.length) return null;
  return granted.map((capability, at) => ({ capability, until: until[at] ?? 0 }));
}

export function holds(rights: readonly Held[], capability: Capability): boolean {
  return rights.some((right) => right.capability === capability);
}

/** What is not held. */
export function missing(rights: readonly Held[]): Capability[] {
  return CAPABILITIES.filter((capability) => !holds(rights, capability));
}

/** Milliseconds until the right ends, null if it does not end by itself; `now` in milliseconds since the epoch. */
export function left(right: Held, now: number): number | null {
  return right.until === 0 ? null : Math.max(0, right.until - now);
}

/** The right that ends first, null if none ends by itself. */
export function nextEnd(rights: readonly Held[]): Held | null {
  const ending = rights.filter((right) => right.until > 0);
  return ending.reduce<Held | null>((first, one) => (first === null || one.until < first.until ? one : first), null);
}
