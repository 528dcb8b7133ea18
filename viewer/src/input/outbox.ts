/** Input on its way to the worker: numbered, and sent the moment it happens. */
import type { InputMessage } from "../gen/messages";
import type { InputSink } from "./sink";

/** Sends a message; `at` is the event's time in milliseconds since the epoch. */
export type Post = (message: InputMessage, at: number) => void;

/** Input messages are numbered from 1, and start anew after this one. */
const LAST_SEQ = 0xffffffff;

export class Outbox implements InputSink {
  readonly #post: Post;
  #seq = 0;
  #enabled = false;
  #held: [InputMessage, number][] | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The key of a press that is forgotten, until it is pressed anew. */
  #forgotten = "";

  constructor(post: Post) {
    this.#post = post;
  }

  /** Whether the host takes input from this caller; what happens meanwhile is dropped, not kept. */
  setEnabled(enabled: boolean): void {
    this.#enabled = enabled;
  }

  /** Keeps what comes for `ms`, and its order: something else (a clipboard) must be there first. 0 sends it all. */
  hold(ms: number): void {
    clearTimeout(this.#timer);
    if (ms > 0) {
      this.#held ??= [];
      this.#timer = setTimeout(() => {
        this.hold(0);
      }, ms);
      return;
    }
    const held = this.#held ?? [];
    this.#held = null;
    for (const [message, at] of held) this.#post(message, at);
  }

  /** The press of this key that is held back never happened, nor do its repeats and its release. */
  forget(code: string): void {
    this.#held = this.#held?.filter(([message]) => message.type !== "Key" || message.code !== code) ?? null;
    this.#forgotten = code;
  }

  key(down: boolean, code: string, key: string, modifiers: number, repeat: boolean, at: number): void {
    if (code !== "" && code === this.#forgotten) {
      if (!down || repeat) return;
      this.#forgotten = "";
    }
    this.#send({ type: "Key", down, code, key, modifiers, repeat, seq: this.#next() }, at);
  }

  text(text: string, at: number): void {
    if (text !== "") this.#send({ type: "TypedText", text, seq: this.#next() }, at);
  }

  pointer(x: number, y: number, buttons: number, at: number): void {
    this.#send({ type: "Pointer", x, y, buttons, seq: this.#next() }, at);
  }

  wheel(dx: number, dy: number, at: number): void {
    this.#send({ type: "Wheel", dx, dy, seq: this.#next() }, at);
  }

  releaseAll(at: number): void {
    this.#send({ type: "ReleaseAll" }, at);
  }

  #next(): number {
    this.#seq = this.#seq === LAST_SEQ ? 1 : this.#seq + 1;
    return this.#seq;
  }

  #send(message: InputMessage, at: number): void {
    if (!this.#enabled) return;
    if (this.#held === null) this.#post(message, performance.timeOrigin + at);
    else this.#held.push([message, performance.timeOrigin + at]);
  }
}
