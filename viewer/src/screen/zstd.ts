/**
 * Zstandard by WebAssembly (zstddec's), decoded in place: a page of text takes 3 ms, so no copy is made of the result.
 */
import base64 from "virtual:zstd-wasm";
import { PictureError } from "./errors";

interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  free(at: number): void;
  ZSTD_decompress(to: number, room: number, from: number, bytes: number): number;
}

export class Zstd {
  readonly #exports: Exports;
  #heap: Uint8Array;
  #from = { at: 0, room: 0 };
  #to = { at: 0, room: 0 };

  private constructor(exports: Exports) {
    this.#exports = exports;
    this.#heap = new Uint8Array(exports.memory.buffer);
  }

  static async load(): Promise<Zstd> {
    const code = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const loaded = await WebAssembly.instantiate(code, { env: { emscripten_notify_memory_growth: () => undefined } });
    return new Zstd(loaded.instance.exports as unknown as Exports);
  }

  /**
   * The `size` bytes that `packed` holds, as a view that the next call overwrites.
   *
   * Throws PictureError if they are not exactly `size`: the room is made from what the caller knows, never from a
   * length that the other side names.
   */
  decode(packed: Uint8Array, size: number): Uint8Array {
    const found = this.unpack(packed, size);
    if (found?.length !== size) throw new PictureError("tiles do not decompress to their size");
    return found;
  }

  /** What `packed` holds, at most `most` bytes, as a view that the next call overwrites; null if it is not that. */
  unpack(packed: Uint8Array, most: number): Uint8Array | null {
    const from = this.#room(this.#from, packed.length);
    const to = this.#room(this.#to, most);
    this.#heap.set(packed, from);
    // Its errors are numbers that no room is large enough for, negative ones here.
    const got = this.#exports.ZSTD_decompress(to, most, from, packed.length);
    this.#refresh();
    return got >= 0 && got <= most ? this.#heap.subarray(to, to + got) : null;
  }

  #room(block: { at: number; room: number }, bytes: number): number {
    if (block.room < bytes) {
      if (block.at !== 0) this.#exports.free(block.at);
      block.room = Math.max(bytes, 65536);
      block.at = this.#exports.malloc(block.room);
      this.#refresh();
      if (block.at === 0) {
        block.room = 0;
        throw new PictureError("no memory for the picture");
      }
    }
    return block.at;
  }

  /** The memory may have grown: its old buffer is then detached. */
  #refresh(): void {
    if (this.#heap.buffer !== this.#exports.memory.buffer) this.#heap = new Uint8Array(this.#exports.memory.buffer);
  }
}
