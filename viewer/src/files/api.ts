/**
 * What the page may do with a host's files: all that a panel needs, without a word about messages or workers.
 *
 * Paths and names are strings that lose nothing: bytes that are not UTF-8 are lone surrogates (as Python's
 * surrogateescape has them), so they can be compared, joined by `/` and sent back, but must not be shown. `shown` is
 * what may be shown: control characters, bidi marks and undecodable bytes are visible escapes in it.
 */

/** A path or name on the host, as it is; not for showing. */
export type HostPath = string;

export type FilesRight = "files-read" | "files-write";
/** `refused`: the last wish was; it may be asked for again. */
export type RightState = "held" | "missing" | "asking" | "refused";

export interface FilesRights {
  readonly read: RightState;
  readonly write: RightState;
  /** What is under way, or why it was refused; a sentence, may be empty. */
  readonly text: string;
}

/**
 * Why something failed. Those of the host are its own (protocol/messages/files.py); the others:
 * `cut`: the line was; `rights`: they are not held; `local`: this browser or its disk; `permission`: here it is the
 * host's system that refuses; `no-room`: this browser gives the page no more room; `source`: the file that was chosen
 * cannot be read any more; `protocol`: the host answered what makes no sense.
 */
export type FaultName =
  | "not-found" | "exists" | "permission" | "outside" | "bad-name" | "not-a-folder" | "not-a-file" | "not-empty" | "full"
  | "changed" | "mismatch" | "infected" | "not-scanned" | "busy" | "not-newer" | "stopped" | "unsupported" | "too-large"
  | "system" | "protocol" | "cut" | "rights" | "local" | "no-room" | "source";

/** A fault as a panel shows it. */
export interface Fault {
  readonly name: FaultName;
  /** For people: cause and, where there is one, cure. Safe to show. */
  readonly text: string;
}

export type HostKind = "file" | "folder" | "link" | "other";

export interface HostRoot {
  readonly path: HostPath;
  readonly shown: string;
  readonly writable: boolean;
}

export interface HostEntry {
  /** From the root. */
  readonly path: HostPath;
  /** The last part of it. */
  readonly name: HostPath;
  readonly shown: string;
  readonly kind: HostKind;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** The nine permission bits. */
  readonly mode: number;
  /** Of a link, safe to show; otherwise empty. */
  readonly target: string;
}

/** Some of a folder; more may follow. */
export interface Listing {
  readonly entries: readonly HostEntry[];
  /** Names that could not be read. */
  readonly skipped: number;
}

/** A file to upload. With its handle an upload survives a reload of the page. */
export interface FileSource {
  readonly kind: "file";
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
}

/** A folder to upload: its handle, or all that is in it (`path` from the folder itself, parts joined by `/`). */
export interface FolderSource {
  readonly kind: "folder";
  readonly name: string;
  readonly handle?: FileSystemDirectoryHandle | undefined;
  readonly files?: readonly { readonly path: string; readonly file: File }[] | undefined;
  /** Folders in it, also empty ones. */
  readonly folders?: readonly string[] | undefined;
}

export type UploadSource = FileSource | FolderSource;

/** Where downloads go: a file, a folder, or nothing: then the browser's own downloads take them. */
export type DownloadTarget = FileSystemFileHandle | FileSystemDirectoryHandle;

export type ConflictChoice = "skip" | "replace" | "both" | "newer";

/**
 * How far a transfer is.
 *
 * `waiting`: its turn has not come, or the line is cut; `checking`: every byte is there, and is being checked, scanned
 * or put in its place; `asking`: a name is taken, see `conflict`; `permission`: the browser wants a click before the
 * page may use the file again (`permit`); `source`: the file must be chosen again (`supply`); `skipped`: the person's
 * choice at a conflict, or the host's file was not older.
 */
export type TransferState =
  | "waiting" | "running" | "checking" | "paused" | "asking" | "permission" | "source" | "done" | "failed" | "skipped";

