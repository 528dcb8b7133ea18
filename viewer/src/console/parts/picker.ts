/** Choosing one of many by searching for it: one person, one computer. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { live } from "lit/directives/live.js";
import { faultOf } from "../api/errors";
import type { Named } from "../api/types";
import { named } from "../words";
import { icon } from "./icons";

const TYPING = 150;

export class Picker {
  chosen: Named | null;
  private text = "";
  private found: readonly Named[] | null = null;
  private problem = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private turn = 0;

  constructor(
    private readonly given: {
      readonly id: string;
      readonly label: string;
      readonly search: (text: string) => Promise<readonly Named[]>;
      readonly changed: () => void;
      readonly chosen: Named | null;
      readonly placeholder?: string;
    },
  ) {
    this.chosen = given.chosen;
  }

  view(): TemplateResult {
    const { id, label } = this.given;
    if (this.chosen) {
      return html`<div class="field">
        <span class="label" id="${id}-label">${label}</span>
        <p class="picked"><bdi>${named(this.chosen.name)}</bdi><button type="button" class="quiet" aria-describedby="${id}-label" @click=${() => { this.choose(null); }}>Change</button></p>
      </div>`;
    }
    return html`<div class="field picker">
      <label for=${id}>${label}</label>
      <div class="searching">
        ${icon("search")}
        <input id=${id} type="search" autocomplete="off" maxlength="128" placeholder=${this.given.placeholder ?? "Search by name"} aria-describedby="${id}-found" .value=${live(this.text)} @focus=${() => { this.look(0); }} @input=${this.typed} />
      </div>
      <div id="${id}-found" role="status">${this.problem !== "" ? html`<p class="problem">${this.problem}</p>` : nothing}${this.found?.length === 0 ? html`<p class="hint">Nothing by that name.</p>` : nothing}</div>
      ${this.found && this.found.length > 0
        ? html`<ul class="found" aria-label="Found">${this.found.map((one) => html`<li><button type="button" class="quiet" @click=${() => { this.choose(one); }}><bdi>${named(one.name)}</bdi></button></li>`)}</ul>`
        : nothing}
    </div>`;
  }

  private choose(one: Named | null): void {
    this.chosen = one;
    this.found = null;
    this.text = "";
    this.given.changed();
  }

  private readonly typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
    this.look(TYPING);
  };

  private look(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const turn = ++this.turn;
      this.given.search(this.text.trim()).then(
        (found) => {
          if (turn !== this.turn) return;
          this.found = found;
          this.problem = "";
          this.given.changed();
        },
        (error: unknown) => {
          if (turn !== this.turn) return;
          this.problem = faultOf(error).message;
          this.given.changed();
        },
      );
    }, wait);
  }
}
