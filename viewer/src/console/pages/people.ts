/** People, their roles and their groups. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { live } from "lit/directives/live.js";
import type { Device, PeopleGroup, Person, Roles } from "../api/types";
import { copyable } from "../parts/codes";
import { deviceList } from "../parts/device_list";
import { field, tick } from "../parts/fields";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { empty, inTheWay, loading, stale, whole } from "../parts/states";
import { Paged } from "../paged";
import { Resource } from "../resource";
import { href } from "../router";
import type { Page, Shell } from "../shell";
import { ago, and, count, named, until } from "../words";

const TYPING = 200;
const PAGE = 50;

export const ROLES: readonly (readonly [keyof Roles, string, string])[] = [
  ["operator", "Operator", "Opens computers, as far as the rules allow."],
  ["auditor", "Auditor", "Reads the audit of everybody and everything."],
  ["admin", "Administrator", "Adds computers and people, and makes the rules."],
];

export function rolesWords(roles: Roles): string {
  const held = ROLES.filter(([role]) => roles[role]).map(([, label]) => label);
  return held.length === 0 ? "No role" : and(held);
}

/** Ticks for the roles; `roles` is changed in place. */
export function roleTicks(roles: Record<keyof Roles, boolean>): TemplateResult {
  return html`<fieldset>
    <legend>Roles</legend>
    ${ROLES.map(([role, label, hint]) => tick(`role-${role}`, label, roles[role], (on) => { roles[role] = on; }, hint))}
  </fieldset>`;
}

/** Make an invitation and show its link, once. */
export async function showInvitation(shell: Shell, person: { readonly id: string; readonly name: string }): Promise<void> {
  const { url, expires_ms } = await shell.api.invite(person.id);
  shell.dialogs.open(() => ({
    title: "Give them this link",
    body: html`<p>With it <strong><bdi>${named(person.name)}</bdi></strong> signs in for the first time and makes a passkey. It works once and ends ${until(expires_ms, shell.now())}. Send it in a way that only they read.</p>
      ${copyable(url, "Link of the invitation")}`,
  }));
}

