/** One side of the manager: the folder that is open there, its names, and what is done with them. */
import { FilesError } from "../../files/faults";
import { Turns } from "../../files/turns";
import type { Fault } from "../../files/api";
import { type ListActions, ListView } from "./list";
import { COLUMNS, type Column, ListModel } from "./model";
import { nameProblem } from "./names";
import type { Folder, Place, Row } from "./place";
import { Ranked } from "./ranked";

/** How often a long folder is shown anew while it is being read. */
const FLUSH_MS = 150;
/** So many names are put in their places at once: a few milliseconds, so that keys and pictures come in between. */
const LOT = 1000;

export interface PaneEvents {
  changed(): void;
  /** What was tried did not work; `what` is how that begins: `“a.txt” was not renamed`. */
  failed(what: string, fault: Fault): void;
  /** Order or hidden names were changed: worth remembering. */
  arranged(pane: Pane): void;
}

/** `closed`: no folder is open; `failed`: it could not be read, see `fault`. */
export type PaneState = "closed" | "loading" | "ready" | "failed";

export class Pane {
  readonly place: Place;
  readonly model = new ListModel<Row>();
  readonly list: ListView;
  readonly #events: PaneEvents;
  #trail: readonly Folder[] = [];
  #state: PaneState = "closed";
  #fault: Fault | null = null;
  #skipped = 0;
  #free: number | null = null;
  #renaming: string | null = null;
  #loading = 0;

  constructor(place: Place, events: PaneEvents, actions: Omit<ListActions, "renamed" | "up" | "refresh" | "hidden" | "sort" | "changed" | "rename">) {
    this.place = place;
    this.#events = events;
    this.list = new ListView(`files-${place.side}`, this.model, {
      ...actions,
      changed: events.changed.bind(events),
      up: this.up,
      refresh: () => {
        void this.refresh();
      },
      hidden: this.toggleHidden,
      sort: this.sort,
      rename: this.rename,
      renamed: (name) => {
        void this.#renamed(name);
      },
    });
  }

  get state(): PaneState {
    return this.#state;
  }

  get fault(): Fault | null {
    return this.#fault;
  }

  /** From the root to the folder that is open; empty if none is. */
  get trail(): readonly Folder[] {
    return this.#trail;
  }

  get folder(): Folder | null {
    return this.#trail.at(-1) ?? null;
  }

  get skipped(): number {
    return this.#skipped;
  }

  get free(): number | null {
    return this.#free;
  }

  get renaming(): string | null {
    return this.#renaming;
  }

  /** What an action is for: the selection, or else the name under the cursor. */
  get subjects(): readonly Row[] {
    const { selected, active } = this.model;
    return selected.length > 0 || active === null ? selected : [active];
  }

  /** No folder is open. */
  close(): void {
    this.#loading++;
    this.#trail = [];
    this.#state = "closed";
    this.model.forget();
    this.model.set([]);
  }

