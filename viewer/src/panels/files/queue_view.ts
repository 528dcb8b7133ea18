/** What is on its way: each transfer with its progress, and what can be done about it. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import type { Transfer } from "../../files/api";
import { vars } from "../vars";
import type { Summary } from "../../app/transfers";
import { count, span, speed } from "./amounts";
import { type FilesIcon, icon } from "./icons";
import { wholeName } from "./name_view";
import { FAULTS, brief, share, status } from "./words";

export interface QueueLook {
  readonly items: readonly Transfer[];
  readonly summary: Summary;
  /** Whether the list is seen, or only the line above it. */
  readonly open: boolean;
  readonly connected: boolean;
}

export interface QueueActions {
  readonly toggle: () => void;
  readonly pause: (id?: string) => void;
  readonly resume: (id?: string) => void;
  readonly retry: (id?: string) => void;
  readonly cancel: (id: string) => void;
  readonly clear: () => void;
  readonly move: (id: string, before: string | null) => void;
  readonly answer: (id: string) => void;
  readonly permit: (id?: string) => void;
  readonly supply: (transfer: Transfer) => void;
  readonly save: (id: string) => void;
}

/** More than these are a number below the list. */
const SHOWN = 100;
const ORDER: readonly (readonly Transfer["state"][])[] = [
  ["asking", "permission", "source"],
  ["running", "checking", "waiting", "paused"],
  ["failed"],
  ["done", "skipped"],
];
const OVER: readonly Transfer["state"][] = ["done", "skipped", "failed"];

export function queueView({ items, summary, open, connected }: QueueLook, actions: QueueActions): TemplateResult {
  const has = (...states: readonly Transfer["state"][]): boolean => items.some((item) => states.includes(item.state));
  return html`<section class="queue ${open ? "open" : ""}" aria-label="Transfers">
    <header>
      <button type="button" class="tool worded" aria-expanded=${String(open)} aria-controls="files-queue" @click=${actions.toggle}>
        ${icon(open ? "down" : "up")}<b>Transfers</b>
      </button>
      <p class="sum">${sum(summary, items.length, connected)}</p>
      <div class="tools">
        ${has("permission") ? worded("check", "Allow", () => { actions.permit(); }) : nothing}
        ${has("failed") ? button("again", "Retry all that failed", () => { actions.retry(); }) : nothing}
        ${has("waiting", "running") ? button("pause", "Pause all", () => { actions.pause(); }) : nothing}
        ${has("paused") ? button("play", "Resume all", () => { actions.resume(); }) : nothing}
        ${has(...OVER) ? worded("list", "Clear done", actions.clear) : nothing}
      </div>
      ${summary.share === null ? nothing : html`<i class="bar" ${vars({ "--share": String(summary.share) })} aria-hidden="true"></i>`}
    </header>
    ${open ? list(items, actions) : nothing}
  </section>`;
}

function sum(summary: Summary, all: number, connected: boolean): string {
  if (all === 0) return "Nothing is on its way";
  if (!connected && summary.active > 0) return "The line is cut: it goes on by itself";
  const left = summary.secondsLeft === null ? "" : span(summary.secondsLeft);
  const parts = [
    summary.active > 0 ? `${count(summary.active, "transfer")} to go` : "",
    summary.speed > 0 ? speed(summary.speed) : "",
    left === "" ? "" : `${left} left`,
    summary.asking > 0 ? `${summary.asking} waiting for you` : "",
    summary.failed > 0 ? `${summary.failed} failed` : "",
  ];
  return parts.filter(Boolean).join(" · ") || "All done";
}

function list(items: readonly Transfer[], actions: QueueActions): TemplateResult {
  // What waits for a person comes first, then what moves, in the order of the work; then what failed, and what is done.
  const shown = ORDER.flatMap((states) => items.filter((item) => states.includes(item.state)));
  return html`<ol id="files-queue" class="transfers" @keydown=${(event: KeyboardEvent) => { steer(event, items, actions); }}>
    ${items.length === 0 ? html`<li class="nothing">What you send and fetch is listed here, and goes on while you use the desktop.</li>` : nothing}
    ${repeat(
      shown.slice(0, SHOWN),
      (item) => item.id,
      (item) => row(item, items, actions),
    )}
    ${shown.length > SHOWN ? html`<li class="nothing">and ${(shown.length - SHOWN).toLocaleString("en")} more</li>` : nothing}
  </ol>`;
}

