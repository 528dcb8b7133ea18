/** Entries of the audit, newest first, with more on demand. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Query } from "../api/http";
import type { AuditEntry } from "../api/types";
import { Paged } from "../paged";
import { href } from "../router";
import type { Shell } from "../shell";
import { ago, named, said, stamp } from "../words";
import { time } from "./heading";
import { empty, inTheWay, loading, stale } from "./states";

const PAGE = 50;

/** The kinds of hosts and of the gateway, as the past of a sentence. */
export const KINDS: Readonly<Record<string, string>> = {
  "log-in": "Signed in",
  "log-in-refused": "Was refused at sign-in",
  "log-out": "Signed out",
  "account-changed": "Changed an account",
  "person-changed": "Changed a person",
  "group-changed": "Changed a group",
  setting: "Changed a setting",
  "host-enrolled": "Added a computer",
  "host-changed": "Changed a computer",
  "host-removed": "Removed a computer",
  "enrol-token": "Made or withdrew an enrolment token",
  "device-added": "Added a device",
  "device-revoked": "Revoked a device",
  "rule-changed": "Changed a rule",
  "grant-issued": "Was given rights",
  "grant-refused": "Was refused rights",
  "approval-asked": "Asked for an approval",
  "approval-decided": "Decided an approval",
  "audit-rewritten": "A host’s audit contradicts its own past",
  "audit-malformed": "A host’s audit is malformed",
  consent: "Was answered at the computer",
  grant: "Began a session with rights",
  "right-used": "Used a right",
  "right-lost": "Lost a right",
  "right-added": "Was given a right in the session",
  paused: "Was paused",
  "session-end": "Ended a session",
  code: "A one-time code was used",
  file: "A file was copied",
  command: "A command was run",
  start: "Started",
  stop: "Stopped",
  revoked: "A device was revoked",
  enrolled: "Was enrolled",
};

/** Kinds that deserve a second look. */
const GRAVE = new Set(["log-in-refused", "grant-refused", "audit-rewritten", "audit-malformed", "revoked", "device-revoked", "right-lost"]);

export function kindWords(kind: string): string {
  return KINDS[kind] ?? named(kind.replace(/-/g, " "));
}

/** The fields of an entry that have no place of their own, as `name: value`. */
export function details(entry: AuditEntry): string {
  return Object.entries(entry.detail)
    .filter(([, value]) => value !== null && value !== "" && value !== undefined)
    .map(([name, value]) => `${named(name)}: ${said(typeof value === "object" ? JSON.stringify(value) : String(value), 160)}`)
    .join(" · ");
}

export class AuditList {
  readonly list: Paged<AuditEntry>;

  constructor(
    private readonly shell: Shell,
    private readonly query: () => Query,
    private readonly withHost = true,
  ) {
    this.list = new Paged((cursor, limit, signal) => shell.api.audit({ ...this.query(), limit, cursor: cursor ?? undefined }, signal), shell.changed, PAGE);
    void this.list.restart();
  }

  tick(): void {
    if (this.list.fault) void this.list.restart();
    else if (this.list.loaded.length <= PAGE) void this.list.refresh(0, 1);
  }

  leave(): void {
    this.list.cancel();
  }

  view(nothingText: string): TemplateResult {
    const { list } = this;
    const again = (): void => void list.restart();
    if (list.total < 0) return list.fault ? inTheWay(list.fault, again) : loading(6);
    if (list.total === 0) return empty("audit", "No entries", nothingText);
    return html`${list.fault ? stale(list.fault, again) : nothing}
      <ol class="entries" aria-label="Audit, newest first">
        ${list.loaded.map((entry) => this.entry(entry))}
      </ol>
      ${list.loaded.length < list.total
        ? html`<p class="more"><button type="button" class="secondary" ?disabled=${list.loading} @click=${() => { list.want(list.loaded.length + PAGE); }}>${list.loading ? "Loading…" : "Show older entries"}</button>
            <span class="hint">${list.loaded.length.toLocaleString("en-GB")} of ${list.total.toLocaleString("en-GB")}</span></p>`
        : nothing}`;
  }

  private entry(entry: AuditEntry): TemplateResult {
    const more = details(entry);
    return html`<li class=${GRAVE.has(entry.kind) ? "grave" : ""}>
      ${time(entry.time_ms, ago(entry.time_ms, this.shell.now()), stamp(entry.time_ms))}
      <div>
        <p>
          ${entry.person === "" ? nothing : html`<strong><bdi>${named(entry.person)}</bdi></strong> `}<span class="kind">${kindWords(entry.kind)}</span>${this.withHost && entry.host
            ? html` on <a href=${href("hosts", entry.host.id)}><bdi>${named(entry.host.name)}</bdi></a>`
            : nothing}
        </p>
        ${entry.reason === "" ? nothing : html`<p class="reason">Reason: <q><bdi>${said(entry.reason)}</bdi></q></p>`}
        <p class="hint">
          ${[
            stamp(entry.time_ms),
            ...(entry.address === "" ? [] : [`from ${named(entry.address)}`]),
            ...(entry.device === "" ? [] : [`with ${named(entry.device)}`]),
            ...(more === "" ? [] : [more]),
          ].join(" · ")}
        </p>
      </div>
    </li>`;
  }
}
