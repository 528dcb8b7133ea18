/** The transfers: which run, which wait for what, and what becomes of each. */
import type { Clock } from "../app/clock";
import type { ConflictChoice, DownloadTarget, FilesRight, HostEntry, HostPath, TransferState, UploadSource, Version } from "./api";
import { Archive, downloadArchive, partOf, zipName } from "./archives";
import { download } from "./download";
import { FilesError } from "./faults";
import { Item } from "./item";
import type { FilesLine } from "./line";
import { join, localName, parent, showable } from "./names";
import { Place, allowed, fill } from "./places";
import { localError } from "./stage";
import type { Kept, Store } from "./store";
import { type Means, type TreeProgress, downloadTree, uploadTree, versionOf } from "./trees";
import { upload } from "./upload";
import type { Command, Handled } from "./wire";

/** So many run at once. */
const AT_ONCE = 3;
/** A file that somebody else writes just now is tried again so often, so long after, in milliseconds. */
const BUSY_TRIES = 3;
const BUSY_MS = 2000;
/** What was handed to the browser's downloads is kept so long, in milliseconds: the browser may still be copying it. */
export const SAVED_MS = 3_600_000;
/** Files of a folder that are done are kept in such lots. */
const LOT = 500;
const SETTLED: readonly TransferState[] = ["done", "skipped", "failed"];

export interface QueueEvents {
  /** Something of an item is another. */
  changed(): void;
  /** For the browser's downloads. */
  save(kept: Kept, name: string, file: File): void;
}

export interface QueueOptions {
  readonly means: Means;
  readonly line: FilesLine;
  readonly clock: Clock;
  readonly store: Store;
  /** In hex. */
  readonly host: string;
  /** Before each name in the page's own store. */
  readonly mark: string;
  readonly unique: () => string;
  readonly events: QueueEvents;
}

export class Queue {
  readonly #options: QueueOptions;
  #items: Item[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  /** Takes up what an earlier page left. */
  async load(): Promise<void> {
    const { store, host, means, clock } = this.#options;
    const epoch = clock.origin + clock.now();
    for (const kept of await store.load(host)) {
      if (kept.savedAt > 0 && epoch - kept.savedAt > SAVED_MS) {
        await means.staging.remove(kept.stage);
        await store.remove(kept.id);
        continue;
      }
      const item = new Item(kept, null);
      for (const path of await store.done(kept.id)) item.before.add(path);
      item.saveable = kept.savedAt > 0;
      if (!SETTLED.includes(item.state) && item.state !== "paused") item.state = "waiting";
      if (kept.direction === "upload" && kept.handle === null && !SETTLED.includes(item.state)) item.state = "source";
      this.#items.push(item);
    }
    this.#next();
  }

