/** The keys that a phone has not: a row over its keyboard. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { KeyName, Modifier, Stickiness } from "../input/sticky";
import { icon } from "./icons";

export interface KeyBarState {
  readonly functions: boolean;
  readonly keyboard: boolean;
  readonly sticky: (modifier: Modifier) => Stickiness;
}

export interface KeyBarActions {
  readonly modifier: (modifier: Modifier) => void;
  readonly press: (key: KeyName) => void;
  readonly functions: () => void;
  readonly keyboard: () => void;
  readonly close: () => void;
}

const SAME = (name: string): KeyName => ({ code: name, key: name });
const ARROWS = [
  ["←", "Left", SAME("ArrowLeft")],
  ["↓", "Down", SAME("ArrowDown")],
  ["↑", "Up", SAME("ArrowUp")],
  ["→", "Right", SAME("ArrowRight")],
] as const;
const FUNCTIONS = Array.from({ length: 12 }, (_, index) => `F${index + 1}`);
const STICKY_WORDS: Readonly<Record<Stickiness, string>> = { off: "", once: ", for the next key", locked: ", locked" };

export function keyBar(state: KeyBarState, actions: KeyBarActions): TemplateResult {
  const modifier = (name: Modifier, label: string): TemplateResult => {
    const stickiness = state.sticky(name);
    return html`<button
      type="button"
      class="key ${stickiness}"
      aria-pressed=${String(stickiness !== "off")}
      aria-label=${label + STICKY_WORDS[stickiness]}
      @click=${() => {
        actions.modifier(name);
      }}
    >
      ${label}
    </button>`;
  };
  const key = (label: string, name: KeyName, spoken = label): TemplateResult =>
    html`<button
      type="button"
      class="key"
      aria-label=${spoken}
      @click=${() => {
        actions.press(name);
      }}
    >
      ${label}
    </button>`;
  const keep = (event: Event): void => {
    event.preventDefault(); // the phone's keyboard stays while the text field has the focus
  };
  return html`<div class="keybar" role="toolbar" aria-label="Keys" @pointerdown=${keep} @mousedown=${keep}>
    ${state.functions
      ? FUNCTIONS.map((name) => key(name, SAME(name)))
      : html`${key("Esc", SAME("Escape"), "Escape")} ${key("Tab", SAME("Tab"))} ${modifier("Control", "Ctrl")}
        ${modifier("Alt", "Alt")} ${modifier("Shift", "Shift")} ${modifier("Meta", "Super")}
        ${ARROWS.map(([label, spoken, name]) => key(label, name, spoken))} ${key("Del", SAME("Delete"), "Delete")}`}
    <button type="button" class="key ${state.functions ? "locked" : ""}" aria-pressed=${String(state.functions)} @click=${actions.functions}>Fn</button>
    <button
      type="button"
      class="key ${state.keyboard ? "locked" : ""}"
      aria-pressed=${String(state.keyboard)}
      aria-label="Keyboard"
      @click=${actions.keyboard}
    >
      ${icon("keys")}
    </button>
    ${state.functions
      ? nothing
      : html`<button type="button" class="key" aria-label="Hide the keys" @click=${actions.close}>${icon("down")}</button>`}
  </div>`;
}
