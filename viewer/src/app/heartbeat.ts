/** Asks a silent line whether it still holds, and measures the round trip. Times are in milliseconds. */
import type { Clock } from "./clock";

/** Of a page that is seen: a silent line is asked after QUIET and given up DEAD later, 4 s in all. */
const QUIET_MS = 1500;
const DEAD_MS = 2500;
/** Of a hidden page, which a throttled timer must not cut. */
const HIDDEN_QUIET_MS = 12_000;
const HIDDEN_DEAD_MS = 15_000;
/** While the figures are watched, a round trip is measured this often, silent or not. */
const WATCHED_MS = 1000;

export interface HeartbeatEvents {
  ping(token: number): void;
  dead(): void;
}

export class Heartbeat {
  /** The newest round trip; 0 before the first. */
  roundTrip = 0;
  readonly #clock: Clock;
  readonly #heardAt: () => number;
  readonly #events: HeartbeatEvents;
  #token = 0;
  #askedAt: number | null = null;
  #lastAskedAt = 0;
  #visible = true;
  #watched = false;
  #cancel: (() => void) | null = null;

  /** `heardAt` tells when the last bytes arrived. */
  constructor(clock: Clock, heardAt: () => number, events: HeartbeatEvents) {
    this.#clock = clock;
    this.#heardAt = heardAt;
    this.#events = events;
    this.ask();
  }

  set visible(visible: boolean) {
    if (visible === this.#visible) return;
    this.#visible = visible;
    // A page that was hidden may come back to a line that is long gone: ask afresh.
    if (visible) this.ask();
    else this.#check();
  }

  set watched(watched: boolean) {
    this.#watched = watched;
    this.#check();
  }

  /** Ask at once. */
  ask(): void {
    this.#token = (this.#token + 1) >>> 0;
    this.#askedAt = this.#clock.now();
    this.#lastAskedAt = this.#askedAt;
    this.#events.ping(this.#token);
    this.#check();
  }

  /** The answer to a ping. */
  pong(token: number): void {
    if (token !== this.#token || this.#askedAt === null) return;
    this.roundTrip = this.#clock.now() - this.#askedAt;
    this.#askedAt = null;
    this.#check();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #check(): void {
    this.stop();
    const now = this.#clock.now();
    const [quiet, dead] = this.#visible ? [QUIET_MS, DEAD_MS] : [HIDDEN_QUIET_MS, HIDDEN_DEAD_MS];
    const heardAt = this.#heardAt();
    let next: number;
    if (this.#askedAt !== null && heardAt <= this.#askedAt) {
      next = this.#askedAt + dead;
      if (now >= next) {
        this.#events.dead();
        return;
      }
    } else {
      next = heardAt + quiet;
      if (this.#watched) next = Math.min(next, this.#lastAskedAt + WATCHED_MS);
      if (now >= next) {
        this.ask();
        return;
      }
    }
    this.#cancel = this.#clock.after(next - now, () => {
      this.#check();
    });
  }
}
