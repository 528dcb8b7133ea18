/** One person: roles, groups, devices, and a way in when they have none. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { Fault, faultOf } from "../api/errors";
import type { Device, Login, PeopleGroup, Person, Roles, Rule } from "../api/types";
import { deviceList } from "../parts/device_list";
import { field, tick } from "../parts/fields";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { loginList } from "../parts/login_list";
import { ruleSentence } from "../parts/rule_words";
import { whole } from "../parts/states";
import { Resource } from "../resource";
import { href } from "../router";
import type { Page, Shell } from "../shell";
import { ago, named } from "../words";
import { roleTicks, rolesWords, showInvitation } from "./people";

export class PersonPage implements Page {
  private readonly person: Resource<Person>;
  private readonly groups: Resource<readonly PeopleGroup[]>;
  private readonly devices: Resource<readonly Device[]>;
  private readonly logins: Resource<readonly Login[]>;
  private readonly rules: Resource<readonly Rule[]>;

  constructor(
    private readonly shell: Shell,
    id: string,
  ) {
    const { api, changed } = shell;
    this.person = new Resource(() => api.person(id), changed);
    this.groups = new Resource(() => api.groups(), changed);
    this.devices = new Resource(async () => (await api.devices({ person: id })).items, changed);
    this.logins = new Resource(async () => (await api.logins(id)).items, changed);
    this.rules = new Resource(async () => (await api.rules()).items, changed);
    for (const one of [this.person, this.groups, this.devices, this.logins, this.rules]) void one.load();
  }

  get title(): string {
    return named(this.person.value?.name, "Person");
  }

  view(): TemplateResult {
    return whole(this.person, (person) => this.page(person), 6);
  }

  private page(person: Person): TemplateResult {
    const own = person.id === this.shell.me.id;
    return html`${heading({
        back: { href: href("people"), label: "People" },
        title: html`<bdi>${named(person.name)}</bdi>`,
        lead: html`${rolesWords(person)}. ${person.seen_ms > 0 ? `Signed in ${ago(person.seen_ms, this.shell.now())}.` : "Has not signed in yet."}${person.disabled ? html` <span class="chip warn">Locked out</span>` : nothing}`,
        actions: html`<button type="button" class="secondary" @click=${() => { this.edit(person); }}>${icon("edit")}Edit</button>
          <button type="button" class="secondary" @click=${() => { void this.invite(person); }}>${icon("invite")}New invitation</button>`,
      })}
      ${section("What they may do", whole(this.rules, (rules) => {
        const groups = new Set(person.groups.map(({ id }) => id));
        const theirs = rules.filter((rule) => rule.person?.id === person.id || (rule.people_group && groups.has(rule.people_group.id)));
        return theirs.length === 0
          ? html`<p class="hint">Nothing yet: no rule names them or a group of theirs.</p>`
          : html`<ul class="sentences">${theirs.map((rule) => html`<li><a href=${href("rights", rule.id)}>${ruleSentence(rule)}</a></li>`)}</ul>`;
      }, 2), { actions: html`<a class="secondary" href=${href("rights", "new", { person: person.id })}>${icon("add")}New rule</a>` })}
      ${section("Devices and browsers", deviceList(this.shell, this.devices, "None: they have not opened a computer yet."), { lead: "Each holds a key of its own. A revoked one is out within two seconds." })}
      ${section("Signed in at", loginList(this.shell, this.logins))}
      ${own ? nothing : section("Lock out or remove", html`<div class="actions">
          <button type="button" class="secondary" @click=${() => { void this.disable(person); }}>${person.disabled ? "Let them in again" : "Lock them out"}</button>
          <button type="button" class="secondary danger" @click=${() => { this.remove(person); }}>${icon("trash")}Remove this person</button>
        </div>`, { lead: "Who is locked out is signed out everywhere and keeps their place. The audit keeps the name in both cases." })}`;
  }

  private edit(person: Person): void {
    let { name } = person;
    const roles: Record<keyof Roles, boolean> = { admin: person.admin, operator: person.operator, auditor: person.auditor };
    const before = new Set(person.groups.map(({ id }) => id));
    const chosen = new Set(before);
    this.shell.dialogs.open(() => ({
      title: "Edit this person",
      yes: "Save",
      body: html`${field({ id: "person-name", label: "Name", value: name, longest: 64, focus: true, input: (text) => { name = text; } })} ${roleTicks(roles)}
        <fieldset><legend>Groups</legend>
          ${(this.groups.value ?? []).length === 0 ? html`<p class="hint">There are no groups yet: make one on the page of all people.</p>` : nothing}
          ${(this.groups.value ?? []).map((group) => tick(`group-${group.id}`, html`<bdi>${named(group.name)}</bdi>`, chosen.has(group.id), (on) => {
            if (on) chosen.add(group.id);
            else chosen.delete(group.id);
          }))}
        </fieldset>`,
      act: async () => {
        await this.shell.api.changePerson(person.id, { ...(name.trim() === person.name ? {} : { name: name.trim() }), ...roles });
        const moved = (this.groups.value ?? []).filter(({ id }) => before.has(id) !== chosen.has(id));
        for (const group of moved) await this.shell.api.setMember(group.id, person.id, chosen.has(group.id));
        await Promise.all([this.person.load(), this.groups.load()]);
        this.shell.say("Saved.");
      },
    }));
  }

  private async invite(person: Person): Promise<void> {
    try {
      await showInvitation(this.shell, person);
    } catch (error) {
      this.shell.say(faultOf(error).message);
    }
  }

  private async disable(person: Person): Promise<void> {
    try {
      await this.shell.api.changePerson(person.id, { disabled: !person.disabled });
      await this.person.load();
      this.shell.say(person.disabled ? "They can sign in again." : "They are locked out everywhere.");
    } catch (error) {
      this.shell.say(error instanceof Fault ? error.message : faultOf(error).message);
    }
  }

  private remove(person: Person): void {
    this.shell.dialogs.open(() => ({
      title: "Remove this person?",
      yes: "Remove them",
      danger: true,
      body: html`<p><strong><bdi>${named(person.name)}</bdi></strong> is signed out everywhere, and rules about them end. To come back they need a new invitation.</p>`,
      act: async () => {
        await this.shell.api.removePerson(person.id);
        this.shell.go(href("people"));
        this.shell.say("The person was removed.");
      },
    }));
  }
}
