/** The queue of transfers in short: for the bar, for toasts, and for who listens to the page. */
import type { Transfer } from "../files/api";

export interface Summary {
  /** Those that are not over. */
  readonly active: number;
  /** Of these, those that wait for a person. */
  readonly asking: number;
  readonly failed: number;
  /** Of the bytes that are known about; null if nothing is under way. */
  readonly share: number | null;
  /** Bytes a second. */
  readonly speed: number;
  readonly secondsLeft: number | null;
}

const OVER: readonly Transfer["state"][] = ["done", "failed", "skipped"];
const ASKING: readonly Transfer["state"][] = ["asking", "permission", "source"];

export function summary(items: readonly Transfer[]): Summary {
  const active = items.filter((item) => !OVER.includes(item.state));
  const known = active.filter((item) => item.size !== null);
  const whole = known.reduce((sum, item) => sum + (item.size ?? 0), 0);
  const done = known.reduce((sum, item) => sum + Math.min(item.done, item.size ?? 0), 0);
  const speed = active.reduce((sum, item) => sum + item.speed, 0);
  const moving = active.some((item) => item.state === "running" || item.state === "checking");
  return {
    active: active.length,
    asking: active.filter((item) => ASKING.includes(item.state)).length,
    failed: items.filter((item) => item.state === "failed").length,
    share: active.length === 0 ? null : whole === 0 ? 0 : done / whole,
    speed,
    secondsLeft: moving && speed > 0 && known.length === active.length ? (whole - done) / speed : null,
  };
}

/** What became of transfers between two looks at the queue. */
export interface News {
  readonly done: readonly Transfer[];
  readonly failed: readonly Transfer[];
  readonly asking: readonly Transfer[];
}

/** `before` is null at the first look, when nothing is news. */
export function news(before: readonly Transfer[] | null, now: readonly Transfer[]): News {
  const states = new Map((before ?? now).map((item) => [item.id, item.state]));
  const turned = now.filter((item) => states.get(item.id) !== item.state);
  return {
    done: turned.filter((item) => item.state === "done"),
    failed: turned.filter((item) => item.state === "failed"),
    asking: turned.filter((item) => ASKING.includes(item.state)),
  };
}
