/** Folders and files of the host as one ZIP (client-zip), where the browser lets a page write no folder: whole, or not at all. */
import { makeZip } from "client-zip";
import type { HostEntry, HostPath } from "./api";
import { getMany, grouped } from "./bundles";
import { Digester } from "./digest";
import { download } from "./download";
import { FilesError } from "./faults";
import { lastPart, localName, numbered, parent, showable } from "./names";
import { folded } from "./places";
import { SPARE, type Staged, localError } from "./stage";
import { ENDS_ALL, type Means, type TreeProgress, byFolder, checkStopped } from "./trees";
import type { Turns } from "./turns";
import { SMALL_FILE, Unpacker } from "./unpacking";

/** Its end counts names in 16 bits, and client-zip knows no other end for more of them. */
const MOST_NAMES = 65_000;
/** What a name costs, in bytes: it stands there twice, with three headers. */
const EACH = 512;
/** The years that a ZIP can tell, as milliseconds since the epoch, with a day to spare for the zone. */
const FIRST = Date.UTC(1980, 0, 2);
const LAST = Date.UTC(2107, 11, 30);

const NEVER = new Promise<null>(() => undefined);

interface ZipFile {
  readonly path: HostPath;
  readonly size: number;
  readonly modified: number;
  readonly mode: number;
}

interface Entry {
  readonly name: string;
  readonly lastModified: Date;
  readonly mode: number;
  /** None for a folder. */
  readonly input?: Uint8Array | File;
}

/** The file for what is under way, beside the ZIP itself. */
export const partOf = (stage: string): string => `${stage}-part`;

/** What it is called: as its only folder, or as the folder that all is in. */
export function zipName(entries: readonly HostEntry[]): string {
  const [first] = entries;
  const name = entries.length === 1 ? first?.name : lastPart(parent(first?.path ?? ""));
  return `${localName(name ?? "")}.zip`;
}

/**
 * A ZIP that grows as files come. It goes on after a cut or a pause from the file that was under way, and not after an
 * error of this side's disk: then it is not `sound` any more.
 */
export class Archive {
  /** What is in it. */
  readonly done = new Set<HostPath>();
  readonly names = new ZipNames();
  readonly #staged: Staged;
  readonly #turns: Turns;
  readonly #entries = new OneByOne<Entry>();
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #read: Promise<ReadableStreamReadResult<Uint8Array>> | null = null;
  #open = true;

  constructor(staged: Staged, turns: Turns) {
    staged.truncate(0);
    this.#staged = staged;
    this.#turns = turns;
    this.#reader = makeZip(this.#entries).getReader();
  }

  get sound(): boolean {
    return this.#open;
  }

  /** Puts in a file that is whole, or a folder. Rejects with FilesError. */
  async add(path: HostPath, entry: Entry): Promise<void> {
    const wanted = this.#entries.give(entry);
    await this.#guarded(async () => {
      while (await this.#write(wanted));
    });
    this.done.add(path);
  }

  /** Nothing more comes; all of it is on the disk. Rejects with FilesError. */
  async end(): Promise<void> {
    this.#entries.end();
    await this.#guarded(async () => {
      while (await this.#write(NEVER));
      this.#staged.flush();
    });
    this.close();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#staged.close();
  }

  /** Writes what comes next of it, unless the next entry is wanted first; whether there was anything. */
  async #write(wanted: Promise<null>): Promise<boolean> {
    this.#read ??= this.#reader.read();
    const result = await Promise.race([this.#read, wanted]);
    if (!this.#open) throw new FilesError("stopped");
    if (result === null) return false;
    this.#read = null;
    if (result.value === undefined) return false;
    this.#staged.append(result.value);
    await this.#turns.breathe();
    return true;
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.close();
      throw localError(error);
    }
  }
}

/** Gives what it is given, one at a time, to who asks for the next. */
class OneByOne<T> implements AsyncIterable<T> {
  #give: ((result: IteratorResult<T, undefined>) => void) | null = null;
  #had: IteratorResult<T, undefined> | null = null;
  #wanted: ((next: null) => void) | null = null;

