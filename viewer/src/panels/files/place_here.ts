/** A folder of this computer, where the browser lets a page have one (File System Access). */
import type { UploadSource } from "../../files/api";
import { FilesError } from "../../files/faults";
import type { Folder, Place, Row, Rows } from "./place";

/** So many files are asked for their size and time at once. */
const BATCH = 256;

interface Iterable {
  values(): AsyncIterable<FileSystemHandle>;
}

interface Movable {
  move?(name: string): Promise<void>;
}

/** Whether this browser lets a page work in a folder that the person chooses. */
export function canWorkHere(): boolean {
  return "showDirectoryPicker" in globalThis;
}

/** What rows of this computer are to the queue. */
export function uploadsOf(rows: readonly Row[]): Promise<UploadSource[]> {
  return Promise.all(
    rows.map(async ({ name, handle }): Promise<UploadSource> => {
      if (handle?.kind === "directory") return { kind: "folder", name, handle: handle as FileSystemDirectoryHandle };
      const file = handle as FileSystemFileHandle;
      return { kind: "file", file: await file.getFile(), handle: file };
    }),
  );
}

/** The folder that is chosen in the browser's dialog; null if none was. */
export async function pick(): Promise<FileSystemDirectoryHandle | null> {
  const { showDirectoryPicker } = globalThis as unknown as { showDirectoryPicker: (options: object) => Promise<FileSystemDirectoryHandle> };
  try {
    return await showDirectoryPicker({ id: "farhand-here", mode: "readwrite" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw faultOf(error);
  }
}

/** Whether the page may use it at once; `ask` only from a click. */
export async function mayUse(handle: FileSystemDirectoryHandle, ask: boolean): Promise<boolean> {
  const mode = { mode: "readwrite" } as const;
  if (handle.queryPermission === undefined || (await handle.queryPermission(mode)) === "granted") return true;
  return ask && (await handle.requestPermission?.(mode)) === "granted";
}

export function folderHere(handle: FileSystemDirectoryHandle): Folder {
  return { path: handle.name, name: handle.name, writable: true, handle };
}

export class HerePlace implements Place {
  readonly side = "here";
  readonly trash = false;

  async *list(folder: Folder): AsyncIterable<Rows> {
    let batch: FileSystemHandle[] = [];
    const rows = async (): Promise<Rows> => {
      const read = await Promise.all(batch.map((handle) => rowOf(handle, folder).catch(() => null)));
      batch = [];
      const found = read.filter((row) => row !== null);
      return { rows: found, skipped: read.length - found.length };
    };
    try {
      for await (const handle of (directory(folder) as unknown as Iterable).values()) {
        if (batch.push(handle) === BATCH) yield await rows();
      }
      yield await rows();
    } catch (error) {
      throw faultOf(error);
    }
  }

  enter(row: Row, folder: Folder): Folder {
    return { path: `${folder.path}/${row.name}`, name: row.name, writable: true, handle: row.handle as FileSystemDirectoryHandle };
  }

  make(folder: Folder, name: string): Promise<void> {
    return guarded(async () => {
      await directory(folder).getDirectoryHandle(name, { create: true });
    });
  }

  rename(row: Row, _folder: Folder, name: string): Promise<void> {
    return guarded(async () => {
      const handle: (FileSystemHandle & Movable) | null = row.handle;
      if (handle?.move === undefined) throw new FilesError("unsupported", "this browser renames nothing on this computer");
      await handle.move(name);
    });
  }

  remove(row: Row, folder: Folder): Promise<void> {
    return guarded(() => directory(folder).removeEntry(row.name, { recursive: true }));
  }

  free(): Promise<number | null> {
    return Promise.resolve(null);
  }

  look(row: Row, most: number): ReturnType<Place["look"]> {
    return guarded(async () => {
      const file = await (row.handle as FileSystemFileHandle).getFile();
      return { bytes: new Uint8Array(await file.slice(0, most).arrayBuffer()), size: file.size };
    });
  }

  digest(): Promise<string | null> {
    return Promise.resolve(null);
  }
}

async function rowOf(handle: FileSystemHandle, folder: Folder): Promise<Row> {
  const known = { key: handle.name, name: handle.name, path: `${folder.path}/${handle.name}`, entry: null, handle };
  if (handle.kind === "directory") return { ...known, kind: "folder", size: 0, time: 0 };
  const file = await (handle as FileSystemFileHandle).getFile();
  return { ...known, kind: "file", size: file.size, time: file.lastModified };
}

function directory(folder: Folder): FileSystemDirectoryHandle {
  if (folder.handle === null) throw new FilesError("not-a-folder");
  return folder.handle;
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw faultOf(error);
  }
}

/** What browsers throw, as the faults of files. */
function faultOf(error: unknown): FilesError {
  if (error instanceof FilesError) return error;
  const name = error instanceof DOMException ? error.name : "";
  const text = error instanceof Error ? error.message : String(error);
  switch (name) {
    case "NotFoundError":
      return new FilesError("source", text);
    case "QuotaExceededError":
      return new FilesError("no-room");
    default:
      return new FilesError("local", text);
  }
}
