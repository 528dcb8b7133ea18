/** The notice that files stand copied on the host, and the bar's way back to it. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { type CopiedState, copiedWords } from "../app/copied";
import { canPick } from "../files/sources";
import { icon } from "./icons";
import { plain } from "./plain";

export interface CopiedActions {
  readonly save: () => void;
  /** The notice goes; the bar still has them. */
  readonly hide: () => void;
}

/** So many are named, the others counted. */
const NAMED = 3;
const LONGEST = 32;
/** From so many on a host may name no more of them. */
const MANY = 1000;

export function copiedNotice(state: CopiedState, hostName: string, actions: CopiedActions): TemplateResult {
  const { entries, leftOut } = state;
  return html`<section
    class="copied"
    aria-label="Files copied on the host"
    @keydown=${(event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      actions.hide();
    }}
  >
    ${icon("folder")}
    <div class="what">
      <p><b>${copiedWords(entries.length, leftOut)}</b> on <bdi>${plain(hostName, 40)}</bdi></p>
      ${entries.length === 0 ? nothing : names(state)}
      ${leftOut === 0 ? nothing : html`<p class="left">${left(state)}</p>`}
    </div>
    <div class="do">
      ${entries.length === 0 ? nothing : html`<button type="button" class="primary small" @click=${actions.save}>${canPick() ? "Save…" : "Save"}</button>`}
      <button type="button" class="tool quiet" aria-label="Put this notice away" title="Put away (the bar keeps it)" @click=${actions.hide}>${icon("close")}</button>
    </div>
  </section>`;
}

function names({ entries }: CopiedState): TemplateResult {
  const more = entries.length - NAMED;
  return html`<ul>
    ${entries.slice(0, NAMED).map(({ shown }) => html`<li title=${shown}><bdi>${shorten(shown)}</bdi></li>`)}
    ${more > 0 ? html`<li>and ${more} more</li>` : nothing}
  </ul>`;
}

function left({ entries, leftOut }: CopiedState): string {
  const which = entries.length > 0 ? (leftOut === 1 ? "1 of them is" : `${leftOut} of them are`) : leftOut === 1 ? "It is" : "They are";
  return `${which} not open to you${entries.length < MANY ? "" : ", or too many at once"}.`;
}

/** The beginning and the end, which says what it is. */
function shorten(name: string): string {
  const characters = Array.from(name);
  return characters.length <= LONGEST ? name : `${characters.slice(0, LONGEST - 12).join("")}…${characters.slice(-11).join("")}`;
}
