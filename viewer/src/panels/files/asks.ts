/** The manager's questions and pages: delete, new folder, a name that is taken, properties, a look into a file. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { ref } from "lit/directives/ref.js";
import type { ConflictChoice, Transfer, TransferConflict, Version } from "../../files/api";
import { count, exact, size, whenExactly, whenInSeconds } from "./amounts";
import type { Ask, Dialog } from "./dialog";
import { icon } from "./icons";
import { LOOK_IMAGE, LOOK_TEXT, kindOf, lookOf } from "./kinds";
import { type Looked, lookAtImage, lookAtText } from "./look";
import { wholeName } from "./name_view";
import { extension, nameProblem, visible } from "./names";
import { type Pane, faultOf } from "./pane";
import type { Row } from "./place";
import { FAULTS } from "./words";

/** How many names a question shows before it counts. */
const NAMED = 6;

function named(rows: readonly Row[]): TemplateResult {
  return html`<ul class="named">
    ${rows.slice(0, NAMED).map((row) => html`<li>${wholeName(row.name)}</li>`)}
    ${rows.length > NAMED ? html`<li class="hint">and ${(rows.length - NAMED).toLocaleString("en")} more</li>` : nothing}
  </ul>`;
}

/** What a group is called: `this folder`, `these 3 files`. */
function what(rows: readonly Row[]): string {
  const folders = rows.filter((row) => row.kind === "folder").length;
  const word = folders === rows.length ? "folder" : folders === 0 ? "file" : "name";
  return rows.length === 1 ? `this ${word}` : `these ${count(rows.length, word)}`;
}

export function askToDelete(dialog: Dialog, pane: Pane, rows: readonly Row[]): void {
  const { trash, side } = pane.place;
  const where = side === "host" ? "on the host" : "on this computer";
  dialog.show(() => ({
    title: `Delete ${what(rows)}?`,
    body: html`${named(rows)}
      <p>
        ${trash
          ? `It goes to the trash ${where}, if there is one; otherwise it is gone for good.`
          : `There is no trash for what a page deletes ${where}: it is gone for good.`}
        ${rows.some((row) => row.kind === "folder") ? "Folders go with all that is in them." : nothing}
      </p>`,
    choices: [
      {
        label: trash ? "Delete" : "Delete for good",
        danger: true,
        run: async () => {
          await pane.remove(rows);
          return null;
        },
      },
    ],
    cancel: "Cancel",
  }));
}

export function askForFolder(dialog: Dialog, pane: Pane): void {
  let name = "New folder";
  for (let number = 2; pane.model.has(name); number++) name = `New folder (${number})`;
  let typed = name;
  dialog.show(() => ({
    title: "New folder",
    body: html`<label>
      Name
      <input
        class="field"
        autofocus
        autocomplete="off"
        spellcheck="false"
        .value=${name}
        @focus=${(event: FocusEvent) => {
          (event.target as HTMLInputElement).select();
        }}
        @input=${(event: Event) => {
          typed = (event.target as HTMLInputElement).value;
        }}
      />
    </label>`,
    choices: [
      {
        label: "Make it",
        run: async () => nameProblem(typed, (other) => pane.model.has(other)) || (await pane.make(typed)),
      },
    ],
    cancel: "Cancel",
  }));
}

// ---- a name that is taken ---------------------------------------------------------------------------------------------

const CHOICES: readonly { readonly choice: ConflictChoice; readonly label: string; readonly note: string }[] = [
  { choice: "skip", label: "Skip it", note: "What is there stays, and this one is left out" },
  { choice: "replace", label: "Replace it", note: "What is there goes" },
  { choice: "both", label: "Keep both", note: "This one gets a number: name (2)" },
  { choice: "newer", label: "Replace it if it is older", note: "Otherwise what is there stays" },
];

