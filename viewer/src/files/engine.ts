/** The files engine, in the session's worker: loaded when somebody wants to see the host's files. */
import type { Clock } from "../app/clock";
import type { FilesMessage } from "../gen/messages";
import { FilesError } from "./faults";
import type { FilesLine, LineUser } from "./line";
import { Operations } from "./operations";
import { Queue } from "./queue";
import { Requests } from "./requests";
import { PrivateStaging, type Staging, localError } from "./stage";
import { BrowserStore, type Kept, NoStore, type Store } from "./store";
import { Turns } from "./turns";
import type { FromFiles, Request, ToFiles } from "./wire";

/** The page hears of changes this often at most, in milliseconds. */
const TELL_MS = 100;
/** Held by each page with an engine, with its mark behind, so that nobody takes its files away. */
const PAGE_LOCK = "farhand-files-page-";
/** Held by the one page that keeps a host's transfers. */
const HOST_LOCK = "farhand-files-host-";

/** What the engine is given. */
export interface EngineOptions {
  readonly line: FilesLine & { user: LineUser | null };
  readonly clock: Clock;
  readonly post: (message: FromFiles) => void;
  readonly staging?: Staging;
  /** The transfers' store of a host. */
  readonly store?: (host: string) => Promise<Store>;
  readonly unique?: () => string;
  readonly turns?: Turns;
}

export class Engine implements LineUser {
  readonly #options: EngineOptions;
  readonly #operations: Operations;
  readonly #requests: Requests;
  readonly #staging: Staging;
  readonly #unique: () => string;
  readonly #listings = new Map<number, AsyncGenerator>();
  #queue: Promise<Queue> | null = null;
  #loaded: Queue | null = null;
  #telling = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#operations = new Operations(options.line, options.clock);
    this.#requests = new Requests(this.#operations);
    this.#staging = options.staging ?? new PrivateStaging();
    this.#unique = options.unique ?? ((): string => crypto.randomUUID());
    options.line.user = this;
    this.changed();
  }

  /** The host's answers. */
  take(message: FilesMessage): void {
    this.#operations.take(message);
  }

  changed(): void {
    this.#operations.changed();
    if (this.#options.line.hostId !== null && this.#queue === null) {
      this.#queue = this.#open();
      this.#queue.catch((error: unknown) => {
        console.error("farhand: the list of transfers cannot be opened:", error);
      });
    }
    this.#loaded?.changed();
    this.#tell();
  }

  /** What the page wants. */
  handle(message: ToFiles): void {
    switch (message.kind) {
      case "wake":
        this.changed();
        break;
      case "call":
        this.#call(message.request).then(
          (value) => {
            this.#options.post({ kind: "answer", number: message.number, value });
          },
          (error: unknown) => {
            this.#refuse(message.number, error);
          },
        );
        break;
      case "list":
        void this.#list(message.number, message.path);
        break;
      case "enough":
        void this.#listings.get(message.number)?.return(undefined);
        this.#listings.delete(message.number);
        break;
      case "command":
        void this.#transfers().then((queue) => {
          queue.command(message.command);
        });
    }
  }

  async #call(request: Request): Promise<unknown> {
    const requests = this.#requests;
    switch (request.what) {
      case "roots": return requests.roots();
      case "stat": return requests.stat(request.path);
      case "make": return requests.make(request.path);
      case "rename": return requests.rename(request.path, request.to, request.choice);
      case "remove": return requests.remove(request.path, request.recursive, request.trash);
      case "measure": {
        const { size, digest } = await requests.measure(request.path);
        return { size, digest: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") };
      }
      case "space": return requests.space(request.path);
      case "preview": return requests.preview(request.path, request.maxBytes);
      case "upload": return (await this.#transfers()).upload(request.sources, request.folder);
      case "download": return (await this.#transfers()).download(request.entries, request.to);
      case "archive": return (await this.#transfers()).archive(request.entries);
      case "supply": return (await this.#transfers()).supply(request.id, request.source);
      case "handles": return (await this.#transfers()).handles(request.id);
    }
  }

  async #list(number: number, path: string): Promise<void> {
    const listing = this.#requests.list(path);
    this.#listings.set(number, listing);
    try {
      for await (const value of listing) this.#options.post({ kind: "part", number, value });
      this.#options.post({ kind: "answer", number, value: null });
    } catch (error) {
      this.#refuse(number, error);
    }
    this.#listings.delete(number);
  }

  #refuse(number: number, error: unknown): void {
    if (!(error instanceof FilesError)) console.error("farhand: files broke:", error);
    this.#options.post({ kind: "error", number, error: (error instanceof FilesError ? error : localError(error)).plain });
  }

  async #transfers(): Promise<Queue> {
    if (this.#queue === null) throw new FilesError("cut");
    return this.#queue;
  }

  async #open(): Promise<Queue> {
    const { line, clock, post } = this.#options;
    const host = Array.from(line.hostId ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
    const mark = this.#unique();
    const store = this.#options.store === undefined ? await ownStore(host, mark, this.#staging) : await this.#options.store(host);
    const means = {
      operations: this.#operations,
      requests: this.#requests,
      turns: this.#options.turns ?? new Turns(),
      staging: this.#staging,
    };
    const events = {
      changed: (): void => { this.#tell(); },
      save: ({ id, path, modified }: Kept, name: string, file: File): void => { post({ kind: "save", id, path, modified, name, file }); },
    };
    const queue = new Queue({ means, line, clock, store, host, mark, unique: this.#unique, events });
    await queue.load();
    this.#loaded = queue;
    this.#tell();
    return queue;
  }

  /** Tell the page, soon. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#options.clock.after(TELL_MS, () => {
      this.#telling = false;
      const items = this.#loaded?.items.map((item) => item.shown) ?? [];
      this.#options.post({ kind: "state", connected: this.#options.line.open, items });
    });
  }
}

/** The browser's store, if no other page keeps this host's transfers; what is left of pages that are gone is removed. */
async function ownStore(host: string, mark: string, staging: Staging): Promise<Store> {
  try {
    await hold(PAGE_LOCK + mark);
    const mine = await hold(HOST_LOCK + host);
    const store = await BrowserStore.open();
    const { held = [] } = await navigator.locks.query();
    const marks = held.flatMap(({ name }) => (name?.startsWith(PAGE_LOCK) === true ? [name.slice(PAGE_LOCK.length)] : []));
    const kept = new Set(await store.stages());
    for (const name of await staging.names()) {
      if (!kept.has(name) && !marks.some((one) => name.startsWith(one))) await staging.remove(name);
    }
    return mine ? store : new NoStore();
  } catch (error) {
    console.warn("farhand: transfers do not outlive this page:", error);
    return new NoStore();
  }
}

/** Holds a lock for as long as this worker lives; false if somebody else does. */
function hold(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined);
    });
    held.catch(reject);
  });
}
