/** What is said of a host, the same in the list and on its page. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Host, Named } from "../api/types";
import { href } from "../router";
import { ago, bytes, count, named, stamp } from "../words";
import { time } from "./heading";
import { icon } from "./icons";

/** Below this share of free space a disk is nearly full. */
const NEARLY_FULL = 0.1;

export function hostState(host: Host, now: number): TemplateResult {
  if (host.online) {
    return html`<span class="status on">Online</span>${host.callers > 0
      ? html` <span class="chip strong">${host.callers.toLocaleString("en-GB")} connected</span>`
      : nothing}`;
  }
  return html`<span class="status"
    ><span>${host.last_seen_ms > 0 ? html`Offline, seen ${time(host.last_seen_ms, ago(host.last_seen_ms, now), stamp(host.last_seen_ms))}` : "Never seen"}</span></span
  >`;
}

export function disk(host: Host): TemplateResult | string {
  if (host.disk_free === null || host.disk_total === null || host.disk_total <= 0) return "–";
  const full = host.disk_free / host.disk_total < NEARLY_FULL;
  return html`<span class=${full ? "bad" : ""} title="of ${bytes(host.disk_total)}">${full ? html`only ${bytes(host.disk_free)}<span class="unseen"> free</span>` : html`${bytes(host.disk_free)} free`}</span>`;
}

export function load(host: Host): string {
  return host.load === null ? "–" : `${Math.round(host.load * 100)} %`;
}

export function screens(host: Host): string {
  if (host.screens.length === 0) return "–";
  const sizes = host.screens.map((size) => named(size).replace(/x/, " × "));
  return sizes.join(", ");
}

/** The same where there is room for a word. */
export function screensShort(host: Host): TemplateResult | string {
  if (host.screens.length < 2) return screens(host);
  return html`<span title=${screens(host)}>${count(host.screens.length, "screen")}</span>`;
}

export function tags(list: readonly string[], most = 99): TemplateResult | typeof nothing {
  if (list.length === 0) return nothing;
  const rest = list.length - most;
  return html`<span class="tags">${list.slice(0, most).map((tag) => html`<span class="chip"><bdi>${named(tag)}</bdi></span>`)}${rest > 0
    ? html`<span class="chip">+${rest}</span>`
    : nothing}</span>`;
}

export function groupsLine(groups: readonly Named[]): TemplateResult | string {
  if (groups.length === 0) return "none";
  return html`${groups.map((group, index) => html`${index > 0 ? ", " : nothing}<a href=${href("hosts", "", { group: group.id })}><bdi>${named(group.name)}</bdi></a>`)}`;
}

/** The viewer with this host; a window of its own, so that the list stays. */
export function openLink(host: Host, primary = false): TemplateResult {
  return html`<a class="${primary ? "primary" : "secondary"} open" href="./#host=${encodeURIComponent(host.id)}" target="_blank" rel="noopener"
    >${icon("open")}<span>Open<span class="unseen"> ${named(host.name)} in a new window</span></span></a
  >`;
}
