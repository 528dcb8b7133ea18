/** A host's end of the files channel, in memory, that answers as Python's does; a test may have it answer otherwise. */
import { blake3 } from "@noble/hashes/blake3.js";
import { Channel, type FileFault, type FilesMessage, type Put, type SmallFile, decode, encode } from "../../src/gen/messages";
import { type Bytes, concat, equal, own, utf8 } from "../../src/protocol/bytes";
import type { FilesLine, LineUser } from "../../src/files/line";
import { fromHost, join, lastPart, parent, toHost } from "../../src/files/names";

const PIECE = 1000;
const NOTHING = new Uint8Array(0);
export const MODIFIED = 1_700_000_000_000;

/** Reading answers itself, or by what a test has put in its place: true if that was all. */
type Instead = (message: FilesMessage, host: PlayedHost) => boolean;

export class PlayedHost implements FilesLine {
  user: LineUser | null = null;
  open = true;
  hostId: Bytes | null = new Uint8Array(16);
  rights: readonly string[] = ["files-read", "files-write"];
  /** Content by path; folders are null. */
  readonly tree = new Map<string, Bytes | null>([["/home", null]]);
  /** What was received of files that are not whole, by key in hex. */
  readonly partial = new Map<string, Bytes>();
  readonly received: FilesMessage[] = [];
  readonly withheld: boolean[] = [];
  instead: Instead = () => false;
  /** Pieces that come before the rest waits for `more`. */
  most = Infinity;
  readonly #writing = new Map<number, { put: Put; parts: Bytes[] }>();
  #later: (() => void)[] = [];

  get ids(): readonly number[] {
    return this.received.map(({ id }) => id);
  }

  may(right: string): boolean {
    return this.open && this.rights.includes(right);
  }

  send(message: FilesMessage): void {
    if (!this.open) return;
    const arrived = decode(Channel.FILES, encode(Channel.FILES, message)) as FilesMessage;
    this.received.push(arrived);
    queueMicrotask(() => {
      if (this.open && !this.instead(arrived, this)) this.answer(arrived);
    });
  }

  room(): Promise<void> {
    return Promise.resolve();
  }

  withhold(on: boolean): void {
    this.withheld.push(on);
  }

  say(message: FilesMessage): void {
    if (this.open) this.user?.take(decode(Channel.FILES, encode(Channel.FILES, message)) as FilesMessage);
  }

  fail(id: number, fault: FileFault, text = ""): void {
    this.say({ type: "Failed", id, fault, text });
  }

  /** The line is cut, or there again. */
  line(open: boolean): void {
    this.open = open;
    this.#writing.clear();
    this.#later = [];
    this.user?.changed();
  }

