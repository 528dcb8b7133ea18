/** What lies over the picture: the bar, messages, statistics, on-screen keys, and the panel of a line that is cut. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import type { Toast } from "../app/toasts";
import { type BarActions, type BarState, bar } from "./bar";
import { type Cut, cutPanel } from "./cut";
import { icon } from "./icons";
import { type KeyBarActions, type KeyBarState, keyBar } from "./keybar";
import type { Origin } from "./page";
import { type StatisticsState, statisticsPanel } from "./statistics";

export interface DesktopState {
  readonly cut: Cut | null;
  /** Why there is no picture although the line stands; empty if there is one. */
  readonly displayGone: string;
  readonly toasts: readonly Toast[];
  readonly touch: boolean;
  readonly bar: BarState;
  readonly keys: KeyBarState | null;
  readonly statistics: StatisticsState | null;
  readonly origin: Origin;
}

export interface DesktopActions {
  readonly bar: BarActions;
  readonly keys: KeyBarActions;
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
    ${state.displayGone !== "" && !cut ? gone(state.displayGone, actions.end) : nothing}
    ${state.cut ? cutPanel(state.cut, actions) : nothing}
    ${state.statistics ? statisticsPanel(state.statistics, actions.closeStatistics, state.origin) : nothing}
    <div class="toasts">
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
