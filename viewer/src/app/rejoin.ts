/** When to try again after a cut: at once, then more and more seldom, but never so seldom that 2 s pass unused. */
import type { Clock } from "./clock";

const FIRST_MS = 250;
/** A try that hears nothing takes up to 1.5 s; with this on top the line's return is noticed within 2 s. */
const MOST_MS = 1000;
const JITTER = 0.25;

/** Tries that begin `start`, one at a time, until `stop`. Times are in milliseconds. */
export class Rejoin {
  /** How many tries have begun. */
  attempt = 0;
  readonly #clock: Clock;
  readonly #start: () => void;
  readonly #random: () => number;
  #begunAt = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, random: () => number, start: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#start = start;
  }

  /** Whether no try is under way. */
  get waiting(): boolean {
    return this.#cancel !== null;
  }

  /** Try at once. */
  now(): void {
    this.stop();
    this.attempt += 1;
    this.#begunAt = this.#clock.now();
    this.#start();
  }

  /** The try failed; tells in how many milliseconds the next one begins. `atLeast` if the other side said so. */
  failed(atLeast = 0): number {
    this.stop();
    const pause = Math.min(MOST_MS, FIRST_MS * 2 ** (this.attempt - 1)) * (1 + JITTER * (2 * this.#random() - 1));
    // What the try itself took counts: a try into the void is pause enough.
    const wait = Math.max(50, atLeast, pause - (this.#clock.now() - this.#begunAt));
    this.#cancel = this.#clock.after(wait, () => {
      this.now();
    });
    return wait;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
