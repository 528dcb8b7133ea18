/** When the bar shows itself: the mouse rests at the top edge, a chord, a handle; and when it goes again. */

/** How close to the top edge the mouse must be, how long, and in which middle part of the width. */
const EDGE = 3;
const REST_MS = 220;
const MIDDLE = 0.3;

/** How long the bar stays after the mouse left it, and after a session began. */
const LEAVE_MS = 600;
const GREETING_MS = 2500;

export interface MousePlace {
  readonly clientX: number;
  readonly clientY: number;
  readonly buttons: number;
}

export class Reveal {
  readonly #changed: () => void;
  #shown = false;
  #hovered = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resting = false;
  #byMouse = false;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get shown(): boolean {
    return this.#shown;
  }

  /** Shows the bar until it is used or left. */
  show(): void {
    this.#set(true);
  }

  /** Shows that there is a bar. */
  greet(): void {
    this.#set(true);
    this.#later(GREETING_MS, false);
  }

  hide(): void {
    this.#hovered = false;
    this.#set(false);
  }

  /** The mouse moved over the desktop. */
  moved({ clientX, clientY, buttons }: MousePlace, width: number): void {
    if (this.#byMouse && this.#shown && !this.#hovered) {
      // It came to a mouse that then went elsewhere, without ever being on it.
      this.#byMouse = false;
      this.#later(LEAVE_MS, false);
    }
    const near = clientY < EDGE && buttons === 0 && Math.abs(clientX - width / 2) < width * MIDDLE;
    if (near === this.#resting || this.#shown) return;
    this.#resting = near;
    if (near) this.#later(REST_MS, true);
    else clearTimeout(this.#timer);
  }

  /** The mouse came onto the bar or left it. */
  hover(over: boolean): void {
    this.#hovered = over;
    if (over) clearTimeout(this.#timer);
    else if (this.#shown) this.#later(LEAVE_MS, false);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #later(ms: number, show: boolean): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!show && this.#hovered) return;
      this.#set(show);
      this.#byMouse = show;
    }, ms);
  }

  #set(shown: boolean): void {
    clearTimeout(this.#timer);
    this.#resting = false;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#changed();
  }
}
