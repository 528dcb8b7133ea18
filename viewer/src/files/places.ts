/** Where downloads end up on this side: folders and files that the person chose. */
import type { ConflictChoice, Version } from "./api";
import { FilesError } from "./faults";
import { localName, numbered } from "./names";
import { localError } from "./stage";

/** `name (2)` up to so many are tried. */
const MOST_COPIES = 10_000;
/** Between two looks at whether a copy is still wanted, in bytes. */
const LOT = 32 << 20;

/** The name that a file gets, or what has that name already; null: it is to be left out. */
export type Chosen = { readonly name: string } | { readonly taken: Version } | null;

/** A folder that files are put into, and the names that this transfer has used there: none is used twice. */
export class Place {
  readonly folder: FileSystemDirectoryHandle;
  readonly #used = new Set<string>();

  constructor(folder: FileSystemDirectoryHandle) {
    this.folder = folder;
  }

  /**
   * The name for a file of the host's called `name`; where it is taken somebody has to choose.
   *
   * Throws FilesError.
   */
  async choose(name: string, modified: number, choice: ConflictChoice | null): Promise<Chosen> {
    let wanted = localName(name);
    // Two names of the host's may be one here.
    for (let number = 2; this.#used.has(folded(wanted)); number += 1) wanted = numbered(localName(name), number);
    const there = await this.#there(wanted);
    if (there === null || choice === "replace") {
      if (there === "folder") throw new FilesError("local", `${wanted} is a folder here`);
      return this.#use(wanted);
    }
    if (choice === null) return { taken: await versionOf(there) };
    if (choice === "skip") return null;
    if (choice === "newer") {
      if (there === "folder" || (await there.getFile()).lastModified >= modified) return null;
      return this.#use(wanted);
    }
    for (let number = 2; number < MOST_COPIES; number += 1) {
      const other = numbered(wanted, number);
      if (!this.#used.has(folded(other)) && (await this.#there(other)) === null) return this.#use(other);
    }
    throw new FilesError("local", "every such name is taken");
  }

  /** A folder in this one, made if it is not there. Throws FilesError. */
  async inner(name: string): Promise<Place> {
    let wanted = localName(name);
    for (let number = 2; this.#used.has(folded(wanted)); number += 1) wanted = numbered(localName(name), number);
    this.#used.add(folded(wanted));
    try {
      return new Place(await this.folder.getDirectoryHandle(wanted, { create: true }));
    } catch (error) {
      throw placeError(error);
    }
  }

  /** Puts a whole file under a name that `choose` gave. Throws FilesError. */
  async put(name: string, content: Blob, signal: AbortSignal): Promise<void> {
    let handle: FileSystemFileHandle;
    try {
      handle = await this.folder.getFileHandle(name, { create: true });
    } catch (error) {
      throw placeError(error);
    }
    await fill(handle, content, signal);
  }

  #use(name: string): { readonly name: string } {
    this.#used.add(folded(name));
    return { name };
  }

  async #there(name: string): Promise<FileSystemFileHandle | "folder" | null> {
    try {
      return await this.folder.getFileHandle(name);
    } catch (error) {
      const kind = error instanceof Error ? error.name : "";
      if (kind === "NotFoundError") return null;
      if (kind === "TypeMismatchError") return "folder";
      throw placeError(error);
    }
  }
}

/** The file's content is this from now on; until all of it is there, it is what it was. Throws FilesError. */
export async function fill(handle: FileSystemFileHandle, content: Blob, signal: AbortSignal): Promise<void> {
  let writable: FileSystemWritableFileStream | null = null;
  try {
    writable = await handle.createWritable();
    // The browser copies a part of a file by itself: nothing of it comes into this page's memory.
    for (let at = 0; at < content.size && !signal.aborted; at += LOT) await writable.write(content.slice(at, at + LOT));
    signal.throwIfAborted();
    await writable.close();
  } catch (error) {
    // Without this the browser keeps what was written until the page ends.
    await writable?.abort().catch(() => undefined);
    if (signal.aborted) throw new FilesError("stopped");
    throw placeError(error);
  }
}

async function versionOf(there: FileSystemFileHandle | "folder"): Promise<Version> {
  if (there === "folder") return { kind: "folder", size: 0, modified: 0 };
  const { size, lastModified } = await there.getFile();
  return { kind: "file", size, modified: lastModified };
}

/** Whether the browser lets the page use it; null: only after a click. */
export async function allowed(handle: FileSystemHandle, mode: "read" | "readwrite"): Promise<boolean> {
  return handle.queryPermission === undefined || (await handle.queryPermission({ mode })) === "granted";
}

function placeError(error: unknown): FilesError {
  if (error instanceof FilesError) return error;
  const [name, text] = error instanceof Error ? [error.name, error.message] : ["", String(error)];
  if (name === "QuotaExceededError") return new FilesError("local", "the disk is full");
  if (name === "NotFoundError") return new FilesError("local", "the folder that was chosen is gone");
  return localError(error instanceof Error && name !== "NotReadableError" ? error : new Error(text));
}

/** As systems that do not tell upper from lower case see it. */
export function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
