/** Things to copy: recovery codes, a command, a link. */
import { type TemplateResult, html } from "lit/html.js";
import { icon } from "./icons";

export function codesView(codes: readonly string[]): TemplateResult {
  return html`<ol class="codes" aria-label="Recovery codes">
      ${codes.map((code) => html`<li><code>${code}</code></li>`)}
    </ol>
    ${copyButton(() => codes.join("\n"), "Copy the codes")}`;
}

/** One line of text in a box, with a button that copies it. */
export function copyable(text: string, label: string): TemplateResult {
  return html`<div class="copyable">
    <code tabindex="0" role="textbox" aria-readonly="true" aria-label=${label} @focus=${selectAll}>${text}</code>
    ${copyButton(() => text, "Copy")}
  </div>`;
}

function copyButton(text: () => string, label: string): TemplateResult {
  const copy = (event: Event): void => {
    const button = event.currentTarget as HTMLButtonElement;
    const end = (state: string): void => {
      button.dataset["state"] = state;
      setTimeout(() => {
        delete button.dataset["state"];
      }, 2500);
    };
    navigator.clipboard.writeText(text()).then(
      () => { end("done"); },
      () => { end("failed"); },
    );
  };
  return html`<button type="button" class="secondary copy" @click=${copy}>
    ${icon("copy")}<span aria-live="polite"
      ><span class="idle">${label}</span><span class="done">Copied</span><span class="failed">Select it, press Ctrl+C</span></span
    >
  </button>`;
}

function selectAll(event: Event): void {
  const selection = getSelection();
  selection?.selectAllChildren(event.currentTarget as Node);
}
