/** One file to the host: from where the host has it already, in pieces, and with the digest of all of it. */
import { type Bytes, equal } from "../protocol/bytes";
import type { ConflictChoice, HostPath } from "./api";
import { Digester } from "./digest";
import { FilesError } from "./faults";
import type { Operation, Operations } from "./operations";
import { FILE_MODE, conflictOf, done, pathOf } from "./requests";
import type { Turns } from "./turns";
import { PIECE } from "./unpacking";

/** So much is read at once, in bytes. */
const READ = 4 * PIECE;
const ENCODER = new TextEncoder();

/** Hears how far it is, and says when to stop. */
export interface Progress {
  /** Aborted with the reason `pause` or `cancel`. */
  readonly signal: AbortSignal;
  /** So many bytes are done, in all. */
  done(bytes: number): void;
  /** All bytes are there, and are being checked. */
  checking(): void;
}

/** Sends it; resolves to what it is called there. Rejects with FilesError. */
export async function upload(
  operations: Operations, turns: Turns, file: File, to: HostPath, choice: ConflictChoice | null, progress: Progress,
): Promise<HostPath> {
  const digester = await Digester.make();
  const key = digester.whole(ENCODER.encode(JSON.stringify([to, file.name, file.size, file.lastModified]))).slice(0, 16);
  digester.reset();
  const meta = { mode: FILE_MODE, mtime: file.lastModified * 1000, attributes: [] };
  const operation = operations.open("files-write");
  try {
    operation.send({ type: "Put", path: pathOf(to), size: file.size, meta, conflict: conflictOf(choice), key, basis: false });
    return await stoppable(operation, progress.signal, async () => {
      const begin = await agreed(operation, turns, digester, file);
      progress.done(begin);
      operation.send({ type: "Begin", offset: begin });
      await pieces(operation, turns, digester, file, progress);
      operation.send({ type: "Finish", size: file.size, digest: digester.digest() });
      progress.checking();
      return done(operation);
    });
  } catch (error) {
    // What the host has of a file that is not the same any more is of no use.
    operation.stop(error instanceof FilesError && error.fault === "changed");
    throw error;
  }
}

/** From where on: what the host has is the same as here, or nothing of it. */
async function agreed(operation: Operation, turns: Turns, digester: Digester, file: File): Promise<number> {
  let ready = await operation.next("Ready", "Working");
  while (ready.type === "Working") ready = await operation.next("Ready", "Working");
  const { offset, prefix } = ready;
  if (offset > file.size) return 0;
  await read(file, 0, offset, (part) => {
    digester.update(part);
    operation.check();
    return turns.breathe();
  });
  if (equal(digester.prefix(), prefix)) return offset;
  digester.reset();
  return 0;
}

async function pieces(operation: Operation, turns: Turns, digester: Digester, file: File, progress: Progress): Promise<void> {
  await read(file, digester.length, file.size, async (part) => {
    for (let at = 0; at < part.length; at += PIECE) {
      const data = part.subarray(at, at + PIECE);
      digester.update(data);
      await operation.room();
      operation.send({ type: "Data", packed: false, data });
      progress.done(digester.length);
      await turns.breathe();
    }
  });
}

/** A file's bytes, the next part read while one is dealt with. Rejects with FilesError where the file is not as it was. */
async function read(file: File, from: number, to: number, each: (part: Bytes) => Promise<void>): Promise<void> {
  let next = part(file, from, to);
  // Its error is that of the turn in which it is awaited.
  next.catch(() => undefined);
  for (let at = from; at < to; ) {
    const bytes = await next;
    at += bytes.length;
    next = part(file, at, to);
    next.catch(() => undefined);
    await each(bytes);
  }
}

async function part(file: File, at: number, to: number): Promise<Bytes> {
  const end = Math.min(to, at + READ);
  if (end <= at) return new Uint8Array(0);
  let bytes: Bytes;
  try {
    bytes = new Uint8Array(await file.slice(at, end).arrayBuffer());
  } catch (error) {
    throw new FilesError("source", error instanceof Error ? error.message : "");
  }
  if (bytes.length !== end - at) throw new FilesError("changed");
  return bytes;
}

/** Runs `work` until it is done or `signal` stops the operation. */
export async function stoppable<T>(operation: Operation, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const stop = (): void => {
    operation.stop(signal.reason === "cancel");
    operation.fail(new FilesError("stopped"));
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop);
  try {
    return await work();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
