/** What is dragged over the manager: names from one side to the other or into a folder, files from this computer's desktop. */
import type { UploadSource } from "../../files/api";
import { sourcesOf } from "../../files/sources";
import type { Pane } from "./pane";
import type { Folder, Row, Side } from "./place";

/** Tells a drag of our own from anything that another page or program calls so. */
const OURS = "application/x-farhand-names";

export interface CarryingEvents {
  changed(): void;
  pane(side: Side): Pane | null;
  send(rows: readonly Row[], folder: Folder): void;
  fetch(rows: readonly Row[], folder: Folder): void;
  move(rows: readonly Row[], folder: Folder): void;
  /** Names of the host were let go outside of the page, where nothing took them. */
  out(rows: readonly Row[]): void;
  /** Not of this page; called before the drop is over, while it can still be read. */
  dropped(sources: Promise<readonly UploadSource[]>, folder: Folder): void;
}

interface Over {
  readonly side: Side;
  /** The row of a folder, or null for the folder that is open. */
  readonly row: Row | null;
}

export class Carrying {
  readonly #events: CarryingEvents;
  #carried: { readonly pane: Pane; readonly rows: readonly Row[] } | null = null;
  #over: Over | null = null;

  constructor(events: CarryingEvents) {
    this.#events = events;
  }

  /** What a drop would go into, on this side: `""` for the open folder, a row's key, null for nothing. */
  over(side: Side): string | null {
    return this.#over?.side === side ? (this.#over.row?.key ?? "") : null;
  }

  begin(pane: Pane, rows: readonly Row[], transfer: DataTransfer): void {
    this.#carried = { pane, rows };
    transfer.setData(OURS, "1");
    transfer.effectAllowed = "copyMove";
  }

  /** The drag is over, wherever it ended. */
  ended(event: DragEvent): void {
    const carried = this.#carried;
    this.end();
    const { clientX: x, clientY: y } = event;
    const inside = x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
    if (carried?.pane.place.side === "host" && !inside && event.dataTransfer?.dropEffect === "none") this.#events.out(carried.rows);
  }

  end(): void {
    this.#carried = null;
    this.#set(null);
  }

  moved(event: DragEvent): void {
    const { dataTransfer } = event;
    if (dataTransfer === null) return;
    // Whatever is let go here must not make the browser leave the page.
    event.preventDefault();
    event.stopPropagation();
    const over = this.#target(event);
    const kind = over === null ? null : this.#kind(over, dataTransfer);
    dataTransfer.dropEffect = kind === null ? "none" : kind === "move" ? "move" : "copy";
    this.#set(kind === null ? null : over);
  }

  left(event: DragEvent, root: HTMLElement): void {
    if (!(event.relatedTarget instanceof Node && root.contains(event.relatedTarget))) this.#set(null);
  }

  dropped(event: DragEvent): void {
    const { dataTransfer } = event;
    event.preventDefault();
    event.stopPropagation();
    const over = this.#target(event);
    const carried = this.#carried;
    const folder = over === null ? null : this.#folder(over);
    const kind = over === null || dataTransfer === null ? null : this.#kind(over, dataTransfer);
    if (folder !== null && dataTransfer !== null) {
      if (kind === "files") this.#events.dropped(sourcesOf(dataTransfer), folder);
      else if (carried !== null && kind !== null) this.#events[kind](carried.rows, folder);
    }
    this.end();
  }

  #target(event: DragEvent): Over | null {
    const element = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-side]") : null;
    const side = element?.dataset["side"];
    if (side !== "host" && side !== "here") return null;
    const row = this.#events.pane(side)?.list.rowAt(event.target) ?? null;
    const carried = this.#carried;
    const itself = carried?.pane.place.side === side && row !== null && carried.rows.some((one) => one.key === row.key);
    return { side, row: row?.kind === "folder" && !itself ? row : null };
  }

  /** What a drop there would do; null if nothing. */
  #kind(over: Over, transfer: DataTransfer): "send" | "fetch" | "move" | "files" | null {
    const folder = this.#folder(over);
    if (folder === null) return null;
    const carried = this.#carried;
    if (carried !== null) {
      const from = carried.pane.place.side;
      if (from !== over.side) return from === "here" ? (folder.writable ? "send" : null) : "fetch";
      return from === "host" && over.row !== null && folder.writable ? "move" : null;
    }
    return over.side === "host" && folder.writable && transfer.types.includes("Files") ? "files" : null;
  }

  #folder(over: Over): Folder | null {
    const pane = this.#events.pane(over.side);
    const open = pane?.folder ?? null;
    if (pane === null || open === null) return null;
    return over.row === null ? open : pane.place.enter(over.row, open);
  }

  #set(over: Over | null): void {
    if (over?.side === this.#over?.side && over?.row?.key === this.#over?.row?.key) return;
    this.#over = over;
    this.#events.changed();
  }
}
