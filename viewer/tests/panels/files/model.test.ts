import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Item, ListModel } from "../../../src/panels/files/model";
import { Ranked } from "../../../src/panels/files/ranked";
import { inSight, reveal } from "../../../src/panels/files/range";

function item(name: string, changes: Partial<Item> = {}): Item {
  return { key: name, name, kind: "file", size: 0, time: 0, ...changes };
}

function model(...items: readonly (string | Item)[]): ListModel<Item> {
  const made = new ListModel<Item>();
  made.set(items.map((one) => (typeof one === "string" ? item(one) : one)));
  return made;
}

const names = (list: ListModel<Item>): string[] => list.view.map(({ name }) => name);
const chosen = (list: ListModel<Item>): string[] => list.selected.map(({ name }) => name);

describe("order", () => {
  it("is as people sort: folders first, numbers by value, capitals and accents no matter", () => {
    const list = model("b10.txt", "B9.txt", "b010.txt", "éclair", "Echo", "a", item("zoo", { kind: "folder" }), "b9 2");
    expect(names(list)).toEqual(["zoo", "a", "b9 2", "B9.txt", "b010.txt", "b10.txt", "Echo", "éclair"]);
  });

  it("goes by size, time and kind, the other way too, and by name where those are equal", () => {
    const list = model(
      item("b.txt", { size: 2, time: 1 }),
      item("a.txt", { size: 2, time: 3 }),
      item("c.png", { size: 1, time: 2 }),
      item("dir", { kind: "folder" }),
    );
    list.sort({ column: "size", descending: false });
    expect(names(list)).toEqual(["dir", "c.png", "a.txt", "b.txt"]);
    list.sort({ column: "size", descending: true });
    expect(names(list)).toEqual(["dir", "b.txt", "a.txt", "c.png"]);
    list.sort({ column: "time", descending: true });
    expect(names(list)).toEqual(["dir", "a.txt", "c.png", "b.txt"]);
    list.sort({ column: "kind", descending: false });
    expect(names(list)).toEqual(["dir", "c.png", "a.txt", "b.txt"]);
    list.sort({ column: "name", descending: true });
    expect(names(list)).toEqual(["dir", "c.png", "b.txt", "a.txt"]);
  });

  it("is the same however the names came", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 40 }), fc.nat(40), (all, at) => {
        const whole = model(...all);
        const ranked = new Ranked<Item>();
        for (let from = 0; from < all.length; from += at + 1) ranked.add(all.slice(from, from + at + 1).map((name) => item(name)));
        const parts = new ListModel<Item>();
        parts.show(ranked);
        const turned = model(...[...all].reverse());
        expect(names(parts)).toEqual(names(whole));
        expect(names(turned)).toEqual(names(whole));
      }),
    );
  });
});

describe("what is seen", () => {
  it("leaves out hidden names until they are wanted", () => {
    const list = model(".a", "b");
    expect(names(list)).toEqual(["b"]);
    list.setHidden(true);
    expect(names(list)).toEqual([".a", "b"]);
    expect(list.total).toBe(2);
  });

  it("holds every word of the filter, in any case", () => {
    const list = model("Holiday 2026 beach.jpg", "holiday.txt", "beach");
    list.setFilter("BEACH holi");
    expect(names(list)).toEqual(["Holiday 2026 beach.jpg"]);
    list.setFilter("");
    expect(list.view).toHaveLength(3);
  });

  it("takes what is no longer seen out of the selection", () => {
    const list = model("a", "b", "c");
    list.selectAll();
    list.setFilter("b");
    expect(chosen(list)).toEqual(["b"]);
    list.setFilter("");
    expect(chosen(list)).toEqual(["b"]);
  });
});