function row(item: Transfer, items: readonly Transfer[], actions: QueueActions): TemplateResult {
  const { id, state, direction } = item;
  const part = share(item);
  const going = state === "waiting" || state === "running" || state === "checking" || state === "paused";
  const percent = part === null ? nothing : Math.floor(part * 100);
  return html`<li class="transfer ${state} ${item.error?.name === "infected" ? "infected" : ""}" tabindex="0" data-id=${id} aria-label="${item.name}: ${status(item)}">
    <span class="way" title=${direction === "upload" ? "Sent to the host" : "Fetched from the host"}>${icon(item.error?.name === "infected" ? "shield" : direction === "upload" ? "send" : "fetch")}</span>
    <div class="what">
      <p class="title" title=${item.path}>${wholeName(item.name)}</p>
      <p class="status">${status(item)}</p>
      ${state === "failed" && item.error !== null ? html`<p class="cure">${FAULTS[item.error.name].cure}</p>` : nothing}
      ${item.failures.length === 0 ? nothing : failures(item)}
      ${going
        ? html`<div
            class="progress ${part === null || state === "checking" ? "unknown" : ""}"
            role="progressbar"
            aria-label=${item.name}
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=${percent}
          >
            <i ${vars({ "--share": String(part ?? 0) })}></i>
          </div>`
        : nothing}
    </div>
    <div class="tools">${buttons(item, items, actions)}</div>
  </li>`;
}

function failures({ failures: all, files }: Transfer): TemplateResult {
  const more = (files?.failed ?? all.length) - all.length;
  return html`<details>
    <summary>${count(files?.failed ?? all.length, "file")} failed</summary>
    <ul>
      ${all.map(({ name, error }) => html`<li>${wholeName(name)}<small>${brief(error)}</small></li>`)}
      ${more > 0 ? html`<li><small>and ${more.toLocaleString("en")} more</small></li>` : nothing}
    </ul>
  </details>`;
}

function buttons(item: Transfer, items: readonly Transfer[], actions: QueueActions): TemplateResult {
  const { id, state, error } = item;
  const [above, below] = neighbours(id, items);
  return html`
    ${state === "asking" ? worded("check", "Decide", () => { actions.answer(id); }) : nothing}
    ${state === "permission" ? worded("check", "Allow", () => { actions.permit(id); }) : nothing}
    ${state === "source" ? worded("search", "Choose again", () => { actions.supply(item); }) : nothing}
    ${state === "waiting" || state === "running" ? button("pause", "Pause", () => { actions.pause(id); }) : nothing}
    ${state === "paused" ? button("play", "Resume", () => { actions.resume(id); }) : nothing}
    ${state === "failed" && (error === null || FAULTS[error.name].again === true || item.files !== null) ? button("again", "Retry", () => { actions.retry(id); }) : nothing}
    ${state === "done" && item.saveable ? button("fetch", "Save once more", () => { actions.save(id); }) : nothing}
    ${OVER.includes(state)
      ? nothing
      : html`${button("up", "Earlier", () => { actions.move(id, above); }, above === null)}
        ${button("down", "Later", () => { actions.move(id, below); }, below === null && items.at(-1)?.id === id)}`}
    ${button("close", OVER.includes(state) ? "Take off the list" : "Cancel", () => { actions.cancel(id); })}
  `;
}

/** Before which item this one goes to come earlier, and later; null where it cannot, or to the end. */
function neighbours(id: string, items: readonly Transfer[]): readonly [string | null, string | null] {
  const at = items.findIndex((item) => item.id === id);
  return [items[at - 1]?.id ?? null, items[at + 2]?.id ?? null];
}

/** On an item: Alt and an arrow move it, Space pauses it, Enter decides, Delete cancels. */
function steer(event: KeyboardEvent, items: readonly Transfer[], actions: QueueActions): void {
  const element = event.target as HTMLElement;
  const item = items.find((one) => one.id === element.dataset["id"]);
  if (item === undefined) return;
  const [above, below] = neighbours(item.id, items);
  const run: Partial<Record<string, () => void>> = {
    ArrowUp: () => {
      if (!event.altKey) (element.previousElementSibling as HTMLElement | null)?.focus();
      else if (above !== null) actions.move(item.id, above);
    },
    ArrowDown: () => {
      if (!event.altKey) (element.nextElementSibling as HTMLElement | null)?.focus();
      else actions.move(item.id, below);
    },
    " ": () => {
      if (item.state === "paused") actions.resume(item.id);
      else actions.pause(item.id);
    },
    Enter: () => {
      if (item.state === "asking") actions.answer(item.id);
    },
    Delete: () => {
      actions.cancel(item.id);
    },
  };
  const does = run[event.key];
  if (does === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  does();
}

function button(name: FilesIcon, label: string, run: () => void, disabled = false): TemplateResult {
  return html`<button type="button" class="tool" title=${label} aria-label=${label} ?disabled=${disabled} @click=${run}>${icon(name)}</button>`;
}

function worded(name: FilesIcon, label: string, run: () => void): TemplateResult {
  return html`<button type="button" class="tool worded" @click=${run}>${icon(name)}<span class="label">${label}</span></button>`;
}
