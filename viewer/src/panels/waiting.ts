/** The pages between the code and the picture. */
import { type TemplateResult, html, svg } from "lit/html.js";
import { type Line, type Origin, page } from "./page";
import { seconds } from "./plain";

export type Waiting =
  | { readonly state: "connecting" }
  | { readonly state: "securing" }
  | { readonly state: "asking"; readonly left: number; readonly of: number };

const LINES: Readonly<Record<Waiting["state"], Line>> = {
  connecting: { near: "trying", far: "idle", host: "nothing" },
  securing: { near: "open", far: "trying", host: "nothing" },
  asking: { near: "open", far: "open", host: "asked" },
};

export function waitingPage(waiting: Waiting, cancel: () => void, origin: Origin): TemplateResult {
  const line = LINES[waiting.state];
  const actions = html`<button type="button" class="secondary" @click=${cancel}>Cancel</button>`;
  switch (waiting.state) {
    case "connecting":
      return page({ title: "Looking for the host", line, actions, body: html`<p>Asking the gateway who waits under this code.</p>` }, origin);
    case "securing":
      return page(
        { title: "Agreeing on keys", line, actions, body: html`<p>Both ends prove the code to each other. Nobody between them learns it.</p>` },
        origin,
      );
    case "asking":
      return page({ title: "Waiting for a yes", line, actions, body: asking(waiting.left, waiting.of) }, origin);
  }
}

function asking(left: number, of: number): TemplateResult {
  const share = of > 0 ? Math.max(0, Math.min(1, left / of)) : 0;
  return html`<div class="asking">
    <svg class="ring" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <circle class="track" cx="32" cy="32" r="28" />
      ${svg`<circle class="left" cx="32" cy="32" r="28" pathLength="100" stroke-dasharray="100" stroke-dashoffset=${100 - share * 100} transform="rotate(-90 32 32)" />`}
      <text x="32" y="32">${Math.max(0, Math.ceil(left))}</text>
    </svg>
    <div>
      <p>Someone at the other computer is being asked whether you may connect.</p>
      <p class="hint" role="timer">Silence for ${seconds(of)} counts as no.</p>
    </div>
  </div>`;
}