export function askAboutConflict(
  dialog: Dialog,
  transfer: Transfer,
  answer: (choice: ConflictChoice, forAll: boolean) => void,
  closed: () => void,
): void {
  const { conflict } = transfer;
  let choice: ConflictChoice = "skip";
  let forAll = false;
  if (conflict === null) return;
  dialog.show(() => ({
    title: "This name is taken",
    body: html`<p class="one">${wholeName(conflict.name)}</p>
      <p>
        ${conflict.at === "host" ? "The folder on the host" : "The folder on this computer"} has something of this name
        already${transfer.kind === "folder" ? html` (in <bdi>${transfer.name}</bdi>)` : nothing}.
      </p>
      ${versions(conflict)}
      <fieldset class="choices">
        <legend class="unseen">What is to be done</legend>
        ${CHOICES.map(
          (one, at) =>
            html`<label>
              <input
                type="radio"
                name="conflict"
                ?autofocus=${at === 0}
                .checked=${one.choice === choice}
                @change=${() => {
                  choice = one.choice;
                }}
              />
              <span>${one.label}<small>${one.note}</small></span>
            </label>`,
        )}
      </fieldset>
      <label class="all">
        <input
          type="checkbox"
          .checked=${forAll}
          @change=${(event: Event) => {
            forAll = (event.target as HTMLInputElement).checked;
          }}
        />
        Do the same for all others of this batch
      </label>`,
    choices: [
      {
        label: "Go on",
        run: () => {
          answer(choice, forAll);
          return Promise.resolve(null);
        },
      },
    ],
    cancel: "Decide later",
    closed,
  }));
}

/** Both that want the name, and which of them is newer. */
function versions({ at, coming, there }: TransferConflict): TemplateResult {
  const [host, here] = ["The host’s", "This computer’s"];
  return html`<dl class="versions">
    ${version(at === "host" ? here : host, coming, there)}
    ${there === null
      ? html`<div><dt>${at === "host" ? host : here}</dt><dd class="soft">Its size and time may not be seen.</dd></div>`
      : version(at === "host" ? host : here, there, coming)}
  </dl>`;
}

function version(where: string, one: Version, other: Version | null): TemplateResult {
  const age = other === null || one.modified === 0 || other.modified === 0 ? "" : one.modified > other.modified ? "Newer" : one.modified < other.modified ? "Older" : "Same time";
  return html`<div>
    <dt>${where}${age === "" ? nothing : html`<span class="age ${age === "Newer" ? "newer" : ""}">${age}</span>`}</dt>
    ${one.kind === "file" ? html`<dd>${size(one.size)} <small>${exact(one.size)}</small></dd>` : html`<dd>${kindOf(one.kind, "")}</dd>`}
    ${one.modified === 0 ? nothing : html`<dd>${whenInSeconds(one.modified)}</dd>`}
  </div>`;
}

// ---- properties -------------------------------------------------------------------------------------------------------

export function showProperties(dialog: Dialog, pane: Pane, rows: readonly Row[], changed: () => void): void {
  const [row] = rows;
  if (row === undefined) return;
  if (rows.length > 1) {
    const bytes = rows.reduce((sum, one) => sum + (one.kind === "file" ? one.size : 0), 0);
    dialog.show(() => ({
      title: count(rows.length, "name"),
      body: html`${named(rows)}
        <dl class="facts">
          <div><dt>Folders</dt><dd>${rows.filter((one) => one.kind === "folder").length.toLocaleString("en")}</dd></div>
          <div><dt>Size of the files</dt><dd>${size(bytes)} <small>${exact(bytes)}</small></dd></div>
        </dl>`,
      choices: [],
    }));
    return;
  }
  let digest = "";
  let problem = "";
  let busy = false;
  const measure = async (): Promise<void> => {
    busy = true;
    changed();
    try {
      digest = (await pane.place.digest(row)) ?? "";
    } catch (error) {
      problem = faultOf(error).text;
    }
    busy = false;
    changed();
  };
  dialog.show(() => ({ title: "Properties", body: facts(row, pane, { digest, problem, busy, measure: () => void measure() }), choices: [], wide: true }));
}

interface Digest {
  readonly digest: string;
  readonly problem: string;
  readonly busy: boolean;
  readonly measure: () => void;
}

