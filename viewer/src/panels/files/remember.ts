/** What the manager remembers in this browser: the folder of this computer, the order of the list, whether hidden names are shown. */
import { type Order, COLUMNS } from "./model";

const DATABASE = "farhand-files-panel";
const STORE = "folders";
const LAST = "here";
const SETTINGS = "farhand.files";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE);
    };
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error("the browser keeps no database"));
    };
  });
}

async function using<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = run(database.transaction(STORE, mode).objectStore(STORE));
      request.onsuccess = () => {
        resolve(request.result);
      };
      request.onerror = () => {
        reject(request.error ?? new Error("the browser did not keep it"));
      };
    });
  } finally {
    database.close();
  }
}

/** The folder that was open last; null if there is none, or the browser keeps nothing. */
export async function lastFolder(): Promise<FileSystemDirectoryHandle | null> {
  try {
    return (await using("readonly", (store): IDBRequest<FileSystemDirectoryHandle | undefined> => store.get(LAST) as IDBRequest<FileSystemDirectoryHandle | undefined>)) ?? null;
  } catch {
    return null;
  }
}

export async function keepFolder(handle: FileSystemDirectoryHandle): Promise<void> {
  try {
    await using("readwrite", (store) => store.put(handle, LAST));
  } catch (error) {
    console.info("farhand: the folder is not remembered:", error);
  }
}

export interface Settings {
  readonly order: Order;
  readonly hidden: boolean;
}

const PLAIN: Settings = { order: { column: "name", descending: false }, hidden: false };

export function settings(): Settings {
  try {
    const kept = JSON.parse(localStorage.getItem(SETTINGS) ?? "{}") as { column?: unknown; descending?: unknown; hidden?: unknown };
    const column = COLUMNS.find((one) => one === kept.column) ?? PLAIN.order.column;
    return { order: { column, descending: kept.descending === true }, hidden: kept.hidden === true };
  } catch {
    return PLAIN; // storage is switched off, or holds something else
  }
}

export function keepSettings({ order, hidden }: Settings): void {
  try {
    localStorage.setItem(SETTINGS, JSON.stringify({ ...order, hidden }));
  } catch {
    // storage is switched off: nothing is remembered
  }
}
