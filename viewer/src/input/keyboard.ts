/**
 * Physical keys: what the browser says of them, with its systems' quirks taken out.
 *
 * Every key goes out when it happens, with its place (`code`), its meaning in this keyboard's layout (`key`) and the
 * modifiers. What an input method or a dead key makes of several strokes comes as text (input/text.ts), so those
 * strokes do not go out.
 */
import { ALT, ALTGR, CAPS_LOCK, CONTROL, META, NUM_LOCK, SHIFT } from "../gen/messages";
import type { InputSink } from "./sink";

/** What is read of a KeyboardEvent. */
export interface KeyEvent {
  readonly type: string;
  readonly code: string;
  readonly key: string;
  readonly keyCode: number;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  readonly timeStamp: number;
  getModifierState(key: string): boolean;
}

export type System = "windows" | "mac" | "other";

/** The system's kind from what the browser says of itself. */
export function systemOf(platform: string): System {
  if (/^win/i.test(platform)) return "windows";
  return /^(mac|iphone|ipad)/i.test(platform) ? "mac" : "other";
}

/** Windows announces AltGr by a Control that nobody pressed, at the same time as the AltGr itself. */
const FAKE_CONTROL_MS = 10;

const LONGEST = 32;
const MODIFIER_CODES = /^(Control|Alt|Shift|Meta|OS)(Left|Right)$/;

/** The keys whose press and release together, and nothing between, mean this page and not the host. */
const CHORD = ["Control", "Alt", "Shift"];

interface Held {
  readonly code: string;
  readonly key: string;
}

export class Keyboard {
  readonly #sink: InputSink;
  readonly #system: System;
  readonly #chord: () => void;
  readonly #held = new Map<string, Held>();
  /** A Control that may be Windows' announcement of AltGr. */
  #waiting: KeyEvent | null = null;
  #waitingTimer: ReturnType<typeof setTimeout> | undefined;
  #fakeControl = false;
  /** Whether Control, Alt and Shift, and no other key, have been down since all were up. */
  #chordStands = true;
  #chordWhole = false;

  /** `chord` is called when Control, Alt and Shift were pressed together and let go with nothing between. */
  constructor(sink: InputSink, system: System, chord: () => void) {
    this.#sink = sink;
    this.#system = system;
    this.#chord = chord;
  }

  /** Whether the physical Control key is down. */
  get control(): boolean {
    return this.#held.has("ControlLeft") || this.#held.has("ControlRight");
  }

  /** Takes a key event; true if the browser must not act on it. */
  handle(event: KeyEvent): boolean {
    if (event.type === "keydown") return this.#down(event);
    if (event.type === "keyup") return this.#up(event);
    return false;
  }

  /** Everything up: focus or line is lost. */
  releaseAll(at: number): void {
    clearTimeout(this.#waitingTimer);
    this.#waiting = null;
    this.#fakeControl = false;
    this.#held.clear();
    this.#chordStands = true;
    this.#chordWhole = false;
    this.#sink.releaseAll(at);
  }

  #down(event: KeyEvent): boolean {
    if (this.#isFakeControl(event)) return true;
    this.#flushWaiting();
    if (composes(event)) {
      this.#chordStands = false;
      return false;
    }
    if (this.#system === "windows" && event.code === "ControlLeft" && !event.repeat) {
      this.#waiting = event;
      this.#waitingTimer = setTimeout(() => {
        this.#flushWaiting();
      }, FAKE_CONTROL_MS);
      return true;
    }
    this.#press(event);
    return true;
  }

  #press(event: KeyEvent): void {
    const { code, key, repeat, timeStamp } = event;
    const modifiers = this.#modifiers(event);
    const known = this.#held.has(identity(event));
    this.#send(true, { code, key }, modifiers, repeat || known, timeStamp);
    this.#watchChord(event);
    if (this.#system === "mac") {
      // A lock's key event says what the lock became, and while Command is held other keys never come up.
      const lock = key === "CapsLock";
      if (lock || (event.getModifierState("Meta") && !MODIFIER_CODES.test(code))) {
        this.#send(false, { code, key }, modifiers, false, timeStamp);
        return;
      }
    }
    this.#held.set(identity(event), { code, key });
  }

  #up(event: KeyEvent): boolean {
    const { code, key, timeStamp } = event;
    if (this.#waiting !== null && code === "ControlLeft") this.#flushWaiting();
    if (this.#fakeControl && code === "ControlLeft") {
      this.#fakeControl = false;
      return true;
    }
    if (this.#system === "mac" && key === "CapsLock") {
      this.#send(true, { code, key }, this.#modifiers(event), false, timeStamp);
      this.#send(false, { code, key }, this.#modifiers(event), false, timeStamp);
      return true;
    }
    const held = this.#held.get(identity(event));
    if (held === undefined) return true;
    this.#held.delete(identity(event));
    // The meaning at the press: with Shift let go first, the release would name another character.
    this.#send(false, held, this.#modifiers(event), false, timeStamp);
    if (this.#chordWhole) {
      this.#chordWhole = false;
      this.#chord();
    }
    if (this.#held.size === 0) this.#chordStands = true;
    return true;
  }

  #send(down: boolean, { code, key }: Held, modifiers: number, repeat: boolean, at: number): void {
    this.#sink.key(down, code.slice(0, LONGEST), key.slice(0, LONGEST), modifiers, repeat, at);
  }

  #isFakeControl(event: KeyEvent): boolean {
    const waiting = this.#waiting;
    if (waiting === null || event.code !== "AltRight") return false;
    if (event.key !== "AltGraph" && !event.getModifierState("AltGraph")) return false;
    clearTimeout(this.#waitingTimer);
    this.#waiting = null;
    this.#fakeControl = true;
    this.#press(event);
    return true;
  }

  #flushWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    clearTimeout(this.#waitingTimer);
    this.#waiting = null;
    this.#press(waiting);
  }

  #modifiers(event: KeyEvent): number {
    let bits = 0;
    if (event.getModifierState("Shift")) bits |= SHIFT;
    if (event.getModifierState("Control")) bits |= CONTROL;
    if (event.getModifierState("Alt")) bits |= ALT;
    if (event.getModifierState("Meta") || event.getModifierState("OS")) bits |= META;
    if (event.getModifierState("CapsLock")) bits |= CAPS_LOCK;
    if (event.getModifierState("NumLock")) bits |= NUM_LOCK;
    if (event.getModifierState("AltGraph")) {
      bits |= ALTGR;
      // On Windows AltGr is Control and Alt to the browser as well.
      if (this.#system === "windows") bits &= ~(CONTROL | ALT);
    }
    return bits;
  }

  #watchChord(event: KeyEvent): void {
    // By place: with Shift held, X calls the Alt key Meta.
    const down = [...this.#held.values(), event].map(({ code }) => code.replace(/(Left|Right)$/, ""));
    if (down.some((key) => !CHORD.includes(key))) this.#chordStands = false;
    this.#chordWhole = this.#chordStands && CHORD.every((key) => down.includes(key));
  }
}

/** A key's place tells it from others; on-screen keyboards have none. */
function identity(event: KeyEvent): string {
  return event.code === "" ? event.key : event.code;
}

/** Whether an input method or a dead key takes this stroke: its result comes as text. */
function composes(event: KeyEvent): boolean {
  const { code, key, keyCode, isComposing } = event;
  if (isComposing || keyCode === 229 || key === "Dead" || key === "Process") return true;
  return key === "Unidentified" && code === "";
}
