/** Whole folders, both ways: what is in them is known before the first byte goes, and each file fails by itself. */
import type { ConflictChoice, FolderSource, HostPath, Version } from "./api";
import { type Small, getMany, grouped, putMany } from "./bundles";
import { Digester } from "./digest";
import { download } from "./download";
import { FilesError } from "./faults";
import { join, lastPart, parent } from "./names";
import type { Operations } from "./operations";
import { Place } from "./places";
import type { Requests } from "./requests";
import { type Staging, localError } from "./stage";
import type { Turns } from "./turns";
import { SMALL_FILE, Unpacker } from "./unpacking";
import { upload } from "./upload";

const MOST_DEPTH = 128;
/** Files of this side that are opened at once. */
const OPEN_AT_ONCE = 16;
/** These end the whole transfer, not one file of it. */
export const ENDS_ALL: readonly string[] = ["cut", "rights", "stopped", "full", "no-room", "outside"];

/** What both ways run on. */
export interface Means {
  readonly operations: Operations;
  readonly requests: Requests;
  readonly turns: Turns;
  readonly staging: Staging;
}

/** Who follows a folder's transfer; paths are from that folder. */
export interface TreeProgress {
  readonly signal: AbortSignal;
  /** What was done before, and need not be again. */
  readonly before: ReadonlySet<string>;
  /** So many files and bytes in all; `had` bytes of them are those of `before`. */
  planned(files: number, bytes: number, had: number): void;
  /** So many bytes of the file that is under way. */
  at(bytes: number): void;
  finished(path: string, bytes: number): void;
  failed(path: string, error: FilesError): void;
  skipped(path: string): void;
  /** What was chosen for all; null: nothing. */
  policy(): ConflictChoice | null;
  /** What to do about a name that is taken; `there` where it is known. Rejects with FilesError once the transfer is stopped. */
  ask(path: string, coming: Version, there: Version | null): Promise<ConflictChoice>;
}

interface LocalFile {
  readonly path: string;
  readonly file: File;
}

/** A folder of this side to `to` on the host. Rejects with FilesError for what ends all of it. */
export async function uploadTree(means: Means, source: FolderSource, to: HostPath, progress: TreeProgress): Promise<void> {
  const { folders, files } = await plan(source, progress.signal);
  planned(progress, files.map(({ path, file }) => ({ inner: path, size: file.size })));
  await means.requests.make(to, true);
  const digester = await Digester.make();
  const left = files.filter(({ path }) => !progress.before.has(path));
  for (const group of grouped(folders, (path) => path.length * 3)) {
    const made = group.map((path): Small => ({ path, content: null, modified: Date.now() }));
    const results = await putMany(means.operations, digester, to, made, null);
    for (const [at, error] of results.entries()) {
      if (error !== null && error.fault !== "exists") note(progress, group[at] ?? "", error);
    }
  }
  const small = left.filter(({ file }) => file.size <= SMALL_FILE);
  for (const group of grouped(small, ({ path, file }) => path.length * 3 + file.size)) {
    checkStopped(progress.signal);
    await putGroup(means, digester, to, group, progress);
    await means.turns.breathe();
  }
  for (const { path, file } of left) if (file.size > SMALL_FILE) await putOne(means, to, path, file, progress);
}

async function putGroup(means: Means, digester: Digester, to: HostPath, group: readonly LocalFile[], progress: TreeProgress): Promise<void> {
  let left: readonly Small[] = (await contents(group, progress)).filter((one) => one !== null);
  let choice = progress.policy();
  while (left.length > 0) {
    const results = await putMany(means.operations, digester, to, left, choice);
    const taken: Small[] = [];
    for (const [at, small] of left.entries()) {
      const error = results[at] ?? null;
      if (error === null) progress.finished(small.path, small.content?.length ?? 0);
      else if (error.fault === "exists" && choice === null) taken.push(small);
      else if (error.fault === "not-newer" || (error.fault === "exists" && choice === "skip")) progress.skipped(small.path);
      else note(progress, small.path, error);
    }
    const [first, ...others] = taken;
    if (first === undefined) return;
    const coming = { kind: "file", size: first.content?.length ?? 0, modified: first.modified } as const;
    const chosen = await progress.ask(first.path, coming, await means.requests.version(join(to, first.path)));
    if (chosen === "skip") progress.skipped(first.path);
    else await putGroupAgain(means, digester, to, first, chosen, progress);
    choice = progress.policy();
    if (choice === "skip") for (const { path } of others) progress.skipped(path);
    left = choice === "skip" ? [] : others;
  }
}

