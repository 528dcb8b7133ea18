/** What this browser profile keeps: keys that scripts can use and not read, known hosts, checkpoints. */

export type Table = "keys" | "hosts" | "roots" | "checkpoints";

const TABLES: readonly Table[] = ["keys", "hosts", "roots", "checkpoints"];
const NAME = "farhand";
const VERSION = 1;

/** A few tables of values by name. Every method rejects with an Error where the browser keeps nothing. */
export interface Store {
  get(table: Table, key: string): Promise<unknown>;
  put(table: Table, key: string, value: unknown): Promise<void>;
}

/** IndexedDB, which alone keeps keys that cannot be read. */
export class BrowserStore implements Store {
  #database: Promise<IDBDatabase> | null = null;

  async get(table: Table, key: string): Promise<unknown> {
    const database = await this.#open();
    return done(database.transaction(table).objectStore(table).get(key));
  }

  async put(table: Table, key: string, value: unknown): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction(table, "readwrite", { durability: "strict" });
    await Promise.all([done(transaction.objectStore(table).put(value, key)), finished(transaction)]);
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const opening = indexedDB.open(NAME, VERSION);
      opening.onupgradeneeded = () => {
        for (const table of TABLES) opening.result.createObjectStore(table);
      };
      opening.onsuccess = () => { resolve(opening.result); };
      opening.onerror = () => { reject(failure(opening.error)); };
    });
    return this.#database;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => { resolve(request.result); };
    request.onerror = () => { reject(failure(request.error)); };
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => { resolve(); };
    transaction.onabort = () => { reject(failure(transaction.error)); };
  });
}

function failure(error: DOMException | null): Error {
  return new Error(`this browser keeps nothing for this page (${error?.message ?? "unknown"}): leave private browsing, or allow it storage`);
}
