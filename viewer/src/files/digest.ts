/** BLAKE3 of files, by WebAssembly (hash-wasm): some 600 MB a second. */
import { type IHasher, createBLAKE3 } from "hash-wasm";
import { type Bytes, own } from "../protocol/bytes";

/** Of nothing at all, and of a prefix of no length: none. */
const NONE: Bytes = new Uint8Array(0);

/** Of one file, from its beginning on. */
export class Digester {
  readonly #hasher: IHasher;
  #length = 0;

  private constructor(hasher: IHasher) {
    this.#hasher = hasher.init();
  }

  static async make(): Promise<Digester> {
    return new Digester(await createBLAKE3());
  }

  /** How many bytes it has seen. */
  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes);
    this.#length += bytes.length;
  }

  /** Of all so far; more may follow. */
  digest(): Bytes {
    const state = this.#hasher.save();
    const digest = own(this.#hasher.digest("binary"));
    this.#hasher.load(state);
    return digest;
  }

  /** As the messages want it of a file's first bytes: empty where there are none. */
  prefix(): Bytes {
    return this.#length === 0 ? NONE : this.digest();
  }

  /** Of these bytes alone; what was seen is forgotten. */
  whole(bytes: Uint8Array): Bytes {
    this.reset();
    this.update(bytes);
    return this.digest();
  }

  reset(): void {
    this.#hasher.init();
    this.#length = 0;
  }
}