  /** Goes to the folder at the end of `trail`; `select` is a name in it. */
  async open(trail: readonly Folder[], select: string | null = null): Promise<void> {
    const folder = trail.at(-1);
    if (folder === undefined) return;
    this.#trail = trail;
    this.#state = "loading";
    this.#fault = null;
    this.#skipped = 0;
    this.#renaming = null;
    this.model.forget();
    this.model.setFilter("");
    this.model.set([]);
    this.list.top();
    this.#events.changed();
    await this.#read(folder, (names) => {
      this.model.show(names);
      if (select !== null && this.model.find(select)) select = null;
    });
    this.list.reveal();
  }

  /** Reads the same folder again, without a word until it is done. */
  async refresh(): Promise<void> {
    const { folder } = this;
    if (folder === null) return;
    if (this.#state !== "ready") {
      await this.open(this.#trail);
      return;
    }
    await this.#read(folder, (names) => { this.model.show(names); }, Infinity);
  }

  enter(row: Row): void {
    const { folder } = this;
    if (folder !== null) void this.open([...this.#trail, this.place.enter(row, folder)]);
  }

  readonly up = (): void => {
    const { folder } = this;
    if (folder !== null && this.#trail.length > 1) void this.open(this.#trail.slice(0, -1), folder.name);
  };

  readonly sort = (column: Column): void => {
    const { order } = this.model;
    // Sizes and times are asked for to see the largest and the newest.
    const descending = order.column === column ? !order.descending : column === "size" || column === "time";
    this.model.sort({ column, descending });
    this.list.reveal();
    this.#events.arranged(this);
    this.#events.changed();
  };

  readonly toggleHidden = (): void => {
    this.model.setHidden(!this.model.hidden);
    this.#events.arranged(this);
    this.#events.changed();
  };

  setFilter(text: string): void {
    this.model.setFilter(text);
    if (text !== "" && this.model.active === null) this.model.move(0);
    this.list.top();
    this.#events.changed();
  }

  readonly rename = (): void => {
    const row = this.model.active ?? this.model.selected[0];
    if (row === undefined || this.folder?.writable !== true) return;
    this.model.move(this.model.place(row.key));
    this.list.reveal();
    this.#renaming = row.key;
    this.#events.changed();
  };

  async #renamed(name: string | null): Promise<void> {
    const { folder } = this;
    const row = this.model.view[this.model.place(this.#renaming)];
    this.#renaming = null;
    this.#events.changed();
    if (name === null || row === undefined || folder === null) return;
    const problem = nameProblem(name, (other) => this.model.has(other));
    const what = `“${row.name}” was not renamed`;
    if (problem !== "") {
      this.#events.failed(what, { name: "bad-name", text: problem });
      return;
    }
    await this.#change(what, () => this.place.rename(row, folder, name), name);
  }

  /** A new folder in this one; resolves to why there is none, or null. */
  async make(name: string): Promise<string | null> {
    const { folder } = this;
    if (folder === null) return "No folder is open.";
    const problem = nameProblem(name, (other) => this.model.has(other));
    if (problem !== "") return problem;
    try {
      await this.place.make(folder, name);
    } catch (error) {
      return faultOf(error).text;
    }
    await this.refresh();
    this.model.find(name);
    this.list.reveal();
    this.#events.changed();
    return null;
  }

  /** Deletes these; those that resist are told of. */
  async remove(rows: readonly Row[]): Promise<void> {
    const { folder } = this;
    if (folder === null) return;
    for (const row of rows) {
      try {
        await this.place.remove(row, folder);
      } catch (error) {
        this.#events.failed(`“${row.name}” was not deleted`, faultOf(error));
        break;
      }
    }
    await this.refresh();
  }

  /** Does something to this folder, and then reads it again. */
  async #change(what: string, run: () => Promise<void>, select: string): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#events.failed(what, faultOf(error));
      return;
    }
    await this.refresh();
    this.model.find(select);
    this.list.reveal();
    this.#events.changed();
  }

  /** Hands over a folder's names in their order: now and then, as they come, and once all of them are there. */
  async #read(folder: Folder, take: (names: Ranked<Row>) => void, every = FLUSH_MS): Promise<void> {
    const turn = ++this.#loading;
    const names = new Ranked<Row>();
    const turns = new Turns();
    let skipped = 0;
    // The first names are shown at once.
    let shown = every === Infinity ? Infinity : -Infinity;
    try {
      for await (const part of this.place.list(folder)) {
        skipped += part.skipped;
        for (let at = 0; at < part.rows.length; at += LOT) {
          if (turn !== this.#loading) return;
          names.add(part.rows.slice(at, at + LOT));
          await turns.breathe();
        }
        if (turn !== this.#loading) return;
        if (performance.now() - shown < every || names.size === 0) continue;
        while (names.settle()) await turns.breathe();
        if (turn !== this.#loading) return;
        take(names);
        this.#events.changed();
        shown = performance.now();
      }
      for (const column of COLUMNS) {
        while (names.settle()) await turns.breathe();
        // Worked out now, a click on a column's head shows at once what it asks for.
        names.by(column);
        await turns.breathe();
      }
    } catch (error) {
      if (turn !== this.#loading) return;
      this.#state = "failed";
      this.#fault = faultOf(error);
      this.#events.changed();
      return;
    }
    if (turn !== this.#loading) return;
    take(names);
    this.#skipped = skipped;
    this.#state = "ready";
    this.#events.changed();
    void this.#measure(folder, turn);
  }

  async #measure(folder: Folder, turn: number): Promise<void> {
    const free = await this.place.free(folder).catch(() => null);
    if (turn !== this.#loading) return;
    this.#free = free;
    this.#events.changed();
  }
}

export function faultOf(error: unknown): Fault {
  if (error instanceof FilesError) return error.plain;
  return { name: "local", text: error instanceof Error ? error.message : String(error) };
}
