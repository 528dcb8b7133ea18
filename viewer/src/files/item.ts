/** One transfer in the engine: what is kept of it, how far it is, and how fast. */
import type { ConflictChoice, Fault, HostPath, Transfer, TransferState, UploadSource } from "./api";
import type { Archive } from "./archives";
import type { FilesError } from "./faults";
import { showable } from "./names";
import type { Kept } from "./store";

/** Of so many files of a folder the panel hears why they failed. */
const MOST_FAILURES = 100;
/** How much the newest second counts in the speed. */
const NEWEST = 0.3;
/** Speed is looked at this often at most, in milliseconds. */
const SPAN_MS = 500;

export class Item {
  kept: Kept;
  /** An upload's, as it was given; null after a reload. */
  source: UploadSource | null;
  state: TransferState;
  error: Fault | null = null;
  conflict: Transfer["conflict"] = null;
  size: number | null;
  files: Transfer["files"] = null;
  failures: Transfer["failures"] = [];
  /** Files of a folder that are done, and of those the ones that are not kept yet. */
  readonly before = new Set<string>();
  fresh: string[] = [];
  /** Stops what runs; null: it does not run. */
  controller: AbortController | null = null;
  answer: ((choice: ConflictChoice) => void) | null = null;
  /** Times that it was tried again by itself. */
  tries = 0;
  saveable = false;
  /** A ZIP as far as it is; null: it has not begun. */
  archive: Archive | null = null;
  placed: HostPath | null = null;
  /** It is to go on as soon as it has stopped. */
  again = false;
  #finished = 0;
  #current = 0;
  #speed = 0;
  #looked = 0;
  #seen = 0;

  constructor(kept: Kept, source: UploadSource | null) {
    this.kept = kept;
    this.source = source;
    this.state = kept.state;
    this.size = kept.size;
  }

  get id(): string {
    return this.kept.id;
  }

  get done(): number {
    return this.#finished + this.#current;
  }

  /** It begins, again; `now` in milliseconds of a steady clock. */
  begin(now: number): void {
    this.#looked = now;
    this.#seen = this.done;
    this.#speed = 0;
    this.error = null;
    this.failures = [];
    this.#finished = 0;
    this.#current = 0;
  }

  /** Of a folder: so many files and bytes, of which `had` were done before. */
  planned(files: number, bytes: number, had: number): void {
    this.size = bytes;
    this.files = { done: this.before.size, total: files, failed: 0, skipped: 0 };
    this.#finished = had;
    this.#seen = had;
  }

  /** So many bytes of the file that is under way. */
  at(bytes: number, now: number): void {
    // What was there already did not come over the line just now.
    if (this.#current === 0 && bytes > 0) this.#seen += Math.max(0, bytes - 4 * 1024 * 1024);
    this.#current = bytes;
    this.look(now);
  }

  /** A file of it is done. */
  finished(path: string, bytes: number, now: number): void {
    this.#finished += bytes;
    this.#current = 0;
    this.before.add(path);
    this.fresh.push(path);
    if (this.files !== null) this.files = { ...this.files, done: this.files.done + 1 };
    this.look(now);
  }

  failed(path: string, error: FilesError): void {
    this.#current = 0;
    if (this.files !== null) this.files = { ...this.files, failed: this.files.failed + 1 };
    if (this.failures.length < MOST_FAILURES) this.failures = [...this.failures, { name: showable(path), error: error.plain }];
  }

  skipped(): void {
    this.#current = 0;
    if (this.files !== null) this.files = { ...this.files, skipped: this.files.skipped + 1 };
  }

  look(now: number): void {
    const span = now - this.#looked;
    if (span < SPAN_MS) return;
    const speed = Math.max(0, ((this.done - this.#seen) * 1000) / span);
    const share = this.#speed === 0 ? 1 : 1 - (1 - NEWEST) ** (span / 1000);
    this.#speed += share * (speed - this.#speed);
    this.#looked = now;
    this.#seen = this.done;
  }

  /** As the panel sees it. */
  get shown(): Transfer {
    const { id, direction, kind, name, path } = this.kept;
    const speed = this.state === "running" ? Math.round(this.#speed) : 0;
    const left = this.size === null ? 0 : this.size - this.done;
    return {
      id, direction, kind, name: showable(name), path: showable(path), placed: this.placed, size: this.size, done: this.done, speed,
      secondsLeft: speed > 0 && this.size !== null ? Math.max(0, Math.ceil(left / speed)) : null,
      state: this.state, error: this.error, conflict: this.conflict, files: this.files, failures: this.failures,
      saveable: this.saveable,
    };
  }
}
