/** The first page: a code, and who asks. */
import { type TemplateResult, html } from "lit/html.js";
import { type Origin, page } from "./page";

export interface StartState {
  readonly code: string;
  readonly name: string;
  /** What is wrong with what was entered; empty if nothing is known to be. */
  readonly problem: string;
}

export interface StartActions {
  readonly code: (text: string) => void;
  /** The field was left or something was pasted: show the code in its groups. */
  readonly tidy: () => void;
  readonly name: (text: string) => void;
  readonly connect: () => void;
}

export function startPage(state: StartState, actions: StartActions, origin: Origin): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault();
    actions.connect();
  };
  const typed = (event: InputEvent): void => {
    actions.code((event.target as HTMLInputElement).value);
    if (event.inputType === "insertFromPaste" || event.inputType === "insertFromDrop") actions.tidy();
  };
  const body = html`<form @submit=${submit} novalidate>
    <label for="code">Code</label>
    <input
      id="code"
      class="code"
      name="code"
      .value=${state.code}
      @input=${typed}
      @blur=${actions.tidy}
      inputmode="numeric"
      autocomplete="off"
      spellcheck="false"
      placeholder="4821-739 204 615"
      maxlength="2048"
      aria-describedby="code-hint"
      aria-invalid=${state.problem === "" ? "false" : "true"}
    />
    <p id="code-hint" class="hint ${state.problem === "" ? "" : "problem"}" aria-live="polite">
      ${state.problem === ""
        ? "The other computer shows it. You can paste the whole link, too. A code works once."
        : state.problem}
    </p>
    <label for="name">Your name <span class="optional">optional</span></label>
    <input
      id="name"
      name="name"
      .value=${state.name}
      @input=${(event: Event) => {
        actions.name((event.target as HTMLInputElement).value);
      }}
      autocomplete="name"
      maxlength="64"
      aria-describedby="name-hint"
    />
    <p id="name-hint" class="hint">Shown to the person whom you connect to.</p>
    <button class="primary wide" type="submit">Connect</button>
  </form>`;
  return page({ title: "Connect to a computer", body }, origin);
}

/** What to say when Connect was pressed on something that is no code. */
export function codeProblem(text: string): string {
  if (text.trim() === "") return "Enter the code that the other computer shows.";
  const digits = text.replace(/\D/g, "").length;
  if (/[#/]/.test(text)) return "That link holds no whole code. Copy it again, to its very end.";
  if (/[^\d\s.#-]/u.test(text.normalize("NFKC"))) return "A code is digits only, like 4821-739 204 615.";
  if (digits < 13) return `Something is missing: ${digits} digits here, and a code has at least 13, like 4821-739 204 615.`;
  return "That does not look like 4821-739 204 615: four to nine digits, a hyphen, nine digits.";
}

