/** How one side of the manager looks: where one is, what can be done, the list, and the states in its place. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { guard } from "lit/directives/guard.js";
import type { FilesRights } from "../../files/api";
import { asArchive, canPick } from "../../files/sources";
import { count, size } from "./amounts";
import { type FilesIcon, icon } from "./icons";
import { shortName } from "./name_view";
import { visible } from "./names";
import type { Pane } from "./pane";
import type { Folder } from "./place";
import { FAULTS } from "./words";

/** What a pane's buttons do. */
export interface PaneActions {
  /** One of the roots, or of the folders above. */
  readonly go: (trail: readonly Folder[]) => void;
  readonly filter: (text: string) => void;
  readonly leaveFilter: () => void;
  readonly transfer: () => void;
  readonly sendFiles: () => void;
  readonly sendFolder: () => void;
  readonly make: () => void;
  readonly remove: () => void;
  readonly properties: () => void;
  readonly look: () => void;
  readonly ask: (reason: string) => void;
  /** A folder of this computer, chosen anew or the one that was open last. */
  readonly pick: () => void;
  readonly again: () => void;
}

export interface PaneLook {
  readonly pane: Pane;
  readonly title: string;
  readonly roots: readonly Folder[];
  readonly rights: FilesRights;
  /** Whether the other side has a folder open next to this one. */
  readonly pair: boolean;
  /** The folder of this computer that was open last and needs a click to be open again. */
  readonly last: string;
  /** What something is being dragged over: the pane's folder (`""`) or one of its rows. */
  readonly over: string | null;
  readonly connected: boolean;
  readonly now: number;
}

export function paneView(look: PaneLook, actions: PaneActions): TemplateResult {
  const { pane, over } = look;
  const host = pane.place.side === "host";
  const open = pane.state !== "closed" && !(host && look.rights.read !== "held");
  return html`<section class="pane ${pane.place.side} ${over === "" ? "over" : ""}" data-side=${pane.place.side} aria-label=${look.title}>
    ${open ? html`${path(look, actions)} ${tools(look, actions)}` : nothing}
    ${host && open && look.rights.write !== "held" && pane.folder?.writable === true ? writing(look, actions) : nothing}
    <div class="middle">${middle(look, actions, open)}</div>
    ${open ? foot(pane) : nothing}
  </section>`;
}

// ---- where one is -----------------------------------------------------------------------------------------------------

function path(look: PaneLook, actions: PaneActions): TemplateResult {
  const { pane, title } = look;
  const { trail } = pane;
  const host = pane.place.side === "host";
  return html`<nav class="path" aria-label="${title}: where you are">
    ${host
      ? rootList(look, actions)
      : html`<button type="button" class="chip" title="Choose another folder of this computer" @click=${actions.pick}>${icon("here")}${title}</button>`}
    ${icon("go")}
    <ol>
      ${trail.map((folder, at) => {
        const here = at === trail.length - 1;
        return html`<li>
          ${at > 0 ? icon("go") : nothing}
          <button
            type="button"
            class="crumb"
            aria-current=${here ? "location" : nothing}
            title=${visible(folder.name)}
            aria-label=${visible(folder.name)}
            @click=${() => {
              actions.go(trail.slice(0, at + 1));
            }}
          >
            ${shortName(folder.name)}
          </button>
        </li>`;
      })}
    </ol>
  </nav>`;
}

/** The folders that the host's owner has opened, where there is more than one. */
function rootList({ pane, roots, title, pair }: PaneLook, actions: PaneActions): TemplateResult {
  const [root] = pane.trail;
  const where = html`${icon("host")}${pair || roots.length < 2 ? html`<bdi>${title}</bdi>` : nothing}`;
  if (roots.length < 2) return html`<span class="chip">${where}</span>`;
  return html`<label class="chip">
    ${where}<span class="unseen">Open folder of the host</span>
    <select
      @change=${(event: Event) => {
        const chosen = roots[(event.target as HTMLSelectElement).selectedIndex];
        if (chosen !== undefined) actions.go([chosen]);
      }}
    >
      ${roots.map(
        (one) => html`<option .selected=${one.path === root?.path}>${visible(one.name)}${one.writable ? "" : " (read only)"}</option>`,
      )}
    </select>
  </label>`;
}

// ---- what can be done -------------------------------------------------------------------------------------------------

