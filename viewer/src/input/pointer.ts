/**
 * Mouse and pen. A move goes out when it happens; while moves come faster than MOVE_MS, at most one waits, the newest.
 * Buttons never wait, and take a waiting move's place.
 */
import { BACK, FORWARD, type InputSink, LEFT, MIDDLE, RIGHT } from "./sink";

/** The least time between two moves: quicker mice would only fill the line. */
const MOVE_MS = 8;

/** What is read of a PointerEvent. */
export interface PointerPlace {
  readonly clientX: number;
  readonly clientY: number;
  /** The DOM's mask: bit 0 left, 1 right, 2 middle, 3 back, 4 forward. */
  readonly buttons: number;
  readonly timeStamp: number;
}

/** The host pixel under a place in the window; null beside the picture unless `bound`. */
export type Locate = (clientX: number, clientY: number, bound: boolean) => [number, number] | null;

/** The protocol's mask for the DOM's. */
export function buttonMask(buttons: number): number {
  let mask = buttons & (LEFT | BACK | FORWARD);
  if (buttons & 2) mask |= RIGHT;
  if (buttons & 4) mask |= MIDDLE;
  return mask;
}

export class Pointer {
  readonly #sink: InputSink;
  readonly #locate: Locate;
  #x = -1;
  #y = -1;
  #buttons = 0;
  #sentAt = -Infinity;
  /** A press began beside the picture: it and what follows until the release is not the host's. */
  #beside = false;
  #waiting: PointerPlace | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sink: InputSink, locate: Locate) {
    this.#sink = sink;
    this.#locate = locate;
  }

  /** The buttons that are down, as sent. */
  get buttons(): number {
    return this.#buttons;
  }

  /** Any event of a mouse or pen: moves, presses, releases. */
  handle(event: PointerPlace): void {
    if (event.buttons === 0) this.#beside = false;
    if (this.#beside) return;
    if (buttonMask(event.buttons) !== this.#buttons) this.#send(event);
    else if (event.timeStamp - this.#sentAt >= MOVE_MS) this.#send(event);
    else this.#wait(event);
  }

  /** Sends the move that waits, if one does: what comes next (a key, the wheel) belongs to the place it left. */
  flush(): void {
    if (this.#waiting !== null) this.#send(this.#waiting);
  }

  /** Goes to a host pixel with these buttons: fingers and the picture moving under the pointer. */
  put(x: number, y: number, buttons: number, at: number): void {
    this.#forget();
    if (x === this.#x && y === this.#y && buttons === this.#buttons) return;
    this.#x = x;
    this.#y = y;
    this.#buttons = buttons;
    this.#sentAt = at;
    this.#sink.pointer(x, y, buttons, at);
  }

  /** The host has released the buttons by itself. */
  forget(): void {
    this.#forget();
    this.#buttons = 0;
    this.#x = -1;
  }

  #send(event: PointerPlace): void {
    const buttons = buttonMask(event.buttons);
    // A press must be on the picture; what began there may go on and end anywhere, at its edge.
    const place = this.#locate(event.clientX, event.clientY, this.#buttons !== 0);
    this.#forget();
    if (place === null) {
      this.#beside = buttons !== 0;
      return;
    }
    this.put(place[0], place[1], buttons, event.timeStamp);
  }

  #wait(event: PointerPlace): void {
    const first = this.#waiting === null;
    this.#waiting = { clientX: event.clientX, clientY: event.clientY, buttons: event.buttons, timeStamp: event.timeStamp };
    if (!first) return;
    const pause = Math.max(0, this.#sentAt + MOVE_MS - event.timeStamp);
    this.#timer = setTimeout(() => {
      this.flush();
    }, pause);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#waiting = null;
  }
}
