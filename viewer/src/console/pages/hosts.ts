/** All computers: searched, filtered, by group, however many there are; several changed at once. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { live } from "lit/directives/live.js";
import type { Host, HostGroup, Listing } from "../api/types";
import { heading } from "../parts/heading";
import { disk, hostState, load, openLink, screensShort, tags } from "../parts/host_words";
import { icon } from "../parts/icons";
import { empty, inTheWay, loading, stale } from "../parts/states";
import { field } from "../parts/fields";
import { VirtualList } from "../parts/virtual";
import { Paged } from "../paged";
import { Resource } from "../resource";
import { type Place, href } from "../router";
import type { Page, Shell } from "../shell";
import { count, named } from "../words";
import { Bulk } from "./bulk";
import { Beginning } from "./beginning";

/** Milliseconds after the last key before it is searched. */
const TYPING = 200;

const STATES = [["", "All"], ["online", "Online"], ["offline", "Offline"], ["unsigned", "Not signed"]] as const;
const SORTS = [["name", "Name"], ["state", "Online first"], ["seen", "Last seen"], ["enrolled", "Newest"]] as const;

export class HostsPage implements Page {
  readonly title = "Computers";
  private readonly list: Paged<Host>;
  private readonly rows: VirtualList;
  private readonly groups: Resource<readonly HostGroup[]>;
  private readonly bulk: Bulk;
  private readonly beginning: Beginning;
  private query: URLSearchParams;
  private text: string;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private all = -1;

  constructor(private readonly shell: Shell, place: Place) {
    const { api, changed } = shell;
    this.query = place.query;
    this.text = place.query.get("q") ?? "";
    this.list = new Paged((cursor, limit, signal) => this.fetch(cursor, limit, signal), changed);
    this.rows = new VirtualList(changed);
    this.groups = new Resource(() => api.hostGroups(), changed);
    this.bulk = new Bulk(shell, this.groups, (cursor, signal) => this.fetch(cursor, 200, signal), () => {
      void this.list.refresh(this.rows.first, this.rows.last);
      void this.groups.load();
    });
    this.beginning = new Beginning(shell);
    this.rows.enter();
    void this.list.restart();
    void this.groups.load();
    if (this.filtered) void this.countAll();
  }

  private async countAll(): Promise<void> {
    try {
      this.all = (await this.shell.api.hosts({ limit: 1 })).total;
      this.shell.changed();
    } catch {
      // The list says what is in the way.
    }
  }

  leave(): void {
    clearTimeout(this.timer);
    this.rows.leave();
    this.list.cancel();
  }

  tick(): void {
    if (this.list.fault) void this.list.restart();
    else void this.list.refresh(this.rows.first, this.rows.last);
  }

  moved(place: Place): boolean {
    clearTimeout(this.timer);
    const text = place.query.get("q") ?? "";
    if (text !== this.text.trim()) this.text = text;
    this.query = place.query;
    this.bulk.clear();
    void this.list.restart();
    return true;
  }

  private async fetch(cursor: string | null, limit: number, signal: AbortSignal): Promise<Listing<Host>> {
    const of = (name: string): string | undefined => this.query.get(name) ?? undefined;
    const query = { q: of("q"), group: of("group"), tag: of("tag"), state: of("state"), sort: of("sort") ?? "name" };
    const found = await this.shell.api.hosts({ ...query, limit, cursor: cursor ?? undefined }, signal);
    if (!this.filtered) this.all = found.total;
    return found;
  }

  private get filtered(): boolean {
    return ["q", "group", "tag", "state"].some((name) => this.query.get(name));
  }

  private with(change: Readonly<Record<string, string>>): string {
    return href("hosts", "", { ...Object.fromEntries(this.query), q: this.text.trim(), ...change });
  }