function tools(look: PaneLook, actions: PaneActions): TemplateResult {
  const { pane, rights, connected } = look;
  const host = pane.place.side === "host";
  const ready = pane.state === "ready" || pane.state === "loading";
  const some = pane.subjects.length > 0;
  const one = pane.subjects.length === 1;
  const zip = host && !look.pair && !canPick() && asArchive(pane.subjects);
  const may = pane.folder?.writable === true && (!host || (rights.write === "held" && connected));
  return html`<div class="tools" role="toolbar" aria-label="${look.title}: tools" @keydown=${walk}>
    ${host
      ? html`${tool("fetch", look.pair ? "Fetch" : zip ? "Download as ZIP" : "Download", actions.transfer, { disabled: !some || !ready, words: true, hint: "Ctrl+Enter" })}
        ${tool("send", "Send files", actions.sendFiles, { disabled: !may, words: true })}
        ${tool("tree", "Send a folder", actions.sendFolder, { disabled: !may })}`
      : tool("send", "Send", actions.transfer, { disabled: !some || !look.pair, words: true, hint: "Ctrl+Enter" })}
    <i class="gap"></i>
    ${tool("eye", "Look at it", actions.look, { disabled: !one, hint: "F3" })}
    ${tool("info", "Properties", actions.properties, { disabled: !some, hint: "Alt+Enter" })}
    ${tool("edit", "Rename", pane.rename, { disabled: !one || !may, hint: "F2" })}
    ${tool("trash", "Delete", actions.remove, { disabled: !some || !may, hint: "Delete" })}
    ${tool("add", "New folder", actions.make, { disabled: !may, hint: "F7" })}
    ${tool("hidden", "Hidden files", pane.toggleHidden, { pressed: pane.model.hidden, hint: "Ctrl+H" })}
    ${tool("again", "Read again", () => void pane.refresh(), { disabled: pane.state === "loading", hint: "F5" })}
    ${filterField(look, actions)}
  </div>`;
}

interface Tool {
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  /** The label is seen where there is room. */
  readonly words?: boolean;
  /** The keys that do the same in the list. */
  readonly hint?: string;
}

function tool(name: FilesIcon, label: string, run: () => void, { disabled = false, pressed, words = false, hint = "" }: Tool): TemplateResult {
  return html`<button
    type="button"
    class="tool ${words ? "worded" : ""}"
    title=${hint === "" ? label : `${label} (${hint})`}
    aria-label=${label}
    aria-pressed=${pressed === undefined ? nothing : String(pressed)}
    ?disabled=${disabled}
    @click=${run}
  >
    ${icon(name)}${words ? html`<span class="label">${label}</span>` : nothing}
  </button>`;
}

function filterField({ pane, title }: PaneLook, actions: PaneActions): TemplateResult {
  return html`<label class="filter">
    <span class="unseen">Filter ${title} by name</span>${icon("search")}
    <input
      type="search"
      placeholder="Filter"
      autocomplete="off"
      spellcheck="false"
      .value=${pane.model.filter}
      @input=${(event: Event) => {
        actions.filter((event.target as HTMLInputElement).value);
      }}
      @keydown=${(event: KeyboardEvent) => {
        if (event.key === "Escape" && pane.model.filter !== "") actions.filter("");
        else if (event.key !== "Enter" && event.key !== "ArrowDown" && event.key !== "Escape") {
          event.stopPropagation();
          return;
        }
        event.preventDefault();
        event.stopPropagation();
        actions.leaveFilter();
      }}
    />
  </label>`;
}

/** Left and right go along the tools; each is reached by Tab, too. */
function walk(event: KeyboardEvent): void {
  if ((event.key !== "ArrowLeft" && event.key !== "ArrowRight") || !(event.target instanceof HTMLButtonElement)) return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLButtonElement>(".tool:not(:disabled)")];
  const at = all.indexOf(event.target);
  all[(at + (event.key === "ArrowRight" ? 1 : all.length - 1)) % all.length]?.focus();
  event.preventDefault();
}

// ---- the list, or what is in its place --------------------------------------------------------------------------------

function middle(look: PaneLook, actions: PaneActions, open: boolean): TemplateResult {
  const { pane, rights, over, now } = look;
  const host = pane.place.side === "host";
  if (host && rights.read !== "held") return leave(look, actions);
  if (!open) return host ? skeleton() : nowhere(look, actions);
  if (pane.state === "failed" && pane.fault !== null) {
    const { title, cure } = FAULTS[pane.fault.name];
    return html`<div class="state" role="alert">
      <span class="emblem bad">${icon("warn")}</span>
      <h3>${title}</h3>
      <p>${pane.fault.text}</p>
      <p class="cure">${cure}</p>
      <div class="actions">
        <button type="button" class="secondary small" @click=${() => void pane.refresh()}>${icon("again")}Try again</button>
        ${pane.trail.length > 1 ? html`<button type="button" class="secondary small" @click=${pane.up}>One folder up</button>` : nothing}
      </div>
    </div>`;
  }
  const { view, total, filter } = pane.model;
  const list = pane.list.view({ label: `${look.title}, ${visible(pane.folder?.name ?? "")}`, renaming: pane.renaming, over, busy: pane.state === "loading", now });
  // The grid is the same element whether it holds names or not: it keeps the focus.
  return html`${list}${view.length > 0 ? nothing : pane.state === "loading" ? skeleton() : empty(look, actions, total, filter)}`;
}

