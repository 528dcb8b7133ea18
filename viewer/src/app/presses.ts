/** How long it takes from a key or button press to the first picture shown that can contain its effect. */
import type { InputMessage } from "../gen/messages";

const KEPT = 200;
/** A press without effect on the picture would otherwise be counted with the next change, whenever that comes. */
const LONGEST_MS = 2000;
const MOST_WAITING = 100;

/** Times are in milliseconds of one clock. */
export class Presses {
  #waiting: { seq: number; at: number }[] = [];
  #measured: number[] = [];
  #buttons = 0;

  /** Take note of input that goes to the host under `seq`, if it is a press. */
  note(message: InputMessage, seq: number, at: number): void {
    let press = false;
    if (message.type === "Key") {
      press = message.down && !message.repeat;
    } else if (message.type === "Pointer") {
      press = (message.buttons & ~this.#buttons) !== 0;
      this.#buttons = message.buttons;
    }
    if (!press) return;
    this.#waiting.push({ seq, at });
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  /** A picture with the effect of all input up to `inputSeq` was shown. */
  shown(inputSeq: number, now: number): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || first.seq > inputSeq) return;
      this.#waiting.shift();
      const took = now - first.at;
      if (took < 0 || took > LONGEST_MS) continue;
      this.#measured.push(took);
      if (this.#measured.length > KEPT) this.#measured.shift();
    }
  }

  /** The line is gone: what waits will not be seen. */
  forget(): void {
    this.#waiting = [];
    this.#buttons = 0;
  }

  /** Median and 95th percentile of the recent ones, in milliseconds; 0 where there are none. */
  figures(): { p50: number; p95: number; count: number } {
    const sorted = this.#measured.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
    return { p50: at(0.5), p95: at(0.95), count: sorted.length };
  }
}
