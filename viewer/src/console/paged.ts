/** A list that the gateway gives in pages, loaded as far as it is looked at. */
import { type Fault, faultOf } from "./api/errors";
import type { Listing } from "./api/types";

/** Entries in one request: as many as the gateway gives, so that the far end of a long list is near. */
export const PAGE = 200;

export class Paged<T> {
  /** How many there are in all; -1 until the first answer. */
  total = -1;
  fault: Fault | null = null;
  private items: T[] = [];
  /** `cursors[n]` begins page n. */
  private cursors: (string | null)[] = [null];
  private wanted = 0;
  private busy = false;
  private generation = 0;
  private stop = new AbortController();

  constructor(
    private readonly fetch: (cursor: string | null, limit: number, signal: AbortSignal) => Promise<Listing<T>>,
    private readonly changed: () => void,
    private readonly size = PAGE,
  ) {}

  get loading(): boolean {
    return this.busy;
  }

  get loaded(): readonly T[] {
    return this.items;
  }

  at(index: number): T | undefined {
    return this.items[index];
  }

  /** Something else is looked for: begin anew. */
  restart(): Promise<void> {
    this.cancel();
    this.total = -1;
    this.fault = null;
    this.items = [];
    this.cursors = [null];
    this.wanted = 1;
    return this.fill();
  }

  /** The page is left: what is under way is of no use. */
  cancel(): void {
    this.generation++;
    this.stop.abort();
    this.stop = new AbortController();
    this.busy = false;
  }

  /** The entries up to `last` (exclusive) are looked at. */
  want(last: number): void {
    this.wanted = Math.min(Math.max(this.wanted, last), Math.max(this.total, 1));
    if (!this.busy && this.fault === null && this.items.length < this.wanted) void this.fill();
  }

  /** Read the pages again that hold `first` to `last`: states change. */
  async refresh(first: number, last: number): Promise<void> {
    if (this.busy) return;
    const generation = this.generation;
    const from = Math.max(0, Math.floor(first / this.size));
    const to = Math.min(Math.floor(Math.max(first, last - 1) / this.size), this.cursors.length - 1);
    for (let page = from; page <= to; page++) {
      const cursor = this.cursors[page];
      if (cursor === undefined || (cursor === null && page > 0)) break;
      try {
        const answer = await this.fetch(cursor, this.size, this.stop.signal);
        if (generation !== this.generation) return;
        this.put(page, answer);
        this.fault = null;
      } catch (error) {
        if (generation !== this.generation) return;
        this.fault = faultOf(error);
        break;
      }
    }
    this.changed();
    this.want(this.wanted);
  }

  /** Replace those that are loaded and match; the gateway has taken a change of them. */
  replace(same: (item: T) => boolean, by: (item: T) => T): void {
    this.items = this.items.map((item) => (same(item) ? by(item) : item));
    this.changed();
  }

  private async fill(): Promise<void> {
    const generation = this.generation;
    this.busy = true;
    this.changed();
    try {
      // The list may have become shorter than what was looked at.
      while (this.items.length < (this.total < 0 ? this.wanted : Math.min(this.wanted, this.total))) {
        const page = Math.floor(this.items.length / this.size);
        const cursor = this.cursors[page];
        if (cursor === undefined || (cursor === null && page > 0)) break;
        const answer = await this.fetch(cursor, this.size, this.stop.signal);
        if (generation !== this.generation) return;
        this.put(page, answer);
        this.fault = null;
        this.changed();
        if (answer.items.length === 0) break;
      }
    } catch (error) {
      if (generation !== this.generation) return;
      this.fault = faultOf(error);
    }
    this.busy = false;
    this.changed();
  }

  private put(page: number, { items, total, next }: Listing<T>): void {
    const first = page * this.size;
    const after = first + this.size;
    const rest = items.length < this.size || next === null ? [] : this.items.slice(after);
    this.items = [...this.items.slice(0, first), ...items, ...rest];
    this.total = next === null ? this.items.length : Math.max(total, this.items.length);
    this.cursors[page + 1] = next;
    if (next === null) this.cursors.length = page + 1;
  }
}
