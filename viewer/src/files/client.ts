/** The host's files as the page has them: FilesApi, by messages to the engine in the session's worker. */
import type { Held } from "../app/bridge";
import { holds } from "../app/rights";
import type { Capability } from "../gen/messages";
import type {
  ConflictChoice, DownloadTarget, Fault, FilesApi, FilesRight, FilesRights, HostEntry, HostPath, HostRoot, Listing, RightState, Transfer,
  TransferQueue, UploadSource,
} from "./api";
import { FilesError } from "./faults";
import type { Command, FromFiles, Handled, Request, ToFiles } from "./wire";

/** Set while there are transfers that a next page goes on with. */
const PENDING_KEY = "farhand.files.pending";
/** The browser is given so long to begin to copy, in milliseconds, before the address that it copies from is forgotten. */
const COPY_MS = 600_000;

interface Waiting {
  answered(value: unknown): void;
  refused(error: FilesError): void;
  part?(value: unknown): void;
}

export class FilesClient implements FilesApi {
  readonly queue: PageQueue;
  readonly #post: (message: ToFiles) => void;
  readonly #askFor: (capabilities: readonly Capability[], reason: string) => Promise<string>;
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Map<number, Waiting>();
  #rights: readonly Held[] = [];
  /** What is being asked for, and what was refused, with the words for it. */
  #asking: readonly FilesRight[] = [];
  #refused: readonly FilesRight[] = [];
  #text = "";
  #connected = false;
  #woken = false;
  #closed = false;
  #number = 0;
  /** What the browser's downloads were given, by transfer: it lies in the page's own store for as long as that is on the list. */
  readonly #fetched = new Map<string, Extract<FromFiles, { kind: "save" }>>();

  /** `askFor` resolves to what came of a wish, empty if it was granted. */
  constructor(post: (message: ToFiles) => void, askFor: (capabilities: readonly Capability[], reason: string) => Promise<string>) {
    this.#post = post;
    this.#askFor = askFor;
    this.queue = new PageQueue(
      (command) => {
        this.#post({ kind: "command", command });
      },
      (request) => this.#call(request),
    );
  }

