/** The frame of every page without a picture: the mark, one sheet of text, and who served all this. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { icon, mark } from "./icons";

/** How far along the line from here to the host things stand. */
export interface Line {
  /** From this page to the gateway, and from there to the host. */
  readonly near: Stretch;
  readonly far: Stretch;
  /** What the host says. */
  readonly host: "nothing" | "asked" | "no";
}
export type Stretch = "idle" | "trying" | "open" | "broken";

/** Where this page's code came from: it can be no more honest than that (docs/reference/security). */
export interface Origin {
  /** The address that served the page. */
  readonly server: string;
  /** Whether that is the computer in front of the person. */
  readonly local: boolean;
}

export function originOf(location: { readonly hostname: string; readonly host: string }): Origin {
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
  return { server: location.host, local };
}

/** Who could have altered this page, and what is sure if nobody has. */
export function originNote(origin: Origin): string {
  return origin.local
    ? "This page comes from this computer itself. A gateway only relays the session, and cannot read it."
    : `This page was served by the gateway ${origin.server}. It relays the session and cannot read it, provided that it serves this page unaltered.`;
}

export interface Sheet {
  readonly title: string;
  readonly line?: Line;
  /** A word above the title: what kind of page this is. */
  readonly tone?: "plain" | "bad" | "good";
  readonly body: TemplateResult;
  readonly actions?: TemplateResult;
}

export function page(sheet: Sheet, origin: Origin): TemplateResult {
  return html`<div class="page">
    <header class="brand">${mark()}<span>Farhand</span></header>
    <main class="sheet ${sheet.tone ?? "plain"}" aria-labelledby="title">
      ${sheet.line ? lineTo(sheet.line) : nothing}
      <h1 id="title" tabindex="-1">${sheet.title}</h1>
      ${sheet.body} ${sheet.actions ? html`<div class="actions">${sheet.actions}</div>` : nothing}
    </main>
    <footer class="origin">
      ${icon("lock")}
      <p>${originNote(origin)}</p>
    </footer>
  </div>`;
}

function lineTo({ near, far, host }: Line): TemplateResult {
  return html`<div class="line" aria-hidden="true">
    <span class="end here">You</span><i class="stretch ${near}"></i><span class="end">Gateway</span
    ><i class="stretch ${far}"></i><span class="end host ${host}">Host</span>
  </div>`;
}
