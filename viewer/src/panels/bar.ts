/** The bar over the picture: it hides at the top edge, and everything that is not the desktop itself is on it. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { type CopiedState, copiedWords } from "../app/copied";
import type { FilesState } from "../app/files_desk";
import type { Quality } from "../gen/messages";
import type { KeyName } from "../input/sticky";
import type { ScaleMode } from "../screen/view";
import { type IconName, icon } from "./icons";
import { type Menu, type MenuHolder, menu } from "./menu";
import { type Origin, originNote, originShort, originWord } from "./page";
import { plain } from "./plain";
import { vars } from "./vars";

export interface BarState {
  readonly shown: boolean;
  readonly hostName: string;
  /** Of the host's identity key; empty where it showed none. */
  readonly fingerprint: string;
  readonly origin: Origin;
  readonly control: boolean;
  /** Until when rights hold that end by themselves: the first one's time left, empty if none does. */
  readonly ending: string;
  readonly rights: boolean;
  readonly files: FilesState;
  /** Files that stand copied on the host. */
  readonly copied: CopiedState | null;
  /** Whether connecting again needs a new code. */
  readonly byCode: boolean;
  readonly mode: ScaleMode;
  /** Device pixels per host pixel. */
  readonly scale: number;
  readonly quality: Quality;
  readonly matching: boolean;
  readonly statistics: boolean;
  readonly full: boolean;
  /** Whether this browser can show a page on the full screen. */
  readonly canFull: boolean;
}

export interface BarActions extends MenuHolder {
  readonly mode: (mode: ScaleMode) => void;
  readonly quality: (quality: Quality) => void;
  readonly keys: (keys: readonly KeyName[]) => void;
  readonly full: () => void;
  readonly match: () => void;
  readonly statistics: () => void;
  readonly rights: () => void;
  readonly files: () => void;
  readonly copied: () => void;
  readonly hide: () => void;
  readonly end: () => void;
}

const MODES: readonly { mode: ScaleMode; label: string; note: string }[] = [
  { mode: "fit", label: "Fit", note: "All of it, never enlarged" },
  { mode: "one", label: "1:1", note: "Pixel for pixel; push an edge to move" },
  { mode: "fill", label: "Scale", note: "As large as the window" },
];

const QUALITIES: readonly { quality: Quality; label: string; note: string }[] = [
  { quality: "automatic", label: "Automatic", note: "Sharp text, smooth film" },
  { quality: "sharp", label: "Sharp", note: "Every picture exact, even if fewer" },
  { quality: "smooth", label: "Smooth", note: "Every picture, even if less sharp" },
];

const CTRL: KeyName = { code: "ControlLeft", key: "Control" };
const ALT: KeyName = { code: "AltLeft", key: "Alt" };

/** Keys that the system or the browser in front keeps for itself. */
export const SPECIAL: readonly { label: string; keys: readonly KeyName[] }[] = [
  { label: "Ctrl Alt Del", keys: [CTRL, ALT, { code: "Delete", key: "Delete" }] },
  { label: "Super", keys: [{ code: "MetaLeft", key: "Meta" }] },
  { label: "Alt Tab", keys: [ALT, { code: "Tab", key: "Tab" }] },
  { label: "PrintScreen", keys: [{ code: "PrintScreen", key: "PrintScreen" }] },
  { label: "Alt F4", keys: [ALT, { code: "F4", key: "F4" }] },
  { label: "Ctrl W", keys: [CTRL, { code: "KeyW", key: "w" }] },
  { label: "Ctrl T", keys: [CTRL, { code: "KeyT", key: "t" }] },
  { label: "Ctrl N", keys: [CTRL, { code: "KeyN", key: "n" }] },
];

export function bar(state: BarState, actions: BarActions): TemplateResult {
  const zoom = `${Math.round(state.scale * 100)} %`;
  const mode = MODES.find((one) => one.mode === state.mode)?.label ?? "";
  return html`<div
    class="bar ${state.shown ? "shown" : ""}"
    role="toolbar"
    aria-label="Session"
    ?inert=${!state.shown}
    @keydown=${(event: KeyboardEvent) => {
      walk(event, actions);
    }}
  >
    <p class="name">
      ${state.control ? nothing : html`<span class="badge">${icon("eye")}View only</span>`}
      <bdi>${plain(state.hostName, 40)}</bdi>
    </p>
    ${menu(aboutMenu(state), actions)}
    ${menu(
      {
        id: "scale",
        label: "Size of the picture",
        value: `${mode} ${zoom}`,
        icon: "fit",
        items: MODES.map((one) => ({
          label: one.label,
          note: one.note,
          chosen: one.mode === state.mode,
          run: () => {
            actions.mode(one.mode);
          },
        })),
      },
      actions,
    )}
    ${state.canFull ? tool("full", state.full ? "Leave full screen" : "Full screen", state.full, actions.full) : nothing}
    ${menu(keysMenu(state, actions), actions)} ${menu(qualityMenu(state, actions), actions)}
    ${tool("window", "Match window", state.matching, actions.match, "Make the desktop as large as this window", !state.control)}
    ${filesTool(state.files, actions.files)} ${state.copied === null ? nothing : copiedTool(state.copied, actions.copied)}
    ${tool("key", state.ending === "" ? "Rights" : `Rights ${state.ending}`, state.rights, actions.rights, "Rights: what you may do here, and until when")}
    ${tool("chart", "Statistics", state.statistics, actions.statistics)}
    ${menu(
      {
        id: "end",
        label: "End",
        icon: "end",
        danger: true,
        ...(state.byCode ? { heading: "The code is used up: connecting again needs a new one." } : {}),
        items: [{ label: "End the session", run: actions.end }],
      },
      actions,
    )}
    <button type="button" class="tool quiet" title="Back to the desktop" aria-label="Hide the bar" @click=${actions.hide}>
      ${icon("close")}
    </button>
  </div>`;
}

