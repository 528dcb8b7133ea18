/** What lies over the picture: the bar, messages, statistics, on-screen keys, and the panel of a line that is cut. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import type { RightsState } from "../app/rights_desk";
import type { CopiedState } from "../app/copied";
import type { Toast } from "../app/toasts";
import { type BarActions, type BarState, bar } from "./bar";
import { type CopiedActions, copiedNotice } from "./copied";
import { type Cut, cutPanel } from "./cut";
import { icon } from "./icons";
import { type KeyBarActions, type KeyBarState, keyBar } from "./keybar";
import type { Origin } from "./page";
import { plain } from "./plain";
import { type RightsActions, rightsPanel } from "./rights";
import { type StatisticsState, statisticsPanel } from "./statistics";

export interface DesktopState {
  readonly cut: Cut | null;
  /** Why there is no picture although the line stands; empty if there is one. */
  readonly displayGone: string;
  /** Files that stand copied on the host. */
  readonly copied: CopiedState | null;
  readonly toasts: readonly Toast[];
  readonly touch: boolean;
  readonly bar: BarState;
  readonly keys: KeyBarState | null;
  readonly statistics: StatisticsState | null;
  readonly rights: RightsState | null;
  /** What the person at the host says of a pause, null if there is none. */
  readonly paused: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly origin: Origin;
}

export interface DesktopActions {
  readonly bar: BarActions;
  readonly keys: KeyBarActions;
  readonly rights: RightsActions;
  readonly copied: CopiedActions;
  /** The mouse came onto the bar or left it. */
  readonly hover: (over: boolean) => void;
  readonly show: () => void;
  readonly openKeys: () => void;
  readonly closeStatistics: () => void;
  readonly retry: () => void;
  readonly end: () => void;
}

export function desktop(state: DesktopState, actions: DesktopActions): TemplateResult {
  const cut = state.cut !== null;
  return html`
    <div
      class="top"
      @pointerenter=${() => {
        actions.hover(true);
      }}
      @pointerleave=${() => {
        actions.hover(false);
      }}
    >
      ${state.touch && !state.bar.shown && !cut
        ? html`<button type="button" class="handle" aria-label="Show the bar" @click=${actions.show}></button>`
        : nothing}
      ${cut ? nothing : bar(state.bar, actions.bar)}
    </div>
    ${state.paused !== null && !cut ? paused(state.paused, actions.end) : nothing}
    ${state.displayGone !== "" && state.paused === null && !cut ? gone(state.displayGone, actions.end) : nothing}
    ${state.cut ? cutPanel(state.cut, actions) : nothing}
    ${state.statistics ? statisticsPanel(state.statistics, actions.closeStatistics, state.origin) : nothing}
    ${state.rights && !cut ? rightsPanel(state.rights, state.now, actions.rights) : nothing}
    <div class="toasts">
      ${state.copied?.open === true && !cut && state.paused === null ? copiedNotice(state.copied, state.bar.hostName, actions.copied) : nothing}
      ${repeat(
        state.toasts,
        (toast) => toast.id,
        (toast) => html`<p class="toast ${toast.tone}">${toast.text}</p>`,
      )}
    </div>
    ${keys(state, actions)}
  `;
}

function keys(state: DesktopState, actions: DesktopActions): TemplateResult | typeof nothing {
  if (!state.touch || state.cut !== null || !state.bar.control) return nothing;
  if (state.keys) return keyBar(state.keys, actions.keys);
  return html`<button type="button" class="raise" aria-label="Keys and keyboard" @click=${actions.openKeys}>${icon("keys")}</button>`;
}

function paused(text: string, end: () => void): TemplateResult {
  const said = plain(text);
  return html`<div class="veil">
    <section class="card" role="alertdialog" aria-labelledby="paused-title" aria-describedby="paused-what">
      <h2 id="paused-title">${icon("pause")}The session is paused</h2>
      <p id="paused-what">
        The person at the host paused it. Nothing is shown and nothing is done there until they go on; then the picture comes
        back by itself.
      </p>
      ${said === "" ? nothing : html`<blockquote><span class="who">The host says:</span> <bdi>${said}</bdi></blockquote>`}
      <div class="actions">
        <button type="button" class="secondary danger" @click=${end}>${icon("end")}End</button>
      </div>
    </section>
  </div>`;
}

function gone(why: string, end: () => void): TemplateResult {
  return html`<div class="veil">
    <section class="card" role="alertdialog" aria-labelledby="gone-title">
      <h2 id="gone-title">There is no picture</h2>
      <p><bdi>${why}</bdi> The line stands: the picture comes back by itself when the host has a display again.</p>
      <div class="actions">
        <button type="button" class="secondary danger" @click=${end}>${icon("end")}End</button>
      </div>
    </section>
  </div>`;
}
