/** Pieces as they come: as they are, or as one Zstandard frame of bounded content. */
import { type Bytes, own } from "../protocol/bytes";
import { Zstd } from "../screen/zstd";
import { FilesError } from "./faults";

/** The most content of one piece, in bytes (protocol/messages/files.py). */
export const PIECE = 256 * 1024 - 256;
/** Files up to so many bytes travel many in a message. */
export const SMALL_FILE = 64 * 1024;

let loading: Promise<Zstd> | null = null;

export class Unpacker {
  readonly #zstd: Zstd;

  private constructor(zstd: Zstd) {
    this.#zstd = zstd;
  }

  static async load(): Promise<Unpacker> {
    loading ??= Zstd.load();
    return new Unpacker(await loading);
  }

  /** What a piece holds, at most `most` bytes, as a view that the next call may overwrite. Throws FilesError. */
  content({ packed, data }: { readonly packed: boolean; readonly data: Bytes }, most = PIECE): Uint8Array {
    const content = packed ? this.#zstd.unpack(data, most) : data;
    if (content === null) throw new FilesError("protocol", "a packed piece that is broken, or larger than may be");
    if (content.length > most) throw new FilesError("protocol", "a piece that is larger than may be");
    return content;
  }

  /** The same in memory of its own. */
  ownContent(piece: { readonly packed: boolean; readonly data: Bytes }, most = PIECE): Bytes {
    return own(this.content(piece, most));
  }
}