  view(): TemplateResult {
    const { me } = this.shell;
    const group = this.groups.value?.find(({ id }) => id === this.query.get("group"));
    return html`${heading({
        title: group ? html`<bdi>${named(group.name)}</bdi>` : "Computers",
        actions: html`${group && me.admin ? this.groupActions(group) : nothing}${me.admin
          ? html`<a class="primary" href=${href("add", "", group ? { group: group.id } : {})}>${icon("add")}Add a computer</a>`
          : nothing}`,
      })}
      ${this.beginning.view(this.all)}
      <div class="hosts">
        ${this.groupList()}
        <div class="list">
          ${this.filters()} ${this.bulk.selected.size > 0 ? this.bulk.view(this.list.total) : this.columns()} ${this.body()}
        </div>
      </div>`;
  }

  // ---- groups ----

  private groupList(): TemplateResult {
    const current = this.query.get("group") ?? "";
    const entry = (id: string, name: string, number: number | null): TemplateResult =>
      html`<li>
        <a href=${this.with({ group: id })} aria-current=${id === current ? "true" : nothing}
          ><bdi>${name}</bdi>${number === null ? nothing : html`<small>${number.toLocaleString("en-GB")}</small>`}</a
        >
      </li>`;
    const groups = this.groups.value ?? [];
    return html`<nav class="groups" aria-label="Groups of computers">
      <ul>
        ${entry("", "All computers", this.all < 0 ? null : this.all)} ${groups.map((group) => entry(group.id, named(group.name), group.hosts))}
      </ul>
      ${this.shell.me.admin ? html`<button type="button" class="quiet" @click=${this.newGroup}>${icon("add")}New group</button>` : nothing}
    </nav>`;
  }

  private groupActions(group: HostGroup): TemplateResult {
    return html`<button type="button" class="secondary" @click=${() => { this.rename(group); }}>${icon("edit")}Rename</button>
      <button type="button" class="secondary" @click=${() => { this.removeGroup(group); }}>${icon("trash")}Remove group</button>`;
  }

  private readonly newGroup = (): void => {
    this.askName("Make a group", "", async (name) => {
      const group = await this.shell.api.addHostGroup(name);
      await this.groups.load();
      this.shell.go(this.with({ group: group.id }));
    });
  };

  private rename(group: HostGroup): void {
    this.askName("Rename the group", group.name, async (name) => {
      await this.shell.api.renameHostGroup(group.id, name);
      await this.groups.load();
    });
  }

  private askName(title: string, now: string, act: (name: string) => Promise<void>): void {
    let name = now;
    this.shell.dialogs.open(() => ({
      title,
      yes: now === "" ? "Make it" : "Rename it",
      body: field({ id: "group-name", label: "Name", value: name, longest: 64, focus: true, input: (text) => { name = text; },
        hint: "For example a department, a customer or a building." }),
      act: () => act(name.trim()),
    }));
  }

  private removeGroup(group: HostGroup): void {
    this.shell.dialogs.open(() => ({
      title: "Remove this group?",
      yes: "Remove the group",
      danger: true,
      body: html`<p>Its ${count(group.hosts, "computer")} stay. Rules about the group <strong><bdi>${named(group.name)}</bdi></strong> end: who had rights only by them has none there any more.</p>`,
      act: async () => {
        await this.shell.api.removeHostGroup(group.id);
        this.shell.go(this.with({ group: "" }));
        await this.groups.load();
      },
    }));
  }

  // ---- the list ----

