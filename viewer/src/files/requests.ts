/** What is asked of the host and answered at once: names, folders, room, a file's beginning. */
import type { Conflict, Entry } from "../gen/messages";
import { type Bytes, concat } from "../protocol/bytes";
import type { ConflictChoice, HostEntry, HostPath, HostRoot, Listing, Version } from "./api";
import { hostEntry } from "./entries";
import { FilesError } from "./faults";
import { fromHost, innerParts, join, showable, toHost } from "./names";
import type { Operation, Operations } from "./operations";
import { Unpacker } from "./unpacking";

/** What a host may list at most, of one folder or of one tree. */
const MOST_ENTRIES = 1_000_000;
const MOST_PREVIEW = 4 << 20;

export const FOLDER_MODE = 0o755;
export const FILE_MODE = 0o644;
const NO_BYTES = new Uint8Array(0);

export const KIND = { FILE: 1, FOLDER: 2, LINK: 3, OTHER: 4 } as const;

/** What a choice is on the wire; nothing chosen, and what is skipped, refuses. */
export function conflictOf(choice: ConflictChoice | null): Conflict {
  return choice === "replace" ? 2 : choice === "newer" ? 3 : choice === "both" ? 4 : 1;
}

/** The bytes of a path. Throws FilesError. */
export function pathOf(path: HostPath): Bytes {
  try {
    return toHost(path);
  } catch (error) {
    if (error instanceof RangeError) throw new FilesError("bad-name", error.message);
    throw error;
  }
}

export class Requests {
  readonly #operations: Operations;
  readonly #most: number;

  constructor(operations: Operations, most = MOST_ENTRIES) {
    this.#operations = operations;
    this.#most = most;
  }

  async roots(): Promise<readonly HostRoot[]> {
    return this.#operations.run("files-read", async (operation) => {
      operation.send({ type: "Roots" });
      const { roots } = await operation.next("RootList");
      operation.last();
      return roots.map(({ path, name, writable }) => ({ path: fromHost(path), shown: showable(name), writable }));
    });
  }

  async stat(path: HostPath): Promise<HostEntry> {
    for await (const { entries } of this.#entries(path, 0)) {
      const [entry] = entries;
      if (entry !== undefined) return entry;
    }
    throw new FilesError("not-found");
  }

  /** What has a name; null where that may not be seen, or nothing has it any more. Rejects with FilesError once the line is cut. */
  async version(path: HostPath): Promise<Version | null> {
    try {
      const { kind, size, modified } = await this.stat(path);
      return { kind, size, modified };
    } catch (error) {
      if (error instanceof FilesError && error.fault !== "cut") return null;
      throw error;
    }
  }

  /** A folder's names; none that lead elsewhere, whatever the host says. */
  async *list(path: HostPath): AsyncGenerator<Listing> {
    for await (const { entries, skipped } of this.#entries(path, 1)) yield { entries, skipped };
  }

  /** All that is in a folder, a folder before what is in it; paths begin with `path`. */
  async *walk(path: HostPath): AsyncGenerator<Listing> {
    for await (const listing of this.#entries(path, 255)) yield listing;
  }

  async make(path: HostPath, parents = false): Promise<HostPath> {
    return this.#done({ type: "Make", path: pathOf(path), kind: KIND.FOLDER, target: NO_BYTES, mode: FOLDER_MODE, parents });
  }

  async rename(path: HostPath, to: HostPath, choice: ConflictChoice | null): Promise<HostPath> {
    return this.#done({ type: "Rename", path: pathOf(path), to: pathOf(to), conflict: conflictOf(choice) });
  }

  async remove(path: HostPath, recursive: boolean, trash: boolean): Promise<void> {
    await this.#done({ type: "Delete", path: pathOf(path), recursive, trash });
  }

  async measure(path: HostPath): Promise<{ readonly size: number; readonly digest: Bytes }> {
    return this.#operations.run("files-read", async (operation) => {
      operation.send({ type: "Measure", path: pathOf(path) });
      for (;;) {
        const message = await operation.next("Measured", "Working");
        if (message.type === "Working") continue;
        operation.last();
        return { size: message.size, digest: message.digest };
      }
    });
  }

  async space(path: HostPath): Promise<{ readonly free: number; readonly total: number }> {
    return this.#operations.run("files-read", async (operation) => {
      operation.send({ type: "Space", path: pathOf(path) });
      const { free, total } = await operation.next("Free");
      operation.last();
      return { free, total };
    });
  }

  async preview(path: HostPath, maxBytes: number): Promise<{ readonly bytes: Bytes; readonly size: number }> {
    const unpacker = await Unpacker.load();
    return this.#operations.run("files-read", async (operation) => {
      operation.send({ type: "Get", path: pathOf(path), offset: 0, prefix: NO_BYTES, basis: false });
      const { size } = await operation.next("Opened");
      const wanted = Math.min(size, maxBytes, MOST_PREVIEW);
      const parts: Bytes[] = [];
      let got = 0;
      while (got < wanted) {
        const piece = await operation.next("Data", "Zeros", "Finish");
        if (piece.type === "Finish") throw new FilesError("changed");
        const most = wanted - got;
        const part = piece.type === "Data" ? unpacker.content(piece).slice(0, most) : new Uint8Array(Math.min(piece.length, most));
        parts.push(part);
        got += part.length;
      }
      return { bytes: concat(...parts), size };
    });
  }

  async #done(message: Parameters<Operation["send"]>[0]): Promise<HostPath> {
    return this.#operations.run("files-write", async (operation) => {
      operation.send(message);
      return done(operation);
    });
  }

  async *#entries(path: HostPath, depth: number): AsyncGenerator<Listing> {
    const operation = this.#operations.open("files-read");
    let count = 0;
    try {
      operation.send({ type: "List", path: pathOf(path), depth, follow: true });
      for (;;) {
        const { entries, skipped, last } = await operation.next("Entries");
        count += entries.length;
        if (count > this.#most) throw new FilesError("too-large", `more than ${this.#most} names`);
        yield sane(path, depth, entries, skipped);
        if (!last) continue;
        operation.last();
        return;
      }
    } finally {
      operation.stop();
    }
  }
}

/** What something is called now that is done; `working` hears that the host is busy with it. */
export async function done(operation: Operation, working: () => void = () => undefined): Promise<HostPath> {
  for (;;) {
    const message = await operation.next("Done", "Working");
    if (message.type === "Done") {
      operation.last();
      return fromHost(message.path);
    }
    working();
  }
}

/** Entries without those whose names no folder can hold. */
function sane(folder: HostPath, depth: number, entries: readonly Entry[], skipped: number): Listing {
  const kept: HostEntry[] = [];
  let dropped = 0;
  for (const entry of entries) {
    const inner = fromHost(entry.path);
    if (depth === 0) {
      kept.push(hostEntry(folder, entry));
      continue;
    }
    const parts = innerParts(inner);
    if (parts === null || (depth === 1 && parts.length > 1)) dropped += 1;
    else kept.push(hostEntry(join(folder, inner), entry));
  }
  return { entries: kept, skipped: skipped + dropped };
}
