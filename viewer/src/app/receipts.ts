/**
 * Says what was shown, and no oftener than the host can use it.
 *
 * The next receipt stands for the one before, so one may wait for it: each one spared is a record less to seal, to carry
 * and to open, and on a line that loses packets one less whose loss holds up what comes after it. While pictures follow
 * each other closely that is every second one; a single picture after a pause is told of with the next input. What is
 * held back too long goes by itself, with the wait counted in.
 */
import type { Shown } from "../gen/messages";
import type { Clock } from "./clock";

/** Pictures closer than this, in milliseconds, are a stream, and its receipts wait so long at most. */
const CLOSE_MS = 25;
const CLOSE_HELD_MS = 30;
/** A picture that comes so long after the one before stands alone, and its receipt waits so long at most. */
const ALONE_MS = 100;
const ALONE_HELD_MS = 150;

export class Receipts {
  readonly #clock: Clock;
  readonly #send: (shown: Shown) => void;
  #at = Number.NEGATIVE_INFINITY;
  #sentLast = false;
  #held: Shown | null = null;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, send: (shown: Shown) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  shown(shown: Shown): void {
    const now = this.#clock.now();
    const gap = now - this.#at;
    this.#at = now;
    this.stop();
    const alone = gap >= ALONE_MS;
    const next = gap < CLOSE_MS && this.#sentLast;
    // Pictures that wait mean trouble here, and the host is to know at once.
    if (shown.waiting > 0 || !(alone || next)) {
      this.#sentLast = true;
      this.#send(shown);
      return;
    }
    this.#sentLast = false;
    this.#held = shown;
    this.#cancel = this.#clock.after(alone ? ALONE_HELD_MS : CLOSE_HELD_MS, () => {
      this.flush();
    });
  }

  /** Gives up what is held back to `send`: something else is about to be sent, and it can go with that. */
  flush(send = this.#send): void {
    const held = this.#held;
    if (held === null) return;
    const waitedUs = Math.round((this.#clock.now() - this.#at) * 1000);
    this.stop();
    send({ ...held, tookUs: held.tookUs + waitedUs });
  }

  /** Forgets what is held back: the line is another one, or a newer receipt stands for it. */
  stop(): void {
    this.#held = null;
    this.#cancel?.();
    this.#cancel = null;
  }
}