export class PeoplePage implements Page {
  readonly title = "People";
  private readonly list: Paged<Person>;
  private readonly groups: Resource<readonly PeopleGroup[]>;
  private readonly devices: Resource<readonly Device[]>;
  private text = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly shell: Shell) {
    const { api, changed } = shell;
    this.list = new Paged((cursor, limit, signal) => api.people({ q: this.text.trim(), limit, cursor: cursor ?? undefined }, signal), changed, PAGE);
    this.groups = new Resource(() => api.groups(), changed);
    this.devices = new Resource(async () => (await api.devices()).items, changed);
    void this.list.restart();
    void this.groups.load();
    void this.devices.load();
  }

  leave(): void {
    clearTimeout(this.timer);
    this.list.cancel();
  }

  view(): TemplateResult {
    return html`${heading({
        title: "People",
        actions: html`<button type="button" class="primary" @click=${this.invite}>${icon("add")}Invite a person</button>`,
      })}
      <div class="filters" role="search">
        <div class="searching">
          ${icon("search")}<input type="search" aria-label="Search people" placeholder="Search by name" maxlength="128" .value=${live(this.text)} @input=${this.typed} />
        </div>
      </div>
      ${this.people()} ${this.groupPanel()}
      ${section("Every device and browser", deviceList(this.shell, this.devices, "None yet: nobody has opened a computer.", true), { lead: "All that hold access, whosever they are. A revoked one is out of every session within two seconds." })}`;
  }

  private people(): TemplateResult {
    const { list } = this;
    const again = (): void => void list.restart();
    if (list.total < 0) return list.fault ? inTheWay(list.fault, again) : loading(5);
    if (list.total === 0) return empty("people", "Nobody fits", "No name contains what you search for.");
    return html`${list.fault ? stale(list.fault, again) : nothing}
      <ul class="lines panel people" aria-label="People">
        ${list.loaded.map((person) => html`<li>
          <span class="grow"><a href=${href("people", person.id)}><bdi>${named(person.name)}</bdi></a>
            <small>${rolesWords(person)}${person.groups.length > 0 ? html` · <bdi>${and(person.groups.map(({ name }) => named(name)))}</bdi>` : nothing}</small></span>
          ${person.disabled ? html`<span class="chip warn">Locked out</span>` : nothing}
          <small class="when">${person.seen_ms > 0 ? `Signed in ${ago(person.seen_ms, this.shell.now())}` : person.invited ? "Invited, has not signed in yet" : "Not invited yet"}</small>
        </li>`)}
      </ul>
      ${list.loaded.length < list.total
        ? html`<p class="more"><button type="button" class="secondary" ?disabled=${list.loading} @click=${() => { list.want(list.loaded.length + PAGE); }}>Show more</button><span class="hint">${list.loaded.length} of ${list.total}</span></p>`
        : nothing}`;
  }

  private groupPanel(): TemplateResult {
    return section(
      "Groups of people",
      whole(this.groups, (groups) =>
        groups.length === 0
          ? html`<p class="hint">None yet. Rules are easier to keep for a group, such as Help desk, than for each person.</p>`
          : html`<ul class="lines">
              ${groups.map((group) => html`<li>
                <span class="grow"><bdi>${named(group.name)}</bdi> <small>${count(group.members, "person", "people")}</small></span>
                <span class="ends"><button type="button" class="quiet" @click=${() => { this.rename(group); }}>Rename<span class="unseen"> ${named(group.name)}</span></button>
                <button type="button" class="quiet danger" @click=${() => { this.remove(group); }}>Remove<span class="unseen"> ${named(group.name)}</span></button></span>
              </li>`)}
            </ul>`, 2),
      { actions: html`<button type="button" class="secondary" @click=${this.newGroup}>${icon("add")}New group</button>` },
    );
  }

  private readonly typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.list.restart(), TYPING);
  };

  private readonly invite = (): void => {
    let name = "";
    const roles = { admin: false, operator: true, auditor: false };
    this.shell.dialogs.open(() => ({
      title: "Invite a person",
      yes: "Make the invitation",
      body: html`${field({ id: "person-name", label: "Name", value: name, longest: 64, focus: true, input: (text) => { name = text; }, hint: "They sign in with it, and computers show it to whoever sits there." })}
        ${roleTicks(roles)}`,
      act: async () => {
        if (name.trim() === "") throw new Error("Enter a name.");
        const person = await this.shell.api.addPerson(name.trim(), roles);
        await showInvitation(this.shell, person);
        void this.list.restart();
      },
    }));
  };

  private readonly newGroup = (): void => {
    this.askName("Make a group of people", "", (name) => this.shell.api.addGroup(name));
  };

  private rename(group: PeopleGroup): void {
    this.askName("Rename the group", group.name, (name) => this.shell.api.renameGroup(group.id, name));
  }

  private askName(title: string, now: string, act: (name: string) => Promise<unknown>): void {
    let name = now;
    this.shell.dialogs.open(() => ({
      title,
      yes: now === "" ? "Make it" : "Rename it",
      body: field({ id: "group-name", label: "Name", value: name, longest: 64, focus: true, input: (text) => { name = text; } }),
      act: async () => {
        await act(name.trim());
        await this.groups.load();
      },
    }));
  }

  private remove(group: PeopleGroup): void {
    this.shell.dialogs.open(() => ({
      title: "Remove this group?",
      yes: "Remove the group",
      danger: true,
      body: html`<p>Its ${count(group.members, "person stays", "people stay")}. Rules about <strong><bdi>${named(group.name)}</bdi></strong> end with it.</p>`,
      act: async () => {
        await this.shell.api.removeGroup(group.id);
        await this.groups.load();
        void this.list.restart();
      },
    }));
  }
}
