/**
 * Where downloads lie until every byte of them is there and right: files of this page alone, in the browser's own store
 * (the Origin Private File System). They outlive a reload, fill no memory, and nobody else sees half a file.
 */
import { type Bytes } from "../protocol/bytes";
import { FilesError } from "./faults";

const FOLDER = "farhand-incoming";
/**
 * So much is written at once, in bytes: browsers count every write against the page's quota in another process, which
 * costs more than the write. With a channel's credit and what waits before it is within what a cut may cost.
 */
const LOT = 1 << 20;
/** The store keeps so much for itself and others, in bytes. */
export const SPARE = 16 << 20;

/** A file that is being received. */
export interface Staged {
  readonly size: number;
  /** Fills `into` from `at`; how many bytes there were. */
  read(into: Bytes, at: number): number;
  /** Behind what is there; it may wait for more, but not until it is read, flushed or closed. */
  append(bytes: Uint8Array): void;
  truncate(size: number): void;
  /** What was written is on the disk. */
  flush(): void;
  close(): void;
}

export interface Staging {
  /** How much more may be staged, in bytes; null where nobody knows. */
  room(): Promise<number | null>;
  /** A file by its name, made if it is not there. Rejects with FilesError. */
  open(name: string): Promise<Staged>;
  /** What is in it, as a file of the browser's that is read when it is wanted. Rejects with FilesError. */
  file(name: string): Promise<File>;
  remove(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

/** The browser's own. */
export class PrivateStaging implements Staging {
  async room(): Promise<number | null> {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
  }

  async open(name: string): Promise<Staged> {
    try {
      const handle = await (await folder()).getFileHandle(name, { create: true });
      if (handle.createSyncAccessHandle === undefined) throw new FilesError("local", "it has no private files to write to");
      return new Access(await handle.createSyncAccessHandle());
    } catch (error) {
      throw localError(error);
    }
  }

  async file(name: string): Promise<File> {
    try {
      return await (await (await folder()).getFileHandle(name)).getFile();
    } catch (error) {
      throw localError(error);
    }
  }

  async remove(name: string): Promise<void> {
    try {
      await (await folder()).removeEntry(name);
    } catch {
      // It is not there, or in use by another page, which removes it.
    }
  }

  async names(): Promise<readonly string[]> {
    const names: string[] = [];
    try {
      for await (const name of (await folder()).keys()) names.push(name);
    } catch {
      // This browser lets the page keep nothing: so nothing is there.
    }
    return names;
  }
}

/** A file of the browser's, written in lots. */
export class Access implements Staged {
  readonly #handle: FileSystemSyncAccessHandle;
  #size: number;
  /** What is to be written behind the rest. */
  readonly #lot = new Uint8Array(LOT);
  #held = 0;

  constructor(handle: FileSystemSyncAccessHandle) {
    this.#handle = handle;
    this.#size = handle.getSize();
  }

  get size(): number {
    return this.#size + this.#held;
  }

  read(into: Bytes, at: number): number {
    this.#write();
    return guarded(() => this.#handle.read(into, { at }));
  }

  append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + LOT - this.#held);
      this.#lot.set(part, this.#held);
      this.#held += part.length;
      at += part.length;
      if (this.#held === LOT) this.#write();
    }
  }

  truncate(size: number): void {
    this.#write();
    guarded(() => {
      this.#handle.truncate(size);
    });
    this.#size = size;
  }

  flush(): void {
    this.#write();
    guarded(() => {
      this.#handle.flush();
    });
  }

  close(): void {
    try {
      this.#write();
    } finally {
      this.#handle.close();
    }
  }

  #write(): void {
    const lot = this.#lot.subarray(0, this.#held);
    if (lot.length === 0) return;
    this.#held = 0;
    const written = guarded(() => this.#handle.write(lot, { at: this.#size }));
    this.#size += written;
    if (written !== lot.length) throw new FilesError("no-room");
  }
}

/** What this browser refused, in our terms. */
export function localError(error: unknown): FilesError {
  if (error instanceof FilesError) return error;
  const name = error instanceof Error ? error.name : "";
  const text = error instanceof Error ? error.message : String(error);
  if (name === "QuotaExceededError") return new FilesError("no-room");
  if (name === "NotReadableError" || name === "NotFoundError") return new FilesError("source", text);
  return new FilesError("local", text);
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw localError(error);
  }
}

async function folder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
}
