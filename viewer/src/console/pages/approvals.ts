/** Who waits for a second person's yes. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { faultOf } from "../api/errors";
import type { Approval, ApprovalState } from "../api/types";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { empty, whole } from "../parts/states";
import { Resource } from "../resource";
import { href } from "../router";
import { askedWords } from "../rules";
import type { Page, Shell } from "../shell";
import { ago, named, said, until } from "../words";

const STATES: Record<ApprovalState, string> = { waiting: "Waiting", approved: "Approved", refused: "Refused", expired: "Nobody answered in time" };

export class ApprovalsPage implements Page {
  readonly title = "Approvals";
  private readonly approvals: Resource<readonly Approval[]>;
  private readonly busy = new Set<string>();

  constructor(private readonly shell: Shell) {
    this.approvals = new Resource(async () => (await shell.api.approvals()).items, shell.changed);
    void this.approvals.load();
  }

  tick(): void {
    void this.approvals.load();
  }

  view(): TemplateResult {
    return html`${heading({ title: "Approvals", lead: "Some rules need a second person. Say yes only if you know why somebody wants in." })}
      ${whole(this.approvals, (all) => {
        const waiting = all.filter(({ state }) => state === "waiting");
        const decided = all.filter(({ state }) => state !== "waiting");
        return html`${waiting.length === 0
            ? empty("bell", "Nobody waits", "When somebody asks for rights that need a second person, it appears here, and the menu shows a number.")
            : html`<ul class="asks">${waiting.map((one) => this.waiting(one))}</ul>`}
          ${decided.length === 0 ? nothing : section("Before", html`<ul class="lines">${decided.map((one) => this.decided(one))}</ul>`)}`;
      })}`;
  }

  private waiting(one: Approval): TemplateResult {
    const busy = this.busy.has(one.id);
    return html`<li class="ask">
      <p class="sentence"><strong><bdi>${named(one.person.name)}</bdi></strong> asks to <strong>${askedWords(one.rights)}</strong> on <a href=${href("hosts", one.host.id)}><strong><bdi>${named(one.host.name)}</bdi></strong></a>.</p>
      ${one.reason === "" ? html`<p class="hint">No reason was given.</p>` : html`<blockquote><bdi>${said(one.reason)}</bdi></blockquote>`}
      <p class="hint">Asked ${ago(one.created_ms, this.shell.now())}${one.device === "" ? nothing : html`, with <bdi>${named(one.device)}</bdi>`}; lapses ${until(one.expires_ms, this.shell.now())}.</p>
      ${one.decidable
        ? html`<div class="actions">
            <button type="button" class="primary" ?disabled=${busy} @click=${() => { void this.decide(one, true); }}>${icon("check")}Approve</button>
            <button type="button" class="secondary danger" ?disabled=${busy} @click=${() => { void this.decide(one, false); }}>Refuse</button>
          </div>`
        : html`<p class="hint">You cannot decide this one: ${one.person.id === this.shell.me.id ? "it is your own" : "it is for others"}.</p>`}
    </li>`;
  }

  private decided(one: Approval): TemplateResult {
    return html`<li>
      <span><strong><bdi>${named(one.person.name)}</bdi></strong>, ${askedWords(one.rights)} on <bdi>${named(one.host.name)}</bdi>
        <small>${ago(one.created_ms, this.shell.now())}${one.reason === "" ? nothing : html`: <bdi>${said(one.reason, 120)}</bdi>`}</small></span>
      <span class="chip ${one.state === "approved" ? "strong" : ""}">${STATES[one.state]}</span>
    </li>`;
  }

  private async decide(one: Approval, approve: boolean): Promise<void> {
    this.busy.add(one.id);
    this.shell.changed();
    try {
      await this.shell.api.decide(one.id, approve);
      this.shell.say(approve ? `Approved: ${named(one.person.name)} can go on.` : `Refused: ${named(one.person.name)} is told so.`);
    } catch (error) {
      this.shell.say(faultOf(error).message);
    }
    this.busy.delete(one.id);
    await this.approvals.load();
  }
}
