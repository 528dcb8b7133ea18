/**
 * Fingers, the direct way: what is touched is what is meant.
 *
 * | fingers | meaning |
 * |---|---|
 * | tap | left click there; a second one near it is a double click |
 * | hold | right click |
 * | drag | drag with the left button |
 * | two, tap | right click |
 * | two, moving together | scroll |
 * | two, moving apart | enlarge the picture; they also move it |
 * | three, tap | middle click |
 * | three, moving | move the picture |
 */
import { LEFT, MIDDLE, RIGHT } from "./sink";

/** What fingers mean; places in CSS pixels of the window. */
export interface TouchMeaning {
  /** The pointer goes there with these buttons. */
  point(x: number, y: number, buttons: number, at: number): void;
  /** The picture's content follows the fingers by these pixels. */
  scroll(dx: number, dy: number, at: number): void;
  zoom(x: number, y: number, factor: number): void;
  pan(dx: number, dy: number): void;
  /** A hold was recognised: the moment to buzz. */
  held(): void;
}

const HOLD_MS = 500;
const TAP_MS = 350;
const DOUBLE_MS = 400;
/** A finger that strayed no farther has not moved. */
const STRAY = 10;
const NEAR = 28;
/** Two fingers whose distance changed by this share more than they moved are a pinch. */
const PINCH = 12;

interface Finger {
  startX: number;
  startY: number;
  x: number;
  y: number;
}

type State = "none" | "one" | "drag" | "held" | "two" | "scroll" | "pinch" | "three" | "move" | "spent";

export class Touch {
  readonly #meaning: TouchMeaning;
  readonly #fingers = new Map<number, Finger>();
  #state: State = "none";
  #began = 0;
  #hold: ReturnType<typeof setTimeout> | undefined;
  #lastTap = { x: 0, y: 0, at: -Infinity };

  constructor(meaning: TouchMeaning) {
    this.#meaning = meaning;
  }

  down(id: number, x: number, y: number, at: number): void {
    this.#fingers.set(id, { startX: x, startY: y, x, y });
    const count = this.#fingers.size;
    if (count === 1) {
      this.#state = "one";
      this.#began = at;
      this.#hold = setTimeout(() => {
        this.#recogniseHold();
      }, HOLD_MS);
      return;
    }
    clearTimeout(this.#hold);
    if (this.#state === "drag") this.#release(at);
    if (count === 2 && this.#state === "one") this.#state = "two";
    else if (count === 3 && this.#state === "two") this.#state = "three";
    else if (this.#state !== "scroll" && this.#state !== "pinch") this.#state = "spent";
  }

  move(id: number, x: number, y: number, at: number): void {
    const finger = this.#fingers.get(id);
    if (finger === undefined) return;
    const before = this.#shape();
    finger.x = x;
    finger.y = y;
    const after = this.#shape();
    const { state } = this;
    if (state === "one" && strayed(finger)) {
      clearTimeout(this.#hold);
      this.#state = "drag";
      this.#meaning.point(finger.startX, finger.startY, 0, at);
      this.#meaning.point(finger.startX, finger.startY, LEFT, at);
    }
    if (this.state === "drag") this.#meaning.point(x, y, LEFT, at);
    if (state === "two") this.#tellTwo();
    if (state === "three" && strayed(finger)) this.#state = "move";
    if (this.state === "scroll") this.#meaning.scroll(after.x - before.x, after.y - before.y, at);
    if (this.state === "move") this.#meaning.pan(after.x - before.x, after.y - before.y);
    if (this.state === "pinch" && before.spread > 0 && this.#fingers.size === 2) {
      this.#meaning.pan(after.x - before.x, after.y - before.y);
      this.#meaning.zoom(after.x, after.y, after.spread / before.spread);
    }
  }

  up(id: number, at: number): void {
    const finger = this.#fingers.get(id);
    if (finger === undefined) return;
    clearTimeout(this.#hold);
    const quick = at - this.#began <= TAP_MS;
    const middle = this.#shape();
    this.#fingers.delete(id);
    switch (this.#state) {
      case "one":
        this.#tap(finger.x, finger.y, at);
        break;
      case "drag":
        this.#meaning.point(finger.x, finger.y, 0, at);
        break;
      case "two":
        if (quick) this.#click(middle.x, middle.y, RIGHT, at);
        break;
      case "three":
        if (quick) this.#click(middle.x, middle.y, MIDDLE, at);
        break;
      default:
        break;
    }
    this.#state = this.#fingers.size === 0 ? "none" : "spent";
  }

  /** The system took the fingers away: nothing was meant. */
  cancel(at: number): void {
    clearTimeout(this.#hold);
    if (this.#state === "drag") this.#release(at);
    this.#fingers.clear();
    this.#state = "none";
  }

  /** What the fingers are taken for. */
  get state(): State {
    return this.#state;
  }

  #tap(x: number, y: number, at: number): void {
    const last = this.#lastTap;
    const again = at - last.at <= DOUBLE_MS && Math.hypot(x - last.x, y - last.y) <= NEAR;
    // A double click must hit one place, which fingers do not.
    const place = again ? last : { x, y };
    this.#click(place.x, place.y, LEFT, at);
    this.#lastTap = again ? { x: 0, y: 0, at: -Infinity } : { x, y, at };
  }

  #click(x: number, y: number, button: number, at: number): void {
    this.#meaning.point(x, y, 0, at);
    this.#meaning.point(x, y, button, at);
    this.#meaning.point(x, y, 0, at);
  }

  #recogniseHold(): void {
    const [finger] = this.#fingers.values();
    if (this.#state !== "one" || finger === undefined) return;
    this.#state = "held";
    this.#meaning.held();
    this.#click(finger.x, finger.y, RIGHT, this.#began + HOLD_MS);
  }

  #release(at: number): void {
    const [finger] = this.#fingers.values();
    if (finger !== undefined) this.#meaning.point(finger.x, finger.y, 0, at);
  }

  #tellTwo(): void {
    const [a, b] = this.#fingers.values();
    if (a === undefined || b === undefined) return;
    const apart = Math.abs(
      Math.hypot(a.x - b.x, a.y - b.y) - Math.hypot(a.startX - b.startX, a.startY - b.startY),
    );
    const together = Math.hypot(a.x + b.x - a.startX - b.startX, a.y + b.y - a.startY - b.startY) / 2;
    if (apart > PINCH && apart > together) this.#state = "pinch";
    else if (together > STRAY) this.#state = "scroll";
  }

  #shape(): { x: number; y: number; spread: number } {
    const all = [...this.#fingers.values()];
    const x = all.reduce((sum, finger) => sum + finger.x, 0) / Math.max(1, all.length);
    const y = all.reduce((sum, finger) => sum + finger.y, 0) / Math.max(1, all.length);
    const [a, b] = all;
    return { x, y, spread: a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0 };
  }
}

function strayed({ startX, startY, x, y }: Finger): boolean {
  return Math.hypot(x - startX, y - startY) > STRAY;
}
