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
  /** Where it stands, -1 if it is not seen. */
  at: number;
}

/** Whole numbers are sorted by digits of this base. */
const BASE = 2048;

export class ListModel<T extends Item> {
  #known: Known<T>[] = [];
  #ranked = true;
  #view: readonly T[] = [];
  #byKey: Map<string, Known<T>> | null = null;
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
    this.#byKey ??= new Map(this.#known.map((one) => [one.item.key, one]));
    return this.#byKey.get(key)?.at ?? -1;
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
    this.#byKey = null;
    this.#ranked = false;
    this.#show();
  }

  #show(): void {
    if (!this.#ranked) {
      this.#known.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : compare(a.item.name, b.item.name)));
      this.#ranked = true;
    }
    const words = this.#filter.toLowerCase().split(/\s+/).filter(Boolean);
    const seen = this.#known.filter((one) => (this.#hidden || !one.hidden) && words.every((word) => one.lower.includes(word)));
    const { column, descending } = this.#order;
    for (const one of this.#known) one.at = -1;
    this.#view = arranged(seen, column, descending).map((one, at) => {
      one.at = at;
      return one.item;
    });
    if (this.#selected.size > 0) {
      const kept = this.#selected;
      this.#selected = new Set(this.#view.filter((item) => kept.has(item.key)).map((item) => item.key));
    }
    if (this.place(this.#active) < 0) this.#active = null;
    if (this.place(this.#anchor) < 0) this.#anchor = null;
  }
}

/** What is sorted by name already, with its folders first, in another order; by name where two are equal. */
function arranged<T extends Item>(seen: readonly Known<T>[], column: Column, descending: boolean): readonly Known<T>[] {
  if (column === "name" && !descending) return seen;
  const first = seen.findIndex((one) => !one.folder);
  const split = first < 0 ? seen.length : first;
  const sorted: Known<T>[] = [];
  for (const part of [seen.slice(0, split), seen.slice(split)]) {
    const places = column === "name" ? null : placesByValue(numbered(part, column));
    for (let at = 0; at < part.length; at++) {
      const place = descending ? part.length - 1 - at : at;
      const one = part[places === null ? place : (places[place] ?? 0)];
      if (one !== undefined) sorted.push(one);
    }
  }
  return sorted;
}

/** The places of whole numbers in rising order, equal ones as they were: by their digits, as nothing that compares is so fast. */
function placesByValue(values: Float64Array): Uint32Array {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  let from = Uint32Array.from(values.keys());
  let to = new Uint32Array(values.length);
  for (let digit = 1; digit <= most - least; digit *= BASE) {
    const begins = new Uint32Array(BASE + 1);
    const digits = values.map((value) => Math.floor((value - least) / digit) % BASE);
    for (const one of digits) begins[one + 1] = (begins[one + 1] ?? 0) + 1;
    for (let one = 1; one <= BASE; one++) begins[one] = (begins[one] ?? 0) + (begins[one - 1] ?? 0);
    for (const place of from) {
      const one = digits[place] ?? 0;
      const at = begins[one] ?? 0;
      to[at] = place;
      begins[one] = at + 1;
    }
    [from, to] = [to, from];
  }
  return from;
}

function numbered(part: readonly Known<Item>[], column: "size" | "time" | "kind"): Float64Array {
  const kinds = new Map<string, number>();
  if (column === "kind") {
    for (const { kind } of part) kinds.set(kind, 0);
    [...kinds.keys()].sort(compare).forEach((kind, at) => kinds.set(kind, at));
  }
  const values = new Float64Array(part.length);
  part.forEach(({ item, kind }, at) => {
    values[at] = column === "kind" ? (kinds.get(kind) ?? 0) : item[column];
  });
  return values;
}

function know<T extends Item>(item: T): Known<T> {
  const { name } = item;
  const folder = item.kind === "folder";
  const lower = name.toLowerCase();
  return { item, folder, hidden: name.startsWith("."), order: (folder ? "0" : "1") + order(lower), lower, kind: kindOf(item.kind, extension(name)), at: -1 };
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
