import { beforeAll, describe, expect, it } from "vitest";
import type { Tiles } from "../../src/gen/messages";
import { PictureError } from "../../src/screen/errors";
import { Framebuffer } from "../../src/screen/framebuffer";
import { Zstd } from "../../src/screen/zstd";

let zstd: Zstd;
beforeAll(async () => {
  zstd = await Zstd.load();
});

const RAW = 0;
const ZSTD = 1;

function raw(rects: number[], pixels: number[]): Tiles {
  return { type: "Tiles", rects, codec: RAW, data: new Uint8Array(Uint32Array.from(pixels).buffer) };
}

function numbered(width: number, height: number): Framebuffer {
  const buffer = new Framebuffer(width, height);
  buffer.pixels.forEach((_, i) => (buffer.pixels[i] = i));
  return buffer;
}

describe("tiles", () => {
  it("land where they belong, one rectangle after the other", () => {
    const buffer = new Framebuffer(4, 3);
    const touched: unknown[] = [];
    buffer.tiles(raw([1, 0, 2, 1, 0, 2, 1, 1], [7, 8, 9]), zstd, (rect) => touched.push(rect));
    expect([...buffer.pixels]).toEqual([0, 7, 8, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
    expect(touched).toEqual([
      [1, 0, 2, 1],
      [0, 2, 1, 1],
    ]);
  });

  it("may start at any byte of the message", () => {
    const buffer = new Framebuffer(2, 1);
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Uint32Array.of(0x11223344, 0x55667788).buffer), 1);
    buffer.tiles({ type: "Tiles", rects: [0, 0, 2, 1], codec: RAW, data: bytes.subarray(1) }, zstd, () => undefined);
    expect([...buffer.pixels]).toEqual([0x11223344, 0x55667788]);
  });

  it.each([
    ["outside on the right", [3, 0, 2, 1], [1, 2]],
    ["outside below", [0, 3, 1, 1], [1]],
    ["empty", [0, 0, 0, 1], []],
    ["not in fours", [0, 0, 1], [1]],
    ["too few pixels", [0, 0, 2, 1], [1]],
    ["too many pixels", [0, 0, 1, 1], [1, 2]],
  ])("that are %s are refused", (_, rects, pixels) => {
    const buffer = new Framebuffer(4, 3);
    expect(() => {
      buffer.tiles(raw(rects, pixels), zstd, () => undefined);
    }).toThrow(PictureError);
    expect(buffer.pixels.every((p) => p === 0)).toBe(true);
  });

  it("that repeat a rectangle beyond the limit are refused before they are unpacked", () => {
    const buffer = new Framebuffer(1024, 1024);
    const rects = [0, 0, 1024, 1024, 0, 0, 1, 1];
    expect(() => {
      buffer.tiles({ type: "Tiles", rects, codec: ZSTD, data: new Uint8Array(8) }, zstd, () => undefined);
    }).toThrow(PictureError);
  });

  it("that are not zstd are refused, and the next ones still work", () => {
    const buffer = new Framebuffer(2, 1);
    const bad: Tiles = { type: "Tiles", rects: [0, 0, 2, 1], codec: ZSTD, data: new Uint8Array([1, 2, 3, 4, 5]) };
    expect(() => {
      buffer.tiles(bad, zstd, () => undefined);
    }).toThrow(PictureError);
    // zstd frame of eight zero bytes, one raw block
    const good = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 8, 0x41, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0);
    buffer.tiles({ ...bad, data: good }, zstd, () => undefined);
    expect([...buffer.pixels]).toEqual([1, 2]);
  });

  it("that unpack to more than their rectangles are refused without room for them", () => {
    const buffer = new Framebuffer(2, 1);
    // an RLE block that would give 2 MiB
    const bomb = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0x20, 0, 0x03, 0, 0x80, 0);
    expect(() => {
      buffer.tiles({ type: "Tiles", rects: [0, 0, 2, 1], codec: ZSTD, data: bomb }, zstd, () => undefined);
    }).toThrow(PictureError);
  });
});

describe("copy", () => {
  const from = (fromX: number, fromY: number, x: number, y: number, width: number, height: number) => ({
    type: "Copy" as const, fromX, fromY, x, y, width, height,
  });

  it.each([
    [0, 0, 0, 1, 4, 3], [0, 1, 0, 0, 4, 3], [0, 0, 1, 1, 2, 3], [1, 1, 0, 0, 3, 3], [0, 0, 1, 0, 3, 4], [1, 0, 0, 0, 3, 4],
  ])("reads before it writes where source and target overlap (%i, %i → %i, %i)", (fx, fy, x, y, w, h) => {
    const buffer = numbered(4, 4);
    buffer.copy(from(fx, fy, x, y, w, h));
    for (let row = 0; row < h; row++)
      for (let column = 0; column < w; column++)
        expect(buffer.pixels[(y + row) * 4 + x + column]).toBe((fy + row) * 4 + fx + column);
  });

  it("is refused outside", () => {
    expect(() => numbered(4, 4).copy(from(2, 0, 0, 0, 3, 1))).toThrow(PictureError);
    expect(() => numbered(4, 4).copy(from(0, 0, 2, 0, 3, 1))).toThrow(PictureError);
  });
});

describe("a layout", () => {
  it("of absurd size is refused", () => {
    expect(() => new Framebuffer(16384, 16384)).toThrow(PictureError);
  });
});
