/** A button that opens a short list: by mouse, by keys (arrows, Home, End, Escape), for screen readers as a menu. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { type IconName, icon } from "./icons";

export interface MenuItem {
  readonly label: string;
  /** A second line or the keys that do the same. */
  readonly note?: string;
  /** Given for one of several: whether it is the chosen one. */
  readonly chosen?: boolean;
  readonly disabled?: boolean;
  readonly run: () => void;
}

export interface Menu {
  readonly id: string;
  readonly label: string;
  /** What is chosen, beside the label. */
  readonly value?: string;
  /** The word on the button, where that is neither of the two. */
  readonly shown?: string;
  readonly icon: IconName;
  readonly items: readonly MenuItem[];
  /** Text above the items. */
  readonly heading?: string | TemplateResult;
  readonly danger?: boolean;
}

export interface MenuHolder {
  /** The menu that is open, empty if none. */
  readonly open: string;
  readonly toggle: (id: string) => void;
}

export function menu(menu: Menu, holder: MenuHolder): TemplateResult {
  const open = holder.open === menu.id;
  return html`<div
    class="menu"
    @keydown=${(event: KeyboardEvent) => {
      steer(event, menu.id, holder);
    }}
  >
    <button
      type="button"
      class="tool ${menu.danger ? "danger" : ""}"
      aria-haspopup="menu"
      aria-expanded=${open ? "true" : "false"}
      aria-label=${menu.value ? `${menu.label}: ${menu.value}` : menu.label}
      title=${menu.label}
      @click=${() => {
        holder.toggle(menu.id);
      }}
    >
      ${icon(menu.icon)}<span class="label">${menu.shown ?? menu.value ?? menu.label}</span>${icon("down")}
    </button>
    ${open ? list(menu, holder) : nothing}
  </div>`;
}

function list(menu: Menu, holder: MenuHolder): TemplateResult {
  return html`<div class="list" role="menu" aria-label=${menu.label}>
    ${menu.heading ? html`<div class="heading" role="presentation">${menu.heading}</div>` : nothing}
    ${menu.items.map((item) => {
      const run = (): void => {
        holder.toggle(menu.id);
        item.run();
      };
      const choice = item.chosen !== undefined;
      return html`<button
        type="button"
        class="item"
        role=${choice ? "menuitemradio" : "menuitem"}
        aria-checked=${choice ? String(item.chosen) : nothing}
        tabindex="-1"
        ?disabled=${item.disabled ?? false}
        @click=${run}
      >
        <span class="tick">${item.chosen ? icon("check") : nothing}</span>
        <span class="what">${item.label}${item.note ? html`<small>${item.note}</small>` : nothing}</span>
      </button>`;
    })}
  </div>`;
}

function steer(event: KeyboardEvent, id: string, holder: MenuHolder): void {
  const root = event.currentTarget as HTMLElement;
  const open = holder.open === id;
  if (!open) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    holder.toggle(id);
    return;
  }
  const items = [...root.querySelectorAll<HTMLButtonElement>(".item:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const next: Partial<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at <= 0 ? items.length : at) - 1,
    Home: 0,
    End: items.length - 1,
  };
  const to = next[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[to]?.focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    holder.toggle(id);
    root.querySelector<HTMLButtonElement>(".tool")?.focus();
  } else if (event.key === "Tab") {
    holder.toggle(id);
  }
}
