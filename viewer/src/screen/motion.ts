/**
 * Whether the picture moves, and where: pure, so that the choice between canvas and stream can be tested by the clock.
 *
 * Measured in Chromium: a single change is on the screen sooner from a canvas (5 to 6 ms against 7 to 9); a picture
 * that changes all the time is there sooner as a stream of frames to a <video> (9 ms against 13 and more) and at half
 * the processor time.
 */
import { type Rect, contains, union } from "./rects";

/** So many updates within this time are motion. */
const UPDATES = 5;
const WITHIN_MS = 150;
/** Without an update for this long the motion is over. */
export const REST_MS = 120;
/** A stream that must grow becomes the whole picture above this share of it. */
const WHOLE = 0.9;

export class Motion {
  readonly #times: number[] = [];
  readonly #rects: Rect[] = [];

  /** Notes an update and says what a stream should cover now: null while nothing moves. */
  note(rect: Rect, now: number, whole: Rect): Rect | null {
    this.#times.push(now);
    this.#rects.push(rect);
    while ((this.#times[0] ?? now) < now - WITHIN_MS) {
      this.#times.shift();
      this.#rects.shift();
    }
    if (this.#times.length < UPDATES) return null;
    const covered = this.#rects.reduce<Rect | null>((sum, r) => union(sum, r), null) ?? rect;
    return covered[2] * covered[3] > WHOLE * whole[2] * whole[3] ? whole : covered;
  }

  /** Forgets what was seen. */
  rest(): void {
    this.#times.length = 0;
    this.#rects.length = 0;
  }

  /** What a stream over `current` should cover so that it holds `wanted` too. */
  static grow(current: Rect, wanted: Rect, whole: Rect): Rect {
    if (contains(current, wanted)) return current;
    const grown = union(current, wanted);
    return grown[2] * grown[3] > WHOLE * whole[2] * whole[3] ? whole : grown;
  }
}
