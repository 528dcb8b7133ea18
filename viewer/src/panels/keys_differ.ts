/** Two fingerprints, one above the other, for people to compare. */
import { type TemplateResult, html } from "lit/html.js";
import type { KeysDiffer } from "../app/bridge";
import { plain } from "./plain";

export function keysDiffer(keys: KeysDiffer): TemplateResult {
  return html`<dl class="fingerprints">
    <div><dt>Known until now</dt><dd class="mono">${plain(keys.expected, 64)}</dd></div>
    <div class="found"><dt>Shown now</dt><dd class="mono">${plain(keys.found, 64)}</dd></div>
  </dl>`;
}
