/** A FilesApi without a host: a small tree in memory, and transfers that go on when `advance` says so. */
import type {
  ConflictChoice, DownloadTarget, FaultName, FilesApi, FilesRight, FilesRights, HostEntry, HostPath, HostRoot, Listing, Transfer,
  TransferQueue, UploadSource,
} from "../../src/files/api";
import { FilesError } from "../../src/files/faults";
import { join, lastPart, parent, showable } from "../../src/files/names";

/** Modified when nothing else is said: 2026-01-02 03:04:05 UTC. */
const MODIFIED = Date.UTC(2026, 0, 2, 3, 4, 5);

export function entry(path: HostPath, changes: Partial<HostEntry> = {}): HostEntry {
  const name = lastPart(path);
  return { path, name, shown: showable(name), kind: "file", size: 0, modified: MODIFIED, mode: 0o644, target: "", ...changes };
}

export function transfer(id: string, changes: Partial<Transfer> = {}): Transfer {
  return {
    id, direction: "download", kind: "file", name: id, path: `/home/ada/${id}`, size: 1000, done: 0, speed: 0, secondsLeft: null,
    state: "waiting", error: null, conflict: null, files: null, failures: [], saveable: false, placed: null, ...changes,
  };
}

export class FakeQueue implements TransferQueue {
  items: readonly Transfer[] = [];
  /** What was called, for tests: `pause t1`. */
  readonly calls: string[] = [];
  readonly #changed: () => void;
  #last = 0;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Change one item. */
  patch(id: string, changes: Partial<Transfer>): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, ...changes } : item));
    this.#changed();
  }

  add(...items: readonly Transfer[]): void {
    this.items = [...this.items, ...items];
    this.#changed();
  }

  /** The first that waits or runs goes on by `bytes`. */
  advance(bytes: number): void {
    const next = this.items.find((item) => item.state === "running") ?? this.items.find((item) => item.state === "waiting");
    if (next === undefined) return;
    const size = next.size ?? 0;
    const done = Math.min(size, next.done + bytes);
    if (done < size) this.patch(next.id, { state: "running", done, speed: bytes, secondsLeft: Math.ceil((size - done) / bytes) });
    else this.patch(next.id, { state: "done", done, speed: 0, secondsLeft: null, saveable: next.direction === "download" });
  }

  enqueueUpload(sources: readonly UploadSource[], folder: HostPath): Promise<readonly string[]> {
    return this.#enqueue("upload", sources.map((source) => {
      const name = source.kind === "file" ? source.file.name : source.name;
      const files = source.kind === "file" ? [source.file] : (source.files ?? []).map(({ file }) => file);
      const size = files.reduce((sum, file) => sum + file.size, 0);
      return [name, join(folder, name), source.kind, size] as const;
    }));
  }

  enqueueDownload(entries: readonly HostEntry[], to?: DownloadTarget): Promise<readonly string[]> {
    this.calls.push(`to ${to?.name ?? "the browser"}`);
    return this.#enqueue("download", entries.map((one) => [one.shown, one.path, one.kind === "folder" ? "folder" : "file", one.size] as const));
  }

  enqueueArchive(entries: readonly HostEntry[]): Promise<readonly string[]> {
    this.calls.push(`ZIP of ${entries.map(({ name }) => name).join(", ")}`);
    return this.#enqueue("download", [["files.zip", parent(entries[0]?.path ?? ""), "folder", 0]]);
  }

  #enqueue(direction: Transfer["direction"], all: readonly (readonly [string, HostPath, Transfer["kind"], number])[]): Promise<readonly string[]> {
    const made = all.map(([name, path, kind, size]) => {
      this.#last += 1;
      const files = kind === "folder" ? { done: 0, total: 1, failed: 0, skipped: 0 } : null;
      return transfer(`t${this.#last}`, { direction, kind, name: showable(name), path: showable(path), size, files });
    });
    this.add(...made);
    return Promise.resolve(made.map(({ id }) => id));
  }

  pause(id?: string): void {
    this.calls.push(`pause ${id ?? "all"}`);
    this.#each(id, (item) => (item.state === "waiting" || item.state === "running" ? { state: "paused", speed: 0, secondsLeft: null } : {}));
  }

  resume(id?: string): void {
    this.calls.push(`resume ${id ?? "all"}`);
    this.#each(id, (item) => (item.state === "paused" ? { state: "waiting" } : {}));
  }

  retry(id?: string): void {
    this.calls.push(`retry ${id ?? "all"}`);
    this.#each(id, (item) => (item.state === "failed" ? { state: "waiting", error: null } : {}));
  }

  cancel(id: string): void {
    this.calls.push(`cancel ${id}`);
    this.items = this.items.filter((item) => item.id !== id);
    this.#changed();
  }

  clear(): void {
    this.calls.push("clear");
    this.items = this.items.filter((item) => !["done", "skipped", "failed"].includes(item.state));
    this.#changed();
  }

  move(id: string, before: string | null): void {
    this.calls.push(`move ${id} ${before ?? "last"}`);
    const moved = this.items.filter((item) => item.id === id);
    const rest = this.items.filter((item) => item.id !== id);
    const at = before === null ? rest.length : rest.findIndex((item) => item.id === before);
    this.items = [...rest.slice(0, at), ...moved, ...rest.slice(at)];
    this.#changed();
  }

  answerConflict(id: string, choice: ConflictChoice, forAll: boolean): void {
    this.calls.push(`answer ${id} ${choice}${forAll ? " for all" : ""}`);
    this.patch(id, { state: choice === "skip" ? "skipped" : "waiting", conflict: null });
  }

  permit(id?: string): Promise<void> {
    this.calls.push(`permit ${id ?? "all"}`);
    this.#each(id, (item) => (item.state === "permission" ? { state: "waiting" } : {}));
    return Promise.resolve();
  }

  supply(id: string, source: UploadSource): Promise<boolean> {
    const item = this.items.find((one) => one.id === id);
    const name = source.kind === "file" ? source.file.name : source.name;
    if (item?.name !== name) return Promise.resolve(false);
    this.patch(id, { state: "waiting" });
    return Promise.resolve(true);
  }

  save(id: string): void {
    this.calls.push(`save ${id}`);
  }

  #each(id: string | undefined, change: (item: Transfer) => Partial<Transfer>): void {
    this.items = this.items.map((item) => (id === undefined || item.id === id ? { ...item, ...change(item) } : item));
    this.#changed();
  }
}

