/** The frame of the pages before one is signed in: the mark, and one sheet. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { mark } from "../../panels/icons";

export interface Sheet {
  readonly title: string;
  readonly body: TemplateResult;
  /** How far along a few steps: `Step 2 of 3`. */
  readonly step?: string;
}

export function sheet({ title, body, step }: Sheet): TemplateResult {
  return html`<div class="door">
    <header class="brand">${mark()}<span>Farhand</span></header>
    <main class="sheet" aria-labelledby="title">
      ${step ? html`<p class="step">${step}</p>` : nothing}
      <h1 id="title" tabindex="-1">${title}</h1>
      ${body}
    </main>
    <footer class="served">
      <p>Served by ${location.host}. It lets people in and relays sessions; it cannot read them.</p>
    </footer>
  </div>`;
}
