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
  /**
   * Who that is: the program that is installed on the computer in front of the person (`farhand view`, the trusted
   * viewer), that computer's own gateway (`farhand up`), or a gateway.
   */
  readonly kind: "program" | "computer" | "gateway";
}

/** The name that `farhand view` gives its page: browsers lead it to this computer without asking anybody. */
const PROGRAM = /^fh-[0-9a-f]{16}\.localhost$/;
const COMPUTER = /^(localhost|127(\.\d+){3}|\[::1\])$/;

export function originOf(location: { readonly hostname: string; readonly host: string }): Origin {
  const { hostname, host } = location;
  return { server: host, kind: PROGRAM.test(hostname) ? "program" : COMPUTER.test(hostname) ? "computer" : "gateway" };
}

/** Which of the viewers this is, in a word. */
export function originWord(origin: Origin): string {
  return { program: "Trusted viewer", computer: "This computer’s viewer", gateway: "Gateway’s viewer" }[origin.kind];
}

/** The same where there is little room. */
export function originShort(origin: Origin): string {
  return { program: "Trusted", computer: "Local", gateway: "By gateway" }[origin.kind];
}

/** Who could have altered this page, and what is sure if nobody has. */
export function originNote(origin: Origin): string {
  switch (origin.kind) {
    case "program":
      return "This is the trusted viewer: it comes from the program installed on this computer, and no gateway can alter it. A gateway only relays the session, and cannot read it.";
    case "computer":
      return "This page comes from this computer itself. A gateway only relays the session, and cannot read it.";
    case "gateway":
      return `This page was served by the gateway ${origin.server}. It relays the session and cannot read it, provided that it serves this page unaltered; the viewer of an installed Farhand does not depend on that.`;
  }
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
      ${icon(origin.kind === "program" ? "shield" : "lock")}
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
