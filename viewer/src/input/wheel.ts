/** The wheel's three units, and touchpads, as 1/120 of a notch; fractions add up. */

/** What is read of a WheelEvent; `wheelDelta…` is not in the standard and every browser but Firefox has it. */
export interface WheelTurn {
  readonly deltaX: number;
  readonly deltaY: number;
  /** 0 pixels, 1 lines, 2 pages. */
  readonly deltaMode: number;
  readonly wheelDeltaX?: number;
  readonly wheelDeltaY?: number;
}

const NOTCH = 120;
/** 100 CSS pixels, 3 lines or a tenth of a page is what a notch scrolls. */
const UNIT = [NOTCH / 100, NOTCH / 3, NOTCH * 10];

/** The most that one event may turn: a stuck wheel must not scroll for minutes. */
const MOST = NOTCH * 50;

export class Wheel {
  #restX = 0;
  #restY = 0;

  /** Whole 1/120 notches to send now; [0, 0] when it is not yet one. */
  turn(event: WheelTurn): [number, number] {
    this.#restX += bounded(amount(event.deltaX, event.wheelDeltaX, event.deltaMode));
    this.#restY += bounded(amount(event.deltaY, event.wheelDeltaY, event.deltaMode));
    const x = whole(this.#restX);
    const y = whole(this.#restY);
    this.#restX -= x;
    this.#restY -= y;
    return [x, y];
  }
}

function amount(delta: number, notches: number | undefined, mode: number): number {
  // Whole notches of a wheel: exact, whatever the system's setting makes of one in pixels.
  if (notches !== undefined && notches !== 0 && notches % NOTCH === 0) return -notches;
  return delta * (UNIT[mode] ?? 1);
}

/** Toward zero, but for what adding up fractions loses. */
function whole(value: number): number {
  const near = Math.round(value);
  return Math.abs(value - near) < 1e-6 ? near : Math.trunc(value);
}

function bounded(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(value, -MOST), MOST) : 0;
}
