/** Entries of the audit, newest first, with more on demand. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Query } from "../api/http";
import type { AuditEntry } from "../api/types";
import { Paged } from "../paged";
import { href } from "../router";
import type { Shell } from "../shell";
import { ago, capital, named, said, stamp } from "../words";
import { time } from "./heading";
import { empty, inTheWay, loading, stale } from "./states";

const PAGE = 50;

/** The kinds of hosts and of the gateway, as what somebody did. */
export const KINDS: Readonly<Record<string, string>> = {
  "log-in": "signed in",
  "log-in-refused": "was refused at sign-in",
  "log-out": "signed out",
  "account-changed": "changed their account",
  "person-changed": "changed a person",
  "group-changed": "changed a group",
  setting: "changed a setting",
  "host-enrolled": "added a computer",
  "host-changed": "changed a computer",
  "host-removed": "removed a computer",
  "enrol-token": "made or withdrew an enrolment token",
  "device-added": "added a device",
  "device-revoked": "revoked a device",
  "rule-changed": "changed a rule",
  "grant-issued": "was given rights",
  "grant-refused": "was refused rights",
  "approval-asked": "asked for an approval",
  "approval-decided": "decided an approval",
  "audit-rewritten": "audit that contradicts its own past",
  "audit-malformed": "audit that is malformed",
  consent: "got an answer from whoever sat there",
  grant: "began a session",
  "right-used": "used a right",
  "right-lost": "lost a right",
  "right-added": "was given a right in the session",
  paused: "was paused",
  "session-end": "ended a session",
  code: "used a one-time code",
  file: "copied a file",
  command: "ran a command",
  start: "started",
  stop: "stopped",
  revoked: "was revoked",
  enrolled: "was enrolled",
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
    .map(([name, value]) => `${named(name)}: ${said(typeof value === "string" ? value : JSON.stringify(value), 160)}`)
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
    if (list.total === 0) return this.withHost ? empty("audit", "No entries", nothingText) : html`<p class="hint">${nothingText}</p>`;
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
          ${entry.person === "" ? nothing : html`<strong><bdi>${named(entry.person)}</bdi></strong> `}<span class="kind">${entry.person === "" ? capital(kindWords(entry.kind)) : kindWords(entry.kind)}</span>${this.withHost && entry.host
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
