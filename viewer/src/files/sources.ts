/** What a person chose or dropped, as sources of uploads, and where they want downloads to go. On the page only. */
import type { DownloadTarget, FolderSource, HostEntry, UploadSource } from "./api";
import { FilesError } from "./faults";
import { localName } from "./names";

/** A dropped tree, where the browser gives no handle of it, is read into memory as so many names at most. */
const MOST_NAMES = 200_000;
const MOST_DEPTH = 128;

interface PickerOptions {
  readonly id: string;
  readonly mode?: "read" | "readwrite";
  readonly multiple?: boolean;
  readonly suggestedName?: string;
}

/** Missing where a browser has no File System Access. */
interface Pickers {
  readonly showOpenFilePicker?: (options: PickerOptions) => Promise<FileSystemFileHandle[]>;
  readonly showSaveFilePicker?: (options: PickerOptions) => Promise<FileSystemFileHandle>;
  readonly showDirectoryPicker?: (options: PickerOptions) => Promise<FileSystemDirectoryHandle>;
}

const browser = (): Pickers => globalThis as Pickers;

/** Whether the person can choose where downloads go, and uploads survive a reload. */
export function canPick(): boolean {
  return browser().showSaveFilePicker !== undefined && browser().showDirectoryPicker !== undefined;
}

/** The browser's dialog for files to upload, where it has handles; null if the person chose none. */
export async function pickFiles(): Promise<readonly UploadSource[] | null> {
  const handles = await chosen(() => browser().showOpenFilePicker?.({ multiple: true, id: "farhand-upload" }));
  if (handles === null) return null;
  return Promise.all(handles.map(async (handle) => ({ kind: "file", file: await handle.getFile(), handle }) as const));
}

/** The browser's dialog for a folder to upload, where it has handles; null if the person chose none. */
export async function pickFolder(): Promise<FolderSource | null> {
  const handle = await chosen(() => browser().showDirectoryPicker?.({ mode: "read", id: "farhand-upload" }));
  return handle && { kind: "folder", name: handle.name, handle };
}

/**
 * The browser's dialog for where downloads go: a file for one, a folder for more.
 *
 * Undefined where the browser has no such dialog, so that its own downloads take them; null if the person chose
 * nothing.
 */
export async function pickTarget(entries: readonly HostEntry[]): Promise<DownloadTarget | null | undefined> {
  if (!canPick()) return undefined;
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && first.kind !== "folder") {
    return chosen(() => browser().showSaveFilePicker?.({ suggestedName: localName(first.name), id: "farhand-download" }));
  }
  return chosen(() => browser().showDirectoryPicker?.({ mode: "readwrite", id: "farhand-download" }));
}

/** Whether the browser's downloads take this as one ZIP: they have no folders, and ask anew for each of many files. */
export function asArchive(rows: readonly { readonly kind: HostEntry["kind"] }[]): boolean {
  return rows.length > 1 || rows.some(({ kind }) => kind === "folder");
}

/** The files of an `<input type="file">`, with `webkitdirectory` as folders. */
export function sourcesOfInput(files: Iterable<File>): readonly UploadSource[] {
  const folders = new Map<string, { path: string; file: File }[]>();
  const sources: UploadSource[] = [];
  for (const file of files) {
    const [folder = "", ...rest] = file.webkitRelativePath.split("/");
    if (rest.length === 0) {
      sources.push({ kind: "file", file });
      continue;
    }
    const held = folders.get(folder) ?? [];
    folders.set(folder, held);
    held.push({ path: rest.join("/"), file });
  }
  for (const [name, held] of folders) sources.push({ kind: "folder", name, files: held });
  return sources;
}

/**
 * What was dropped or pasted. Call it before the event is over: the browser forgets what it holds then.
 *
 * Rejects with a FilesError where a folder holds more than can be read this way.
 */
export function sourcesOf(transfer: DataTransfer): Promise<readonly UploadSource[]> {
  const held = [...transfer.items].filter((item) => item.kind === "file");
  // All are asked before anything is waited for.
  const asked = held.map((item) => {
    const entry = item.webkitGetAsEntry();
    const handle = item.getAsFileSystemHandle?.().catch(() => null);
    return { entry, handle, file: item.getAsFile() };
  });
  return Promise.all(asked.map(async ({ entry, handle, file }) => sourceOf(entry, (await handle) ?? null, file))).then((all) =>
    all.filter((source) => source !== null),
  );
}

async function sourceOf(entry: FileSystemEntry | null, handle: FileSystemHandle | null, file: File | null): Promise<UploadSource | null> {
  if (handle?.kind === "directory") return { kind: "folder", name: handle.name, handle: handle as FileSystemDirectoryHandle };
  if (handle?.kind === "file") {
    return { kind: "file", file: file ?? (await (handle as FileSystemFileHandle).getFile()), handle: handle as FileSystemFileHandle };
  }
  if (entry?.isDirectory === true) return folderOf(entry as FileSystemDirectoryEntry);
  return file && { kind: "file", file };
}

async function folderOf(top: FileSystemDirectoryEntry): Promise<FolderSource> {
  const files: { path: string; file: File }[] = [];
  const folders: string[] = [];
  const read = async (folder: FileSystemDirectoryEntry, path: string, depth: number): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const inner = path === "" ? entry.name : `${path}/${entry.name}`;
      if (files.length + folders.length >= MOST_NAMES || depth >= MOST_DEPTH) {
        throw new FilesError("too-large", `more than ${MOST_NAMES} names, or folders ${MOST_DEPTH} deep: drop its parts one by one`);
      }
      if (entry.isDirectory) {
        folders.push(inner);
        await read(entry as FileSystemDirectoryEntry, inner, depth + 1);
      } else {
        files.push({ path: inner, file: await new Promise<File>((ok, bad) => { (entry as FileSystemFileEntry).file(ok, bad); }) });
      }
    }
  };
  await read(top, "", 0);
  return { kind: "folder", name: top.name, files, folders };
}

/** All of a folder's entries: the browser gives some hundred at a time. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((ok, bad) => { reader.readEntries(ok, bad); });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/** What a dialog gave; null if the person closed it. */
async function chosen<T>(dialog: () => Promise<T> | undefined): Promise<T | null> {
  try {
    return (await dialog()) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    if (error instanceof DOMException && error.name === "SecurityError") throw new FilesError("local", "it opens its dialog after a click only: use the button");
    throw error;
  }
}