function empty({ pane, pair }: PaneLook, actions: PaneActions, total: number, filter: string): TemplateResult {
  if (filter !== "") {
    return html`<div class="state light">
      <h3>No name holds “${filter}”</h3>
      <button type="button" class="secondary small" @click=${() => { actions.filter(""); }}>Show all ${total.toLocaleString("en")}</button>
    </div>`;
  }
  if (total > 0) {
    return html`<div class="state light">
      <h3>Only hidden names are here</h3>
      <button type="button" class="secondary small" @click=${pane.toggleHidden}>Show ${count(total, "hidden name")}</button>
    </div>`;
  }
  const host = pane.place.side === "host";
  return html`<div class="state light">
    <span class="emblem">${icon(host ? "send" : "fetch")}</span>
    <h3>This folder is empty</h3>
    <p>${host ? "Drop files or folders here to send them." : pair ? "Drop files from the other side here to fetch them." : ""}</p>
  </div>`;
}

/** Lines where names will be; they appear only if it takes a moment. */
function skeleton(): TemplateResult {
  return html`${guard([], () => html`<div class="skeleton" role="status"><span class="unseen">Reading the folder</span>${Array.from({ length: 9 }, () => html`<i></i>`)}</div>`)}`;
}

function nowhere({ last }: PaneLook, actions: PaneActions): TemplateResult {
  return html`<div class="state">
    <span class="emblem">${icon("here")}</span>
    <h3>A folder of this computer</h3>
    <p>Choose one to have it here, beside the host’s, and carry files over in both directions. The page sees that folder only.</p>
    <div class="actions">
      ${last === "" ? nothing : html`<button type="button" class="primary small" @click=${actions.again}>Open <bdi>${visible(last)}</bdi></button>`}
      <button type="button" class=${last === "" ? "primary small" : "secondary small"} @click=${actions.pick}>${last === "" ? "Choose a folder" : "Another folder"}</button>
    </div>
  </div>`;
}

// ---- rights -----------------------------------------------------------------------------------------------------------

/** The right to see files is not held. */
function leave({ rights }: PaneLook, actions: PaneActions): TemplateResult {
  if (rights.read === "asking") {
    return html`<div class="state" role="status">
      <span class="pulse wait" aria-hidden="true"></span>
      <h3>Asked</h3>
      <p>${rights.text === "" ? "The person at the host is asked." : rights.text}</p>
      <p class="hint">This goes on by itself once there is an answer.</p>
    </div>`;
  }
  const refused = rights.read === "refused";
  return html`<div class="state">
    <span class="emblem ${refused ? "bad" : ""}">${icon("shield")}</span>
    <h3>${refused ? "The answer was no" : "Files were not part of this session"}</h3>
    <p>
      ${refused
        ? html`${rights.text === "" ? "Whoever decides there did not want it." : html`<bdi>${rights.text}</bdi>`}`
        : "You may see or operate the computer, but not its files yet. Whoever let you in decides about that, too."}
    </p>
    ${rights.write === "held" ? html`<p>Sending is allowed: what you drop goes into the first open folder there.</p>` : nothing}
    <form
      class="ask"
      @submit=${(event: Event) => {
        event.preventDefault();
        const reason = new FormData(event.target as HTMLFormElement).get("reason");
        actions.ask(typeof reason === "string" ? reason.trim() : "");
      }}
    >
      <label>What is it for? <small>Shown to whoever decides</small><input name="reason" maxlength="200" autocomplete="off" /></label>
      <button type="submit" class="primary small">${refused ? "Ask again" : rights.write === "held" ? "Ask to see files" : "Ask to see and send files"}</button>
    </form>
  </div>`;
}

/** Looking is allowed, and sending is not. */
function writing({ rights }: PaneLook, actions: PaneActions): TemplateResult {
  const asking = rights.write === "asking";
  const text = asking ? rights.text || "The person at the host is asked." : rights.write === "refused" ? `The answer was no. ${rights.text}` : "You may fetch files, and not send or change any.";
  return html`<div class="strip" role="status">
    ${asking ? html`<span class="pulse wait" aria-hidden="true"></span>` : icon("shield")}
    <span><bdi>${text}</bdi></span>
    ${asking
      ? nothing
      : html`<button type="button" class="secondary small" @click=${() => { actions.ask(""); }}>${rights.write === "refused" ? "Ask again" : "Ask to send"}</button>`}
  </div>`;
}

// ---- the line below ---------------------------------------------------------------------------------------------------

function foot(pane: Pane): TemplateResult {
  const { model, skipped, free } = pane;
  const chosen = model.selected;
  const bytes = chosen.reduce((sum, row) => sum + (row.kind === "file" ? row.size : 0), 0);
  const folders = chosen.filter((row) => row.kind === "folder").length;
  const unseen = model.total - model.view.length;
  const parts =
    chosen.length > 0
      ? [`${chosen.length.toLocaleString("en")} of ${model.view.length.toLocaleString("en")} selected`, chosen.length > folders ? size(bytes) : ""]
      : [count(model.view.length, "name"), unseen > 0 && pane.state === "ready" ? `${unseen.toLocaleString("en")} not shown` : ""];
  if (skipped > 0) parts.push(`${count(skipped, "name")} could not be read`);
  return html`<p class="foot">
    <span>${pane.state === "loading" && model.total === 0 ? "Reading…" : parts.filter(Boolean).join(" · ")}${pane.state === "loading" && model.total > 0 ? " · reading…" : ""}</span>
    ${free === null ? nothing : html`<span>${size(free)} free</span>`}
  </p>`;
}