  /** The pieces that waited. */
  more(): void {
    this.most = Infinity;
    for (const work of this.#later.splice(0)) work();
  }

  answer(message: FilesMessage): void {
    const { id } = message;
    switch (message.type) {
      case "Roots":
        this.say({ type: "RootList", id, roots: [{ path: utf8("/home"), name: "home", writable: true }] });
        break;
      case "List": {
        const path = fromHost(message.path);
        if (!this.tree.has(path)) this.fail(id, 1);
        else this.say({ type: "Entries", id, entries: this.#entries(path, message.depth), skipped: 0, last: true });
        break;
      }
      case "Get":
        this.#get(id, fromHost(message.path), message.offset, message.prefix);
        break;
      case "GetMany": {
        const files = message.names.map((name): SmallFile => {
          const content = this.tree.get(join(fromHost(message.folder), fromHost(name)));
          const meta = { mode: 0o644, mtime: MODIFIED * 1000, attributes: [] };
          if (content == null) return { path: name, kind: 1, meta, packed: false, data: NOTHING, digest: NOTHING, fault: 1 };
          return { path: name, kind: 1, meta, packed: false, data: content, digest: own(blake3(content)), fault: 0 };
        });
        this.say({ type: "Bundle", id, files, last: true });
        break;
      }
      case "Measure": {
        const content = this.tree.get(fromHost(message.path));
        if (content == null) this.fail(id, 1);
        else this.say({ type: "Measured", id, size: content.length, digest: own(blake3(content)) });
        break;
      }
      case "Space":
        this.say({ type: "Free", id, free: 1000, total: 2000 });
        break;
      case "Make": {
        const path = fromHost(message.path);
        if (this.tree.has(path) && !message.parents) this.fail(id, 2);
        else {
          this.tree.set(path, null);
          this.say({ type: "Done", id, path: message.path });
        }
        break;
      }
      case "Put":
        this.#put(message);
        break;
      case "Begin": {
        const writing = this.#writing.get(id);
        if (writing !== undefined) writing.parts = [(this.partial.get(hex(writing.put.key)) ?? NOTHING).slice(0, message.offset)];
        break;
      }
      case "Data": {
        const writing = this.#writing.get(id);
        writing?.parts.push(own(message.data));
        if (writing !== undefined) this.partial.set(hex(writing.put.key), concat(...writing.parts));
        break;
      }
      case "Finish":
        this.#finish(id, message.digest);
        break;
      case "PutMany":
        this.say({ type: "Results", id, results: message.files.map((file) => this.#small(fromHost(message.folder), file, message.conflict)) });
        break;
      case "StopReading":
      case "StopWriting":
        if (message.type === "StopWriting" && message.drop) this.partial.delete(hex(this.#writing.get(id)?.put.key ?? NOTHING));
        this.#writing.delete(id);
        this.fail(id, 16);
        break;
      default:
        throw new Error(`the played host has no answer to ${message.type}`);
    }
  }

  #entries(path: string, depth: number): Extract<FilesMessage, { type: "Entries" }>["entries"] {
    const found = [...this.tree].filter(([one]) =>
      depth === 0 ? one === path : depth === 1 ? parent(one) === path && one !== path : one.startsWith(`${path}/`));
    return found.map(([one, content]) => ({
      path: toHost(depth === 0 ? lastPart(one) : one.slice(path.length + 1)),
      kind: content === null ? 2 : 1,
      size: content?.length ?? 0,
      mtime: MODIFIED * 1000,
      mode: 0o644,
      target: NOTHING,
    }));
  }

  #get(id: number, path: string, offset: number, prefix: Bytes): void {
    const content = this.tree.get(path);
    if (content == null) {
      this.fail(id, 1);
      return;
    }
    const fits = offset <= content.length && offset > 0 && equal(blake3(content.subarray(0, offset)), prefix);
    let at = fits ? offset : 0;
    this.say({ type: "Opened", id, size: content.length, meta: { mode: 0o644, mtime: MODIFIED * 1000, attributes: [] }, offset: at });
    let count = 0;
    const go = (): void => {
      for (; at < content.length; at += PIECE) {
        if (count >= this.most) {
          this.#later.push(go);
          return;
        }
        count += 1;
        this.say({ type: "Data", id, packed: false, data: content.subarray(at, at + PIECE) });
      }
      this.say({ type: "Finish", id, size: content.length, digest: own(blake3(content)) });
    };
    go();
  }

  #put(put: Put): void {
    const path = fromHost(put.path);
    if (this.tree.has(path) && put.conflict === 1) {
      this.fail(put.id, 2);
      return;
    }
    if (this.tree.has(path) && put.conflict === 3) {
      this.fail(put.id, 15);
      return;
    }
    const had = this.partial.get(hex(put.key)) ?? NOTHING;
    this.#writing.set(put.id, { put, parts: [] });
    this.say({ type: "Ready", id: put.id, offset: had.length, prefix: had.length === 0 ? NOTHING : own(blake3(had)), basis: false });
  }

  #finish(id: number, digest: Bytes): void {
    const writing = this.#writing.get(id);
    if (writing === undefined) return;
    this.#writing.delete(id);
    const { put } = writing;
    this.partial.delete(hex(put.key));
    const content = concat(...writing.parts);
    if (content.length !== put.size || !equal(blake3(content), digest)) {
      this.fail(id, 11);
      return;
    }
    let path = fromHost(put.path);
    for (let number = 2; this.tree.has(path) && put.conflict === 4; number += 1) path = `${fromHost(put.path)} (${number})`;
    this.tree.set(path, content);
    this.say({ type: "Working", id, step: 3, done: 0, total: put.size });
    this.say({ type: "Done", id, path: toHost(path) });
  }

  #small(folder: string, file: SmallFile, conflict: number): { fault: number; text: string } {
    const path = join(folder, fromHost(file.path));
    if (this.tree.has(path) && conflict === 1) return { fault: 2, text: "" };
    if (this.tree.has(path) && conflict === 3) return { fault: 15, text: "" };
    if (file.kind === 1 && !equal(blake3(file.data), file.digest)) return { fault: 11, text: "" };
    this.tree.set(path, file.kind === 2 ? null : own(file.data));
    return { fault: 0, text: "" };
  }
}

export function hex(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
