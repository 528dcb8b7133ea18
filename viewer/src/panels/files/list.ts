/** A folder's names as a grid that scrolls by itself: only the rows in sight are in the document, and the focus stays on the grid. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import { type Ref, createRef, ref } from "lit/directives/ref.js";
import { vars } from "../vars";
import { size, when } from "./amounts";
import { familyIcon, icon } from "./icons";
import { familyOf, kindOf } from "./kinds";
import type { Column, Grow, ListModel } from "./model";
import { shortName } from "./name_view";
import { extension, stem, visible } from "./names";
import type { Row } from "./place";
import { inSight, reveal } from "./range";

/** What is done to a list beyond its own selection. */
export interface ListActions {
  readonly open: (row: Row) => void;
  readonly up: () => void;
  readonly rename: () => void;
  readonly renamed: (name: string | null) => void;
  readonly remove: () => void;
  readonly properties: () => void;
  readonly look: () => void;
  readonly transfer: () => void;
  readonly make: () => void;
  readonly refresh: () => void;
  readonly hidden: () => void;
  /** The person types into the list: that is a filter. */
  readonly typed: (text: string) => void;
  readonly filter: () => void;
  readonly sort: (column: Column) => void;
  readonly changed: () => void;
  readonly dragged: (event: DragEvent) => void;
}

export interface ListState {
  readonly label: string;
  /** The row whose name is being changed. */
  readonly renaming: string | null;
  /** The folder's row that something is being dragged over. */
  readonly over: string | null;
  readonly busy: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const HEADS: readonly { readonly column: Column; readonly label: string }[] = [
  { column: "name", label: "Name" },
  { column: "size", label: "Size" },
  { column: "time", label: "Changed" },
  { column: "kind", label: "Kind" },
];

/** Before the list has been laid out. */
const ROW_PX = 32;
const FIRST_ROWS = 60;

export class ListView {
  readonly #id: string;
  readonly #model: ListModel<Row>;
  readonly #actions: ListActions;
  readonly #element: Ref<HTMLElement> = createRef();
  #first = 0;
  #last = FIRST_ROWS;
  #rowPixels = ROW_PX;
  #headPixels = ROW_PX;
  #frame = 0;
  /** A row that was selected already is chosen alone once it is clear that nothing is dragged. */
  #deferred = -1;
  #renamingSince: string | null = null;

  constructor(id: string, model: ListModel<Row>, actions: ListActions) {
    this.#id = id;
    this.#model = model;
    this.#actions = actions;
  }

  get element(): HTMLElement | undefined {
    return this.#element.value;
  }

  focus(): void {
    this.#element.value?.focus({ preventScroll: true });
  }

