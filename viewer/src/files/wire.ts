/** What the page and the files engine in the session's worker say to each other. */
import type { ConflictChoice, DownloadTarget, Fault, HostEntry, HostPath, Transfer, UploadSource } from "./api";

/** Calls that have one answer. */
export type Request =
  | { readonly what: "roots" }
  | { readonly what: "stat"; readonly path: HostPath }
  | { readonly what: "make"; readonly path: HostPath }
  | { readonly what: "rename"; readonly path: HostPath; readonly to: HostPath; readonly choice: ConflictChoice | null }
  | { readonly what: "remove"; readonly path: HostPath; readonly recursive: boolean; readonly trash: boolean }
  | { readonly what: "measure"; readonly path: HostPath }
  | { readonly what: "space"; readonly path: HostPath }
  | { readonly what: "preview"; readonly path: HostPath; readonly maxBytes: number }
  | { readonly what: "upload"; readonly sources: readonly UploadSource[]; readonly folder: HostPath }
  | { readonly what: "download"; readonly entries: readonly HostEntry[]; readonly to: DownloadTarget | null }
  | { readonly what: "archive"; readonly entries: readonly HostEntry[] }
  | { readonly what: "supply"; readonly id: string; readonly source: UploadSource }
  /** The handles of what waits for a click. */
  | { readonly what: "handles"; readonly id: string | null };

export type Command =
  | { readonly what: "pause" | "resume" | "retry" | "permitted"; readonly id: string | null }
  | { readonly what: "cancel" | "save"; readonly id: string }
  | { readonly what: "clear" }
  | { readonly what: "move"; readonly id: string; readonly before: string | null }
  | { readonly what: "answer"; readonly id: string; readonly choice: ConflictChoice; readonly forAll: boolean };

export type ToFiles =
  /** There are transfers of an earlier page to go on with. */
  | { readonly kind: "wake" }
  | { readonly kind: "call"; readonly number: number; readonly request: Request }
  | { readonly kind: "list"; readonly number: number; readonly path: HostPath }
  /** The listing is not wanted any more. */
  | { readonly kind: "enough"; readonly number: number }
  | { readonly kind: "command"; readonly command: Command };

export type FromFiles =
  | { readonly kind: "answer"; readonly number: number; readonly value: unknown }
  | { readonly kind: "error"; readonly number: number; readonly error: Fault }
  /** Some of a listing. */
  | { readonly kind: "part"; readonly number: number; readonly value: unknown }
  | { readonly kind: "state"; readonly connected: boolean; readonly items: readonly Transfer[] }
  /** For the browser's downloads: the transfer `id` has fetched `path`, which was last modified then. */
  | { readonly kind: "save"; readonly id: string; readonly path: HostPath; readonly modified: number; readonly name: string; readonly file: File };

/** A handle that needs a click. */
export interface Handled {
  readonly handle: FileSystemHandle;
  readonly mode: "read" | "readwrite";
}
