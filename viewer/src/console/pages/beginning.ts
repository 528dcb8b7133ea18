/** What a new organisation does first, until it is done. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { icon } from "../parts/icons";
import { Resource } from "../resource";
import { href } from "../router";
import type { Shell } from "../shell";

interface Facts {
  readonly root: boolean;
  readonly delegated: boolean;
  readonly rules: number;
}

export class Beginning {
  private readonly facts: Resource<Facts>;

  constructor(private readonly shell: Shell) {
    const { api, changed, me } = shell;
    this.facts = new Resource(async () => {
      const [org, rules] = await Promise.all([api.organisation(), api.rules()]);
      return { root: org.root !== null, delegated: org.delegation !== null, rules: rules.total };
    }, changed);
    if (me.admin) void this.facts.load();
  }

  /** @param hosts how many there are; -1 where that is unknown. */
  view(hosts: number): TemplateResult | typeof nothing {
    const facts = this.facts.value;
    if (!this.shell.me.admin || facts === null || hosts < 0) return nothing;
    const steps: readonly (readonly [boolean, string, string, string])[] = [
      [facts.root && facts.delegated, "Make the organisation’s key", "On your own computer, with one command. It signs your computers’ keys and stays with you.", href("settings")],
      [hosts > 0, "Add a computer", "One command on it, and it appears here.", href("add")],
      [facts.rules > 0, "Say who may do what", "Rules, as sentences: who, where, and when.", href("rights", "new")],
    ];
    if (steps.every(([done]) => done)) return nothing;
    return html`<section class="beginning" aria-labelledby="beginning-title">
      <h2 id="beginning-title">Three steps to the first session</h2>
      <ol>
        ${steps.map(
          ([done, title, text, to]) =>
            html`<li class=${done ? "done" : ""}>
              <span class="tick">${done ? icon("check") : nothing}</span>
              <div>${done ? html`<p>${title}<span class="unseen"> (done)</span></p>` : html`<a href=${to}>${title}</a>`}<p class="hint">${text}</p></div>
            </li>`,
        )}
      </ol>
    </section>`;
  }
}