  get rights(): FilesRights {
    const state = (right: FilesRight): RightState => {
      if (holds(this.#rights, right)) return "held";
      return this.#asking.includes(right) ? "asking" : this.#refused.includes(right) ? "refused" : "missing";
    };
    return { read: state("files-read"), write: state("files-write"), text: this.#text };
  }

  get connected(): boolean {
    return this.#connected;
  }

  async askForRights(rights: readonly FilesRight[], reason = ""): Promise<FilesRights> {
    this.#asking = rights;
    this.#refused = this.#refused.filter((right) => !rights.includes(right));
    this.#text = "Asking for it.";
    this.#changed();
    const problem = await this.#askFor(rights, reason);
    this.#asking = [];
    this.#refused = rights.filter((right) => !holds(this.#rights, right));
    this.#text = problem === "" && this.#refused.length > 0 ? "Not all of it was granted." : problem;
    this.#changed();
    return this.rights;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  roots(): Promise<readonly HostRoot[]> {
    return this.#call({ what: "roots" });
  }

  async *list(path: HostPath): AsyncGenerator<Listing> {
    const parts: Listing[] = [];
    const end: { over: boolean; error: FilesError | null } = { over: false, error: null };
    let wake = (): void => undefined;
    const number = this.#wait({
      answered: () => { end.over = true; wake(); },
      refused: (error) => { end.error = error; wake(); },
      part: (value) => { parts.push(value as Listing); wake(); },
    });
    this.#post({ kind: "list", number, path });
    try {
      for (;;) {
        const part = parts.shift();
        if (part !== undefined) yield part;
        else if (end.error !== null) throw end.error;
        else if (end.over) return;
        else await new Promise<void>((resolve) => { wake = resolve; });
      }
    } finally {
      if (this.#waiting.delete(number)) this.#post({ kind: "enough", number });
    }
  }

  stat(path: HostPath): Promise<HostEntry> {
    return this.#call({ what: "stat", path });
  }

  make(path: HostPath): Promise<HostPath> {
    return this.#call({ what: "make", path });
  }

  rename(path: HostPath, to: HostPath, choice?: ConflictChoice): Promise<HostPath> {
    return this.#call({ what: "rename", path, to, choice: choice ?? null });
  }

  remove(path: HostPath, options: { readonly recursive?: boolean; readonly trash?: boolean } = {}): Promise<void> {
    return this.#call({ what: "remove", path, recursive: options.recursive ?? false, trash: options.trash ?? false });
  }

  measure(path: HostPath): Promise<{ readonly size: number; readonly digest: string }> {
    return this.#call({ what: "measure", path });
  }

  space(path: HostPath): Promise<{ readonly free: number; readonly total: number }> {
    return this.#call({ what: "space", path });
  }

  preview(path: HostPath, maxBytes: number): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }> {
    return this.#call({ what: "preview", path, maxBytes });
  }

  fetched({ path, size, modified }: HostEntry): File | null {
    for (const one of this.#fetched.values()) {
      if (one.path === path && one.file.size === size && one.modified === modified) return one.file;
    }
    return null;
  }

  /** What the session holds now, and whether its host takes anything. */
  setRights(rights: readonly Held[], connected: boolean): void {
    this.#rights = rights;
    this.#connected = connected;
    if (connected && !this.#woken) {
      this.#woken = true;
      if (pending()) this.#post({ kind: "wake" });
    }
    this.#changed();
  }

  /** A message of the engine's. */
  received(message: FromFiles): void {
    switch (message.kind) {
      case "answer":
        this.#settle(message.number)?.answered(message.value);
        break;
      case "error":
        this.#settle(message.number)?.refused(revived(message.error));
        break;
      case "part":
        this.#waiting.get(message.number)?.part?.(message.value);
        break;
      case "save":
        this.#fetched.set(message.id, message);
        saveFile(message.name, message.file);
        break;
      case "state":
        this.queue.items = message.items;
        this.#forget(message.items);
        remember(message.items.some(({ state, saveable }) => saveable || !["done", "skipped"].includes(state)));
        this.#changed();
    }
  }

  close(): void {
    this.#closed = true;
    for (const number of [...this.#waiting.keys()]) this.#settle(number)?.refused(new FilesError("cut"));
    this.#listeners.clear();
  }

  /** The type of the answer is that of the request; the engine is of the same build. */
  #call<T>(request: Request): Promise<T> {
    if (this.#closed) return Promise.reject(new FilesError("cut"));
    return new Promise((resolve, reject) => {
      const number = this.#wait({ answered: (value) => { resolve(value as T); }, refused: reject });
      this.#post({ kind: "call", number, request });
    });
  }

  #wait(waiting: Waiting): number {
    this.#number += 1;
    this.#waiting.set(this.#number, waiting);
    return this.#number;
  }

  #settle(number: number): Waiting | undefined {
    const found = this.#waiting.get(number);
    this.#waiting.delete(number);
    return found;
  }

  #forget(items: readonly Transfer[]): void {
    if (this.#fetched.size === 0) return;
    const kept = new Set(items.filter(({ saveable }) => saveable).map(({ id }) => id));
    for (const id of this.#fetched.keys()) if (!kept.has(id)) this.#fetched.delete(id);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

class PageQueue implements TransferQueue {
  items: readonly Transfer[] = [];
  readonly #command: (command: Command) => void;
  readonly #call: <T>(request: Request) => Promise<T>;

  constructor(command: (command: Command) => void, call: <T>(request: Request) => Promise<T>) {
    this.#command = command;
    this.#call = call;
  }

  enqueueUpload(sources: readonly UploadSource[], folder: HostPath): Promise<readonly string[]> {
    void stay();
    return this.#call({ what: "upload", sources, folder });
  }

  enqueueDownload(entries: readonly HostEntry[], to?: DownloadTarget): Promise<readonly string[]> {
    void stay();
    return this.#call({ what: "download", entries, to: to ?? null });
  }

  enqueueArchive(entries: readonly HostEntry[]): Promise<readonly string[]> {
    void stay();
    return this.#call({ what: "archive", entries });
  }

  pause(id?: string): void {
    this.#command({ what: "pause", id: id ?? null });
  }

  resume(id?: string): void {
    this.#command({ what: "resume", id: id ?? null });
  }

  retry(id?: string): void {
    this.#command({ what: "retry", id: id ?? null });
  }

  cancel(id: string): void {
    this.#command({ what: "cancel", id });
  }

  clear(): void {
    this.#command({ what: "clear" });
  }

  move(id: string, before: string | null): void {
    this.#command({ what: "move", id, before });
  }

  answerConflict(id: string, choice: ConflictChoice, forAll: boolean): void {
    this.#command({ what: "answer", id, choice, forAll });
  }

  async permit(id?: string): Promise<void> {
    for (const { handle, mode } of await this.#call<readonly Handled[]>({ what: "handles", id: id ?? null })) {
      await handle.requestPermission?.({ mode });
    }
    this.#command({ what: "permitted", id: id ?? null });
  }

  supply(id: string, source: UploadSource): Promise<boolean> {
    return this.#call({ what: "supply", id, source });
  }

  save(id: string): void {
    this.#command({ what: "save", id });
  }
}

/** Asks the browser not to throw the page's store away when the disk gets full; it may say no. */
async function stay(): Promise<void> {
  try {
    await navigator.storage.persist();
  } catch {
    // This browser has no such wish to grant.
  }
}

/** To the browser's downloads: the file lies in the page's own store, so nothing of it is in memory. */
function saveFile(name: string, file: File): void {
  const link = document.createElement("a");
  link.href = lentUrl(file);
  link.download = name;
  link.click();
}

/** An address of the file for as long as the browser may need to begin to copy from it. */
export function lentUrl(file: File): string {
  const url = URL.createObjectURL(file);
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, COPY_MS);
  return url;
}

function revived({ name, text }: Fault): FilesError {
  const error = new FilesError(name);
  error.message = text;
  return error;
}

function pending(): boolean {
  try {
    return localStorage.getItem(PENDING_KEY) !== null;
  } catch {
    return false; // storage is switched off: nothing was kept
  }
}

function remember(some: boolean): void {
  try {
    if (some) localStorage.setItem(PENDING_KEY, "1");
    else localStorage.removeItem(PENDING_KEY);
  } catch {
    // storage is switched off: nothing is kept
  }
}
