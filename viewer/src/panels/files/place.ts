/** The two sides of the manager, which can do the same: the host's folders, and a folder of this computer. */
import type { HostEntry, HostPath } from "../../files/api";
import type { Item } from "./model";

export type Side = "host" | "here";

/** A name in a folder. */
export interface Row extends Item {
  readonly path: HostPath;
  /** Of the host. */
  readonly entry: HostEntry | null;
  /** Of this computer. */
  readonly handle: FileSystemHandle | null;
}

/** A folder on the way from a root to where one is. */
export interface Folder {
  readonly path: HostPath;
  readonly name: string;
  readonly writable: boolean;
  readonly handle: FileSystemDirectoryHandle | null;
}

export interface Rows {
  readonly rows: readonly Row[];
  /** Names that could not be read. */
  readonly skipped: number;
}

/** All of these reject with a FilesError. */
export interface Place {
  readonly side: Side;
  /** Whether what is deleted can be had back. */
  readonly trash: boolean;
  list(folder: Folder): AsyncIterable<Rows>;
  /** The folder that a row stands for. */
  enter(row: Row, folder: Folder): Folder;
  make(folder: Folder, name: string): Promise<void>;
  rename(row: Row, folder: Folder, name: string): Promise<void>;
  remove(row: Row, folder: Folder): Promise<void>;
  /** Bytes that are free; null where nobody says. */
  free(folder: Folder): Promise<number | null>;
  /** A file's first bytes and its size. */
  look(row: Row, most: number): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }>;
  /** BLAKE3 in hex; null where it is not worked out. */
  digest(row: Row): Promise<string | null>;
}
