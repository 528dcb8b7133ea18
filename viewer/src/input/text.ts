/**
 * Characters that come without their keys: dead keys, input methods, a phone's keyboard, emoji pickers.
 *
 * An unseen text field has the focus while the host is operated, because browsers compose only in one. Physical keys
 * never reach it (input/keyboard.ts holds them back); what does arrive is text.
 */

/** Where the field's text goes. */
export interface TextSink {
  text(text: string, at: number): void;
  /** A key by its meaning: `Backspace`, `Enter`, `Tab`. */
  press(key: string, at: number): void;
}

/** Stands in the field on phones, so that their keyboards have something to erase. */
const FILLING = "_".repeat(64);
const LONGEST = 2000;
const KEYS: Readonly<Record<string, string>> = { "\n": "Enter", "\t": "Tab" };

/** What turns `before` into `after`: characters to erase at the end, then text to add. */
export function difference(before: string, after: string): { erased: number; added: string } {
  const from = Array.from(before);
  const to = Array.from(after);
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  return { erased: from.length - same, added: to.slice(same).join("") };
}

export class TextField {
  readonly element: HTMLTextAreaElement;
  readonly #sink: TextSink;
  #phone = false;
  #before = "";

  constructor(sink: TextSink) {
    this.#sink = sink;
    const field = document.createElement("textarea");
    field.className = "typing";
    field.ariaLabel = "Keys for the other computer; Control, Alt and Shift together lead to the bar";
    field.autocomplete = "off";
    field.setAttribute("autocapitalize", "off");
    field.setAttribute("autocorrect", "off");
    field.spellcheck = false;
    field.addEventListener("compositionend", (event) => {
      if (this.#phone) return;
      this.#emit(event.data, event.timeStamp);
      field.value = "";
    });
    field.addEventListener("input", (event) => {
      if (this.#phone) this.#compare(event);
      else if (!composing(event)) {
        this.#emit(field.value, event.timeStamp);
        field.value = "";
      }
    });
    this.element = field;
    this.setPhone(false);
  }

  /** Whether the field is there to raise a phone's keyboard; otherwise it must not. */
  setPhone(phone: boolean): void {
    this.#phone = phone;
    this.element.inputMode = phone ? "text" : "none";
    this.#fill();
  }

  /** Takes the focus, so that keys are the host's. */
  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  #fill(): void {
    this.#before = this.#phone ? FILLING : "";
    this.element.value = this.#before;
    this.element.setSelectionRange(this.#before.length, this.#before.length);
  }

  #compare(event: Event): void {
    const { value } = this.element;
    const { erased, added } = difference(this.#before, value);
    for (let count = 0; count < Math.min(erased, FILLING.length); count++) this.#sink.press("Backspace", event.timeStamp);
    this.#emit(added, event.timeStamp);
    this.#before = value;
    // Never in the middle of a word that the phone still composes: it would start the word anew.
    if (!composing(event) && (value.length < FILLING.length / 2 || value.length > FILLING.length * 4)) this.#fill();
  }

  #emit(text: string, at: number): void {
    for (const part of text.split(/([\n\t])/)) {
      const key = KEYS[part];
      if (key !== undefined) this.#sink.press(key, at);
      else for (let from = 0; from < part.length; from += LONGEST) this.#sink.text(part.slice(from, from + LONGEST), at);
    }
  }
}

function composing(event: Event): boolean {
  return event instanceof InputEvent && event.isComposing;
}
