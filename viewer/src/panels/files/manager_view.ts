/** The manager as a whole: its heading, what went wrong, both sides, and the queue. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { repeat } from "lit/directives/repeat.js";
import type { FilesRights } from "../../files/api";
import { plain } from "../plain";
import { icon } from "./icons";
import type { Notice } from "./notices";
import type { Pane } from "./pane";
import { type PaneActions, paneView } from "./pane_view";
import type { Folder, Side } from "./place";
import { type QueueActions, type QueueLook, queueView } from "./queue_view";
import { FAULTS } from "./words";

export interface ManagerLook {
  readonly hostName: string;
  readonly panes: readonly Pane[];
  readonly roots: readonly Folder[];
  readonly rights: FilesRights;
  readonly last: string;
  readonly paired: (side: Side) => boolean;
  readonly over: (side: Side) => string | null;
  readonly connected: boolean;
  readonly notices: readonly Notice[];
  readonly queue: QueueLook;
  readonly now: number;
}

export interface ManagerActions {
  readonly close: () => void;
  readonly key: (event: KeyboardEvent) => void;
  readonly pasted: (event: ClipboardEvent) => void;
  readonly entered: (side: Side) => void;
  readonly dismiss: (id: number) => void;
  readonly dragOver: (event: DragEvent) => void;
  readonly dragLeave: (event: DragEvent) => void;
  readonly drop: (event: DragEvent) => void;
  readonly dragEnd: (event: DragEvent) => void;
  readonly pane: (side: Side) => PaneActions;
  readonly queue: QueueActions;
}

export function managerView(look: ManagerLook, actions: ManagerActions): TemplateResult {
  const host = plain(look.hostName, 40) || "the host";
  return html`<section
      class="files"
      role="dialog"
      aria-labelledby="files-title"
      tabindex="-1"
      @keydown=${actions.key}
      @paste=${actions.pasted}
      @dragover=${actions.dragOver}
      @dragleave=${actions.dragLeave}
      @drop=${actions.drop}
      @dragend=${actions.dragEnd}
      @focusin=${(event: FocusEvent) => {
        const side = (event.target as Element).closest<HTMLElement>("[data-side]")?.dataset["side"];
        if (side === "host" || side === "here") actions.entered(side);
      }}
    >
      <header class="top-line">
        <h2 id="files-title">Files <span>on <bdi>${host}</bdi></span></h2>
        ${look.connected ? nothing : html`<p class="cut-line"><span class="pulse" aria-hidden="true"></span>The line is cut</p>`}
        <button type="button" class="tool" title="Close (Esc); transfers go on" aria-label="Close the files; transfers go on" @click=${actions.close}>
          ${icon("close")}
        </button>
      </header>
      <div class="notices" role="alert">
        ${repeat(
          look.notices,
          (notice) => notice.id,
          (notice) => noticeView(notice, actions),
        )}
      </div>
      <div class="panes ${look.panes.length > 1 ? "two" : ""}">
        ${look.panes.map((pane) => {
          const { side } = pane.place;
          return paneView(
            {
              pane,
              title: side === "host" ? host : "This computer",
              roots: side === "host" ? look.roots : [],
              rights: look.rights,
              pair: look.paired(side),
              last: side === "here" ? look.last : "",
              over: look.over(side),
              connected: look.connected,
              now: look.now,
            },
            actions.pane(side),
          );
        })}
      </div>
      ${queueView(look.queue, actions.queue)}
    </section>
    <div class="files-over"></div>`;
}

function noticeView({ id, what, fault }: Notice, actions: ManagerActions): TemplateResult {
  const { cure } = FAULTS[fault.name];
  return html`<div class="strip bad">
    ${icon("warn")}
    <span><b><bdi>${what}.</bdi></b> ${fault.text} <span class="cure">${fault.name === "bad-name" ? nothing : cure}</span></span>
    <button type="button" class="tool" aria-label="Put this away" @click=${() => { actions.dismiss(id); }}>${icon("close")}</button>
  </div>`;
}