/** One of two that want the same name. */
export interface Version {
  readonly kind: HostKind;
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** A name that is taken. */
export interface TransferConflict {
  /** Safe to show; in a folder that is transferred, from that folder. */
  readonly name: string;
  /** Where: `host` for uploads, `here` for downloads. */
  readonly at: "host" | "here";
  readonly coming: Version;
  /** What has the name; null where it may not be seen, or is gone. */
  readonly there: Version | null;
}

/** A file or a whole folder on its way. A new object with each change. */
export interface Transfer {
  readonly id: string;
  readonly direction: "upload" | "download";
  readonly kind: "file" | "folder";
  /** Safe to show. */
  readonly name: string;
  /** Where it lies or will lie on the host; safe to show. */
  readonly path: string;
  /** What it is called on the host now that an upload is done there; not for showing. Null before that. */
  readonly placed: HostPath | null;
  /** Bytes in all; null until that is known. */
  readonly size: number | null;
  readonly done: number;
  /** Bytes a second; 0 unless it runs. */
  readonly speed: number;
  /** Null where nobody can say. */
  readonly secondsLeft: number | null;
  readonly state: TransferState;
  readonly error: Fault | null;
  readonly conflict: TransferConflict | null;
  /** Files in a folder; null for a single file. */
  readonly files: { readonly done: number; readonly total: number; readonly failed: number; readonly skipped: number } | null;
  /** The first few of a folder's files that failed; names are safe to show. */
  readonly failures: readonly { readonly name: string; readonly error: Fault }[];
  /** Whether `save` would hand it to the browser's downloads once more. */
  readonly saveable: boolean;
}

export interface TransferQueue {
  /** In their order; the same array until something changes. */
  readonly items: readonly Transfer[];
  /** Sources into a folder of the host. Resolves to the new ids. */
  enqueueUpload(sources: readonly UploadSource[], folder: HostPath): Promise<readonly string[]>;
  /** Entries of the host to `to`, or to the browser's downloads. Resolves to the new ids. */
  enqueueDownload(entries: readonly HostEntry[], to?: DownloadTarget): Promise<readonly string[]>;
  /** The same as one ZIP, which is saved once it is whole: where the browser lets a page write no folder. Resolves to its id. */
  enqueueArchive(entries: readonly HostEntry[]): Promise<readonly string[]>;
  /** Without an id: all that may. */
  pause(id?: string): void;
  resume(id?: string): void;
  /** What failed, once more, from where it was; of a folder what is missing. */
  retry(id?: string): void;
  /** Stops it and forgets what is here of it; the host forgets its part if it runs, else after two weeks. Leaves the list. */
  cancel(id: string): void;
  /** Takes what is done, skipped or failed for good off the list. */
  clear(): void;
  /** Before the item `before`, or to the end. */
  move(id: string, before: string | null): void;
  /** `forAll`: for whatever else comes up in the same batch (one call of enqueue). */
  answerConflict(id: string, choice: ConflictChoice, forAll: boolean): void;
  /** From a click: asks the browser for the files of this item, or of all that wait for it, then goes on. */
  permit(id?: string): Promise<void>;
  /** The file or folder once more, for an item in the state `source`. False if it is another one. */
  supply(id: string, source: UploadSource): Promise<boolean>;
  /** Hands what was downloaded to the browser's downloads once more. */
  save(id: string): void;
}

export interface FilesApi {
  readonly rights: FilesRights;
  /** Ask whoever decides; resolves once that is decided. A refusal is a state, never an exception. */
  askForRights(rights: readonly FilesRight[], reason?: string): Promise<FilesRights>;
  /** Whether the line is there now; while it is not, transfers wait and all else fails with `cut`. */
  readonly connected: boolean;
  readonly queue: TransferQueue;
  /** Called after any change of rights, connected or queue, at most some ten times a second. Returns the way to stop. */
  onChange(listener: () => void): () => void;

  // All of these reject with a FilesError (files/faults.ts).

  roots(): Promise<readonly HostRoot[]>;
  /** A folder's names, as they come, in no order. Ending the loop ends the listing. */
  list(path: HostPath): AsyncIterable<Listing>;
  stat(path: HostPath): Promise<HostEntry>;
  /** A new folder. */
  make(path: HostPath): Promise<HostPath>;
  /** Resolves to what it is called now. */
  rename(path: HostPath, to: HostPath, choice?: ConflictChoice): Promise<HostPath>;
  remove(path: HostPath, options?: { readonly recursive?: boolean; readonly trash?: boolean }): Promise<void>;
  /** The digest is BLAKE3, in hex. */
  measure(path: HostPath): Promise<{ readonly size: number; readonly digest: string }>;
  space(path: HostPath): Promise<{ readonly free: number; readonly total: number }>;
  /** A file's first bytes, at most `maxBytes` of them (and never more than 4 MiB). */
  preview(path: HostPath, maxBytes: number): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }>;
  /** The file as this page has it already, in its own store, if it is still as it was fetched. */
  fetched(entry: HostEntry): File | null;
}
