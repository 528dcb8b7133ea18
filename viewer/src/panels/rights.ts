/** Rights in a session: what is held and until when, what can be given back, and what can be asked for. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Held } from "../app/bridge";
import { SPANS, left } from "../app/rights";
import type { RightsState, Wanted } from "../app/rights_desk";
import type { Capability } from "../gen/messages";
import { icon } from "./icons";
import { plain, seconds } from "./plain";

/** What each right lets one do, in a word and in a line. */
export const RIGHTS: Readonly<Record<Capability, { readonly name: string; readonly lets: string }>> = {
  view: { name: "View", lets: "See the screen" },
  control: { name: "Control", lets: "Use keyboard and pointer" },
  clipboard: { name: "Clipboard", lets: "Share copied text" },
  "files-read": { name: "Read files", lets: "Fetch files from there" },
  "files-write": { name: "Write files", lets: "Send files there" },
  shell: { name: "Shell", lets: "Run commands" },
  manage: { name: "Manage", lets: "Processes, services, restart" },
  record: { name: "Record", lets: "Keep a film of the session" },
};

export interface RightsActions {
  readonly want: (change: Partial<Wanted>) => void;
  readonly ask: () => void;
  readonly letGo: (capability: Capability) => void;
  readonly close: () => void;
}

/** `now` in milliseconds since the epoch. */
export function rightsPanel(state: RightsState, now: number, actions: RightsActions): TemplateResult {
  return html`<aside class="statistics rights" aria-label="Rights">
    <header>
      <h2>Rights</h2>
      <button type="button" class="tool quiet" aria-label="Close the rights" @click=${actions.close}>${icon("close")}</button>
    </header>
    <ul class="held">
      ${state.rights.map((right) => row(right, now, actions))}
    </ul>
    ${state.missing.length > 0 ? more(state, actions) : html`<p class="note">All that can be granted is granted.</p>`}
  </aside>`;
}

/** The same as short as can be: `4:25`. */
export function endsShort(right: Held, now: number): string {
  const span = left(right, now);
  if (span === null) return "";
  return span >= 3_600_000 ? `until ${clock(right.until)}` : seconds(span / 1000).replace(" min", "");
}

/** When a right ends, for people. */
export function ends(right: Held, now: number): string {
  const span = left(right, now);
  if (span === null) return "for this session";
  return span >= 3_600_000 ? `until ${clock(right.until)}` : `${seconds(span / 1000)} more`;
}

function row(right: Held, now: number, actions: RightsActions): TemplateResult {
  const { name, lets } = RIGHTS[right.capability];
  const soon = right.until > 0 && right.until - now < 60_000;
  return html`<li>
    <span class="what"><b>${name}</b><small>${lets}</small></span>
    <span class="until ${soon ? "soon" : ""}">${ends(right, now)}</span>
    <button
      type="button"
      class="secondary small"
      aria-label=${`Give ${name} back`}
      @click=${() => {
        actions.letGo(right.capability);
      }}
    >
      Let go
    </button>
  </li>`;
}

function more(state: RightsState, actions: RightsActions): TemplateResult {
  const { wanted, asking, problem } = state;
  const busy = asking !== "";
  const submit = (event: Event): void => {
    event.preventDefault();
    actions.ask();
  };
  return html`<form class="ask" @submit=${submit}>
    <h3>Ask for more</h3>
    <div class="pair">
      <label>
        Right
        <select
          ?disabled=${busy}
          @change=${(event: Event) => {
            actions.want({ capability: (event.target as HTMLSelectElement).value as Capability });
          }}
        >
          ${state.missing.map(
            (one) => html`<option value=${one} .selected=${one === wanted.capability}>${RIGHTS[one].name}</option>`,
          )}
        </select>
      </label>
      <label>
        For
        <select
          ?disabled=${busy}
          @change=${(event: Event) => {
            actions.want({ seconds: Number((event.target as HTMLSelectElement).value) });
          }}
        >
          ${SPANS.map((span) => html`<option value=${span} .selected=${span === wanted.seconds}>${spanWords(span)}</option>`)}
        </select>
      </label>
    </div>
    <label>
      <span>Reason, shown to who decides</span>
      <input
        maxlength="200"
        autocomplete="off"
        ?disabled=${busy}
        .value=${wanted.reason}
        @input=${(event: Event) => {
          actions.want({ reason: (event.target as HTMLInputElement).value });
        }}
      />
    </label>
    ${busy
      ? html`<p class="note" role="status"><span class="pulse wait" aria-hidden="true"></span>${asking}</p>`
      : html`<button type="submit" class="primary">Ask</button>`}
    ${problem === "" ? nothing : html`<p class="problem" role="alert"><bdi>${plain(problem, 300)}</bdi></p>`}
  </form>`;
}

function spanWords(span: number): string {
  if (span === 0) return "the session";
  return span < 3600 ? `${span / 60} minutes` : span === 3600 ? "an hour" : `${span / 3600} hours`;
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
