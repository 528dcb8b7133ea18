/** The editor of one rule: who, what, where, and under which conditions; the sentence that comes of it stands beside. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { faultOf } from "../api/errors";
import { type AtEnd, CAPABILITIES, type Capability, type HostGroup, type Named, type PeopleGroup, type Rule, type RuleDraft } from "../api/types";
import { field, select, tick } from "../parts/fields";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { Picker } from "../parts/picker";
import { sentenceOf } from "../parts/rule_words";
import { inTheWay, loading } from "../parts/states";
import { Resource } from "../resource";
import { type Place, href } from "../router";
import { AT_END, DAY_NAMES, DOES, draftProblem, networksOf, sentence } from "../rules";
import type { Page, Shell } from "../shell";
import { capital, clock, minutesOf, named } from "../words";

const SPANS = [["0", "as long as the session"], ["60", "for 1 minute"], ["300", "for 5 minutes"], ["900", "for 15 minutes"], ["1800", "for 30 minutes"], ["3600", "for 1 hour"]] as const;
const LENGTHS = [["0", "No limit"], ["300", "5 minutes"], ["900", "15 minutes"], ["1800", "30 minutes"], ["3600", "1 hour"], ["7200", "2 hours"], ["14400", "4 hours"], ["28800", "8 hours"]] as const;
const WORKDAYS = 0b0011111;

interface Hours {
  days: number;
  start: string;
  end: string;
}

interface Known {
  readonly rule: Rule | null;
  readonly peopleGroups: readonly PeopleGroup[];
  readonly hostGroups: readonly HostGroup[];
}

export class RulePage implements Page {
  readonly title: string;
  private readonly known: Resource<Known>;
  private readonly id: string;
  private ready = false;
  private whoKind: "group" | "person" = "group";
  private whereKind: "group" | "host" = "group";
  private whoGroup = "";
  private whereGroup = "";
  private person: Picker;
  private host: Picker;
  private readonly rights = new Map<Capability, number>([["view", 0]]);
  private hours: Hours[] = [];
  private networks = "";
  private ask = false;
  private reason = false;
  private approval = false;
  private approvers = "";
  private maxSeconds = 0;
  private idleSeconds = 0;
  private atEnd: AtEnd = "nothing";
  private busy = false;
  private problem = "";

  constructor(private readonly shell: Shell, place: Place) {
    const { api, changed } = shell;
    this.id = place.id === "new" ? "" : place.id;
    this.title = this.id === "" ? "New rule" : "Edit a rule";
    this.person = this.personPicker(null);
    this.host = this.hostPicker(null);
    this.known = new Resource(async () => {
      const [rule, peopleGroups, hostGroups] = await Promise.all([this.id === "" ? null : api.rule(this.id), api.groups(), api.hostGroups()]);
      return { rule, peopleGroups, hostGroups };
    }, () => {
      if (this.known.value && !this.ready) this.begin(this.known.value, place);
      changed();
    });
    void this.known.load();
  }

  private personPicker(chosen: Named | null): Picker {
    const { api, changed } = this.shell;
    return new Picker({ id: "who-person", label: "Person", chosen, changed, search: async (q) => (await api.people({ q, limit: 8 })).items });
  }

  private hostPicker(chosen: Named | null): Picker {
    const { api, changed } = this.shell;
    return new Picker({ id: "where-host", label: "Computer", chosen, changed, search: async (q) => (await api.hosts({ q, limit: 8 })).items });
  }

  private begin({ rule, peopleGroups, hostGroups }: Known, place: Place): void {
    this.ready = true;
    this.whoGroup = rule?.people_group?.id ?? peopleGroups[0]?.id ?? "";
    this.whereGroup = rule?.host_group?.id ?? hostGroups[0]?.id ?? "";
    if (rule?.person || (!rule && peopleGroups.length === 0)) this.whoKind = "person";
    if (rule?.host || (!rule && hostGroups.length === 0)) this.whereKind = "host";
    this.person = this.personPicker(rule?.person ?? null);
    this.host = this.hostPicker(rule?.host ?? null);
    if (rule) {
      this.rights.clear();
      for (const { capability, seconds } of rule.rights) this.rights.set(capability, seconds);
      const { conditions } = rule;
      this.hours = conditions.windows.map(({ days, start, end }) => ({ days, start: clock(start), end: clock(end) }));
      this.networks = conditions.networks.join("\n");
      ({ ask: this.ask, reason: this.reason, approval: this.approval, at_end: this.atEnd } = conditions);
      this.maxSeconds = conditions.max_seconds;
      this.idleSeconds = conditions.idle_seconds;
      this.approvers = rule.approvers?.id ?? "";
      return;
    }
    void this.fill(place);
  }

  /** From a person's or a computer's page: that one is meant. */
  private async fill(place: Place): Promise<void> {
    const [person, host] = [place.query.get("person"), place.query.get("host")];
    try {
      if (person) {
        this.person = this.personPicker(await this.shell.api.person(person));
        this.whoKind = "person";
      }
      if (host) {
        this.host = this.hostPicker(await this.shell.api.host(host));
        this.whereKind = "host";
      }
    } catch {
      return; // it is gone: something else is chosen
    }
    this.shell.changed();
  }

  // ---- the draft ----

  private draft(): RuleDraft {
    return {
      person: this.whoKind === "person" ? (this.person.chosen?.id ?? null) : null,
      people_group: this.whoKind === "group" && this.whoGroup !== "" ? this.whoGroup : null,
      host: this.whereKind === "host" ? (this.host.chosen?.id ?? null) : null,
      host_group: this.whereKind === "group" && this.whereGroup !== "" ? this.whereGroup : null,
      rights: CAPABILITIES.filter((one) => this.rights.has(one)).map((capability) => ({ capability, seconds: this.rights.get(capability) ?? 0 })),
      conditions: {
        networks: networksOf(this.networks),
        windows: this.hours.map(({ days, start, end }) => ({ days, start: minutesOf(start), end: minutesOf(end) === 0 ? 1440 : minutesOf(end) })),
        ask: this.ask,
        reason: this.reason,
        approval: this.approval,
        max_seconds: this.maxSeconds,
        idle_seconds: this.idleSeconds,
        at_end: this.atEnd,
      },
      approvers: this.approval && this.approvers !== "" ? this.approvers : null,
    };
  }

  private who(known: Known): string {
    const one = this.whoKind === "group" ? known.peopleGroups.find(({ id }) => id === this.whoGroup) : this.person.chosen;
    return one ? named(one.name) : "…";
  }

  private where(known: Known): string {
    const one = this.whereKind === "group" ? known.hostGroups.find(({ id }) => id === this.whereGroup) : this.host.chosen;
    return one ? named(one.name) : "…";
  }

  private set(change: () => void): void {
    change();
    this.problem = "";
    this.shell.changed();
  }

  // ---- what is seen ----

  view(): TemplateResult {
    const known = this.known.value;
    return html`${heading({ back: { href: href("rights"), label: "Rights" }, title: this.title })}
      ${known ? this.form(known) : this.known.fault ? inTheWay(this.known.fault, () => void this.known.load()) : loading(8)}`;
  }

  private form(known: Known): TemplateResult {
    const draft = this.draft();
    return html`<form class="editor" novalidate @submit=${this.save}>
      <div class="parts">
        ${section("Who", this.whoPart(known))} ${section("Where", this.wherePart(known))} ${section("What they may do", this.rightsPart())}
        ${section("When somebody has to agree", this.agreePart(known))} ${section("When and from where", this.whenPart())} ${section("How it ends", this.endPart())}
      </div>
      <aside class="says panel" aria-label="What the rule says">
        <h2>The rule says</h2>
        <p class="big">${sentenceOf(this.who(known), this.where(known), draft.rights, draft.conditions)}</p>
        <p class="unseen" role="status">${sentence(this.who(known), this.where(known), draft.rights, draft.conditions)}</p>
        <p class="problem" role="alert">${this.problem}</p>
        <div class="actions">
          <button type="submit" class="primary" ?disabled=${this.busy}>${this.busy ? "One moment…" : "Save the rule"}</button>
          <a class="secondary" href=${href("rights")}>Cancel</a>
          ${this.id === "" ? nothing : html`<button type="button" class="secondary danger" @click=${() => { this.remove(draft, known); }}>${icon("trash")}Remove</button>`}
        </div>
      </aside>
    </form>`;
  }

  private kinds<K extends string>(id: string, label: string, now: K, choices: readonly (readonly [K, string])[], change: (kind: K) => void): TemplateResult {
    return html`<div class="segments" role="radiogroup" aria-label=${label}>
      ${choices.map(([value, text]) => html`<label class=${value === now ? "on" : ""}><input type="radio" name=${id} value=${value} .checked=${value === now} @change=${() => { this.set(() => { change(value); }); }} />${text}</label>`)}
    </div>`;
  }

  private whoPart({ peopleGroups }: Known): TemplateResult {
    return html`${this.kinds("who", "Who", this.whoKind, [["group", "A group"], ["person", "One person"]], (kind) => { this.whoKind = kind; })}
      ${this.whoKind === "person"
        ? this.person.view()
        : peopleGroups.length === 0
          ? html`<p class="hint">There are no groups of people yet: <a href=${href("people")}>make one</a>, or choose one person.</p>`
          : select("who-group", "Group of people", this.whoGroup, peopleGroups.map(({ id, name }) => ({ value: id, label: named(name) })), (id) => { this.set(() => { this.whoGroup = id; }); })}`;
  }

  private wherePart({ hostGroups }: Known): TemplateResult {
    return html`${this.kinds("where", "Where", this.whereKind, [["group", "A group"], ["host", "One computer"]], (kind) => { this.whereKind = kind; })}
      ${this.whereKind === "host"
        ? this.host.view()
        : hostGroups.length === 0
          ? html`<p class="hint">There are no groups of computers yet: <a href=${href("hosts")}>make one</a>, or choose one computer.</p>`
          : select("where-group", "Group of computers", this.whereGroup, hostGroups.map(({ id, name }) => ({ value: id, label: named(name) })), (id) => { this.set(() => { this.whereGroup = id; }); })}`;
  }

  private rightsPart(): TemplateResult {
    return html`<ul class="rights">
      ${CAPABILITIES.map((capability) => {
        const seconds = this.rights.get(capability);
        return html`<li>
          ${tick(`may-${capability}`, capital(DOES[capability]), seconds !== undefined, (on) => {
            this.set(() => {
              if (on) this.rights.set(capability, 0);
              else this.rights.delete(capability);
            });
          })}
          ${seconds === undefined
            ? nothing
            : html`<label><span class="unseen">How long they may ${DOES[capability]}</span>
                <select @change=${(event: Event) => { this.set(() => { this.rights.set(capability, Number((event.target as HTMLSelectElement).value)); }); }}>
                  ${SPANS.map(([value, label]) => html`<option value=${value} ?selected=${Number(value) === seconds}>${label}</option>`)}
                  ${SPANS.some(([value]) => Number(value) === seconds) ? nothing : html`<option value=${seconds} selected>for ${seconds} s</option>`}
                </select></label>`}
        </li>`;
      })}
    </ul>`;
  }

  private agreePart({ peopleGroups }: Known): TemplateResult {
    return html`${tick("ask", "Ask whoever sits there", this.ask, (on) => { this.set(() => { this.ask = on; }); }, "Nothing is seen before they say yes.")}
      ${tick("reason", "They must give a reason", this.reason, (on) => { this.set(() => { this.reason = on; }); }, "It is shown there, and stands in the audit.")}
      ${tick("approval", "A second person must approve", this.approval, (on) => { this.set(() => { this.approval = on; }); }, "Each time, under Approvals.")}
      ${this.approval
        ? select("approvers", "Who may approve", this.approvers, [{ value: "", label: "Administrators" }, ...peopleGroups.map(({ id, name }) => ({ value: id, label: `${named(name)}, and administrators` }))], (id) => { this.set(() => { this.approvers = id; }); })
        : nothing}`;
  }

  private whenPart(): TemplateResult {
    return html`${this.hours.length === 0 ? html`<p class="hint">At any hour. Hours are those of the computer’s own clock.</p>` : nothing}
      ${this.hours.map((hours, index) => html`<fieldset class="hours">
        <legend>Hours ${this.hours.length > 1 ? index + 1 : ""}</legend>
        <div class="days">
          ${DAY_NAMES.map((day, bit) => html`<label class=${hours.days & (1 << bit) ? "on" : ""}><input type="checkbox" .checked=${(hours.days & (1 << bit)) !== 0} @change=${() => { this.set(() => { hours.days ^= 1 << bit; }); }} /><span aria-hidden="true">${day.slice(0, 2)}</span><span class="unseen">${day}</span></label>`)}
        </div>
        <div class="pair">
          ${field({ id: `from-${index}`, label: "From", type: "time", value: hours.start, input: (text) => { this.set(() => { hours.start = text; }); } })}
          ${field({ id: `to-${index}`, label: "To", type: "time", value: hours.end === "24:00" ? "00:00" : hours.end, input: (text) => { this.set(() => { hours.end = text; }); } })}
          <button type="button" class="quiet danger" @click=${() => { this.set(() => { this.hours = this.hours.filter((one) => one !== hours); }); }}>Remove<span class="unseen"> these hours</span></button>
        </div>
      </fieldset>`)}
      <button type="button" class="secondary" @click=${() => { this.set(() => { this.hours = [...this.hours, { days: WORKDAYS, start: "08:00", end: "18:00" }]; }); }}>${icon("add")}Add hours</button>
      <div class="field">
        <label for="networks">Only from these addresses <span class="optional">optional</span></label>
        <textarea id="networks" rows="3" class="mono" spellcheck="false" maxlength="2000" placeholder="10.0.0.0/8" aria-describedby="networks-hint" .value=${this.networks} @input=${(event: Event) => { this.set(() => { this.networks = (event.target as HTMLTextAreaElement).value; }); }}></textarea>
        <p id="networks-hint" class="hint">One range a line, as the computer or the gateway sees them. Empty: from anywhere.</p>
      </div>`;
  }

  private endPart(): TemplateResult {
    const lengths = (now: number): { value: string; label: string }[] => {
      const known = LENGTHS.map(([value, label]) => ({ value, label }));
      return known.some(({ value }) => Number(value) === now) ? known : [...known, { value: String(now), label: `${now} s` }];
    };
    return html`<div class="pair">
        ${select("max", "The session ends after", String(this.maxSeconds), lengths(this.maxSeconds), (value) => { this.set(() => { this.maxSeconds = Number(value); }); })}
        ${select("idle", "Or without use, after", String(this.idleSeconds), lengths(this.idleSeconds), (value) => { this.set(() => { this.idleSeconds = Number(value); }); })}
      </div>
      ${select("at-end", "At its end", this.atEnd, (Object.keys(AT_END) as AtEnd[]).map((value) => ({ value, label: AT_END[value] })), (value) => { this.set(() => { this.atEnd = value as AtEnd; }); })}`;
  }

  // ---- what is done ----

  private readonly save = (event: Event): void => {
    event.preventDefault();
    const draft = this.draft();
    const problem = draftProblem(draft);
    if (problem !== "" || this.busy) {
      this.problem = problem;
      this.shell.changed();
      return;
    }
    this.busy = true;
    this.shell.changed();
    const { api } = this.shell;
    (this.id === "" ? api.addRule(draft) : api.changeRule(this.id, draft)).then(
      () => {
        this.shell.say("The rule holds from now on.");
        this.shell.go(href("rights"));
      },
      (error: unknown) => {
        this.busy = false;
        this.problem = faultOf(error).message;
        this.shell.changed();
      },
    );
  };

  private remove(draft: RuleDraft, known: Known): void {
    this.shell.dialogs.open(() => ({
      title: "Remove this rule?",
      yes: "Remove the rule",
      danger: true,
      body: html`<p>${sentenceOf(this.who(known), this.where(known), draft.rights, draft.conditions)}</p><p>Rights that were given by it end within five minutes at the latest.</p>`,
      act: async () => {
        await this.shell.api.removeRule(this.id);
        this.shell.go(href("rights"));
        this.shell.say("The rule is gone.");
      },
    }));
  }
}