async function putGroupAgain(
  means: Means, digester: Digester, to: HostPath, small: Small, choice: ConflictChoice, progress: TreeProgress,
): Promise<void> {
  const [error = null] = await putMany(means.operations, digester, to, [small], choice);
  if (error === null) progress.finished(small.path, small.content?.length ?? 0);
  else if (error.fault === "not-newer") progress.skipped(small.path);
  else note(progress, small.path, error);
}

async function putOne(means: Means, to: HostPath, path: string, file: File, progress: TreeProgress): Promise<void> {
  const { signal } = progress;
  const inner = { signal, done: progress.at.bind(progress), checking: (): void => undefined };
  let choice = progress.policy();
  for (;;) {
    checkStopped(signal);
    try {
      await upload(means.operations, means.turns, file, join(to, path), choice, inner);
      progress.finished(path, file.size);
      return;
    } catch (error) {
      const fault = error instanceof FilesError ? error.fault : "";
      if (fault === "exists" && choice === null) {
        choice = await progress.ask(path, versionOf(file), await means.requests.version(join(to, path)));
      }
      else if (fault !== "exists" && fault !== "not-newer") {
        note(progress, path, error);
        return;
      }
      if (choice !== "skip" && fault === "exists") continue;
      progress.skipped(path);
      return;
    }
  }
}

/** What is in the files; what cannot be read is noted. */
async function contents(group: readonly LocalFile[], progress: TreeProgress): Promise<readonly (Small | null)[]> {
  return pooled(group, async ({ path, file }) => {
    try {
      return { path, content: new Uint8Array(await file.arrayBuffer()), modified: file.lastModified };
    } catch (error) {
      progress.failed(path, new FilesError("source", error instanceof Error ? error.message : ""));
      return null;
    }
  });
}

/** All that is in a folder of this side. */
async function plan(source: FolderSource, signal: AbortSignal): Promise<{ folders: readonly string[]; files: readonly LocalFile[] }> {
  if (source.handle === undefined) {
    const files = source.files ?? [];
    const folders = new Set(source.folders ?? []);
    for (const { path } of files) for (let up = parent(path); up !== ""; up = parent(up)) folders.add(up);
    return { folders: [...folders].sort((a, b) => depth(a) - depth(b)), files };
  }
  const folders: string[] = [];
  const handles: { path: string; handle: FileSystemFileHandle }[] = [];
  const read = async (folder: FileSystemDirectoryHandle, path: string, deep: number): Promise<void> => {
    if (deep > MOST_DEPTH) throw new FilesError("too-large", `folders ${MOST_DEPTH} deep`);
    for await (const [name, handle] of folder.entries()) {
      checkStopped(signal);
      const inner = join(path, name);
      if (handle.kind === "file") handles.push({ path: inner, handle: handle });
      else {
        folders.push(inner);
        await read(handle, inner, deep + 1);
      }
    }
  };
  try {
    await read(source.handle, "", 0);
    const files = await pooled(handles, async ({ path, handle }) => ({ path, file: await handle.getFile() }));
    return { folders, files };
  } catch (error) {
    throw localError(error);
  }
}

interface HostFile {
  readonly path: HostPath;
  /** From the folder that is transferred. */
  readonly inner: string;
  readonly size: number;
  readonly modified: number;
}

