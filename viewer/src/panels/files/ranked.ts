/** Names in the order of people: put in their places as they come, and by number once that is wanted. */
import { kindOf } from "./kinds";
import type { Column, Item } from "./model";
import { extension } from "./names";

/** An item with what sorting and filtering would work out again and again. */
export interface Known<T extends Item> {
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

export class Ranked<T extends Item> {
  readonly byKey = new Map<string, Known<T>>();
  /** Each in order, and each at least as long as all behind it: so a name is moved some ten times at most, and a batch at once is quick. */
  #runs: Known<T>[][] = [];
  readonly #places = new Map<Column, Uint32Array>();

  get size(): number {
    return this.byKey.size;
  }

  /** More of them; a key that is there already is left out. */
  add(items: readonly T[]): void {
    const run: Known<T>[] = [];
    for (const item of items) {
      if (this.byKey.has(item.key)) continue;
      const known = know(item);
      this.byKey.set(item.key, known);
      run.push(known);
    }
    if (run.length === 0) return;
    this.#runs.push(run.sort(compare));
    this.#places.clear();
    while (this.#uneven()) this.#join();
  }

  /** All in their order, folders first. */
  get all(): readonly Known<T>[] {
    while (this.settle());
    return this.#runs[0] ?? [];
  }

  /** A part of what `all` would have to do; whether there is more of it. */
  settle(): boolean {
    if (this.#runs.length > 1) this.#join();
    return this.#runs.length > 1;
  }

  /** The places in `all` in the order of a column, rising, folders first; by name where two are equal. Null: as they are. */
  by(column: Column): Uint32Array | null {
    if (column === "name") return null;
    const known = this.#places.get(column);
    if (known !== undefined) return known;
    const { all } = this;
    const first = this.folders;
    const places = new Uint32Array(all.length);
    for (const [from, to] of [[0, first], [first, all.length]] as const) {
      places.set(byValue(valuesOf(all, from, to, column), from), from);
    }
    this.#places.set(column, places);
    return places;
  }

  /** How many of `all`, from the first on, are folders. */
  get folders(): number {
    const first = this.all.findIndex(({ folder }) => !folder);
    return first < 0 ? this.all.length : first;
  }

  #uneven(): boolean {
    const [before, last] = [this.#runs.at(-2), this.#runs.at(-1)];
    return before !== undefined && last !== undefined && before.length < 2 * last.length;
  }

  #join(): void {
    const b = this.#runs.pop() ?? [];
    const a = this.#runs.pop() ?? [];
    this.#runs.push(joined(a, b));
  }
}

/** Two in order as one. */
function joined<T extends Item>(a: readonly Known<T>[], b: readonly Known<T>[]): Known<T>[] {
  const all: Known<T>[] = [];
  let [i, j] = [0, 0];
  let [left, right] = [a[0], b[0]];
  while (left !== undefined && right !== undefined) {
    if (compare(right, left) < 0) {
      all.push(right);
      right = b[++j];
    } else {
      all.push(left);
      left = a[++i];
    }
  }
  for (; i < a.length; left = a[++i]) if (left !== undefined) all.push(left);
  for (; j < b.length; right = b[++j]) if (right !== undefined) all.push(right);
  return all;
}

/** The places of numbers in rising order, counted from `from`, equal ones as they were: browsers sort bare numbers faster than what compares. */
function byValue(values: Float64Array, from: number): Uint32Array {
  const sorted = values.slice().sort();
  const taken = new Uint32Array(values.length);
  const places = new Uint32Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const first = firstOf(sorted, values[at] ?? 0);
    const same = taken[first] ?? 0;
    taken[first] = same + 1;
    places[first + same] = from + at;
  }
  return places;
}

/** Where a value that is there stands first. */
function firstOf(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function valuesOf(all: readonly Known<Item>[], from: number, to: number, column: "size" | "time" | "kind"): Float64Array {
  const values = new Float64Array(to - from);
  if (column === "kind") {
    const words = new Set<string>();
    for (let at = from; at < to; at++) words.add(all[at]?.kind ?? "");
    const ranks = new Map([...words].sort().map((word, rank) => [word, rank]));
    for (let at = from; at < to; at++) values[at - from] = ranks.get(all[at]?.kind ?? "") ?? 0;
  } else for (let at = from; at < to; at++) values[at - from] = all[at]?.item[column] ?? 0;
  return values;
}

function know<T extends Item>(item: T): Known<T> {
  const { name } = item;
  const folder = item.kind === "folder";
  const lower = name.toLowerCase();
  const kind = kindOf(item.kind, extension(name));
  return { item, folder, hidden: name.startsWith("."), order: (folder ? "0" : "1") + order(lower), lower, kind, at: -1 };
}

function compare(a: Known<Item>, b: Known<Item>): number {
  if (a.order < b.order) return -1;
  if (a.order > b.order) return 1;
  return a.item.name < b.item.name ? -1 : a.item.name > b.item.name ? 1 : 0;
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
