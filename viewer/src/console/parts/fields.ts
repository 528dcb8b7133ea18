/** Form fields with their labels, hints and problems joined for those who cannot see them. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { live } from "lit/directives/live.js";

export interface Field {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly input: (text: string) => void;
  readonly hint?: string | TemplateResult;
  /** What is wrong with it; "" if nothing is known to be. */
  readonly problem?: string;
  readonly type?: "text" | "password" | "search" | "number" | "time" | "datetime-local" | "date";
  readonly complete?: string;
  readonly mode?: "numeric" | "text";
  readonly placeholder?: string;
  readonly optional?: boolean;
  readonly longest?: number;
  readonly code?: boolean;
  readonly focus?: boolean;
}

export function field(given: Field): TemplateResult {
  const problem = given.problem ?? "";
  const below = problem !== "" || given.hint !== undefined;
  return html`<div class="field">
    <label for=${given.id}>${given.label}${given.optional ? html` <span class="optional">optional</span>` : nothing}</label>
    <input
      id=${given.id}
      name=${given.id}
      class=${given.code ? "mono" : ""}
      type=${given.type ?? "text"}
      .value=${live(given.value)}
      autocomplete=${given.complete ?? "off"}
      inputmode=${given.mode ?? "text"}
      placeholder=${given.placeholder ?? nothing}
      maxlength=${given.longest ?? 200}
      spellcheck="false"
      ?autofocus=${given.focus ?? false}
      aria-describedby=${below ? `${given.id}-hint` : nothing}
      aria-invalid=${problem === "" ? nothing : "true"}
      @input=${(event: Event) => {
        given.input((event.target as HTMLInputElement).value);
      }}
    />
    ${below ? html`<p id="${given.id}-hint" class="hint ${problem === "" ? "" : "problem"}">${problem === "" ? given.hint : problem}</p>` : nothing}
  </div>`;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function select(
  id: string,
  label: string,
  value: string,
  choices: readonly Choice[],
  change: (value: string) => void,
  hint?: string,
): TemplateResult {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select
      id=${id}
      aria-describedby=${hint ? `${id}-hint` : nothing}
      @change=${(event: Event) => {
        change((event.target as HTMLSelectElement).value);
      }}
    >
      ${choices.map((choice) => html`<option value=${choice.value} ?selected=${choice.value === value}>${choice.label}</option>`)}
    </select>
    ${hint ? html`<p id="${id}-hint" class="hint">${hint}</p>` : nothing}
  </div>`;
}

export function tick(id: string, label: string | TemplateResult, on: boolean, change: (on: boolean) => void, hint?: string): TemplateResult {
  return html`<div class="tick">
    <input
      type="checkbox"
      id=${id}
      .checked=${live(on)}
      aria-describedby=${hint ? `${id}-hint` : nothing}
      @change=${(event: Event) => {
        change((event.target as HTMLInputElement).checked);
      }}
    />
    <label for=${id}>${label}</label>
    ${hint ? html`<p id="${id}-hint" class="hint">${hint}</p>` : nothing}
  </div>`;
}
