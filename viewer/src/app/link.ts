/** One connection: a line, and the session that runs on it for as long as it holds. */
import type { CarryingChannel, Channel, Messages } from "../gen/messages";
import type { Bytes } from "../protocol/bytes";
import { ByeCode, SessionEnded } from "../protocol/errors";
import type { SessionEvent } from "../protocol/events";
import type { ViewerSession } from "../protocol/session";
import type { Dial, Line } from "../transports/websocket";
import type { Clock } from "./clock";

/** More than this, in bytes, waiting to leave means that the line is slower than what is sent. */
const CONGESTED = 64 * 1024;
const DRAIN_MS = 10;
/** A line that is empty each time one looks is given more at once, up to this, in bytes: some 10 ms of what it carries. */
const DEEPEST = 1024 * 1024;

/** What a link tells its owner; after `closed` nothing more. */
export interface LinkEvents {
  /** The line is open; the session begins. */
  opened(): void;
  event(event: SessionEvent): void;
  /** The line is over, whether the session ended on it or was cut. */
  closed(): void;
  /** The line was congested and is no longer. */
  drained(): void;
  /** Something broke in this program. */
  broken(error: unknown): void;
}

export class Link {
  /** When the last bytes arrived, in the clock's milliseconds. */
  heardAt: number;
  /** Bytes received so far. */
  received = 0;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #begin: (notify: () => void, now: number) => ViewerSession;
  readonly #line: Line;
  #session: ViewerSession | null = null;
  /** Resolves when all that arrived was dealt with. */
  #taken: Promise<void> = Promise.resolve();
  #flushing = false;
  #closed = false;
  #ending = false;
  #armedFor: number | null = null;
  #cancelTimer: (() => void) | null = null;
  #cancelDrain: (() => void) | null = null;
  #depth = CONGESTED;
  #roomless: { readonly channel: CarryingChannel; readonly below: number; readonly found: () => void }[] = [];

  /** `begin` makes the session once the line is open; `now` in seconds. */
  constructor(
    dial: Dial,
    url: string,
    clock: Clock,
    begin: (notify: () => void, now: number) => ViewerSession,
    events: LinkEvents,
  ) {
    this.#clock = clock;
    this.#begin = begin;
    this.#events = events;
    this.heardAt = clock.now();
    this.#line = dial(url, {
      opened: () => {
        this.#opened();
      },
      received: (data) => {
        this.#received(data);
      },
      closed: () => {
        // The last bytes may say why, and are still being opened.
        void this.#taken.then(() => {
          this.#over();
        });
      },
    });
  }

  /** Whether the line is up. */
  get open(): boolean {
    return this.#session !== null && !this.#closed;
  }

  /** Whether the line is slower than what is sent. */
  get congested(): boolean {
    return this.#cancelDrain !== null;
  }

  /** Queue a message that goes with the next one that is sent. Throws MessageError. */
  queue<C extends CarryingChannel>(channel: C, message: Messages[C]): void {
    const session = this.#session;
    if (session?.state === "open" && !this.#closed) session.send(channel, message);
  }

  /** Queue a message and send it as soon as its turn comes; nothing happens once the session is over. Throws MessageError. */
  send<C extends CarryingChannel>(channel: C, message: Messages[C]): void {
    const session = this.#session;
    if (session?.state !== "open" || this.#closed) return;
    session.send(channel, message);
    this.#flush();
  }

  /** Bytes of a channel that wait for credit or for the line. */
  pending(channel: CarryingChannel): number {
    return this.#session?.pending(channel) ?? 0;
  }

  /** Resolves once less than `below` bytes of a channel wait, or the line is over. */
  room(channel: CarryingChannel, below: number): Promise<void> {
    if (this.#closed || this.pending(channel) < below) return Promise.resolve();
    return new Promise((found) => this.#roomless.push({ channel, below, found }));
  }

  /** Give the host no more credit for what it sends on a channel, or go on giving it. */
  withhold(channel: Channel, on: boolean): void {
    this.#session?.withhold(channel, on);
    if (!on) this.#flush();
  }

  /** End the session with a word to the other end; `closed` follows. */
  bye(code: ByeCode, text = ""): void {
    if (this.#session === null || this.#closed) {
      this.abandon();
      return;
    }
    this.#session.bye(code, text);
    this.#drainEvents();
    this.#flush();
  }

  /** Drop the line without a word and without an event. */
  abandon(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelDrain?.();
    this.#cancelDrain = null;
    this.#line.close();
    this.#makeRoom();
  }

  #opened(): void {
    if (this.#closed) return;
    this.heardAt = this.#clock.now();
    this.#session = this.#begin(() => {
      this.#drainEvents();
      this.#flush();
    }, this.#seconds());
    this.#events.opened();
    this.#flush();
    this.#arm();
  }

  #received(data: Bytes): void {
    if (this.#closed || this.#session === null) return;
    this.heardAt = this.#clock.now();
    this.received += data.length;
    this.#taken = this.#session.receiveData(data, this.#seconds()).catch((error: unknown) => {
      this.#events.broken(error);
    });
  }

  #drainEvents(): void {
    for (const event of this.#session?.events() ?? []) {
      if (this.#closed) return;
      if (event.event === "ended" || event.event === "failed") this.#ending = true;
      this.#events.event(event);
    }
    this.#arm();
  }

  #flush(): void {
    if (this.#flushing || this.#closed || this.#session === null) return;
    this.#flushing = true;
    this.#write(this.#session).catch((error: unknown) => {
      if (!(error instanceof SessionEnded)) this.#events.broken(error);
    });
  }

  async #write(session: ViewerSession): Promise<void> {
    try {
      while (!this.#isClosed() && session.hasDataToSend() && !this.#full()) {
        const data = await session.dataToSend(CONGESTED, this.#seconds());
        if (data.length === 0 || this.#isClosed()) break;
        this.#line.send(data);
        this.#makeRoom();
      }
    } finally {
      this.#flushing = false;
    }
    if (this.#ending && !session.hasDataToSend()) this.#over();
  }

  /** Let those go on who waited for room that there is now. */
  #makeRoom(): void {
    if (this.#roomless.length === 0) return;
    const waiting = this.#roomless;
    this.#roomless = waiting.filter(({ channel, below }) => !this.#closed && this.pending(channel) >= below);
    for (const one of waiting) if (!this.#roomless.includes(one)) one.found();
  }

  /** Whether the line has enough to do; looks again until it has not. */
  #full(): boolean {
    if (this.#line.buffered <= this.#depth) return false;
    this.#cancelDrain ??= this.#clock.after(DRAIN_MS, () => {
      this.#cancelDrain = null;
      const { buffered } = this.#line;
      if (buffered === 0) this.#depth = Math.min(2 * this.#depth, DEEPEST);
      else if (buffered > CONGESTED) this.#depth = Math.max(this.#depth / 2, CONGESTED);
      if (this.#full()) return;
      this.#events.drained();
      this.#flush();
    });
    return true;
  }

  #arm(): void {
    const at = this.#session?.nextTimer() ?? null;
    if (at === this.#armedFor || this.#closed) return;
    this.#armedFor = at;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (at === null) return;
    this.#cancelTimer = this.#clock.after(Math.max(1, at * 1000 - this.#clock.now()), () => {
      this.#armedFor = null;
      this.#session?.handleTimer(this.#seconds());
      this.#drainEvents();
      this.#flush();
    });
  }

  #over(): void {
    if (this.#closed) return;
    this.abandon();
    this.#events.closed();
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #seconds(): number {
    return this.#clock.now() / 1000;
  }
}
