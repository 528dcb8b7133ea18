/** What the page has to say to the host, while it may: input first of all, and on a slow line only the newest place. */
import {
  type AskMore,
  type Capability,
  Channel,
  type CarryingChannel,
  type InputMessage,
  type Messages,
  type Pointer,
  type Shown,
  type Want,
} from "../gen/messages";
import type { Bytes } from "../protocol/bytes";
import { MessageError } from "../protocol/errors";
import type { Clock } from "./clock";
import type { Link } from "./link";
import type { Meter } from "./meter";
import { Receipts } from "./receipts";

/** Decoders lost so soon after each other, in milliseconds, are not worth trying again. */
const LOST_AGAIN_MS = 10_000;

export class Sending {
  readonly #meter: Meter;
  readonly #receipts: Receipts;
  #link: Link | null = null;
  #may: (capability: Capability) => boolean;
  #codecs: readonly string[] | null = null;
  #want: Omit<Want, "codecs"> = { type: "Want", quality: "automatic", visible: true, refreshHz: 60 };
  #wantSent = "";
  #held: Pointer | null = null;
  #buttons = 0;
  #lostAt = Number.NEGATIVE_INFINITY;

  /** `may` says whether a right is held now. */
  constructor(clock: Clock, meter: Meter, may: (capability: Capability) => boolean) {
    this.#meter = meter;
    this.#receipts = new Receipts(clock, (shown) => {
      this.#send(Channel.SCREEN, shown);
    });
    this.#may = may;
  }

  /** Whether the page is seen. */
  get visible(): boolean {
    return this.#want.visible;
  }

  /** To this host from now on; it has let us in. */
  begin(link: Link): void {
    this.#link = link;
    this.#wantSent = "";
    this.sendWant();
  }

  /** To nobody from now on. */
  stop(): void {
    this.#receipts.stop();
    this.#link = null;
    this.#held = null;
    this.#buttons = 0;
  }

  /** What the person did; `at` in milliseconds on the meter's clock. */
  input(message: InputMessage, at: number): void {
    const link = this.#link;
    if (link === null || !this.#may("control")) return;
    if (message.type === "Pointer") {
      // On a slow line only the newest place counts; presses and releases all do.
      if (link.congested && message.buttons === this.#buttons) {
        this.#held = message;
        return;
      }
      this.#buttons = message.buttons;
      this.#held = null;
    }
    this.drained();
    if ("seq" in message) this.#meter.presses.note(message, message.seq, at);
    this.#receipts.flush((shown) => {
      link.queue(Channel.SCREEN, shown);
    });
    this.#send(Channel.INPUT, message);
  }

  /** The picture was shown. */
  shown(shown: Shown): void {
    this.#meter.shown(shown.seq);
    this.#receipts.shown(shown);
  }

  /** The line has room again: the pointer's newest place goes out. */
  drained(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#send(Channel.INPUT, held);
  }

  /** What the page can show and would like; kept for new connections. */
  want(want: Omit<Want, "codecs" | "type">): void {
    this.#want = { type: "Want", ...want };
    this.sendWant();
  }

  /** What this browser decodes. */
  codecs(codecs: readonly string[]): void {
    this.#codecs = codecs;
    this.sendWant();
  }

  /** Say what is wanted, if that is known, may be said, and has changed. */
  sendWant(): void {
    if (this.#link === null || this.#codecs === null || !this.#may("view")) return;
    const want: Want = { ...this.#want, codecs: this.#codecs };
    const text = JSON.stringify(want);
    if (text === this.#wantSent) return;
    this.#wantSent = text;
    this.#send(Channel.SCREEN, want);
  }

  resize(width: number, height: number): void {
    if (this.#may("control")) this.#send(Channel.SCREEN, { type: "Resize", width, height });
  }

  clipboard(text: string): void {
    if (this.#may("clipboard")) this.#send(Channel.CLIPBOARD, { type: "ClipText", text });
  }

  /** These files of the host into its clipboard. */
  offer(paths: readonly Bytes[]): void {
    if (this.#may("clipboard") && this.#may("files-write")) this.#send(Channel.CLIPBOARD, { type: "OfferFiles", paths });
  }

  ask(ask: Omit<AskMore, "type">): void {
    this.#send(Channel.CONTROL, { type: "AskMore", ...ask });
  }

  letGo(capabilities: readonly Capability[]): void {
    this.#send(Channel.CONTROL, { type: "LetGo", capabilities });
  }

  /** A decoder was lost: everything is needed again, and without video if that happens twice in a row. */
  lost(now: number): void {
    if (now - this.#lostAt < LOST_AGAIN_MS) this.#codecs = [];
    this.#lostAt = now;
    this.sendWant();
    this.#send(Channel.SCREEN, { type: "Refresh" });
  }

  /** What the page asks for may be more than a message can hold; that is the page's fault and ends nothing. */
  #send<C extends CarryingChannel>(channel: C, message: Messages[C]): void {
    try {
      this.#link?.send(channel, message);
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      console.warn("farhand: not sent:", error.message);
    }
  }
}
