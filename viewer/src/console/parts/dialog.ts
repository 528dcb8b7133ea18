/** A question or a form over the page: the browser's own dialog, which keeps the focus and gives it back. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { type Ref, createRef, ref } from "lit/directives/ref.js";
import { type Fault, faultOf } from "../api/errors";
import { icon } from "./icons";

export interface Ask {
  readonly title: string;
  readonly body: TemplateResult;
  /** What the button that does it says; none: there is only "Close". */
  readonly yes?: string;
  readonly danger?: boolean;
  /** May refuse by throwing; the dialog says why and stays. */
  readonly act?: () => Promise<void>;
  readonly closed?: () => void;
  readonly wide?: boolean;
}

export class Dialogs {
  private asked: (() => Ask) | null = null;
  private busy = false;
  private fault: Fault | null = null;
  private readonly element: Ref<HTMLDialogElement> = createRef();

  /** @param id tells two of them apart that may be open at once. */
  constructor(
    private readonly changed: () => void,
    private readonly id = "dialog",
  ) {}

  /** Show it; the function is asked anew at each rendering, so that its body may change. */
  open(ask: () => Ask): void {
    this.asked = ask;
    this.busy = false;
    this.fault = null;
    this.changed();
    // Rendered by then; the browser moves the focus to the first field, or to [autofocus].
    queueMicrotask(() => {
      queueMicrotask(() => {
        const dialog = this.element.value;
        if (dialog && !dialog.open) dialog.showModal();
      });
    });
  }

  close(): void {
    this.element.value?.close();
  }

  get shown(): boolean {
    return this.asked !== null;
  }

  view(): TemplateResult | typeof nothing {
    const ask = this.asked?.();
    if (!ask) return nothing;
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.act(ask);
    };
    return html`<dialog
      ${ref(this.element)}
      class="dialog ${ask.wide ? "roomy" : ""}"
      aria-labelledby="${this.id}-title"
      @close=${() => {
        this.asked = null;
        ask.closed?.();
        this.changed();
      }}
      @cancel=${(event: Event) => {
        if (this.busy) event.preventDefault();
      }}
    >
      <form method="dialog" novalidate @submit=${submit}>
        <header>
          <h2 id="${this.id}-title">${ask.title}</h2>
          <button
            type="button"
            class="quiet round"
            aria-label="Close"
            ?disabled=${this.busy}
            @click=${() => {
              this.close();
            }}
          >
            ${icon("close")}
          </button>
        </header>
        <div class="body">${ask.body}</div>
        <p class="problem" role="alert">${this.fault ? this.fault.message : nothing}</p>
        <footer class="actions">
          ${ask.yes
            ? html`<button type="submit" class="primary ${ask.danger ? "danger" : ""}" ?disabled=${this.busy}>
                  ${this.busy ? "One moment…" : ask.yes}
                </button>
                <button
                  type="button"
                  class="secondary"
                  ?disabled=${this.busy}
                  @click=${() => {
                    this.close();
                  }}
                >
                  Cancel
                </button>`
            : html`<button
                type="button"
                class="secondary"
                @click=${() => {
                  this.close();
                }}
              >
                Close
              </button>`}
        </footer>
      </form>
    </dialog>`;
  }

  private async act(ask: Ask): Promise<void> {
    if (this.busy || !ask.act) return;
    this.busy = true;
    this.fault = null;
    this.changed();
    try {
      await ask.act();
      this.busy = false;
      // What was done may have opened the next question in the same dialog.
      if (this.asked?.().title === ask.title) this.close();
    } catch (error) {
      this.busy = false;
      this.fault = faultOf(error);
    }
    this.changed();
  }
}