/** A folder of the host's into `top`; `stage` names the one file that is under way. Rejects with FilesError for what ends all of it. */
export async function downloadTree(means: Means, from: HostPath, top: Place, stage: string, progress: TreeProgress): Promise<void> {
  const files: HostFile[] = [];
  const folders: HostPath[] = [];
  for await (const { entries } of means.requests.walk(from)) {
    checkStopped(progress.signal);
    for (const { path, kind, size, modified } of entries) {
      const inner = path.slice(join(from, "x").length - 1);
      if (kind === "folder") folders.push(path);
      else if (kind === "file") files.push({ path, inner, size, modified });
      else progress.skipped(inner);
    }
  }
  planned(progress, files);
  const places = new Map<HostPath, Place>([[join(from, "x").slice(0, -1).replace(/\/+$/, ""), top]]);
  const placeOf = async (folder: HostPath): Promise<Place> => {
    const known = places.get(folder);
    if (known !== undefined) return known;
    const above = parent(folder);
    if (above.length >= folder.length || depth(folder) > MOST_DEPTH) throw new FilesError("protocol", "a name outside of its folder");
    const made = await (await placeOf(above)).inner(lastPart(folder));
    places.set(folder, made);
    return made;
  };
  for (const folder of folders) await placeOf(folder);
  const left = files.filter(({ inner }) => !progress.before.has(inner));
  const [digester, unpacker] = await Promise.all([Digester.make(), Unpacker.load()]);
  const large: HostFile[] = left.filter(({ size }) => size > SMALL_FILE);
  for (const [folder, held] of byFolder(left.filter(({ size }) => size <= SMALL_FILE))) {
    const place = await placeOf(folder);
    for (const group of grouped(held, ({ path }) => path.length * 3)) {
      checkStopped(progress.signal);
      const names = group.map(({ path }) => lastPart(path));
      await getMany(means.operations, digester, unpacker, folder, names, async (at, content) => {
        const file = group[at];
        if (file === undefined) return;
        checkStopped(progress.signal);
        if (content instanceof FilesError && content.fault === "too-large") large.push(file);
        else if (content instanceof FilesError) note(progress, file.inner, content);
        else await settle(place, file, progress, () => Promise.resolve(new Blob([content])));
      });
    }
  }
  for (const file of large) {
    checkStopped(progress.signal);
    await settle(await placeOf(parent(file.path)), file, progress, async () => {
      const inner = { signal: progress.signal, done: progress.at.bind(progress), checking: (): void => undefined };
      await download(means.operations, means.turns, means.staging, stage, file.path, inner, () => undefined);
      return means.staging.file(stage);
    });
    await means.staging.remove(stage);
  }
}

/** One file gets its name, its content, and its place. */
async function settle(place: Place, file: HostFile, progress: TreeProgress, content: () => Promise<Blob>): Promise<void> {
  try {
    let chosen = await place.choose(lastPart(file.path), file.modified, progress.policy());
    if (chosen !== null && "taken" in chosen) {
      const choice = await progress.ask(file.inner, { kind: "file", size: file.size, modified: file.modified }, chosen.taken);
      chosen = await place.choose(lastPart(file.path), file.modified, choice);
    }
    if (chosen === null || "taken" in chosen) {
      progress.skipped(file.inner);
      return;
    }
    const blob = await content();
    await place.put(chosen.name, blob, progress.signal);
    progress.finished(file.inner, blob.size);
  } catch (error) {
    note(progress, file.inner, error);
  }
}

/** One file's own fault is noted; what ends all is thrown. */
function note(progress: TreeProgress, path: string, error: unknown): void {
  if (!(error instanceof FilesError) || ENDS_ALL.includes(error.fault)) throw error;
  progress.failed(path, error);
}

export function versionOf({ size, lastModified }: File): Version {
  return { kind: "file", size, modified: lastModified };
}

function planned(progress: TreeProgress, files: readonly { readonly inner: string; readonly size: number }[]): void {
  let [bytes, had] = [0, 0];
  for (const { inner, size } of files) {
    bytes += size;
    if (progress.before.has(inner)) had += size;
  }
  progress.planned(files.length, bytes, had);
}

export function checkStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new FilesError("stopped");
}

function depth(path: string): number {
  return path.split("/").length;
}

export function byFolder<T extends { readonly path: HostPath }>(files: readonly T[]): Map<HostPath, T[]> {
  const folders = new Map<HostPath, T[]>();
  for (const file of files) {
    const folder = parent(file.path);
    const held = folders.get(folder);
    if (held === undefined) folders.set(folder, [file]);
    else held.push(file);
  }
  return folders;
}

/** A few at once, in order. */
async function pooled<T, U>(all: readonly T[], work: (one: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  for (let at = 0; at < all.length; at += OPEN_AT_ONCE) results.push(...(await Promise.all(all.slice(at, at + OPEN_AT_ONCE).map(work))));
  return results;
}
