/** This side's disk and stores, in memory. */
import type { Bytes } from "../../src/protocol/bytes";
import type { Staged, Staging } from "../../src/files/stage";
import type { Kept, Store } from "../../src/files/store";

export class MemoryStaging implements Staging {
  readonly files = new Map<string, Bytes>();
  left: number | null = null;

  room(): Promise<number | null> {
    return Promise.resolve(this.left);
  }

  open(name: string): Promise<Staged> {
    const { files } = this;
    const content = (): Bytes => files.get(name) ?? new Uint8Array(0);
    if (!files.has(name)) files.set(name, content());
    return Promise.resolve({
      get size() {
        return content().length;
      },
      read(into, at) {
        const part = content().subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      append(bytes) {
        const whole = new Uint8Array(content().length + bytes.length);
        whole.set(content());
        whole.set(bytes, content().length);
        files.set(name, whole);
      },
      truncate(size) {
        files.set(name, content().slice(0, size));
      },
      flush: () => undefined,
      close: () => undefined,
    });
  }

  file(name: string): Promise<File> {
    return Promise.resolve(new File([this.files.get(name) ?? new Uint8Array(0)], name));
  }

  remove(name: string): Promise<void> {
    this.files.delete(name);
    return Promise.resolve();
  }

  names(): Promise<readonly string[]> {
    return Promise.resolve([...this.files.keys()]);
  }
}

export class MemoryStore implements Store {
  readonly items = new Map<string, Kept>();
  readonly paths = new Map<string, string[]>();

  load(host: string): Promise<readonly Kept[]> {
    return Promise.resolve([...this.items.values()].filter((item) => item.host === host).sort((a, b) => a.order - b.order));
  }

  put(item: Kept): Promise<void> {
    this.items.set(item.id, item);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.items.delete(id);
    this.paths.delete(id);
    return Promise.resolve();
  }

  done(id: string): Promise<readonly string[]> {
    return Promise.resolve(this.paths.get(id) ?? []);
  }

  addDone(id: string, paths: readonly string[]): Promise<void> {
    this.paths.set(id, [...(this.paths.get(id) ?? []), ...paths]);
    return Promise.resolve();
  }

  stages(): Promise<readonly string[]> {
    return Promise.resolve([...this.items.values()].map(({ stage }) => stage));
  }
}

/** A folder that the person chose; names that a real one refuses are refused. */
export class MemoryFolder {
  readonly kind = "directory";
  readonly name: string;
  readonly held = new Map<string, MemoryFolder | MemoryFile>();
  permission: PermissionState = "granted";

  constructor(name: string) {
    this.name = name;
  }

  get handle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  /** All files in it, by path. */
  get all(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, held] of this.held) {
      if (held instanceof MemoryFile) found[name] = held.text;
      else for (const [inner, text] of Object.entries(held.all)) found[`${name}/${inner}`] = text;
    }
    return found;
  }

  queryPermission(): Promise<PermissionState> {
    return Promise.resolve(this.permission);
  }

  getFileHandle(name: string, options: { create?: boolean } = {}): Promise<MemoryFile> {
    return this.#get(name, options.create === true, MemoryFile);
  }

  getDirectoryHandle(name: string, options: { create?: boolean } = {}): Promise<MemoryFolder> {
    return this.#get(name, options.create === true, MemoryFolder);
  }

  #get<T extends MemoryFolder | MemoryFile>(name: string, create: boolean, kind: new (name: string) => T): Promise<T> {
    if (name === "" || name === "." || name === ".." || name.includes("/")) return Promise.reject(new TypeError("Name is not allowed."));
    const found = this.held.get(name);
    if (found === undefined && !create) return Promise.reject(new DOMException("none", "NotFoundError"));
    if (found !== undefined && !(found instanceof kind)) return Promise.reject(new DOMException("another", "TypeMismatchError"));
    const made = found ?? new kind(name);
    this.held.set(name, made);
    return Promise.resolve(made);
  }
}

export class MemoryFile {
  readonly kind = "file";
  readonly name: string;
  text = "";
  modified = 0;

  constructor(name: string) {
    this.name = name;
  }

  getFile(): Promise<File> {
    return Promise.resolve(new File([this.text], this.name, { lastModified: this.modified }));
  }

  createWritable(): Promise<object> {
    const parts: Uint8Array[] = [];
    return Promise.resolve({
      write: async (part: Blob) => {
        parts.push(new Uint8Array(await part.arrayBuffer()));
      },
      close: () => {
        this.text = Buffer.concat(parts).toString("latin1");
        return Promise.resolve();
      },
      abort: () => Promise.resolve(),
    });
  }
}