  upload(sources: readonly UploadSource[], folder: HostPath): readonly string[] {
    const batch = this.#options.unique();
    return this.#add(sources.map((source) => {
      const name = source.kind === "file" ? source.file.name : source.name;
      const [size, modified] = source.kind === "file" ? [source.file.size, source.file.lastModified] : [null, 0];
      const kept = this.#kept("upload", source.kind, batch, name, join(folder, name), size, modified);
      return new Item({ ...kept, handle: source.handle ?? null }, source);
    }));
  }

  download(entries: readonly HostEntry[], target: DownloadTarget | null): readonly string[] {
    const batch = this.#options.unique();
    return this.#add(entries.map(({ kind, name, path, size, modified }) => {
      const folder = kind === "folder";
      const kept = this.#kept("download", folder ? "folder" : "file", batch, name, path, folder ? null : size, modified);
      return new Item({ ...kept, target }, null);
    }));
  }

  /** All of them as one ZIP. */
  archive(entries: readonly HostEntry[]): readonly string[] {
    const [first] = entries;
    if (first === undefined) return [];
    const path = entries.length === 1 ? first.path : parent(first.path);
    const kept = this.#kept("download", "folder", this.#options.unique(), zipName(entries), path, null, 0);
    return this.#add([new Item({ ...kept, members: entries }, null)]);
  }

  /** The same file or folder once more, for one that lost it. */
  supply(id: string, source: UploadSource): boolean {
    const item = this.#find(id);
    if (item === undefined || item.kept.direction !== "upload" || item.kept.kind !== source.kind) return false;
    const { name, size, modified } = item.kept;
    const same =
      source.kind === "file"
        ? source.file.name === name && source.file.size === size && source.file.lastModified === modified
        : source.name === name;
    if (!same) return false;
    item.source = source;
    item.kept = { ...item.kept, handle: source.handle ?? null };
    if (item.controller === null) this.#to(item, "waiting");
    this.#next();
    return true;
  }

  command(command: Command): void {
    switch (command.what) {
      case "pause":
        for (const item of this.#chosen(command.id)) this.#pause(item);
        break;
      case "resume":
        for (const item of this.#chosen(command.id)) {
          if (item.state !== "paused") continue;
          item.again = item.controller !== null;
          this.#to(item, "waiting");
        }
        break;
      case "retry":
        for (const item of this.#chosen(command.id)) if (item.state === "failed") this.#to(item, "waiting");
        break;
      case "permitted":
        for (const item of this.#chosen(command.id)) if (item.state === "permission") this.#to(item, "waiting");
        break;
      case "cancel": {
        const item = this.#find(command.id);
        if (item !== undefined) this.#cancel(item);
        break;
      }
      case "clear":
        for (const item of this.#items.filter(({ state }) => SETTLED.includes(state))) this.#drop(item);
        break;
      case "move":
        this.#move(command.id, command.before);
        break;
      case "answer":
        this.#answer(command.id, command.choice, command.forAll);
        break;
      case "save": {
        const item = this.#find(command.id);
        if (item?.saveable === true) void this.#save(item);
      }
    }
    this.#next();
  }

  /** The line went or came, or other rights are held. */
  changed(): void {
    this.#next();
    this.#options.events.changed();
  }

  /** What needs a click. */
  handles(id: string | null): readonly Handled[] {
    return this.#chosen(id).flatMap(({ state, kept }): readonly Handled[] => {
      if (state !== "permission") return [];
      const handle = kept.direction === "upload" ? kept.handle : kept.target;
      return handle === null ? [] : [{ handle, mode: kept.direction === "upload" ? "read" : "readwrite" }];
    });
  }

  #kept(
    direction: Kept["direction"], kind: Kept["kind"], batch: string, name: string, path: HostPath, size: number | null, modified: number,
  ): Kept {
    const { host, mark, unique } = this.#options;
    const id = unique();
    const last = this.#items.at(-1)?.kept.order ?? 0;
    return {
      id, host, order: last + 1, direction, kind, batch, policy: null, name, path, size, modified, state: "waiting",
      handle: null, target: null, stage: `${mark}-${id}`, savedAt: 0,
    };
  }

  #add(items: readonly Item[]): readonly string[] {
    for (const [at, item] of items.entries()) {
      item.kept = { ...item.kept, order: item.kept.order + at };
      this.#items.push(item);
      this.#keep(item);
    }
    this.#options.events.changed();
    this.#next();
    return items.map(({ id }) => id);
  }

  #chosen(id: string | null): readonly Item[] {
    return id === null ? this.#items : this.#items.filter((item) => item.id === id);
  }

  #find(id: string): Item | undefined {
    return this.#items.find((item) => item.id === id);
  }

  /** Starts what may. */
  #next(): void {
    const { line } = this.#options;
    if (!line.open) return;
    let running = this.#items.filter(({ controller }) => controller !== null).length;
    for (const item of this.#items) {
      if (item.state !== "waiting" || item.controller !== null) continue;
      if (!line.may(rightOf(item))) {
        item.error = new FilesError("rights").plain;
        continue;
      }
      if (running >= AT_ONCE) return;
      running += 1;
      void this.#run(item);
    }
  }

  async #run(item: Item): Promise<void> {
    const { clock, means } = this.#options;
    const controller = new AbortController();
    item.controller = controller;
    item.begin(clock.now());
    this.#to(item, "running");
    let error: FilesError | null = null;
    try {
      const state = await (item.kept.direction === "upload" ? this.#up(item, controller.signal) : this.#down(item, controller.signal));
      item.size ??= item.done;
      this.#to(item, state);
    } catch (caught) {
      error = caught instanceof FilesError ? caught : localError(caught);
      if (!(caught instanceof FilesError)) console.error("farhand: a transfer broke:", caught);
    }
    item.controller = null;
    item.answer = null;
    item.conflict = null;
    await this.#keepDone(item);
    if (controller.signal.reason === "cancel") {
      await means.staging.remove(item.kept.stage);
      this.#drop(item);
    } else if (error !== null) this.#failed(item, error, controller.signal.aborted);
    this.#next();
  }

  #failed(item: Item, error: FilesError, stopped: boolean): void {
    const { clock } = this.#options;
    if (stopped) {
      this.#to(item, item.again ? "waiting" : "paused");
      item.again = false;
      return;
    }
    item.error = error.plain;
    switch (error.fault) {
      case "cut":
      case "rights":
        if (error.fault === "cut") item.error = null;
        this.#to(item, "waiting");
        break;
      case "source":
        this.#to(item, "source");
        break;
      case "busy":
        if (item.tries < BUSY_TRIES) {
          item.tries += 1;
          clock.after(BUSY_MS, () => {
            if (item.state === "failed") this.#to(item, "waiting");
            this.#next();
          });
        }
        this.#to(item, "failed");
        break;
      default:
        this.#to(item, item.error.name === "not-newer" ? "skipped" : "failed");
    }
  }

  /** An upload; resolves to how it ended. */
  async #up(item: Item, signal: AbortSignal): Promise<TransferState> {
    const { means, clock } = this.#options;
    const { handle, path } = item.kept;
    if (handle !== null && !(await allowed(handle, "read"))) return "permission";
    if (item.kept.kind === "folder") {
      const source = handle === null ? item.source : { kind: "folder", name: item.kept.name, handle: handle as FileSystemDirectoryHandle } as const;
      if (source?.kind !== "folder") return "source";
      await uploadTree(means, source, path, this.#tree(item, signal));
      item.placed = path;
      return this.#treeEnd(item);
    }
    const file = handle === null ? (item.source?.kind === "file" ? item.source.file : null) : await fileOf(handle as FileSystemFileHandle);
    if (file === null) return "source";
    item.size = file.size;
    const progress = {
      signal,
      done: (bytes: number): void => { item.at(bytes, clock.now()); this.#options.events.changed(); },
      checking: (): void => { this.#to(item, "checking"); },
    };
    for (let choice = item.kept.policy; ; ) {
      try {
        item.placed = await upload(means.operations, means.turns, file, path, choice, progress);
        return "done";
      } catch (error) {
        if (!(error instanceof FilesError) || (error.fault !== "exists" && error.fault !== "not-newer")) throw error;
        if (error.fault === "exists" && choice === null) {
          choice = await this.#ask(item, item.kept.name, versionOf(file), await means.requests.version(path), signal);
        } else if (choice !== "skip") throw error;
        if (choice === "skip") return "skipped";
      }
    }
  }

  /** A download; resolves to how it ended. */
  async #down(item: Item, signal: AbortSignal): Promise<TransferState> {
    const { means, clock } = this.#options;
    const { target, stage, path, name } = item.kept;
    if (target !== null && !(await allowed(target, "readwrite"))) return "permission";
    if (item.kept.members !== undefined) return this.#zip(item, item.kept.members, signal);
    if (item.kept.kind === "folder") {
      if (target?.kind !== "directory") throw new FilesError("local", "it cannot write folders: download the files themselves");
      const top = await new Place(target).inner(name);
      await downloadTree(means, path, top, stage, this.#tree(item, signal));
      await means.staging.remove(stage);
      return this.#treeEnd(item);
    }
    let put: ((file: File) => Promise<void>) | null = null;
    if (target?.kind === "file") put = (file) => fill(target, file, signal);
    else if (target !== null) {
      const place = new Place(target);
      let chosen = await place.choose(name, item.kept.modified, item.kept.policy);
      if (chosen !== null && "taken" in chosen) {
        const coming = { kind: "file", size: item.size ?? 0, modified: item.kept.modified } as const;
        chosen = await place.choose(name, item.kept.modified, await this.#ask(item, name, coming, chosen.taken, signal));
      }
      if (chosen === null || "taken" in chosen) return "skipped";
      const mine = chosen.name;
      put = (file) => place.put(mine, file, signal);
    }
    const progress = {
      signal,
      done: (bytes: number): void => { item.at(bytes, clock.now()); this.#options.events.changed(); },
      checking: (): void => { this.#to(item, "checking"); },
    };
    await download(means.operations, means.turns, means.staging, stage, path, progress, (size) => { item.size = size; });
    if (put !== null) {
      await put(await means.staging.file(stage));
      await means.staging.remove(stage);
    } else await this.#save(item);
    return "done";
  }

  /** A download of many as one; resolves to how it ended. */
  async #zip(item: Item, members: readonly HostEntry[], signal: AbortSignal): Promise<TransferState> {
    const { means } = this.#options;
    const { stage } = item.kept;
    if (item.archive?.sound !== true) {
      item.before.clear();
      item.archive = new Archive(await means.staging.open(stage), means.turns);
    }
    await downloadArchive(means, members, stage, item.archive, this.#tree(item, signal));
    this.#to(item, "checking");
    await item.archive.end();
    await this.#save(item);
    return "done";
  }

  /** Hands it to the browser's downloads; it stays here for a while, since nobody says when they have it. */
  async #save(item: Item): Promise<void> {
    const { means, events, clock } = this.#options;
    events.save(item.kept, localName(item.kept.name), await means.staging.file(item.kept.stage));
    item.saveable = true;
    item.kept = { ...item.kept, savedAt: clock.origin + clock.now() };
  }

  #tree(item: Item, signal: AbortSignal): TreeProgress {
    const { clock, events } = this.#options;
    return {
      signal,
      before: new Set(item.before),
      planned: (files, bytes, had) => {
        item.planned(files, bytes, had);
        events.changed();
      },
      at: (bytes) => {
        item.at(bytes, clock.now());
        events.changed();
      },
      finished: (path, bytes) => {
        item.finished(path, bytes, clock.now());
        if (item.fresh.length >= LOT) void this.#keepDone(item);
        events.changed();
      },
      failed: (path, error) => {
        item.failed(path, error);
        events.changed();
      },
      skipped: () => {
        item.skipped();
        events.changed();
      },
      policy: () => item.kept.policy,
      ask: (path, coming, there) => this.#ask(item, path, coming, there, signal),
    };
  }

  #treeEnd(item: Item): TransferState {
    const failed = item.files?.failed ?? 0;
    if (failed === 0) return "done";
    item.error = item.failures[0]?.error ?? null;
    return "failed";
  }

  /** What the person wants with a name that is taken. */
  #ask(item: Item, path: string, coming: Version, there: Version | null, signal: AbortSignal): Promise<ConflictChoice> {
    if (item.kept.policy !== null) return Promise.resolve(item.kept.policy);
    item.conflict = { name: showable(path), at: item.kept.direction === "upload" ? "host" : "here", coming, there };
    this.#to(item, "asking");
    return new Promise((resolve, reject) => {
      const stop = (): void => { reject(new FilesError("stopped")); };
      signal.addEventListener("abort", stop);
      item.answer = (choice): void => {
        signal.removeEventListener("abort", stop);
        item.answer = null;
        item.conflict = null;
        this.#to(item, "running");
        resolve(choice);
      };
      if (signal.aborted) stop();
    });
  }

  #answer(id: string, choice: ConflictChoice, forAll: boolean): void {
    const item = this.#find(id);
    if (item?.answer == null) return;
    const answered = [item];
    if (forAll) {
      for (const other of this.#items.filter(({ kept }) => kept.batch === item.kept.batch)) {
        other.kept = { ...other.kept, policy: choice };
        if (other !== item && other.answer !== null) answered.push(other);
      }
    }
    for (const one of answered) one.answer?.(choice);
  }

  #pause(item: Item): void {
    if (item.controller !== null) {
      item.controller.abort("pause");
      item.again = false;
      this.#to(item, "paused");
    } else if (item.state === "waiting" || item.state === "permission" || item.state === "source") this.#to(item, "paused");
  }

  #cancel(item: Item): void {
    if (item.controller !== null) {
      item.controller.abort("cancel");
      item.archive?.close();
      return;
    }
    this.#drop(item);
  }

  /** Off the list, with what is here of it. */
  #drop(item: Item): void {
    const { store, means, events } = this.#options;
    this.#items = this.#items.filter((one) => one !== item);
    item.archive?.close();
    void means.staging.remove(item.kept.stage);
    if (item.kept.members !== undefined) void means.staging.remove(partOf(item.kept.stage));
    store.remove(item.id).catch(complain);
    events.changed();
  }

  #move(id: string, before: string | null): void {
    const item = this.#find(id);
    if (item === undefined || id === before) return;
    const rest = this.#items.filter((one) => one !== item);
    const at = before === null ? rest.length : rest.findIndex((one) => one.id === before);
    if (at < 0) return;
    rest.splice(at, 0, item);
    this.#items = rest;
    for (const [order, one] of rest.entries()) {
      one.kept = { ...one.kept, order };
      this.#keep(one);
    }
    this.#options.events.changed();
  }

  #to(item: Item, state: TransferState): void {
    item.state = state;
    this.#keep(item);
    this.#options.events.changed();
  }

  #keep(item: Item): void {
    if (!this.#items.includes(item)) return;
    item.kept = { ...item.kept, state: item.state, size: item.size };
    this.#options.store.put(item.kept).catch(complain);
  }

  async #keepDone(item: Item): Promise<void> {
    const fresh = item.fresh;
    item.fresh = [];
    // A ZIP that another page has begun is begun anew.
    if (fresh.length > 0 && item.kept.members === undefined) await this.#options.store.addDone(item.id, fresh).catch(complain);
  }
}

async function fileOf(handle: FileSystemFileHandle): Promise<File> {
  try {
    return await handle.getFile();
  } catch (error) {
    throw localError(error);
  }
}

function rightOf(item: Item): FilesRight {
  return item.kept.direction === "upload" ? "files-write" : "files-read";
}

function complain(error: unknown): void {
  console.warn("farhand: the list of transfers is not kept:", error);
}
