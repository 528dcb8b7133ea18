/** Long work in small turns: the session's worker draws the picture and hears the mouse in between. */

/** So long a turn may take, in milliseconds. */
const TURN_MS = 6;

/** Lets everything else go first, once enough was done without. */
export class Turns {
  #began: number;
  readonly #now: () => number;
  readonly #next: () => Promise<void>;

  constructor(now: () => number = () => performance.now(), next: () => Promise<void> = soon) {
    this.#now = now;
    this.#next = next;
    this.#began = now();
  }

  /** Called between pieces of work. */
  async breathe(): Promise<void> {
    if (this.#now() - this.#began < TURN_MS) return;
    await this.#next();
    this.#began = this.#now();
  }
}

/** After what waits already; timers would be held back by browsers to 4 ms. */
function soon(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = (): void => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}