  /** Resolves once the one after this is asked for. */
  give(value: T): Promise<null> {
    const asked = new Promise<null>((resolve) => { this.#wanted = resolve; });
    this.#hand({ value, done: false });
    return asked;
  }

  end(): void {
    this.#hand({ value: undefined, done: true });
  }

  #hand(result: IteratorResult<T, undefined>): void {
    const give = this.#give;
    this.#give = null;
    if (give === null) this.#had = result;
    else give(result);
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => {
        const had = this.#had;
        this.#had = null;
        if (had !== null) return Promise.resolve(had);
        this.#wanted?.(null);
        return new Promise((resolve) => { this.#give = resolve; });
      },
    };
  }
}

/** Names within the ZIP: harmless on whatever disk it is unpacked, and none twice. */
export class ZipNames {
  readonly #given = new Map<HostPath, string>();
  readonly #used = new Map<string, Set<string>>();

  /** For `path`, which lies in the ZIP's folder `within`; the same one whenever it is asked for. */
  of(path: HostPath, within: string): string {
    const given = this.#given.get(path);
    if (given !== undefined) return given;
    const used = this.#used.get(within) ?? new Set();
    this.#used.set(within, used);
    const plain = localName(lastPart(path));
    let wanted = plain;
    for (let number = 2; used.has(folded(wanted)); number += 1) wanted = numbered(plain, number);
    used.add(folded(wanted));
    const name = within === "" ? wanted : `${within}/${wanted}`;
    this.#given.set(path, name);
    return name;
  }
}

/** All of `entries` into `archive`; `stage` names the ZIP. Rejects with FilesError, and nothing is to be saved then. */
export async function downloadArchive(
  means: Means, entries: readonly HostEntry[], stage: string, archive: Archive, progress: TreeProgress,
): Promise<void> {
  const { folders, files, within } = await plan(means, entries, archive.names, progress);
  progress.planned(files.length, sum(files), sum(files.filter(({ path }) => archive.done.has(path))));
  const left = files.filter(({ path }) => !archive.done.has(path));
  const room = await means.staging.room();
  const need = sum(left) + Math.max(0, ...left.map(({ size }) => size)) + (files.length + folders.length) * EACH;
  if (room !== null && need > room - SPARE) throw new FilesError("no-room");
  const put = async (file: ZipFile, input: Uint8Array | File): Promise<void> => {
    checkStopped(progress.signal);
    const { path, modified, mode } = file;
    await archive.add(path, { name: nameOf(path), lastModified: told(modified), mode: (mode & 0o100) === 0 ? 0o644 : 0o755, input });
    progress.finished(nameOf(path), file.size);
  };
  const nameOf = (path: HostPath): string => archive.names.of(path, within.get(path) ?? "");
  for (const { path, modified } of folders) {
    if (!archive.done.has(path)) await archive.add(path, { name: nameOf(path), lastModified: told(modified), mode: 0o755 });
  }
  const [digester, unpacker] = await Promise.all([Digester.make(), Unpacker.load()]);
  const large = left.filter(({ size }) => size > SMALL_FILE);
  for (const [folder, held] of byFolder(left.filter(({ size }) => size <= SMALL_FILE))) {
    for (const group of grouped(held, ({ path }) => path.length * 3)) {
      checkStopped(progress.signal);
      await getMany(means.operations, digester, unpacker, folder, group.map(({ path }) => lastPart(path)), async (at, content) => {
        const file = group[at];
        if (file === undefined) return;
        if (content instanceof FilesError && content.fault === "too-large") large.push(file);
        else if (content instanceof FilesError) throw failed(nameOf(file.path), content, progress);
        else await put(file, content);
      });
    }
  }
  const part = partOf(stage);
  for (const file of large) {
    checkStopped(progress.signal);
    try {
      const inner = { signal: progress.signal, done: progress.at.bind(progress), checking: (): void => undefined };
      await download(means.operations, means.turns, means.staging, part, file.path, inner, () => undefined);
    } catch (error) {
      throw failed(nameOf(file.path), localError(error), progress);
    }
    await put(file, await means.staging.file(part));
    await means.staging.remove(part);
  }
}

interface Plan {
  readonly folders: readonly HostEntry[];
  readonly files: readonly ZipFile[];
  /** The ZIP's folder that each of them lies in. */
  readonly within: ReadonlyMap<HostPath, string>;
}

/** All that goes in, a folder before what is in it; what is neither file nor folder is left out. */
async function plan(means: Means, entries: readonly HostEntry[], names: ZipNames, progress: TreeProgress): Promise<Plan> {
  const folders: HostEntry[] = [];
  const files: HostEntry[] = [];
  const within = new Map<HostPath, string>();
  const take = (entry: HostEntry, inside: string): void => {
    if (folders.length + files.length >= MOST_NAMES) {
      throw new FilesError("too-large", `more than ${MOST_NAMES.toLocaleString("en")} names for one ZIP: fetch its folders one by one`);
    }
    within.set(entry.path, inside);
    names.of(entry.path, inside);
    if (entry.kind === "folder") folders.push(entry);
    else files.push(entry);
  };
  const others: HostPath[] = [];
  for (const chosen of entries) {
    const top = chosen.kind === "link" ? await means.requests.stat(chosen.path) : chosen;
    if (top.kind === "file" || top.kind === "folder") take(top, "");
    else others.push(top.path);
    if (top.kind !== "folder") continue;
    for await (const { entries: held } of means.requests.walk(top.path)) {
      checkStopped(progress.signal);
      for (const entry of held) {
        const above = parent(entry.path);
        if (!within.has(above)) throw new FilesError("protocol", "a name outside of its folder");
        if (entry.kind === "file" || entry.kind === "folder") take(entry, names.of(above, within.get(above) ?? ""));
        else others.push(entry.path);
      }
    }
  }
  for (const path of others) progress.skipped(path);
  return { folders, files, within };
}

/** What one file's error is to all of it: the end, unless that is for another reason than the file. */
function failed(name: string, error: FilesError, progress: TreeProgress): FilesError {
  if (ENDS_ALL.includes(error.fault)) return error;
  progress.failed(name, error);
  const whole = new FilesError(error.fault);
  whole.message = `No ZIP was saved, since “${showable(name)}” could not be had.`;
  return whole;
}

function told(modified: number): Date {
  return new Date(Math.min(LAST, Math.max(FIRST, modified)));
}

function sum(files: readonly ZipFile[]): number {
  return files.reduce((all, { size }) => all + size, 0);
}