export class FakeFiles implements FilesApi {
  rights: FilesRights = { read: "held", write: "held", text: "" };
  connected = true;
  readonly queue: FakeQueue;
  /** By path; folders too. */
  readonly tree = new Map<HostPath, HostEntry>();
  /** What askForRights comes to. */
  grants = true;
  /** What the next call comes to, if not what it should. */
  fails: FaultName | null = null;
  batch = 1000;
  /** What the page has fetched. */
  readonly held = new Map<HostPath, File>();
  readonly #listeners = new Set<() => void>();

  constructor(...entries: readonly HostEntry[]) {
    this.queue = new FakeQueue(() => { this.changed(); });
    for (const one of [entry("/home/ada", { kind: "folder", mode: 0o755 }), ...entries]) this.tree.set(one.path, one);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async askForRights(rights: readonly FilesRight[]): Promise<FilesRights> {
    const to = (state: "asking" | "held" | "refused", text: string): void => {
      const read = rights.includes("files-read") ? state : this.rights.read;
      const write = rights.includes("files-write") ? state : this.rights.write;
      this.rights = { read, write, text };
      this.changed();
    };
    to("asking", "The person at the host is asked.");
    await Promise.resolve();
    if (this.grants) to("held", "");
    else to("refused", "The host said no.");
    return this.rights;
  }

  async roots(): Promise<readonly HostRoot[]> {
    await this.#check();
    return [{ path: "/home/ada", shown: "ada", writable: true }];
  }

  async *list(path: HostPath): AsyncGenerator<Listing> {
    await this.#check();
    this.#find(path);
    const all = [...this.tree.values()].filter((one) => parent(one.path) === path);
    for (let at = 0; at < all.length || at === 0; at += this.batch) {
      yield { entries: all.slice(at, at + this.batch), skipped: 0 };
      await Promise.resolve();
    }
  }

  async stat(path: HostPath): Promise<HostEntry> {
    await this.#check();
    return this.#find(path);
  }

  async make(path: HostPath): Promise<HostPath> {
    await this.#check();
    if (this.tree.has(path)) throw new FilesError("exists");
    this.tree.set(path, entry(path, { kind: "folder", mode: 0o755 }));
    return path;
  }

  async rename(path: HostPath, to: HostPath, choice?: ConflictChoice): Promise<HostPath> {
    await this.#check();
    const old = this.#find(path);
    if (this.tree.has(to) && choice !== "replace") throw new FilesError("exists");
    this.tree.delete(path);
    this.tree.set(to, entry(to, { ...old, path: to, name: lastPart(to), shown: showable(lastPart(to)) }));
    return to;
  }

  async remove(path: HostPath, options: { readonly recursive?: boolean; readonly trash?: boolean } = {}): Promise<void> {
    await this.#check();
    this.#find(path);
    const inside = [...this.tree.keys()].filter((one) => one.startsWith(`${path}/`));
    if (inside.length > 0 && options.recursive !== true) throw new FilesError("not-empty");
    for (const one of [path, ...inside]) this.tree.delete(one);
  }

  async measure(path: HostPath): Promise<{ readonly size: number; readonly digest: string }> {
    await this.#check();
    return { size: this.#find(path).size, digest: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" };
  }

  async space(): Promise<{ readonly free: number; readonly total: number }> {
    await this.#check();
    return { free: 40e9, total: 100e9 };
  }

  async preview(path: HostPath, maxBytes: number): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly size: number }> {
    await this.#check();
    const { size } = this.#find(path);
    return { bytes: new TextEncoder().encode(`what is in ${path}`).slice(0, maxBytes), size };
  }

  fetched({ path }: HostEntry): File | null {
    return this.held.get(path) ?? null;
  }

  async #check(): Promise<void> {
    await Promise.resolve();
    const fault = this.fails;
    this.fails = null;
    if (fault !== null) throw new FilesError(fault);
    if (!this.connected) throw new FilesError("cut");
  }

  #find(path: HostPath): HostEntry {
    const found = this.tree.get(path);
    if (found === undefined) throw new FilesError("not-found");
    return found;
  }
}
