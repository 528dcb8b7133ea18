/** The picture beneath all layers, as pixels (BGRX); every operation is checked against its bounds. */
import type { Copy, Fill, Tiles } from "../gen/messages";
import { PictureError } from "./errors";
import type { Rect } from "./rects";
import type { Zstd } from "./zstd";

/** The most pixels that one Tiles operation may carry (spec/protocol.md, section 4). */
const TILES_PIXELS = 1 << 20;
/** The most pixels of a layout: 64 Mi, four 4K screens and more, are 256 MiB. */
const LAYOUT_PIXELS = 1 << 26;

const RAW = 0;

export class Framebuffer {
  readonly width: number;
  readonly height: number;
  /** Rows top to bottom; a pixel's bytes are blue, green, red, unused. */
  readonly pixels: Uint32Array<ArrayBuffer>;

  constructor(width: number, height: number) {
    if (width * height > LAYOUT_PIXELS) throw new PictureError(`a layout of ${width} × ${height} is too large`);
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
  }

  /** Throws PictureError where `rect` is empty or not wholly inside. */
  check(x: number, y: number, width: number, height: number): void {
    if (width < 1 || height < 1 || x + width > this.width || y + height > this.height) {
      throw new PictureError(`${width} × ${height} at ${x}, ${y} lies outside ${this.width} × ${this.height}`);
    }
  }

  copy({ fromX, fromY, x, y, width, height }: Copy): Rect {
    this.check(fromX, fromY, width, height);
    this.check(x, y, width, height);
    const { pixels, width: stride } = this;
    if (width === stride) {
      pixels.copyWithin(y * stride, fromY * stride, (fromY + height) * stride);
    } else {
      const down = y > fromY; // the target lies below: from the last row up, or rows would be read after being written
      for (let i = 0; i < height; i++) {
        const row = down ? height - 1 - i : i;
        const from = (fromY + row) * stride + fromX;
        pixels.copyWithin((y + row) * stride + x, from, from + width);
      }
    }
    return [x, y, width, height];
  }

  fill({ x, y, width, height, bgrx }: Fill): Rect {
    this.check(x, y, width, height);
    for (let row = y; row < y + height; row++) {
      const at = row * this.width + x;
      this.pixels.fill(bgrx, at, at + width);
    }
    return [x, y, width, height];
  }

  /** Calls `touched` for each rectangle. */
  tiles({ rects, codec, data }: Tiles, zstd: Zstd, touched: (rect: Rect) => void): void {
    if (rects.length % 4 !== 0) throw new PictureError("rectangles of tiles come in fours");
    let total = 0;
    for (let i = 0; i < rects.length; i += 4) {
      const [x, y, width, height] = at(rects, i);
      this.check(x, y, width, height);
      total += width * height;
    }
    if (total > TILES_PIXELS) throw new PictureError("more tiles than one operation may carry");
    const bytes = codec === RAW ? data : zstd.decode(data, total * 4);
    if (bytes.length !== total * 4) throw new PictureError("tiles are not of their size");
    const source =
      bytes.byteOffset % 4 === 0
        ? new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, total)
        : new Uint32Array(bytes.slice().buffer);
    let from = 0;
    for (let i = 0; i < rects.length; i += 4) {
      const rect = at(rects, i);
      const [, y, width, height] = rect;
      const part = source.subarray(from, from + width * height);
      if (width === this.width) this.pixels.set(part, y * width);
      else this.write(rect, part);
      from += width * height;
      touched(rect);
    }
  }

  /** A rectangle's pixels, row by row. */
  read([x, y, width, height]: Rect): Uint32Array<ArrayBuffer> {
    const out = new Uint32Array(width * height);
    for (let row = 0; row < height; row++) {
      const from = (y + row) * this.width + x;
      out.set(this.pixels.subarray(from, from + width), row * width);
    }
    return out;
  }

  /** Puts a rectangle's pixels, row by row, in their place. */
  write([x, y, width, height]: Rect, source: Uint32Array): void {
    for (let row = 0; row < height; row++) {
      this.pixels.set(source.subarray(row * width, (row + 1) * width), (y + row) * this.width + x);
    }
  }

  /** A rectangle for a canvas: RGBA, opaque. */
  image([x, y, width, height]: Rect): ImageData {
    const out = new Uint32Array(width * height);
    let to = 0;
    for (let row = y; row < y + height; row++) {
      let from = row * this.width + x;
      for (const end = from + width; from < end; from++) {
        const bgrx = this.pixels[from] ?? 0;
        out[to++] = 0xff000000 | (bgrx & 0xff00) | ((bgrx & 0xff) << 16) | ((bgrx >> 16) & 0xff);
      }
    }
    return new ImageData(new Uint8ClampedArray(out.buffer), width, height);
  }

  /** A rectangle as a video frame, straight from memory. */
  frame([x, y, width, height]: Rect, timestamp: number): VideoFrame {
    return new VideoFrame(this.pixels, {
      format: "BGRX",
      codedWidth: width,
      codedHeight: height,
      timestamp,
      layout: [{ offset: (y * this.width + x) * 4, stride: this.width * 4 }],
    });
  }
}

function at(rects: readonly number[], i: number): Rect {
  return [rects[i] ?? 0, rects[i + 1] ?? 0, rects[i + 2] ?? 0, rects[i + 3] ?? 0];
}
