/** What outlives a reload of the page: the transfers, with the handles that the browser lets it keep (IndexedDB). */
import type { ConflictChoice, DownloadTarget, HostEntry, HostPath, TransferState } from "./api";

/** A transfer as it is kept. */
export interface Kept {
  readonly id: string;
  /** Which host, in hex. */
  readonly host: string;
  readonly order: number;
  readonly direction: "upload" | "download";
  readonly kind: "file" | "folder";
  readonly batch: string;
  readonly policy: ConflictChoice | null;
  /** As the source calls it. */
  readonly name: string;
  /** On the host. */
  readonly path: HostPath;
  readonly size: number | null;
  /** Of the source, in milliseconds since the epoch. */
  readonly modified: number;
  readonly state: TransferState;
  /** The source of an upload. */
  readonly handle: FileSystemFileHandle | FileSystemDirectoryHandle | null;
  /** Where a download goes; null: the browser's downloads. */
  readonly target: DownloadTarget | null;
  /** What goes into a ZIP; missing where none is made. */
  readonly members?: readonly HostEntry[];
  /** The file in the page's own store. */
  readonly stage: string;
  /** When it was handed to the browser's downloads, in milliseconds since the epoch; 0: not yet. */
  readonly savedAt: number;
}

export interface Store {
  /** Of one host, in order. */
  load(host: string): Promise<readonly Kept[]>;
  put(item: Kept): Promise<void>;
  remove(id: string): Promise<void>;
  /** Files of a folder that are done. */
  done(id: string): Promise<readonly string[]>;
  addDone(id: string, paths: readonly string[]): Promise<void>;
  /** Names in the page's own store that some transfer, to whatever host, goes on from. */
  stages(): Promise<readonly string[]>;
}

/** Nothing outlives anything: where the browser keeps nothing, or another page has this host's transfers. */
export class NoStore implements Store {
  load(): Promise<readonly Kept[]> {
    return Promise.resolve([]);
  }

  put(): Promise<void> {
    return Promise.resolve();
  }

  remove(): Promise<void> {
    return Promise.resolve();
  }

  done(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  addDone(): Promise<void> {
    return Promise.resolve();
  }

  stages(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }
}

const VERSION = 1;

export class BrowserStore implements Store {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Rejects where the browser keeps nothing. */
  static async open(): Promise<BrowserStore> {
    const asked = indexedDB.open("farhand-files", VERSION);
    asked.onupgradeneeded = (): void => {
      asked.result.createObjectStore("items", { keyPath: "id" }).createIndex("host", "host");
      asked.result.createObjectStore("done", { autoIncrement: true }).createIndex("id", "id");
    };
    return new BrowserStore(await answered(asked));
  }

  async load(host: string): Promise<readonly Kept[]> {
    const found = await answered(this.#read("items").index("host").getAll(host) as IDBRequest<Kept[]>);
    return found.sort((a, b) => a.order - b.order);
  }

  async put(item: Kept): Promise<void> {
    await answered(this.#write("items").put(item));
  }

  async remove(id: string): Promise<void> {
    await answered(this.#write("items").delete(id));
    const done = this.#write("done");
    for (const key of await answered(done.index("id").getAllKeys(id))) done.delete(key);
  }

  async done(id: string): Promise<readonly string[]> {
    const found = await answered(this.#read("done").index("id").getAll(id) as IDBRequest<{ paths: readonly string[] }[]>);
    return found.flatMap(({ paths }) => paths);
  }

  async addDone(id: string, paths: readonly string[]): Promise<void> {
    await answered(this.#write("done").add({ id, paths }));
  }

  async stages(): Promise<readonly string[]> {
    return (await answered(this.#read("items").getAll() as IDBRequest<Kept[]>)).map(({ stage }) => stage);
  }

  #read(store: string): IDBObjectStore {
    return this.#database.transaction(store).objectStore(store);
  }

  #write(store: string): IDBObjectStore {
    return this.#database.transaction(store, "readwrite").objectStore(store);
  }
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => {
      resolve(request.result);
    };
    request.onerror = (): void => {
      reject(request.error ?? new Error("the browser's store failed"));
    };
  });
}