  private filters(): TemplateResult {
    const tag = this.query.get("tag") ?? "";
    return html`<div class="filters" role="search">
      <div class="searching">
        ${icon("search")}
        <input
          type="search"
          aria-label="Search computers"
          placeholder="Search name, tag or system"
          maxlength="128"
          autocomplete="off"
          .value=${live(this.text)}
          @input=${this.typed}
        />
      </div>
      <label class="choose only-narrow"
        ><span class="unseen">Group</span>
        <select @change=${(event: Event) => { this.shell.go(this.with({ group: (event.target as HTMLSelectElement).value })); }}>
          <option value="" ?selected=${!this.query.get("group")}>All groups</option>
          ${(this.groups.value ?? []).map((group) => html`<option value=${group.id} ?selected=${group.id === this.query.get("group")}>${named(group.name)}</option>`)}
        </select>
      </label>
      <div class="segments" role="group" aria-label="State">
        ${STATES.map(([value, label]) => html`<a href=${this.with({ state: value })} aria-current=${(this.query.get("state") ?? "") === value ? "true" : nothing}>${label}</a>`)}
      </div>
      <label class="choose"
        ><span class="unseen">Sort by</span>
        <select @change=${(event: Event) => { this.shell.go(this.with({ sort: (event.target as HTMLSelectElement).value })); }}>
          ${SORTS.map(([value, label]) => html`<option value=${value} ?selected=${(this.query.get("sort") ?? "name") === value}>${label}</option>`)}
        </select>
      </label>
      ${tag === "" ? nothing : html`<a class="chip closing" href=${this.with({ tag: "" })}>Tag: <bdi>${named(tag)}</bdi>${icon("close")}<span class="unseen">, show all tags</span></a>`}
    </div>`;
  }

  private readonly typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
    this.shell.changed(); // the filters' links take it along
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // One step in the history, however many keys.
      history.replaceState(null, "", this.with({ q: this.text.trim() }));
      dispatchEvent(new HashChangeEvent("hashchange"));
    }, TYPING);
  };

  private columns(): TemplateResult {
    return html`<div class="columns" aria-hidden="true">
      <span></span><span>Name</span><span>System</span><span>Screens</span><span>Disk, load</span><span>State</span><span></span>
    </div>`;
  }

  private body(): TemplateResult {
    const { list } = this;
    const again = (): void => void list.restart();
    if (list.total < 0) return list.fault ? inTheWay(list.fault, again) : loading(8);
    if (list.total === 0) return this.nothingHere();
    return html`${list.fault ? stale(list.fault, again) : nothing}
      ${this.rows.view({
        label: `Computers, ${list.total}`,
        total: list.total,
        row: (index) => this.row(list.at(index)),
        seen: (_, last) => { list.want(last); },
      })}
      <p class="unseen" role="status">${count(list.total, "computer")}</p>`;
  }

  private nothingHere(): TemplateResult {
    if (this.filtered) {
      return empty("search", "Nothing matches", "No computer fits the search and the filters.", html`<a class="secondary" href=${href("hosts")}>Show all computers</a>`);
    }
    if (this.shell.me.admin) {
      return empty("desktop", "No computers yet", "Run one command on a computer, and it appears here: it connects outwards only, so no port has to be opened.", html`<a class="primary" href=${href("add")}>${icon("add")}Add a computer</a>`);
    }
    return empty("desktop", "No computers for you yet", "Nobody has given you rights on a computer. An administrator does that under Rights.");
  }

  private row(host: Host | undefined): TemplateResult {
    if (!host) return html`<div class="host waiting"><i></i><i></i></div>`;
    const { me } = this.shell;
    const name = named(host.name);
    return html`<div class="host ${host.online ? "on" : ""}">
      <span class="pick">${me.admin
        ? html`<input type="checkbox" aria-label="Select ${name}" .checked=${live(this.bulk.selected.has(host.id))} @change=${() => { this.bulk.toggle(host.id); }} />`
        : nothing}</span>
      <span class="name"
        ><a href=${href("hosts", host.id)}><bdi>${name}</bdi></a>${host.endorsed ? nothing : html`<span class="chip warn">not signed</span>`}${tags(host.tags, 3)}</span
      >
      <span class="system"><bdi>${named(host.system, "–")}</bdi><small>${host.version === "" ? nothing : html`Farhand <bdi>${named(host.version)}</bdi>`}</small></span>
      <span class="screens"><span class="unseen">Screens </span>${screensShort(host)}</span>
      <span class="disk"><span><span class="unseen">Disk </span>${disk(host)}</span>${host.load === null ? nothing : html`<small>Load ${load(host)}</small>`}</span>
      <span class="state-of">${hostState(host, this.shell.now())}</span>
      <span class="go">${host.online && host.endorsed ? openLink(host) : nothing}</span>
    </div>`;
  }
}
