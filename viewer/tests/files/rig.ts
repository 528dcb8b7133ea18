/** The engine before a played host. */
import { systemClock } from "../../src/app/clock";
import type { Clock } from "../../src/app/clock";
import type { HostEntry, Transfer, TransferState } from "../../src/files/api";
import { Engine } from "../../src/files/engine";
import { Operations } from "../../src/files/operations";
import { Requests } from "../../src/files/requests";
import { Turns } from "../../src/files/turns";
import type { Command, FromFiles, Request } from "../../src/files/wire";
import { MemoryStaging, MemoryStore } from "./disk";
import { PlayedHost } from "./peer";

/** Timers run at once, but for those that mean silence. */
export const hasty: Clock = {
  ...systemClock,
  after: (ms, what) => {
    if (ms > 5000) return () => undefined;
    const timer = setImmediate(what);
    return () => {
      clearImmediate(timer);
    };
  },
};

export const turns = new Turns(() => 0, () => Promise.resolve());

export function requests(host: PlayedHost, most: number): Requests {
  const operations = new Operations(host, hasty);
  host.user = {
    take: (message) => {
      operations.take(message);
    },
    changed: () => {
      operations.changed();
    },
  };
  return new Requests(operations, most);
}

/** The engine, its disk and its page. */
export class Rig {
  readonly host: PlayedHost;
  readonly staging: MemoryStaging;
  readonly store: MemoryStore;
  readonly saved: { name: string; file: File }[] = [];
  items: readonly Transfer[] = [];
  readonly #engine: Engine;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  #looks: (() => void)[] = [];
  #number = 0;

  /** With what an earlier one has left, if that is given. */
  constructor(host = new PlayedHost(), before: Rig | null = null) {
    this.host = host;
    this.staging = before?.staging ?? new MemoryStaging();
    this.store = before?.store ?? new MemoryStore();
    let unique = before === null ? 0 : 1000;
    this.#engine = new Engine({
      line: host,
      clock: hasty,
      staging: this.staging,
      store: () => Promise.resolve(this.store),
      unique: () => {
        unique += 1;
        return `u${unique}`;
      },
      turns,
      post: (message) => {
        this.#received(message);
      },
    });
  }

  call<T>(request: Request): Promise<T> {
    this.#number += 1;
    const number = this.#number;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve: resolve as (value: unknown) => void, reject });
      this.#engine.handle({ kind: "call", number, request });
    });
  }

  command(command: Command): void {
    this.#engine.handle({ kind: "command", command });
  }

  /** The one item of an upload into /home. */
  async upload(name: string, content: BlobPart, modified = 1): Promise<string> {
    const file = new File([content], name, { lastModified: modified });
    return this.#first(await this.call({ what: "upload", sources: [{ kind: "file", file }], folder: "/home" }));
  }

  /** The one item of a download. */
  async download(path: string, to: FileSystemDirectoryHandle | null = null): Promise<string> {
    const entry = await this.call<HostEntry>({ what: "stat", path });
    return this.#first(await this.call({ what: "download", entries: [entry], to }));
  }

  /** The item, once it looks so. */
  async until(id: string, looks: (item: Transfer) => boolean): Promise<Transfer> {
    for (;;) {
      const item = this.items.find((one) => one.id === id);
      if (item !== undefined && looks(item)) return item;
      await new Promise<void>((resolve) => this.#looks.push(resolve));
    }
  }

  state(id: string, ...states: readonly TransferState[]): Promise<Transfer> {
    return this.until(id, ({ state }) => states.includes(state));
  }

  #first(ids: readonly string[]): string {
    const [id] = ids;
    if (id === undefined) throw new Error("nothing was enqueued");
    return id;
  }

  #received(message: FromFiles): void {
    if (message.kind === "state") {
      this.items = message.items;
      for (const look of this.#looks.splice(0)) look();
    } else if (message.kind === "save") this.saved.push({ name: message.name, file: message.file });
    else if (message.kind === "answer") this.#waiting.get(message.number)?.resolve(message.value);
    else if (message.kind === "error") this.#waiting.get(message.number)?.reject(message.error);
  }
}