  /** The first row again: another folder. */
  top(): void {
    if (this.#element.value !== undefined) this.#element.value.scrollTop = 0;
    this.#first = 0;
    this.#last = FIRST_ROWS;
  }

  /** Scrolls so that the cursor is seen. */
  reveal(): void {
    const list = this.#element.value;
    const at = this.#model.cursor;
    if (list === undefined || at < 0) return;
    this.#measure(list);
    const to = reveal(at, list.scrollTop, list.clientHeight - this.#headPixels, this.#rowPixels);
    if (to !== null) list.scrollTop = to;
    this.#look();
  }

  /** The row at a place of the page. */
  rowAt(target: EventTarget | null): Row | null {
    return this.#model.view[indexOf(target)] ?? null;
  }

  view(state: ListState): TemplateResult {
    const { view, order, total } = this.#model;
    const last = Math.min(this.#last, view.length);
    const first = Math.min(this.#first, last);
    const indices = Array.from({ length: last - first }, (_, at) => first + at);
    for (const kept of [this.#model.cursor, this.#model.place(state.renaming)]) {
      if (kept >= 0 && (kept < first || kept >= last) && !indices.includes(kept)) indices.push(kept);
    }
    this.#focusName(state.renaming);
    const cursor = this.#model.active;
    return html`<div
      ${ref(this.#element)}
      class="grid"
      role="grid"
      tabindex="0"
      aria-label=${state.label}
      aria-multiselectable="true"
      aria-busy=${String(state.busy)}
      aria-rowcount=${view.length + 1}
      aria-colcount="4"
      aria-activedescendant=${cursor === null ? nothing : `${this.#id}-${this.#model.cursor}`}
      data-total=${total}
      @keydown=${this.#key}
      @scroll=${this.#moved}
      @pointerdown=${this.#pressed}
      @click=${this.#clicked}
      @dblclick=${this.#twice}
      @dragstart=${this.#actions.dragged}
    >
      <div class="heads" role="row" aria-rowindex="1">
        ${HEADS.map(({ column, label }) => {
          const sorted = order.column === column;
          return html`<div
            class=${column}
            role="columnheader"
            aria-sort=${sorted ? (order.descending ? "descending" : "ascending") : "none"}
          >
            <button
              type="button"
              @click=${() => {
                this.#actions.sort(column);
              }}
            >
              ${label}${sorted ? icon(order.descending ? "down" : "up") : nothing}
            </button>
          </div>`;
        })}
      </div>
      <div class="body" role="rowgroup" ${vars({ "--rows": String(view.length) })}>
        ${repeat(
          indices,
          (index) => index,
          (index) => this.#row(index, state),
        )}
      </div>
    </div>`;
  }

  #row(index: number, state: ListState): TemplateResult | typeof nothing {
    const row = this.#model.view[index];
    if (row === undefined) return nothing;
    const ending = extension(row.name);
    const chosen = this.#model.isSelected(row.key);
    const classes = [index === this.#model.cursor ? "cursor" : "", state.over === row.key ? "over" : "", row.name.startsWith(".") ? "dim" : ""];
    const renaming = state.renaming === row.key;
    return html`<div
      class="row ${classes.filter(Boolean).join(" ")}"
      role="row"
      id="${this.#id}-${index}"
      aria-rowindex=${index + 2}
      aria-selected=${String(chosen)}
      draggable=${renaming ? "false" : "true"}
      data-index=${index}
      ${vars({ "--at": String(index) })}
    >
      <span class="name" role="gridcell" title=${titleOf(row)} aria-label=${visible(row.name)}>
        <span class="tick" data-tick>${chosen ? icon("check") : nothing}</span>${familyIcon(familyOf(row.kind, ending))}
        ${renaming ? this.#field(row) : shortName(row.name)}
      </span>
      <span class="size" role="gridcell">${row.kind === "file" ? size(row.size) : "–"}</span>
      <span class="time" role="gridcell">${row.time === 0 ? "–" : when(row.time, state.now)}</span>
      <span class="kind" role="gridcell">${kindOf(row.kind, ending)}</span>
    </div>`;
  }

  #field(row: Row): TemplateResult {
    const done = (event: Event, keep: boolean): void => {
      const field = event.target as HTMLInputElement;
      if (this.#renamingSince === null) return;
      this.#renamingSince = null;
      this.#actions.renamed(keep && field.value !== row.name ? field.value : null);
    };
    return html`<input
      class="rename"
      aria-label="New name"
      autocomplete="off"
      spellcheck="false"
      .value=${row.name}
      @keydown=${(event: KeyboardEvent) => {
        event.stopPropagation();
        if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault();
        done(event, event.key === "Enter");
        this.focus();
      }}
      @pointerdown=${(event: Event) => {
        event.stopPropagation();
      }}
      @dblclick=${(event: Event) => {
        event.stopPropagation();
      }}
      @blur=${(event: Event) => {
        done(event, true);
      }}
    />`;
  }

  /** The field gets the focus when it appears, with the name chosen and not the ending. */
  #focusName(renaming: string | null): void {
    if (renaming === this.#renamingSince) return;
    this.#renamingSince = renaming;
    if (renaming === null) return;
    queueMicrotask(() => {
      const field = this.#element.value?.querySelector<HTMLInputElement>("input.rename");
      if (!field) return;
      field.focus({ preventScroll: true });
      field.setSelectionRange(0, stem(field.value));
    });
  }

  readonly #moved = (): void => {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#look();
      });
    }
  };

  /** After each rendering: the list may have another height, or rows another size. */
  laidOut(): void {
    this.#look();
  }

  #measure(list: HTMLElement): void {
    const row = list.querySelector<HTMLElement>(".row");
    if (row !== null && row.offsetHeight > 0) this.#rowPixels = row.offsetHeight;
    const heads = list.querySelector<HTMLElement>(".heads");
    if (heads !== null) this.#headPixels = heads.offsetHeight;
  }

  #look(): void {
    const list = this.#element.value;
    if (list === undefined || list.clientHeight === 0) return;
    this.#measure(list);
    const { first, last } = inSight(list.scrollTop, list.clientHeight, this.#rowPixels, this.#model.view.length);
    if (first === this.#first && last === this.#last) return;
    this.#first = first;
    this.#last = last;
    this.#actions.changed();
  }

  readonly #pressed = (event: PointerEvent): void => {
    this.#deferred = -1;
    if (event.pointerType === "touch" || event.button !== 0) return;
    const index = indexOf(event.target);
    if (index < 0) {
      if (!(event.target as Element).closest(".heads")) this.#chosen(() => { this.#model.selectNone(); });
      return;
    }
    if ((event.target as Element).closest("[data-tick]") && matchMedia("(pointer: coarse)").matches) return;
    this.focus();
    const item = this.#model.view[index];
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
    if (plain && item !== undefined && this.#model.isSelected(item.key)) {
      this.#deferred = index;
      this.#chosen(() => { this.#model.move(index); });
    } else this.#pick(index, growth(event));
  };

  readonly #clicked = (event: PointerEvent): void => {
    const index = indexOf(event.target);
    if (index < 0 || (event.target as Element).closest("input")) return;
    if (event.pointerType === "touch") {
      this.#tapped(index, (event.target as Element).closest("[data-tick]") !== null);
      return;
    }
    if (this.#deferred === index) this.#pick(index, "one");
    this.#deferred = -1;
  };

  /** Fingers have no modifiers and no second click: a tick selects, and the name opens unless something is selected. */
  #tapped(index: number, tick: boolean): void {
    const row = this.#model.view[index];
    if (row === undefined) return;
    if (tick || this.#model.selectedCount > 0) this.#pick(index, "toggle");
    else {
      this.#chosen(() => { this.#model.move(index); });
      this.#actions.open(row);
    }
  }

  readonly #twice = (event: MouseEvent): void => {
    const row = this.rowAt(event.target);
    if (row !== null && !(event.target as Element).closest("input")) this.#actions.open(row);
  };

  readonly #key = (event: KeyboardEvent): void => {
    if (event.target !== this.#element.value) return;
    if (this.#steer(event) || this.#command(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  /** Arrows and their like; true if it was one. */
  #steer(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    const { view, cursor } = this.#model;
    const page = Math.max(1, Math.floor(((this.#element.value?.clientHeight ?? 0) - this.#headPixels) / this.#rowPixels) - 1);
    const to: Partial<Record<string, number>> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor < 0 ? 0 : cursor - 1,
      PageDown: Math.max(0, cursor) + page,
      PageUp: cursor - page,
      Home: 0,
      End: view.length - 1,
    };
    const wanted = to[event.key];
    if (wanted === undefined) return false;
    if (view.length === 0) return true;
    const index = Math.max(0, Math.min(view.length - 1, wanted));
    const control = event.ctrlKey || event.metaKey;
    if (control && !event.shiftKey) this.#chosen(() => { this.#model.move(index); });
    else this.#pick(index, event.shiftKey ? (control ? "add" : "range") : "one");
    this.reveal();
    return true;
  }

  #command(event: KeyboardEvent): boolean {
    const actions = this.#actions;
    const row = this.#model.active;
    const control = event.ctrlKey || event.metaKey;
    const command: Partial<Record<string, () => void>> = {
      Enter: () => { if (row !== null) actions.open(row); },
      "alt Enter": actions.properties,
      "control Enter": actions.transfer,
      Backspace: actions.up,
      "alt ArrowUp": actions.up,
      F2: actions.rename,
      F3: actions.look,
      F5: actions.refresh,
      F7: actions.make,
      Delete: actions.remove,
      " ": () => { this.#pick(Math.max(0, this.#model.cursor), "toggle"); },
      "control  ": () => { this.#pick(Math.max(0, this.#model.cursor), "toggle"); },
      "control a": () => { this.#chosen(() => { this.#model.selectAll(); }); },
      "control h": actions.hidden,
      "control f": actions.filter,
      "/": actions.filter,
    };
    const name = `${event.altKey ? "alt " : ""}${control ? "control " : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    const run = command[name];
    if (run !== undefined) run();
    else if (event.key === "Escape" && this.#model.selectedCount > 0) this.#chosen(() => { this.#model.selectNone(); });
    else if (event.key.length === 1 && !control && !event.altKey) actions.typed(event.key);
    else return false;
    return true;
  }

  #pick(index: number, grow: Grow): void {
    this.#chosen(() => { this.#model.pick(index, grow); });
  }

  #chosen(change: () => void): void {
    change();
    this.#actions.changed();
  }
}

function growth(event: MouseEvent): Grow {
  const control = event.ctrlKey || event.metaKey;
  return event.shiftKey ? (control ? "add" : "range") : control ? "toggle" : "one";
}

function indexOf(target: EventTarget | null): number {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  return row === null ? -1 : Number(row.dataset["index"]);
}

function titleOf(row: Row): string {
  const name = visible(row.name);
  const target = row.entry?.target ?? "";
  return target === "" ? name : `${name} → ${target}`;
}