/** Which viewer this is and whom it talks to, with the sentence that says what that is worth. */
function aboutMenu(state: BarState): Menu {
  return {
    id: "about",
    label: `${originWord(state.origin)}: what that means`,
    shown: originShort(state.origin),
    icon: state.origin.kind === "program" ? "shield" : "lock",
    heading: html`<p>${originNote(state.origin)}</p>
      ${state.fingerprint === "" ? nothing : html`<p>The host’s key: <span class="mono">${state.fingerprint}</span></p>`}`,
    items: [],
  };
}

function keysMenu(state: BarState, actions: BarActions): Menu {
  return {
    id: "keys",
    label: "Keys",
    icon: "keys",
    heading: state.full ? "Full screen sends most of these by themselves." : "Keys that this computer keeps for itself",
    items: SPECIAL.map(({ label, keys }) => ({
      label,
      disabled: !state.control,
      run: () => {
        actions.keys(keys);
      },
    })),
  };
}

function qualityMenu(state: BarState, actions: BarActions): Menu {
  return {
    id: "quality",
    label: "Quality",
    value: QUALITIES.find((one) => one.quality === state.quality)?.label ?? "",
    icon: "quality",
    items: QUALITIES.map((one) => ({
      label: one.label,
      note: one.note,
      chosen: one.quality === state.quality,
      run: () => {
        actions.quality(one.quality);
      },
    })),
  };
}

/** Opens the manager, and shows how far the transfers are that go on without it. */
function filesTool({ open, summary }: FilesState, run: () => void): TemplateResult {
  const { active, asking, failed, share } = summary;
  const percent = share === null ? "" : `${Math.floor(share * 100)} %`;
  const parts = [active > 0 ? `${active} to go, ${percent}` : "", asking > 0 ? `${asking} waiting for you` : "", failed > 0 ? `${failed} failed` : ""];
  const told = parts.filter(Boolean).join(", ");
  return html`<button
    type="button"
    class="tool filing ${asking + failed > 0 ? "wanting" : ""}"
    title=${`Files, by F in this bar${told === "" ? "" : `: ${told}`}`}
    aria-label=${told === "" ? "Files" : `Files: ${told}`}
    aria-pressed=${String(open)}
    aria-keyshortcuts="F"
    @click=${run}
  >
    ${icon("folder")}<span class="label">${active > 0 ? percent : "Files"}</span>
    ${share === null ? nothing : html`<i class="part" aria-hidden="true" ${vars({ "--share": String(share) })}></i>`}
  </button>`;
}

/** The way to what stands copied on the host, also when its notice is away. */
function copiedTool({ entries, leftOut, open }: CopiedState, run: () => void): TemplateResult {
  const words = copiedWords(entries.length, leftOut);
  return html`<button
    type="button"
    class="tool"
    title=${`${words} on the host, by C in this bar`}
    aria-label=${`${words} on the host`}
    aria-pressed=${String(open)}
    aria-keyshortcuts="C"
    @click=${run}
  >
    ${icon("copied")}<span class="label">${entries.length + leftOut}</span>
  </button>`;
}

function tool(name: IconName, label: string, on: boolean, run: () => void, title = label, disabled = false): TemplateResult {
  return html`<button type="button" class="tool" title=${title} aria-label=${label} aria-pressed=${String(on)} ?disabled=${disabled} @click=${run}>
    ${icon(name)}<span class="label">${label}</span>
  </button>`;
}

/** Left and right walk the tools, F opens the files, C shows what is copied, Escape goes back to the desktop. */
function walk(event: KeyboardEvent, actions: BarActions): void {
  if (event.key === "Escape") {
    event.preventDefault();
    actions.hide();
    return;
  }
  if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    actions.files();
    return;
  }
  if (event.key.toLowerCase() === "c" && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    actions.copied();
    return;
  }
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  const tools = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLButtonElement>(".tool:not(:disabled)")];
  const here = document.activeElement;
  const at = tools.findIndex((one) => one === here || one.closest(".menu")?.contains(here));
  if (actions.open !== "") actions.toggle(actions.open);
  tools[(Math.max(0, at) + (event.key === "ArrowRight" ? 1 : tools.length - 1)) % tools.length]?.focus();
}
