/** A folder's names as a list: what is seen of them, in which order, and which are selected. */
import { Ranked } from "./ranked";

/** What a list needs to know of a name. */
export interface Item {
  /** Tells it from every other in its folder. */
  readonly key: string;
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export type Column = "name" | "size" | "time" | "kind";
export const COLUMNS: readonly Column[] = ["name", "size", "time", "kind"];

export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

/** How a selection grows: `one` alone, `toggle` this one too, `range` up to it, `add` the range too. */
export type Grow = "one" | "toggle" | "range" | "add";

export class ListModel<T extends Item> {
  #ranked = new Ranked<T>();
  #view: readonly T[] = [];
  #order: Order = { column: "name", descending: false };
  #filter = "";
  #hidden = false;
  #selected = new Set<string>();
  #anchor: string | null = null;
  #active: string | null = null;

  /** What is seen, in order. */
  get view(): readonly T[] {
    return this.#view;
  }

  /** How many there are, the hidden ones too. */
  get total(): number {
    return this.#ranked.size;
  }

  get order(): Order {
    return this.#order;
  }

  get filter(): string {
    return this.#filter;
  }

  get hidden(): boolean {
    return this.#hidden;
  }

  /** Another folder, or the same one read anew: what was selected and is still there stays so. */
  set(items: readonly T[]): void {
    const ranked = new Ranked<T>();
    ranked.add(items);
    this.show(ranked);
  }

  /** The same with names in their order already. More may be put in behind our back; they are seen once they are shown again. */
  show(ranked: Ranked<T>): void {
    this.#ranked = ranked;
    this.#show();
  }

  /** Nothing is selected any more, and the cursor stands nowhere. */
  forget(): void {
    this.#selected.clear();
    this.#anchor = null;
    this.#active = null;
  }

  sort(order: Order): void {
    this.#order = order;
    this.#show();
  }

  /** Only names that hold every word of `text`. */
  setFilter(text: string): void {
    this.#filter = text;
    this.#show();
  }

  setHidden(shown: boolean): void {
    this.#hidden = shown;
    this.#show();
  }

  /** Where the item with this key stands, -1 if it is not seen. */
  place(key: string | null): number {
    if (key === null) return -1;
    return this.#ranked.byKey.get(key)?.at ?? -1;
  }

  /** Whether the folder holds this name, seen or not. */
  has(name: string): boolean {
    return this.#ranked.all.some(({ item }) => item.name === name);
  }

  /** The item under the cursor. */
  get active(): T | null {
    return this.#view[this.place(this.#active)] ?? null;
  }

  get cursor(): number {
    return this.place(this.#active);
  }

  isSelected(key: string): boolean {
    return this.#selected.has(key);
  }

  /** What is selected and seen, in order. */
  get selected(): readonly T[] {
    if (this.#selected.size === 0) return [];
    return this.#view.filter((item) => this.#selected.has(item.key));
  }

  get selectedCount(): number {
    return this.#selected.size;
  }

  /** The cursor goes to a place, and the selection with it. */
  pick(index: number, grow: Grow): void {
    const item = this.#view[index];
    if (item === undefined) return;
    this.#active = item.key;
    switch (grow) {
      case "one":
        this.#selected = new Set([item.key]);
        this.#anchor = item.key;
        break;
      case "toggle":
        if (!this.#selected.delete(item.key)) this.#selected.add(item.key);
        this.#anchor = item.key;
        break;
      case "range":
        this.#selected.clear();
        this.#span(index);
        break;
      case "add":
        this.#span(index);
    }
  }

  /** The cursor goes there, and the selection stays. */
  move(index: number): void {
    const item = this.#view[index];
    if (item !== undefined) this.#active = item.key;
  }

  selectAll(): void {
    this.#selected = new Set(this.#view.map((item) => item.key));
  }

  selectNone(): void {
    this.#selected.clear();
  }

  /** Selects the item with this name alone; true if it is seen. */
  find(name: string): boolean {
    const index = this.#view.findIndex((item) => item.name === name);
    this.pick(index, "one");
    return index >= 0;
  }

  #span(index: number): void {
    const from = Math.max(0, this.place(this.#anchor));
    const [first, last] = from < index ? [from, index] : [index, from];
    for (let at = first; at <= last; at++) {
      const item = this.#view[at];
      if (item !== undefined) this.#selected.add(item.key);
    }
    this.#anchor ??= this.#view[from]?.key ?? null;
  }

  #show(): void {
    const words = this.#filter.toLowerCase().split(/\s+/).filter(Boolean);
    const { column, descending } = this.#order;
    const { all, folders } = this.#ranked;
    const places = this.#ranked.by(column);
    const view: T[] = [];
    for (const [from, to] of [[0, folders], [folders, all.length]] as const) {
      for (let step = 0; step < to - from; step++) {
        const at = descending ? to - 1 - step : from + step;
        const one = all[places === null ? at : (places[at] ?? 0)];
        if (one === undefined) continue;
        const seen = (this.#hidden || !one.hidden) && words.every((word) => one.lower.includes(word));
        one.at = seen ? view.push(one.item) - 1 : -1;
      }
    }
    this.#view = view;
    if (this.#selected.size > 0) {
      const kept = this.#selected;
      this.#selected = new Set(this.#view.filter((item) => kept.has(item.key)).map((item) => item.key));
    }
    if (this.place(this.#active) < 0) this.#active = null;
    if (this.place(this.#anchor) < 0) this.#anchor = null;
  }
}
