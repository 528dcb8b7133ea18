/** A question or a page over the manager: the browser's own dialog, which keeps the focus and gives it back. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { keyed } from "lit/directives/keyed.js";
import { type Ref, createRef, ref } from "lit/directives/ref.js";
import { icon } from "./icons";

export interface Choice {
  readonly label: string;
  readonly danger?: boolean;
  readonly quiet?: boolean;
  /** May refuse with a sentence; the dialog says it and stays. */
  readonly run: () => Promise<string | null> | null;
}

export interface Ask {
  readonly title: string;
  readonly body: TemplateResult;
  /** The first is what Enter does. */
  readonly choices: readonly Choice[];
  /** The button that changes nothing; none where the cross is enough. */
  readonly cancel?: string;
  readonly wide?: boolean;
  readonly closed?: () => void;
  /** Keys beside Escape and Enter; true if it was one. */
  readonly key?: (event: KeyboardEvent) => boolean;
}

export class Dialog {
  readonly #changed: () => void;
  readonly #element: Ref<HTMLDialogElement> = createRef();
  #ask: (() => Ask) | null = null;
  #turn = 0;
  #opened = 0;
  #busy = false;
  #problem = "";

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get open(): boolean {
    return this.#ask !== null;
  }

  /** Shows it; the function is asked anew at each rendering, so that its body may change. */
  show(ask: () => Ask): void {
    this.#ask?.().closed?.();
    this.#ask = ask;
    this.#turn++;
    this.#busy = false;
    this.#problem = "";
    this.#changed();
  }

  close(): void {
    this.#element.value?.close();
  }

  /** Opens what was rendered: the browser moves the focus into it. */
  laidOut(): void {
    const dialog = this.#element.value;
    // Once each: one that was just closed is still rendered until the browser has told so.
    if (this.#ask === null || dialog === undefined || this.#opened === this.#turn) return;
    this.#opened = this.#turn;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[autofocus], footer button")?.focus();
  }

  view(): TemplateResult | typeof nothing {
    const ask = this.#ask?.();
    if (ask === undefined) return nothing;
    return html`${keyed(this.#turn, this.#dialog(ask))}`;
  }

  #dialog(ask: Ask): TemplateResult {
    const [first] = ask.choices;
    return html`<dialog
      ${ref(this.#element)}
      class="files-dialog ${ask.wide ? "roomy" : ""}"
      aria-labelledby="files-dialog-title"
      @close=${() => {
        this.#ask = null;
        ask.closed?.();
        this.#changed();
      }}
      @cancel=${(event: Event) => {
        if (this.#busy) event.preventDefault();
      }}
      @keydown=${(event: KeyboardEvent) => {
        event.stopPropagation();
        if (ask.key?.(event) === true) event.preventDefault();
      }}
    >
      <form
        method="dialog"
        novalidate
        @submit=${(event: Event) => {
          event.preventDefault();
          if (first !== undefined) void this.#run(first);
          else this.close();
        }}
      >
        <header>
          <h2 id="files-dialog-title">${ask.title}</h2>
          <button type="button" class="tool" aria-label="Close" ?disabled=${this.#busy} @click=${() => { this.close(); }}>${icon("close")}</button>
        </header>
        <div class="body">${ask.body}</div>
        <p class="problem" role="alert">${this.#problem}</p>
        ${ask.choices.length === 0 && ask.cancel === undefined ? nothing : this.#footer(ask)}
      </form>
    </dialog>`;
  }

  #footer(ask: Ask): TemplateResult {
    return html`<footer>
      ${ask.choices.map(
        (choice, at) =>
          html`<button
            type=${at === 0 ? "submit" : "button"}
            class="${at === 0 && choice.quiet !== true ? "primary" : "secondary"} small ${choice.danger ? "danger" : ""}"
            ?disabled=${this.#busy}
            @click=${at === 0 ? nothing : () => void this.#run(choice)}
          >
            ${choice.label}
          </button>`,
      )}
      ${ask.cancel === undefined
        ? nothing
        : html`<button type="button" class="secondary small" ?disabled=${this.#busy} @click=${() => { this.close(); }}>${ask.cancel}</button>`}
    </footer>`;
  }

  async #run(choice: Choice): Promise<void> {
    if (this.#busy) return;
    const turn = this.#turn;
    this.#busy = true;
    this.#problem = "";
    this.#changed();
    const problem = await choice.run();
    // What was done may have opened the next question.
    if (turn !== this.#turn) return;
    this.#busy = false;
    this.#problem = problem ?? "";
    if (problem === null) this.close();
    this.#changed();
  }
}
