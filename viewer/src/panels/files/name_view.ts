/** A name as it is shown: isolated in its direction, with what cannot be seen made visible. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { type Cut, type Stretch, cut, stretches } from "./names";

const CUTS = new Map<string, Cut>();
const MOST = 2000;

/** A name in one line, cut in its middle where there is no room. */
export function shortName(name: string): TemplateResult {
  const { head, tail } = known(name);
  return html`<bdi class="cut"><span class="head">${pieces(head)}</span>${tail.length === 0 ? nothing : html`<span class="tail">${pieces(tail)}</span>`}</bdi>`;
}

/** The whole name, over as many lines as it takes. */
export function wholeName(name: string): TemplateResult {
  return html`<bdi class="whole">${pieces(stretches(name))}</bdi>`;
}

function pieces(all: readonly Stretch[]): readonly (string | TemplateResult)[] {
  return all.map(({ text, odd }) => (odd ? html`<span class="odd">${text}</span>` : text));
}

function known(name: string): Cut {
  let found = CUTS.get(name);
  if (found === undefined) {
    if (CUTS.size >= MOST) CUTS.clear();
    found = cut(name);
    CUTS.set(name, found);
  }
  return found;
}