function facts(row: Row, pane: Pane, state: Digest): TemplateResult {
  const { entry } = row;
  const fact = (name: string, value: unknown): TemplateResult => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<p class="one">${wholeName(row.name)}</p>
    <dl class="facts">
      ${fact("Kind", kindOf(row.kind, extension(row.name)))}
      ${fact("Where", html`<bdi>${visible(pane.trail.map((folder) => folder.name).join(" › "))}</bdi>`)}
      ${entry === null ? nothing : fact("Path", html`<bdi class="mono">${visible(row.path)}</bdi>`)}
      ${entry === null || entry.target === "" ? nothing : fact("Leads to", html`<bdi class="mono">${entry.target}</bdi>`)}
      ${row.kind === "file" ? fact("Size", html`${size(row.size)} <small>${exact(row.size)}</small>`) : nothing}
      ${row.time === 0 ? nothing : fact("Changed", whenExactly(row.time))}
      ${entry === null ? nothing : fact("Permissions", html`<span class="mono">${permissions(entry.mode)}</span> <small>${entry.mode.toString(8).padStart(3, "0")}</small>`)}
      ${row.kind === "file" && pane.place.side === "host" ? fact("BLAKE3", digestOf(state)) : nothing}
    </dl>`;
}

function digestOf({ digest, problem, busy, measure }: Digest): TemplateResult {
  if (digest !== "") return html`<code class="digest">${digest}</code>`;
  if (busy) return html`<span role="status"><span class="pulse wait" aria-hidden="true"></span> The host reads the file…</span>`;
  return html`${problem === "" ? nothing : html`<span class="problem">${problem}</span>`}
    <button type="button" class="secondary small" @click=${measure}>Work it out</button>`;
}

/** `rw-r--r--`. */
export function permissions(mode: number): string {
  return [8, 7, 6, 5, 4, 3, 2, 1, 0].map((bit) => ((mode >> bit) & 1 ? "rwx"[(8 - bit) % 3] : "-")).join("");
}

// ---- a look -----------------------------------------------------------------------------------------------------------

/** An image that is shown whole: it may be dragged out of the page. */
export interface Shown {
  readonly row: Row;
  readonly url: string;
}

/** Shows what is in a file; `step` goes to the next (1) or the one before (-1). */
export function showLook(dialog: Dialog, pane: Pane, row: Row, changed: () => void, step: (by: number) => void, shown: (shown: Shown | null) => void): void {
  let found: Looked | null = null;
  let url = "";
  let gone = false;
  const read = async (): Promise<void> => {
    found = await lookInto(pane, row);
    if (gone) return;
    if (found.as === "image") {
      url = URL.createObjectURL(new Blob([found.bytes], { type: found.type }));
      shown({ row, url });
    }
    changed();
  };
  dialog.show(
    (): Ask => ({
      title: visible(row.name),
      body: html`<div class="look" tabindex="0" autofocus>${lookView(found, url)}</div>
        <p class="hint">${row.kind === "file" ? `${size(row.size)} · ` : ""}${found?.as === "image" ? `${found.width} × ${found.height} pixels` : found?.as === "text" && !found.whole ? `the first ${size(LOOK_TEXT)} are shown` : kindOf(row.kind, extension(row.name))}</p>`,
      choices: [],
      wide: true,
      closed: () => {
        gone = true;
        shown(null);
        if (url !== "") URL.revokeObjectURL(url);
      },
      key: (event) => {
        const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (by !== 0 && !event.altKey && !event.ctrlKey) step(by);
        return by !== 0;
      },
    }),
  );
  void read();
}

async function lookInto(pane: Pane, row: Row): Promise<Looked> {
  const way = lookOf(extension(row.name));
  if (way === null) return { as: "nothing", why: "Files of this kind are not shown here: fetch it to open it." };
  const most = way.as === "image" ? LOOK_IMAGE : LOOK_TEXT;
  if (way.as === "image" && row.size > most) return lookAtImage(new Uint8Array(0), way.type, false);
  try {
    const { bytes, size: whole } = await pane.place.look(row, most);
    return way.as === "image" ? lookAtImage(bytes, way.type, bytes.length >= whole) : lookAtText(bytes, bytes.length >= whole);
  } catch (error) {
    const fault = faultOf(error);
    return { as: "nothing", why: `${FAULTS[fault.name].title}. ${fault.text}` };
  }
}

function lookView(found: Looked | null, url: string): TemplateResult {
  switch (found?.as) {
    case undefined:
      return html`<p class="still" role="status"><span class="pulse wait" aria-hidden="true"></span> Reading…</p>`;
    case "nothing":
      return html`<p class="still">${icon("warn")} ${found.why}</p>`;
    case "image":
      return html`<img
        src=${url}
        alt="What is in the file"
        ${ref((element) => {
          if (element instanceof HTMLImageElement) element.decoding = "async";
        })}
        @error=${(event: Event) => {
          (event.target as HTMLElement).replaceWith("This image is damaged: it cannot be drawn.");
        }}
      />`;
    case "text":
      return found.text === "" ? html`<p class="still">The file is empty.</p>` : html`<pre dir="auto">${found.text}</pre>`;
  }
}
