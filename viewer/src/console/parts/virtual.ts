/** A long list in the page's own scrolling: only the rows in sight are in the document. */
import { type TemplateResult, html } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import { type Ref, createRef, ref } from "lit/directives/ref.js";
import { vars } from "../../panels/vars";

/** Rows kept ready above and below what is seen. */
const SPARE = 8;

/** Which rows of `total`, each `row` pixels high, are between `top` and `bottom` of the list's own pixels. */
export function inSight(top: number, bottom: number, row: number, total: number): readonly [first: number, last: number] {
  const first = Math.max(0, Math.floor(top / row) - SPARE);
  const last = Math.min(total, Math.ceil(bottom / row) + SPARE);
  return [Math.min(first, total), Math.max(last, Math.min(first, total))];
}

export interface Rows {
  readonly label: string;
  readonly total: number;
  readonly row: (index: number) => TemplateResult;
  /** These rows are looked at. */
  readonly seen: (first: number, last: number) => void;
}

export class VirtualList {
  first = 0;
  last = 0;
  private readonly element: Ref<HTMLElement> = createRef();
  private held = -1;
  private frame = 0;
  private rowPixels = 0;
  private focusNext = -1;

  constructor(private readonly changed: () => void) {}

  private readonly moved = (): void => {
    if (this.frame === 0) this.frame = requestAnimationFrame(this.look);
  };

  enter(): void {
    addEventListener("scroll", this.moved, { passive: true });
    addEventListener("resize", this.moved, { passive: true });
    this.moved();
  }

  leave(): void {
    removeEventListener("scroll", this.moved);
    removeEventListener("resize", this.moved);
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  view({ label, total, row, seen }: Rows): TemplateResult {
    if (this.rowPixels === 0) this.moved();
    const last = Math.min(Math.max(this.last, SPARE * 2), total);
    const first = Math.min(this.first, last);
    seen(first, last);
    const indices = Array.from({ length: last - first }, (_, n) => first + n);
    if (this.held >= 0 && this.held < total && (this.held < first || this.held >= last)) indices.push(this.held);
    queueMicrotask(this.focus);
    return html`<div
      ${ref(this.element)}
      class="virtual"
      role="list"
      aria-label=${label}
      ${vars({ "--rows": String(total) })}
      @keydown=${(event: KeyboardEvent) => {
        this.steer(event, total);
      }}
      @focusin=${(event: FocusEvent) => {
        this.held = indexOf(event.target);
      }}
      @focusout=${() => {
        this.held = -1;
      }}
    >
      ${repeat(
        indices,
        (index) => index,
        (index) =>
          html`<div class="row" role="listitem" aria-setsize=${total} aria-posinset=${index + 1} data-index=${index} ${vars({ "--at": String(index) })}>
            ${row(index)}
          </div>`,
      )}
    </div>`;
  }

  private readonly look = (): void => {
    this.frame = 0;
    const list = this.element.value;
    if (!list) return;
    const root = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const row = parseFloat(getComputedStyle(list).getPropertyValue("--row")) * root;
    if (!(row > 0)) return;
    const total = Number(list.style.getPropertyValue("--rows"));
    const top = -list.getBoundingClientRect().top;
    const [first, last] = inSight(top, top + innerHeight, row, Math.max(total, SPARE));
    if (first === this.first && last === this.last && row === this.rowPixels) return;
    this.first = first;
    this.last = last;
    this.rowPixels = row;
    this.changed();
  };

  /** Arrows go from row to row, wherever in the row the focus is. */
  private steer(event: KeyboardEvent, total: number): void {
    const at = indexOf(event.target);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
    const page = Math.max(1, Math.floor(innerHeight / Math.max(1, this.rowPixels)) - 2);
    const to: Partial<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: total - 1,
    };
    const wanted = to[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    this.focusNext = Math.max(0, Math.min(total - 1, wanted));
    const list = this.element.value;
    if (list) {
      const top = list.getBoundingClientRect().top + this.focusNext * this.rowPixels;
      const margin = this.rowPixels * 2;
      if (top < margin) scrollBy(0, top - margin);
      else if (top + this.rowPixels > innerHeight - margin) scrollBy(0, top + this.rowPixels + margin - innerHeight);
    }
    this.held = this.focusNext;
    this.changed();
  }

  private readonly focus = (): void => {
    if (this.focusNext < 0) return;
    queueMicrotask(() => {
      const row = this.element.value?.querySelector<HTMLElement>(`[data-index="${this.focusNext}"]`);
      const target = row?.querySelector<HTMLElement>("a[href], button");
      if (!target) return;
      this.focusNext = -1;
      target.focus({ preventScroll: true });
    });
  };
}

function indexOf(target: EventTarget | null): number {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  return row ? Number(row.dataset["index"]) : -1;
}