describe("selection", () => {
  it("grows by Shift and Control as people know it", () => {
    const list = model("a", "b", "c", "d", "e", "f");
    list.pick(1, "one");
    list.pick(3, "range");
    expect(chosen(list)).toEqual(["b", "c", "d"]);
    list.pick(0, "range");
    expect(chosen(list)).toEqual(["a", "b"]);
    list.pick(4, "toggle");
    expect(chosen(list)).toEqual(["a", "b", "e"]);
    list.pick(5, "add");
    expect(chosen(list)).toEqual(["a", "b", "e", "f"]);
    list.pick(4, "toggle");
    expect(chosen(list)).toEqual(["a", "b", "f"]);
    list.move(2);
    expect(list.active?.name).toBe("c");
    expect(chosen(list)).toEqual(["a", "b", "f"]);
    list.pick(99, "one");
    expect(chosen(list)).toEqual(["a", "b", "f"]);
  });

  it("ranges from the first name where nothing was picked before", () => {
    const list = model("a", "b", "c");
    list.pick(1, "range");
    expect(chosen(list)).toEqual(["a", "b"]);
    list.pick(2, "range");
    expect(chosen(list)).toEqual(["a", "b", "c"]);
  });

  it("stays with its names when the folder is read anew or sorted", () => {
    const list = model("a", "b", "c");
    list.pick(1, "one");
    list.set([item("0"), item("b"), item("c")]);
    expect(chosen(list)).toEqual(["b"]);
    expect(list.cursor).toBe(1);
    list.sort({ column: "name", descending: true });
    expect(list.cursor).toBe(1);
    list.set([item("c")]);
    expect(list.active).toBeNull();
    expect(list.selectedCount).toBe(0);
  });
});

it("builds the key of each of 50,000 names once, and compares only what is new", () => {
  let keys = 0;
  const ranked = new Ranked<Item>();
  const named = (n: number): Item => {
    const name = `picture ${(n * 7919) % 50_000}.${n % 3 === 0 ? "jpg" : "txt"}`;
    return { ...item(name, { size: (n * 104_729) % 9e6, time: (n * 7907) % 50_000 }), get name() { keys += 1; return name; } };
  };
  for (let at = 0; at < 50_000; at += 1000) ranked.add(Array.from({ length: 1000 }, (_, n) => named(at + n)));
  const list = new ListModel<Item>();
  list.show(ranked);
  expect(keys).toBe(50_000);
  expect(list.view[2]?.name).toMatch(/^picture 2\./);
  keys = 0;
  list.sort({ column: "size", descending: true });
  expect(list.view[0]?.size).toBeGreaterThan(list.view[49_999]?.size ?? 0);
  const places = ranked.by("size");
  list.sort({ column: "size", descending: false });
  list.sort({ column: "time", descending: true });
  list.sort({ column: "name", descending: true });
  list.setFilter("4999 jpg");
  expect(list.view.length).toBeGreaterThan(0);
  expect(ranked.by("size")).toBe(places);
  expect(keys).toBe(0);
  const orders = vi.spyOn(Array.prototype, "sort");
  ranked.add([named(50_001)]);
  list.show(ranked);
  expect(orders.mock.contexts.map((sorted) => (sorted as unknown[]).length)).toEqual([1]);
  orders.mockRestore();
  expect(ranked.size).toBe(50_001);
});

describe("rows in sight", () => {
  it("hold what is seen, never more than a few more, and nothing beyond the ends", () => {
    fc.assert(
      fc.property(fc.nat(2_000_000), fc.integer({ min: 50, max: 2000 }), fc.integer({ min: 20, max: 60 }), fc.nat(60_000), (top, height, row, total) => {
        const { first, last } = inSight(top, height, row, total);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(last).toBeLessThanOrEqual(total);
        expect(last - first).toBeLessThanOrEqual(Math.ceil(height / row) + 40);
        const seen = [Math.floor(top / row), Math.min(total, Math.ceil((top + height) / row))] as const;
        if (seen[0] < seen[1]) {
          expect(first).toBeLessThanOrEqual(seen[0]);
          expect(last).toBeGreaterThanOrEqual(seen[1]);
        }
      }),
    );
  });

  it("stay the same for a little scrolling", () => {
    expect(inSight(1010, 600, 32, 1000)).toEqual(inSight(1020, 600, 32, 1000));
  });

  it("are scrolled to only as far as needed", () => {
    expect(reveal(3, 0, 320, 32)).toBeNull();
    expect(reveal(10, 0, 320, 32)).toBe(32);
    expect(reveal(2, 100, 320, 32)).toBe(64);
  });
});
