/** The host's side of the manager. */
import type { FilesApi, HostEntry, HostRoot } from "../../files/api";
import { join, lastPart } from "../../files/names";
import type { Folder, Place, Row, Rows } from "./place";

export class HostPlace implements Place {
  readonly side = "host";
  readonly trash = true;
  readonly #files: FilesApi;

  constructor(files: FilesApi) {
    this.#files = files;
  }

  async *list(folder: Folder): AsyncIterable<Rows> {
    for await (const { entries, skipped } of this.#files.list(folder.path)) yield { rows: entries.map(rowOf), skipped };
  }

  enter(row: Row, folder: Folder): Folder {
    return { path: row.path, name: row.name, writable: folder.writable, handle: null };
  }

  async make(folder: Folder, name: string): Promise<void> {
    await this.#files.make(join(folder.path, name));
  }

  async rename(row: Row, folder: Folder, name: string): Promise<void> {
    await this.#files.rename(row.path, join(folder.path, name));
  }

  remove(row: Row): Promise<void> {
    return this.#files.remove(row.path, { recursive: true, trash: true });
  }

  async free(folder: Folder): Promise<number | null> {
    return (await this.#files.space(folder.path)).free;
  }

  look(row: Row, most: number): ReturnType<Place["look"]> {
    return this.#files.preview(row.path, most);
  }

  async digest(row: Row): Promise<string | null> {
    return (await this.#files.measure(row.path)).digest;
  }
}

/** A folder that the host's owner has opened. */
export function folderOf(root: HostRoot): Folder {
  return { path: root.path, name: lastPart(root.path), writable: root.writable, handle: null };
}

function rowOf(entry: HostEntry): Row {
  const { path, name, kind, size, modified } = entry;
  return { key: path, name, kind, size, time: modified, path, entry, handle: null };
}

/** What rows of the host are to the queue. */
export function entriesOf(rows: readonly Row[]): HostEntry[] {
  return rows.map((row) => row.entry).filter((entry): entry is HostEntry => entry !== null);
}
