/** Small files, many in a message. */
import type { Meta, SmallFile } from "../gen/messages";
import { type Bytes, equal } from "../protocol/bytes";
import type { ConflictChoice, HostPath } from "./api";
import type { Digester } from "./digest";
import { FilesError, hostError } from "./faults";
import { fromHost } from "./names";
import type { Operations } from "./operations";
import { FILE_MODE, FOLDER_MODE, KIND, conflictOf, pathOf } from "./requests";
import { SMALL_FILE, type Unpacker } from "./unpacking";

/** What one message may carry, in bytes and in files. */
const MOST_BYTES = 200 * 1024;
const MOST_FILES = 1000;
/** What a file costs beside its name and content. */
const EACH = 96;
const NO_BYTES: Bytes = new Uint8Array(0);

/** A small file to write, or a folder where `content` is null; `path` is from the folder that all go to. */
export interface Small {
  readonly path: HostPath;
  readonly content: Bytes | null;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** In messages that are not too large. */
export function* grouped<T>(all: Iterable<T>, weight: (one: T) => number): Generator<readonly T[]> {
  let group: T[] = [];
  let size = 0;
  for (const one of all) {
    const more = weight(one) + EACH;
    if (group.length > 0 && (size + more > MOST_BYTES || group.length >= MOST_FILES)) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(one);
    size += more;
  }
  if (group.length > 0) yield group;
}

/** Writes them; resolves to what became of each: null is well. Rejects with FilesError. */
export async function putMany(
  operations: Operations, digester: Digester, folder: HostPath, group: readonly Small[], choice: ConflictChoice | null,
): Promise<readonly (FilesError | null)[]> {
  const files = group.map(({ path, content, modified }): SmallFile => {
    const mode = content === null ? FOLDER_MODE : FILE_MODE;
    const meta: Meta = { mode, mtime: modified * 1000, attributes: [] };
    const digest = content === null ? NO_BYTES : digester.whole(content);
    const kind = content === null ? KIND.FOLDER : KIND.FILE;
    return { path: pathOf(path), kind, meta, packed: false, data: content ?? NO_BYTES, digest, fault: 0 };
  });
  return operations.run("files-write", async (operation) => {
    await operation.room();
    operation.send({ type: "PutMany", folder: pathOf(folder), conflict: conflictOf(choice), files });
    for (;;) {
      const answer = await operation.next("Results", "Working");
      if (answer.type === "Working") continue;
      operation.last();
      if (answer.results.length !== group.length) throw new FilesError("protocol", "results of another number of files");
      return answer.results.map(({ fault, text }) => (fault === 0 ? null : hostError(fault, text)));
    }
  });
}

/** Reads small files of one folder; `each` gets them in order, or why there is none. Rejects with FilesError. */
export async function getMany(
  operations: Operations,
  digester: Digester,
  unpacker: Unpacker,
  folder: HostPath,
  names: readonly HostPath[],
  each: (at: number, content: Bytes | FilesError) => Promise<void>,
): Promise<void> {
  await operations.run("files-read", async (operation) => {
    operation.send({ type: "GetMany", folder: pathOf(folder), names: names.map(pathOf) });
    let at = 0;
    for (;;) {
      const { files, last } = await operation.next("Bundle");
      if (last) operation.last();
      for (const file of files) {
        const name = names[at];
        if (name === undefined || fromHost(file.path) !== name) throw new FilesError("protocol", "files that nobody asked for");
        await each(at, contentOf(file, digester, unpacker));
        at += 1;
      }
      if (!last) continue;
      if (at < names.length) throw new FilesError("protocol", "fewer files than were asked for");
      return;
    }
  });
}

function contentOf(file: SmallFile, digester: Digester, unpacker: Unpacker): Bytes | FilesError {
  if (file.fault !== 0) return hostError(file.fault, "");
  if (file.kind !== KIND.FILE) return new FilesError("not-a-file");
  try {
    const content = unpacker.ownContent(file, SMALL_FILE);
    return equal(digester.whole(content), file.digest) ? content : new FilesError("mismatch");
  } catch (error) {
    if (error instanceof FilesError) return error;
    throw error;
  }
}
