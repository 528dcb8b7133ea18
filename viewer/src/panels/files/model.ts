/** A folder's names as a list: what is seen of them, in which order, and which are selected. */
import { extension } from "./names";
import { kindOf } from "./kinds";

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

/** An item with what sorting and filtering would work out again and again. */
interface Known<T extends Item> {
  readonly item: T;
  readonly folder: boolean;
  readonly hidden: boolean;
  /** For comparing by `<`: as people sort, numbers by their value. */
  readonly order: string;
  readonly lower: string;
  readonly kind: string;
  /** Its place among all by name; every other order uses it where two are equal. */
  rank: number;
}

export class ListModel<T extends Item> {
  #known: Known<T>[] = [];
  #ranked = true;
  #view: readonly T[] = [];
  #places: Map<string, number> | null = null;
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
    return this.#known.length;
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
    this.#known = items.map(know);
    this.#arrange();
  }

  /** More of the same folder. */
  add(items: readonly T[]): void {
    for (const item of items) this.#known.push(know(item));
    this.#arrange();
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
    this.#places ??= new Map(this.#view.map((item, index) => [item.key, index]));
    return this.#places.get(key) ?? -1;
  }

  /** Whether the folder holds this name, seen or not. */
  has(name: string): boolean {
    return this.#known.some(({ item }) => item.name === name);
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

  #arrange(): void {
    this.#ranked = false;
    this.#show();
  }

  #show(): void {
    if (!this.#ranked) {
      this.#known.sort((a, b) => Number(b.folder) - Number(a.folder) || compare(a.order, b.order) || compare(a.item.name, b.item.name));
      this.#known.forEach((one, rank) => {
        one.rank = rank;
      });
      this.#ranked = true;
    }
    const words = this.#filter.toLowerCase().split(/\s+/).filter(Boolean);
    const seen = this.#known.filter((one) => (this.#hidden || !one.hidden) && words.every((word) => one.lower.includes(word)));
    const { column, descending } = this.#order;
    const way = descending ? -1 : 1;
    const by = BY[column];
    // What is in `#known` is sorted by name already: the most common order costs nothing more.
    if (column !== "name" || descending) seen.sort((a, b) => Number(b.folder) - Number(a.folder) || way * (by(a, b) || a.rank - b.rank));
    this.#view = seen.map(({ item }) => item);
    this.#places = null;
    if (this.#selected.size > 0) {
      const kept = this.#selected;
      this.#selected = new Set(this.#view.filter((item) => kept.has(item.key)).map((item) => item.key));
    }
    if (this.place(this.#active) < 0) this.#active = null;
    if (this.place(this.#anchor) < 0) this.#anchor = null;
  }
}

const BY: Readonly<Record<Column, (a: Known<Item>, b: Known<Item>) => number>> = {
  name: (a, b) => a.rank - b.rank,
  size: (a, b) => a.item.size - b.item.size,
  time: (a, b) => a.item.time - b.item.time,
  kind: (a, b) => compare(a.kind, b.kind),
};

function know<T extends Item>(item: T): Known<T> {
  const { name } = item;
  const folder = item.kind === "folder";
  const lower = name.toLowerCase();
  return { item, folder, hidden: name.startsWith("."), order: order(lower), lower, kind: kindOf(item.kind, extension(name)), rank: 0 };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const DIGITS = /\d+/g;
const ACCENTED = /[\u0080-\uffff]/;

/** `a2` before `a10`, and accents do not take a letter away from its like: a number is led by how many digits it has. */
function order(lower: string): string {
  const bare = ACCENTED.test(lower) ? lower.normalize("NFKD").replace(/\p{M}/gu, "") : lower;
  if (bare.search(/\d/) < 0) return bare;
  return bare.replace(DIGITS, (digits) => {
    const value = digits.replace(/^0+(?=\d)/, "");
    return String.fromCharCode(0x30 + Math.min(value.length, 60)) + value;
  });
}
