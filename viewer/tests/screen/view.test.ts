import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { START, type Wish, hostPixel, place, zoomAround } from "../../src/screen/view";

const HD = { width: 1280, height: 720 };
const fit: Wish = START;
const one: Wish = { ...START, mode: "one" };
const fill: Wish = { ...START, mode: "fill" };

describe("place", () => {
  it("is exact where the window is as large as the picture", () => {
    for (const wish of [fit, one, fill]) expect(place(HD, HD, wish)).toEqual({ scale: 1, left: 0, top: 0 });
  });

  it("stays exact where the window lacks a pixel or two, and does not move", () => {
    expect(place({ width: 1278, height: 719 }, HD, fit)).toEqual({ scale: 1, left: 0, top: 0 });
  });

  it("never enlarges to fit, and centres on whole pixels", () => {
    expect(place({ width: 1921, height: 1081 }, HD, fit)).toEqual({ scale: 1, left: 320, top: 180 });
  });

  it("enlarges to fill", () => {
    expect(place({ width: 2560, height: 1500 }, HD, fill)).toEqual({ scale: 2, left: 0, top: 30 });
  });

  it("shrinks to fit", () => {
    expect(place({ width: 640, height: 720 }, HD, fit)).toEqual({ scale: 0.5, left: 0, top: 180 });
  });

  it("shows a part pixel for pixel, wherever it is wanted within bounds", () => {
    const small = { width: 800, height: 600 };
    expect(place(small, HD, { ...one, left: -100, top: -9999 })).toEqual({ scale: 1, left: -100, top: -120 });
    expect(place(small, HD, { ...one, left: 50, top: 0 })).toEqual({ scale: 1, left: 0, top: 0 });
  });

  it("lets the picture move up from under a phone's keyboard, at the same scale", () => {
    const phone = { width: 1080, height: 700 };
    const view = place(phone, HD, { ...fit, top: -9999 }, 400);
    expect(view.scale).toBe(place(phone, HD, fit).scale);
    expect(view.top).toBe(Math.round(300 - 720 * view.scale));
  });
});

describe("hostPixel", () => {
  const sizes = fc.record({ width: fc.integer({ min: 2, max: 3000 }), height: fc.integer({ min: 2, max: 3000 }) });
  const wishes = fc.record({
    mode: fc.constantFrom("fit" as const, "one" as const, "fill" as const),
    zoom: fc.double({ min: 1, max: 4, noNaN: true }),
    left: fc.integer({ min: -5000, max: 0 }),
    top: fc.integer({ min: -5000, max: 0 }),
  });

  it("finds the pixel whose middle was hit, at every scale", () => {
    fc.assert(
      fc.property(sizes, sizes, wishes, fc.double({ min: 0, max: 0.999, noNaN: true }), (window, picture, wish, part) => {
        const view = place(window, picture, wish);
        const column = Math.floor(part * picture.width);
        const row = Math.floor(part * picture.height);
        const x = view.left + (column + 0.5) * view.scale;
        const y = view.top + (row + 0.5) * view.scale;
        expect(hostPixel(view, picture, x, y, false)).toEqual([column, row]);
      }),
    );
  });

  it("takes a whole position for the device pixel that it names", () => {
    const view = { scale: 1.1, left: 0, top: 0 };
    for (let pixel = 0; pixel < 100; pixel++) {
      const [column] = hostPixel(view, HD, pixel, 0, false) ?? [];
      expect(column).toBe(Math.floor((pixel + 0.5) / 1.1));
    }
  });

  it("is nothing beside the picture, or its edge while something is dragged", () => {
    const view = place({ width: 1480, height: 920 }, HD, fit);
    expect(hostPixel(view, HD, 99, 100, false)).toBeNull();
    expect(hostPixel(view, HD, 99, 5000, true)).toEqual([0, 719]);
  });
});

describe("zoomAround", () => {
  it("keeps the host pixel under the fingers", () => {
    const window = { width: 1080, height: 2000 };
    const before = place(window, HD, fit);
    const under = hostPixel(before, HD, 700.3, 900.3, true);
    const wish = zoomAround(window, HD, zoomAround(window, HD, fit, 700.3, 900.3, 2.5), 700.3, 900.3, 1.6);
    const after = place(window, HD, wish);
    expect(after.scale / before.scale).toBeCloseTo(4, 6);
    const [column = 0] = hostPixel(after, HD, 700.3, 900.3, true) ?? [];
    expect(Math.abs(column - (under?.[0] ?? 0))).toBeLessThanOrEqual(1);
  });

  it("has its bounds", () => {
    const window = { width: 640, height: 360 };
    expect(zoomAround(window, HD, fit, 0, 0, 1000).zoom).toBe(16);
    expect(zoomAround(window, HD, fit, 0, 0, 0.001).zoom).toBe(1);
  });
});
