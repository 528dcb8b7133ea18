/** Adding a computer: a token, the one command that uses it, and a watch until it appears. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { faultOf } from "../api/errors";
import type { EnrolToken, HostGroup, NewEnrolToken } from "../api/types";
import { copyable } from "../parts/codes";
import { field, select } from "../parts/fields";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { Resource } from "../resource";
import { type Place, href } from "../router";
import type { Page, Shell } from "../shell";
import { named, until } from "../words";

const HOURS = [["1", "One hour"], ["24", "One day"], ["168", "One week"]] as const;

export class AddPage implements Page {
  readonly title = "Add a computer";
  private readonly groups: Resource<readonly HostGroup[]>;
  private readonly tokens: Resource<readonly EnrolToken[]>;
  private name = "";
  private group: string;
  private hours = "24";
  private made: NewEnrolToken | null = null;
  private busy = false;
  private problem = "";

  constructor(private readonly shell: Shell, place: Place) {
    const { api, changed } = shell;
    this.group = place.query.get("group") ?? "";
    this.groups = new Resource(() => api.hostGroups(), changed);
    this.tokens = new Resource(async () => (await api.enrolTokens()).items, changed);
    void this.groups.load();
    void this.tokens.load();
  }

  tick(): void {
    void this.tokens.load();
  }

  view(): TemplateResult {
    return html`${heading({
        back: { href: href("hosts"), label: "Computers" },
        title: "Add a computer",
        lead: "You get one command to run on it. It connects outwards only: no port has to be opened there.",
      })}
      ${this.made ? this.madeView(this.made) : this.formView()} ${this.pending()}`;
  }

  private formView(): TemplateResult {
    const groups = this.groups.value ?? [];
    return section(
      "1. Prepare it",
      html`<form class="narrow" novalidate @submit=${this.make}>
        ${field({ id: "host-name", label: "Name", value: this.name, optional: true, longest: 64, input: (text) => { this.name = text; }, hint: "How it is called here; otherwise by its own name." })}
        ${select("host-group", "Group", this.group, [{ value: "", label: "None" }, ...groups.map(({ id, name }) => ({ value: id, label: named(name) }))], (value) => { this.group = value; })}
        ${select("hours", "The command works for", this.hours, HOURS.map(([value, label]) => ({ value, label })), (value) => { this.hours = value; })}
        <p class="problem" role="alert">${this.problem}</p>
        <button type="submit" class="primary" ?disabled=${this.busy}>Make the command</button>
      </form>`,
    );
  }

  private madeView(made: NewEnrolToken): TemplateResult {
    const host = this.tokens.value?.find(({ id }) => id === made.id)?.host_id ?? null;
    const command = `farhand host --gateway ${location.origin} --enrol ${made.token}`;
    return html`${section(
        "2. Run this on the computer",
        html`${copyable(command, "Command to run on the computer")}
          <p class="hint">It works once, and ends ${until(made.expires_ms, this.shell.now())}. Who has it can add one computer: send it only to whom you trust. Farhand has to be installed there; <code>farhand host install</code> keeps it running afterwards.</p>`,
      )}
      ${section(
        "3. It appears",
        html`<div role="status">
          ${host === null
            ? html`<p class="watching"><i></i>Waiting for the computer…</p>`
            : html`<p class="verdict good">${icon("check")}<span>It is here.</span></p>
                <a class="primary" href=${href("hosts", host)}>Go to the computer</a>`}
        </div>`,
        { actions: html`<button type="button" class="secondary" @click=${this.another}>${icon("add")}Add another one</button>` },
      )}`;
  }

  private pending(): TemplateResult | typeof nothing {
    const now = this.shell.now();
    const waiting = (this.tokens.value ?? []).filter(({ id, host_id, expires_ms }) => host_id === null && expires_ms > now && id !== this.made?.id);
    if (waiting.length === 0) return nothing;
    return section(
      "Commands that were not used yet",
      html`<ul class="lines">
        ${waiting.map((token) => html`<li>
          <span><bdi>${named(token.name, "Without a name")}</bdi> <small>ends ${until(token.expires_ms, now)}</small></span>
          <button type="button" class="quiet danger" @click=${() => { void this.withdraw(token.id); }}>Withdraw<span class="unseen"> ${named(token.name, "the command without a name")}</span></button>
        </li>`)}
      </ul>`,
    );
  }

  private readonly another = (): void => {
    this.made = null;
    this.name = "";
    this.shell.changed();
  };

  private async withdraw(id: string): Promise<void> {
    try {
      await this.shell.api.removeEnrolToken(id);
      this.shell.say("Withdrawn: the command works no more.");
    } catch (error) {
      this.shell.say(faultOf(error).message);
    }
    await this.tokens.load();
  }

  private readonly make = (event: Event): void => {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.problem = "";
    this.shell.changed();
    void this.shell.api
      .addEnrolToken(this.name.trim(), this.group, Number(this.hours))
      .then(
        (made) => { this.made = made; },
        (error: unknown) => { this.problem = faultOf(error).message; },
      )
      .finally(() => {
        this.busy = false;
        this.shell.changed();
      });
  };
}
