/** Short messages over the picture that go by themselves. */

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "bad";
}

const STAY_MS = 6000;
const MOST = 3;

export class Toasts {
  readonly #changed: () => void;
  #next = 1;
  #toasts: readonly Toast[] = [];
  #closed = false;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get all(): readonly Toast[] {
    return this.#toasts;
  }

  add(text: string, tone: Toast["tone"] = "plain"): void {
    const toast: Toast = { id: this.#next++, text, tone };
    this.#toasts = [...this.#toasts.filter((other) => other.text !== text), toast].slice(-MOST);
    setTimeout(() => {
      if (this.#closed) return;
      this.#toasts = this.#toasts.filter((other) => other.id !== toast.id);
      this.#changed();
    }, STAY_MS);
    this.#changed();
  }

  close(): void {
    this.#closed = true;
  }
}
