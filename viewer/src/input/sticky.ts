/** The on-screen keys: modifiers that stay down for the next key or click, and keys that the browser keeps. */
import { ALT, CONTROL, META, SHIFT } from "../gen/messages";
import type { InputSink } from "./sink";

export type Modifier = "Control" | "Alt" | "Shift" | "Meta";

/** Down for one key or click, down until it is tapped again, or up. */
export type Stickiness = "off" | "once" | "locked";

const BITS: Readonly<Record<Modifier, number>> = { Control: CONTROL, Alt: ALT, Shift: SHIFT, Meta: META };
const NEXT: Readonly<Record<Stickiness, Stickiness>> = { off: "once", once: "locked", locked: "off" };

/** A key by place and meaning. */
export interface KeyName {
  readonly code: string;
  readonly key: string;
}

const MODIFIERS: readonly string[] = Object.keys(BITS);

export class Sticky {
  readonly #sink: InputSink;
  readonly #changed: () => void;
  readonly #states = new Map<Modifier, Stickiness>();

  constructor(sink: InputSink, changed: () => void) {
    this.#sink = sink;
    this.#changed = changed;
  }

  state(modifier: Modifier): Stickiness {
    return this.#states.get(modifier) ?? "off";
  }

  /** Up → down for the next key → down for good → up. */
  tap(modifier: Modifier, at: number): void {
    const before = this.state(modifier);
    const after = NEXT[before];
    this.#states.set(modifier, after);
    if (before === "off" || after === "off") this.#send(after !== "off", modifier, at);
    this.#changed();
  }

  /** Presses and releases a key with the modifiers that are down. */
  press({ code, key }: KeyName, at: number): void {
    this.#sink.key(true, code, key, this.#bits(), false, at);
    this.#sink.key(false, code, key, this.#bits(), false, at);
    this.used(at);
  }

  /** Text from a phone's keyboard: characters, or keys while a modifier is down. */
  text(text: string, at: number): void {
    if (this.#bits() === 0) {
      this.#sink.text(text, at);
      return;
    }
    for (const key of text) this.press({ code: "", key }, at);
  }

  /** Presses the keys in order and releases them in the other order: Ctrl, Alt, Delete. */
  chord(keys: readonly KeyName[], at: number): void {
    let bits = 0;
    for (const { code, key } of keys) {
      if (isModifier(key)) bits |= BITS[key];
      this.#sink.key(true, code, key, bits, false, at);
    }
    for (const { code, key } of keys.toReversed()) {
      if (isModifier(key)) bits &= ~BITS[key];
      this.#sink.key(false, code, key, bits, false, at);
    }
  }

  /** A key or click used the modifiers that were down for one. */
  used(at: number): void {
    let any = false;
    for (const [modifier, state] of this.#states) {
      if (state !== "once") continue;
      this.#states.set(modifier, "off");
      this.#send(false, modifier, at);
      any = true;
    }
    if (any) this.#changed();
  }

  /** The host has released everything by itself. */
  forget(): void {
    if (this.#bits() === 0) return;
    this.#states.clear();
    this.#changed();
  }

  #bits(): number {
    let bits = 0;
    for (const [modifier, state] of this.#states) if (state !== "off") bits |= BITS[modifier];
    return bits;
  }

  #send(down: boolean, modifier: Modifier, at: number): void {
    this.#sink.key(down, `${modifier}Left`, modifier, this.#bits(), false, at);
  }
}

function isModifier(key: string): key is Modifier {
  return MODIFIERS.includes(key);
}
