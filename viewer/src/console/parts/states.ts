/** What stands where there is nothing to show yet, nothing at all, or something in the way. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Fault, FaultKind } from "../api/errors";
import type { Resource } from "../resource";
import { type IconName, icon } from "./icons";

export function empty(name: IconName, title: string, text: string | TemplateResult, actions?: TemplateResult): TemplateResult {
  return html`<div class="state">
    <span class="emblem">${icon(name)}</span>
    <h2>${title}</h2>
    <p>${text}</p>
    ${actions ? html`<div class="actions">${actions}</div>` : nothing}
  </div>`;
}

const TITLES: Record<FaultKind, readonly [IconName, string]> = {
  offline: ["offline", "No connection to the gateway"],
  "signed-out": ["lock", "You are signed out"],
  forbidden: ["lock", "This is not yours to see"],
  gone: ["search", "There is nothing here"],
  busy: ["warn", "Too many requests at once"],
  refused: ["warn", "That was refused"],
  broken: ["warn", "The gateway has a fault"],
};

export function inTheWay(fault: Fault, again: () => void): TemplateResult {
  const [name, title] = TITLES[fault.kind];
  const hint = fault.kind === "forbidden" ? " An administrator can give you a role that may." : "";
  return empty(
    name,
    title,
    `${fault.message}${hint}`,
    fault.kind === "forbidden" ? undefined : html`<button type="button" class="secondary" @click=${again}>Try again</button>`,
  );
}

/** A place that is being filled: lines of the size that is to come. */
export function loading(lines = 4): TemplateResult {
  return html`<div class="loading" role="status">
    <span class="unseen">Loading…</span>${Array.from({ length: lines }, () => html`<i></i>`)}
  </div>`;
}

/** A resource's value, or the state it is in. A fault beside a value is a line above it. */
export function whole<T>(resource: Resource<T>, shown: (value: T) => TemplateResult, lines?: number): TemplateResult {
  const again = (): void => void resource.load();
  if (resource.value === null) {
    return resource.fault ? inTheWay(resource.fault, again) : loading(lines);
  }
  return html`${resource.fault ? stale(resource.fault, again) : nothing}${shown(resource.value)}`;
}

/** What is shown may be old. */
export function stale(fault: Fault, again: () => void): TemplateResult {
  return html`<p class="banner bad" role="status">
    ${icon("offline")}<span>${fault.kind === "offline" ? "No connection to the gateway: what you see may be old." : fault.message}</span>
    <button type="button" class="quiet" @click=${again}>Try again</button>
  </p>`;
}
