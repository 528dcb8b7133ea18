/** The heading of a page: where one came from, what it is, what one can do there. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { icon } from "./icons";

export interface Heading {
  readonly title: string | TemplateResult;
  readonly lead?: string | TemplateResult;
  readonly back?: { readonly href: string; readonly label: string };
  readonly actions?: TemplateResult;
}

export function heading({ title, lead, back, actions }: Heading): TemplateResult {
  return html`<header class="heading">
    <div>
      ${back ? html`<a class="back" href=${back.href}>${icon("back")}${back.label}</a>` : nothing}
      <h1 id="title" tabindex="-1">${title}</h1>
      ${lead ? html`<p class="lead">${lead}</p>` : nothing}
    </div>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
  </header>`;
}

/** A part of a page with a title of its own. */
export function section(title: string, body: TemplateResult, given: { readonly lead?: string | TemplateResult; readonly actions?: TemplateResult } = {}): TemplateResult {
  return html`<section class="panel">
    <header>
      <div>
        <h2>${title}</h2>
        ${given.lead ? html`<p class="hint">${given.lead}</p>` : nothing}
      </div>
      ${given.actions ? html`<div class="actions">${given.actions}</div>` : nothing}
    </header>
    ${body}
  </section>`;
}

export function time(at: number, text: string, title: string): TemplateResult {
  return html`<time datetime=${new Date(at).toISOString()} title=${title}>${text}</time>`;
}
