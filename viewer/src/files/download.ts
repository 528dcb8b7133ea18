/** One file from the host, into the page's own store: from where it was, in pieces, until its digest is right. */
import { equal } from "../protocol/bytes";
import type { HostPath } from "./api";
import { Digester } from "./digest";
import { FilesError } from "./faults";
import type { Operation, Operations } from "./operations";
import { pathOf } from "./requests";
import { SPARE, type Staged, type Staging } from "./stage";
import type { Turns } from "./turns";
import { Unpacker } from "./unpacking";
import { type Progress, stoppable } from "./upload";

const READ = 1 << 20;
const ZEROS = new Uint8Array(256 * 1024);

/** What was received. */
export interface Received {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** Receives it under `name`; what is there already is gone on from. `sized` hears its size. Rejects with FilesError. */
export async function download(
  operations: Operations, turns: Turns, staging: Staging, name: string, path: HostPath, progress: Progress, sized: (size: number) => void,
): Promise<Received> {
  const [digester, unpacker, staged] = await Promise.all([Digester.make(), Unpacker.load(), staging.open(name)]);
  try {
    await had(staged, digester, turns, progress.signal);
    return await operations.run("files-read", async (operation) => {
      operation.send({ type: "Get", path: pathOf(path), offset: digester.length, prefix: digester.prefix(), basis: false });
      return stoppable(operation, progress.signal, async () => {
        const received = await opened(operation, staging, staged, digester, sized);
        progress.done(digester.length);
        const file = new Filling(staged, digester, turns, received.size, progress);
        await fill(operation, unpacker, file);
        return received;
      });
    });
  } finally {
    staged.close();
  }
}

/** What is there already goes into the digest. */
async function had(staged: Staged, digester: Digester, turns: Turns, signal: AbortSignal): Promise<void> {
  const buffer = new Uint8Array(READ);
  for (;;) {
    if (signal.aborted) throw new FilesError("stopped");
    const count = staged.read(buffer, digester.length);
    if (count === 0) return;
    digester.update(buffer.subarray(0, count));
    await turns.breathe();
  }
}

async function opened(
  operation: Operation, staging: Staging, staged: Staged, digester: Digester, sized: (size: number) => void,
): Promise<Received> {
  const { size, meta, offset } = await operation.next("Opened");
  if (offset !== 0 && offset !== digester.length) throw new FilesError("protocol", "it goes on from where nobody was");
  if (offset > size) throw new FilesError("protocol", "it goes on behind the end");
  sized(size);
  if (offset === 0) {
    staged.truncate(0);
    digester.reset();
  }
  const room = await staging.room();
  if (room !== null && size - offset > room - SPARE) throw new FilesError("no-room");
  return { size, modified: Math.floor(meta.mtime / 1000) };
}

async function fill(operation: Operation, unpacker: Unpacker, file: Filling): Promise<void> {
  for (;;) {
    const message = await operation.next("Data", "Zeros", "Finish");
    switch (message.type) {
      case "Data":
        await file.add(unpacker.content(message));
        break;
      case "Zeros":
        await file.zeros(message.length);
        break;
      case "Finish":
        operation.last();
        file.finish(message.size, message.digest);
        return;
    }
  }
}

/** A file as it grows. */
class Filling {
  readonly #staged: Staged;
  readonly #digester: Digester;
  readonly #turns: Turns;
  readonly #size: number;
  readonly #progress: Progress;

  constructor(staged: Staged, digester: Digester, turns: Turns, size: number, progress: Progress) {
    this.#staged = staged;
    this.#digester = digester;
    this.#turns = turns;
    this.#size = size;
    this.#progress = progress;
  }

  async add(content: Uint8Array): Promise<void> {
    this.#fits(content.length);
    this.#staged.append(content);
    this.#digester.update(content);
    this.#progress.done(this.#digester.length);
    await this.#turns.breathe();
  }

  async zeros(length: number): Promise<void> {
    this.#fits(length);
    for (let left = length; left > 0; left -= ZEROS.length) {
      if (this.#progress.signal.aborted) throw new FilesError("stopped");
      await this.add(ZEROS.subarray(0, left));
    }
  }

  /** Throws FilesError where it is not what the host had, and keeps nothing of it. */
  finish(size: number, digest: Uint8Array): void {
    this.#progress.checking();
    if (size === this.#size && this.#digester.length === size && equal(this.#digester.digest(), digest)) {
      this.#staged.flush();
      return;
    }
    this.#staged.truncate(0);
    throw new FilesError("mismatch");
  }

  #fits(length: number): void {
    if (this.#digester.length + length <= this.#size) return;
    this.#staged.truncate(0);
    throw new FilesError("protocol", "more bytes came than it said");
  }
}
