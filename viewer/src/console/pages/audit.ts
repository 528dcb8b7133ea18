/** The audit of everybody and everything: found by person, computer, time and kind, and taken along. */
import { type TemplateResult, html } from "lit/html.js";
import type { Query } from "../api/http";
import { faultOf } from "../api/errors";
import type { AuditEntry, Listing, Named } from "../api/types";
import { AuditList, KINDS } from "../parts/audit_list";
import { field, select } from "../parts/fields";
import { heading } from "../parts/heading";
import { icon } from "../parts/icons";
import { Picker } from "../parts/picker";
import { type Place, href } from "../router";
import type { Page, Shell } from "../shell";
import { capital, count } from "../words";

const TYPING = 250;
/** Entries that an export holds at most: more is for the command line. */
const EXPORT_MAX = 20_000;
const FIELDS = ["person", "host", "from", "to", "kind"] as const;

export class AuditPage implements Page {
  readonly title = "Audit";
  private readonly audit: AuditList;
  private host: Picker;
  private values: Record<(typeof FIELDS)[number], string>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private exporting = false;

  constructor(private readonly shell: Shell, place: Place) {
    this.values = this.read(place);
    this.host = this.picker(null);
    if (this.values.host !== "") void this.nameHost(this.values.host);
    this.audit = new AuditList(shell, () => this.query());
  }

  private read(place: Place): Record<(typeof FIELDS)[number], string> {
    const of = (name: string): string => place.query.get(name) ?? "";
    return { person: of("person"), host: of("host"), from: of("from"), to: of("to"), kind: of("kind") };
  }

  private query(): Query {
    const { person, host, from, to, kind } = this.values;
    return { person: person.trim(), host, kind, from: dayStart(from, 0), to: dayStart(to, 1) };
  }

  private picker(chosen: Named | null): Picker {
    const { api, changed } = this.shell;
    return new Picker({
      id: "host",
      label: "Computer",
      chosen,
      placeholder: "Any",
      changed: () => {
        const id = this.host.chosen?.id ?? "";
        if (id === this.values.host) changed();
        else this.typed("host", id);
      },
      search: async (q) => (await api.hosts({ q, limit: 6 })).items,
    });
  }

  private async nameHost(id: string): Promise<void> {
    let name = id;
    try {
      ({ name } = await this.shell.api.host(id));
    } catch {
      // It was removed: its entries are kept, under its id.
    }
    this.host = this.picker({ id, name });
    this.shell.changed();
  }

  tick(): void {
    this.audit.tick();
  }

  leave(): void {
    clearTimeout(this.timer);
    this.audit.leave();
  }

  moved(place: Place): boolean {
    this.values = this.read(place);
    this.host = this.picker(null);
    if (this.values.host !== "") void this.nameHost(this.values.host);
    void this.audit.list.restart();
    return true;
  }

  view(): TemplateResult {
    const { values } = this;
    return html`${heading({
        title: "Audit",
        lead: "What people did, what the gateway did, and what each computer wrote down itself. Nobody can take an entry out unseen.",
        actions: html`<button type="button" class="secondary" ?disabled=${this.exporting} @click=${() => { void this.export(); }}>${icon("export")}${this.exporting ? "Exporting…" : "Export"}</button>`,
      })}
      <form class="finder" role="search" aria-label="Find in the audit" novalidate @submit=${(event: Event) => { event.preventDefault(); }}>
        ${field({ id: "person", label: "Person", value: values.person, placeholder: "Whole name", longest: 64, input: (text) => { this.typed("person", text); } })}
        ${this.host.view()}
        ${select("kind", "What", values.kind, [{ value: "", label: "Everything" }, ...Object.entries(KINDS).map(([value, label]) => ({ value, label: capital(label) }))], (kind) => { this.typed("kind", kind); })}
        ${field({ id: "from", label: "From", type: "date", value: values.from, input: (text) => { this.typed("from", text); } })}
        ${field({ id: "to", label: "To", type: "date", value: values.to, input: (text) => { this.typed("to", text); } })}
        ${FIELDS.some((name) => values[name] !== "") ? html`<a class="quiet" href=${href("audit")}>Clear</a>` : html``}
      </form>
      <div class="panel flush">${this.audit.view("Nothing fits what you look for.")}</div>`;
  }

  private typed(name: (typeof FIELDS)[number], text: string): void {
    this.values = { ...this.values, [name]: text };
    this.shell.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      history.replaceState(null, "", href("audit", "", this.values));
      void this.audit.list.restart();
    }, TYPING);
  }

  /** All that fits, as JSON Lines, put together here. */
  private async export(): Promise<void> {
    this.exporting = true;
    this.shell.changed();
    try {
      const lines: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Listing<AuditEntry> = await this.shell.api.audit({ ...this.query(), limit: 200, cursor: cursor ?? undefined });
        for (const entry of page.items) lines.push(JSON.stringify(entry));
        cursor = page.next;
      } while (cursor !== null && lines.length < EXPORT_MAX);
      save("farhand-audit.jsonl", `${lines.join("\n")}\n`);
      this.shell.say(cursor === null ? `${count(lines.length, "entry", "entries")} exported.` : `The newest ${lines.length.toLocaleString("en-GB")} entries were exported: narrow it down for older ones.`);
    } catch (error) {
      this.shell.say(faultOf(error).message);
    }
    this.exporting = false;
    this.shell.changed();
  }
}

/** Unix milliseconds at which a day, and so many after it, begins here; undefined where none is given. */
export function dayStart(day: string, after: number): number | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!found) return undefined;
  return new Date(Number(found[1]), Number(found[2]) - 1, Number(found[3]) + after).getTime();
}

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  link.download = name;
  link.click();
  setTimeout(() => { URL.revokeObjectURL(link.href); }, 10_000);
}
