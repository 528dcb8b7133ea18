/** One computer: what it is, whether its keys are signed, who may reach it, and what happened there. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { HostDetail, HostGroup, Rule } from "../api/types";
import { AuditList } from "../parts/audit_list";
import { field, tick } from "../parts/fields";
import { heading, section, time } from "../parts/heading";
import { disk, groupsLine, hostState, load, openLink, screens, tags } from "../parts/host_words";
import { icon } from "../parts/icons";
import { ruleSentence } from "../parts/rule_words";
import { whole } from "../parts/states";
import { copyable } from "../parts/codes";
import { Resource } from "../resource";
import { href } from "../router";
import type { Page, Shell } from "../shell";
import { ago, count, named, said, stamp } from "../words";
import { tagWords } from "./bulk";

export class HostPage implements Page {
  private readonly host: Resource<HostDetail>;
  private readonly groups: Resource<readonly HostGroup[]>;
  private readonly rules: Resource<readonly Rule[]>;
  private readonly audit: AuditList | null;

  constructor(
    private readonly shell: Shell,
    private readonly id: string,
  ) {
    const { api, changed, me } = shell;
    this.host = new Resource(() => api.host(id), changed);
    this.groups = new Resource(() => api.hostGroups(), changed);
    this.rules = new Resource(async () => (await api.rules()).items, changed);
    this.audit = me.admin || me.auditor ? new AuditList(shell, () => ({ host: id }), false) : null;
    void this.host.load();
    if (me.admin) {
      void this.groups.load();
      void this.rules.load();
    }
  }

  get title(): string {
    return named(this.host.value?.name, "Computer");
  }

  tick(): void {
    if (this.host.fault?.kind !== "gone") void this.host.load();
    this.audit?.tick();
  }

  leave(): void {
    this.audit?.leave();
  }

  view(): TemplateResult {
    return whole(this.host, (host) => this.page(host), 6);
  }

  private page(host: HostDetail): TemplateResult {
    const { me } = this.shell;
    return html`${heading({
        back: { href: href("hosts"), label: "Computers" },
        title: html`<bdi>${named(host.name)}</bdi>`,
        lead: html`${hostState(host, this.shell.now())} ${tags(host.tags)}`,
        actions: html`${me.admin
          ? html`<button type="button" class="secondary" @click=${() => { this.edit(host); }}>${icon("edit")}Edit</button>`
          : nothing}${host.online && host.endorsed ? openLink(host, true) : nothing}`,
      })}
      ${host.online ? nothing : html`<p class="banner">${icon("offline")}<span>It is not connected to the gateway. It comes back by itself once it is switched on and reaches the network.</span></p>`}
      <div class="halves">
        ${section("What runs there", html`<dl class="facts">
          ${this.fact("System", html`<bdi>${named(host.system, "not known yet")}</bdi>`)} ${this.fact("Farhand", html`<bdi>${named(host.version, "not known yet")}</bdi>`)}
          ${this.fact("Screens", screens(host))} ${this.fact("Load", load(host))} ${this.fact("Disk", disk(host))}
          ${this.fact("Added", time(host.enrolled_ms, ago(host.enrolled_ms, this.shell.now()), stamp(host.enrolled_ms)))}
          ${this.fact("Groups", groupsLine(host.groups))}
        </dl>
        ${host.notes === "" ? nothing : html`<p class="notes"><bdi>${said(host.notes, 2000)}</bdi></p>`}`)}
        ${section("Its key", this.keys(host))}
      </div>
      ${me.admin ? this.who(host) : nothing}
      ${this.audit ? section("What happened there", html`${this.fault(host)}${this.audit.view("Nothing has been recorded about this computer yet.")}`, { lead: `The gateway’s own entries, and ${count(host.audit_size, "entry", "entries")} that the computer signed.` }) : nothing}
      ${me.admin
        ? section("Remove", html`<button type="button" class="secondary danger" @click=${() => { this.remove(host); }}>${icon("trash")}Remove this computer</button>`, {
            lead: "It is told to stop, and is out of every list. Its audit is kept.",
          })
        : nothing}`;
  }

  private fact(name: string, value: TemplateResult | string): TemplateResult {
    return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  }

  private fault({ audit_fault }: HostDetail): TemplateResult | typeof nothing {
    if (audit_fault === "") return nothing;
    return html`<p class="verdict warn">${icon("warn")}<span>Its audit is not to be trusted: <bdi>${said(audit_fault)}</bdi>. Read it on the computer itself with <code>farhand audit verify</code>.</span></p>`;
  }

  private keys(host: HostDetail): TemplateResult {
    return html`<p class="fingerprint mono" aria-label="Fingerprint of its key">${host.fingerprint}</p>
      <p class="hint">The computer shows the same where <code>farhand host</code> is started. If it differs, somebody stands between.</p>
      ${host.endorsed
        ? html`<p class="verdict good">${icon("check")}<span>Signed by your organisation: nobody else can pass for it.</span></p>`
        : html`<p class="verdict warn">${icon("warn")}<span>Not signed yet, so nobody can open it unattended. Compare the fingerprint, then run this where the organisation’s key is:</span></p>
            ${copyable(`farhand org sign ${host.id} --gateway ${location.origin}`, "Command that signs this computer’s key")}`}`;
  }

  private who(host: HostDetail): TemplateResult {
    const ids = new Set(host.groups.map(({ id }) => id));
    return section(
      "Who may reach it",
      whole(this.rules, (rules) => {
        const here = rules.filter((rule) => rule.host?.id === host.id || (rule.host_group && ids.has(rule.host_group.id)));
        return here.length === 0
          ? html`<p>Nobody. <a href=${href("rights", "new", { host: host.id })}>Make a rule</a></p>`
          : html`<ul class="sentences">${here.map((rule) => html`<li><a href=${href("rights", rule.id)}>${ruleSentence(rule)}</a></li>`)}</ul>`;
      }, 2),
      { actions: html`<a class="secondary" href=${href("rights", "new", { host: host.id })}>${icon("add")}New rule</a>` },
    );
  }

  private edit(host: HostDetail): void {
    let { name, notes } = host;
    let words = host.tags.join(", ");
    const chosen = new Set(host.groups.map(({ id }) => id));
    this.shell.dialogs.open(() => ({
      title: "Edit this computer",
      yes: "Save",
      body: html`${field({ id: "host-name", label: "Name", value: name, longest: 64, focus: true, input: (text) => { name = text; } })}
        ${field({ id: "host-tags", label: "Tags", value: words, input: (text) => { words = text; }, hint: "Words, with commas between them.", optional: true })}
        <fieldset><legend>Groups</legend>
          ${(this.groups.value ?? []).length === 0 ? html`<p class="hint">There are no groups yet: make one in the list of computers.</p>` : nothing}
          ${(this.groups.value ?? []).map((group) => tick(`group-${group.id}`, html`<bdi>${named(group.name)}</bdi>`, chosen.has(group.id), (on) => {
            if (on) chosen.add(group.id);
            else chosen.delete(group.id);
          }))}
        </fieldset>
        ${field({ id: "host-notes", label: "Notes", value: notes, longest: 2000, input: (text) => { notes = text; }, optional: true })}`,
      act: async () => {
        this.host.set(await this.shell.api.changeHost(host.id, { name: name.trim(), tags: tagWords(words), groups: [...chosen], notes: notes.trim() }));
        this.shell.say("Saved.");
      },
    }));
  }

  private remove(host: HostDetail): void {
    this.shell.dialogs.open(() => ({
      title: "Remove this computer?",
      yes: "Remove it",
      danger: true,
      body: html`<p><strong><bdi>${named(host.name)}</bdi></strong> ends its sessions and cannot be reached any more. To have it back, it has to be added anew.</p>`,
      act: async () => {
        await this.shell.api.removeHost(this.id);
        this.shell.go(href("hosts"));
        this.shell.say("The computer was removed.");
      },
    }));
  }
}
