/** Over the greyed last picture while the line is cut: what is being tried, and how long that makes sense. */
import { type TemplateResult, html } from "lit/html.js";
import { icon } from "./icons";
import { seconds } from "./plain";

export interface Cut {
  readonly attempt: number;
  /** Milliseconds to the next attempt, 0 while one is under way. */
  readonly next: number;
  /** Milliseconds for which the host keeps the session. */
  readonly grace: number;
  readonly offline: boolean;
}

export interface CutActions {
  readonly retry: () => void;
  readonly end: () => void;
}

export function cutPanel(cut: Cut, actions: CutActions): TemplateResult {
  const trying = cut.next <= 0;
  const where = cut.offline ? "This computer is offline." : "The connection to the host broke off.";
  return html`<div class="veil">
    <section class="card" role="alertdialog" aria-labelledby="cut-title" aria-describedby="cut-what">
      <h2 id="cut-title" tabindex="-1"><span class="pulse" aria-hidden="true"></span>The line is cut</h2>
      <p id="cut-what">${where} All keys were released there. The session is taken up again by itself, without a new code.</p>
      <dl class="facts">
        <div><dt>Now</dt><dd>${trying ? `Trying, attempt ${cut.attempt}` : `Attempt ${cut.attempt} in ${seconds(cut.next / 1000)}`}</dd></div>
        <div><dt>The host waits</dt><dd>${cut.grace > 0 ? `${seconds(cut.grace / 1000)} more` : "no longer"}</dd></div>
      </dl>
      <div class="actions">
        <button type="button" class="primary" @click=${actions.retry} ?disabled=${trying}>Try now</button>
        <button type="button" class="secondary danger" @click=${actions.end}>${icon("end")}End</button>
      </div>
    </section>
  </div>`;
}
