/** What did not work, said above the panes until it is put away. */
import type { Fault } from "../../files/api";
import { faultOf } from "./pane";

/** Something that did not work, until it is put away. */
export interface Notice {
  readonly id: number;
  readonly what: string;
  readonly fault: Fault;
}

/** The newest few are shown. */
const MOST = 3;

export class Notices {
  readonly #changed: () => void;
  #items: readonly Notice[] = [];
  #next = 1;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get items(): readonly Notice[] {
    return this.#items;
  }

  /** `what` is how it begins: `“a.txt” was not renamed`; the same is said once. */
  readonly failed = (what: string, fault: Fault): void => {
    const notice = { id: this.#next++, what, fault };
    this.#items = [...this.#items.filter((other) => other.what !== what), notice].slice(-MOST);
    this.#changed();
  };

  /** Runs it, and says `what` if it fails. */
  async tried(what: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.failed(what, faultOf(error));
    }
    this.#changed();
  }

  putAway(id: number): void {
    this.#items = this.#items.filter((notice) => notice.id !== id);
    this.#changed();
  }
}
