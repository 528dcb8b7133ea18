/** The two clipboards: read here when the person pastes and at no other time, written when the host's changes. */

/** The protocol's largest text. */
const LONGEST = 250_000;

export class Clipboard {
  readonly #send: (text: string) => void;
  /** What both ends are known to hold. */
  #shared = "";
  /** From the host, and not yet written: the browser wanted a click or a key first. */
  #waiting: string | null = null;

  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** The person pastes this; true if the host hears of it now. */
  pasted(text: string): boolean {
    if (text === this.#shared || text.length > LONGEST) return false;
    this.#shared = text;
    this.#waiting = null;
    this.#send(text);
    return true;
  }

  /** Files took the text's place at one end: the same text is news again. */
  forget(): void {
    this.#shared = "";
  }

  /** The host's clipboard holds this now. */
  arrived(text: string): void {
    this.#shared = text;
    this.#waiting = text;
    this.retry();
  }

  /** Tries again to write what waits; called in the person's own clicks and keys, which browsers ask for. */
  retry(): void {
    const text = this.#waiting;
    if (text === null || !document.hasFocus()) return;
    navigator.clipboard.writeText(text).then(
      () => {
        if (this.#waiting === text) this.#waiting = null;
      },
      () => undefined, // not allowed just now: it waits for the next click or key
    );
  }
}
