/** Rights in a session: what is held, what is being asked for, and what is soon to end. */
import type { Capability } from "../gen/messages";
import type { Bytes } from "../protocol/bytes";
import type { Held } from "./bridge";
import type { Clock } from "./clock";
import { type Answer, type Door, shutBy } from "./doors/door";
import { SPANS, holds, left, missing, nextEnd } from "./rights";

const POLL_MS = 2000;
/** A right that ends is announced so long before. */
const WARN_MS = 60_000;
/** An answer that has not come by then is not waited for: the person at the host has had time. */
const PATIENCE_MS = 180_000;
const NOTHING = new Uint8Array(0);

/** What the form of the panel holds. */
export interface Wanted {
  readonly capability: Capability | null;
  /** 0: as long as the session. */
  readonly seconds: number;
  readonly reason: string;
}

export interface RightsState {
  readonly rights: readonly Held[];
  readonly missing: readonly Capability[];
  readonly wanted: Wanted;
  /** What is under way, as a sentence; empty if nothing is. */
  readonly asking: string;
  /** What came of the last wish, empty if it was granted. */
  readonly problem: string;
}

export interface RightsEvents {
  ask(capabilities: readonly Capability[], seconds: number, reason: string, grant: Bytes): void;
  changed(): void;
  /** A right is about to end. */
  warn(capability: Capability): void;
}

export class RightsDesk {
  readonly #clock: Clock;
  /** By which door this session came in; null: a person let us in, and is asked for more. */
  readonly #door: Door | null;
  readonly #events: RightsEvents;
  #rights: readonly Held[] = [];
  #wanted: Wanted = { capability: null, seconds: SPANS[0], reason: "" };
  #asking = "";
  #problem = "";
  #closed = false;
  #cancelWarning: (() => void) | null = null;
  #cancelPatience: (() => void) | null = null;
  /** Who waits for what comes of a wish. */
  #waiting: ((problem: string) => void)[] = [];

  constructor(clock: Clock, door: Door | null, events: RightsEvents) {
    this.#clock = clock;
    this.#door = door;
    this.#events = events;
  }

  get state(): RightsState {
    const lacking = missing(this.#rights);
    const { capability } = this.#wanted;
    const chosen = capability !== null && lacking.includes(capability) ? capability : (lacking[0] ?? null);
    return {
      rights: this.#rights,
      missing: lacking,
      wanted: { ...this.#wanted, capability: chosen },
      asking: this.#asking,
      problem: this.#problem,
    };
  }

  get rights(): readonly Held[] {
    return this.#rights;
  }

  /** The host says what is held. */
  set(rights: readonly Held[]): void {
    const won = rights.some((right) => !holds(this.#rights, right.capability));
    this.#rights = rights;
    if (won && (this.#asking !== "" || this.#problem !== "")) this.#settle("");
    this.#watch();
  }

  /** The host refused something; true if that was the answer to a wish. */
  denied(text: string): boolean {
    if (this.#asking === "") return false;
    this.#settle(text === "" ? "The host said no." : text);
    return true;
  }

  want(change: Partial<Wanted>): void {
    this.#wanted = { ...this.#wanted, ...change };
    this.#problem = "";
    this.#events.changed();
  }

  /** Ask for what the form says. */
  async ask(): Promise<void> {
    const { capability, seconds, reason } = this.state.wanted;
    if (capability !== null) await this.#ask({ capabilities: [capability], seconds, reason: reason.trim() });
  }

  /** Ask for these, for as long as the session; resolves to what came of it, empty if they were granted. */
  askFor(capabilities: readonly Capability[], reason: string): Promise<string> {
    const lacking = capabilities.filter((capability) => !holds(this.#rights, capability));
    if (lacking.length === 0) return Promise.resolve("");
    if (this.#asking !== "") return Promise.resolve("Something else is being asked for: wait for its answer.");
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      void this.#ask({ capabilities: lacking, seconds: 0, reason });
    });
  }

  async #ask(wish: { capabilities: readonly Capability[]; seconds: number; reason: string }): Promise<void> {
    if (this.#asking !== "") return;
    this.#begin(this.#door === null ? "The person at the host is asked." : "Asking the gateway.");
    let grant: Bytes | null = NOTHING;
    try {
      if (this.#door !== null) grant = await this.#decided(this.#door, await this.#door.more(wish));
    } catch (error) {
      const why = shutBy(error);
      this.#settle(why.why === "unreachable" ? "The gateway does not answer." : why.message);
      return;
    }
    if (grant === null) return;
    this.#begin("The host is asked.");
    this.#events.ask(wish.capabilities, wish.seconds, wish.reason, grant);
  }

  close(): void {
    this.#closed = true;
    for (const told of this.#waiting.splice(0)) told("The session is over.");
    this.#cancelWarning?.();
    this.#cancelPatience?.();
  }

  /** The credential, once a second person has agreed; null if it is not waited for any more. */
  async #decided(door: Door, answer: Answer<Bytes>): Promise<Bytes | null> {
    let now = answer;
    while (now.kind === "waiting") {
      this.#begin("A second person has to approve this; they have been asked.", false);
      await new Promise<void>((resolve) => this.#clock.after(POLL_MS, resolve));
      if (this.#closed || this.#asking === "") return null;
      now = await door.moreDecided(now.approval);
    }
    return this.#closed ? null : now.given;
  }

  #begin(asking: string, patience = true): void {
    this.#asking = asking;
    this.#problem = "";
    this.#cancelPatience?.();
    this.#cancelPatience = null;
    if (patience) {
      this.#cancelPatience = this.#clock.after(PATIENCE_MS, () => {
        this.#settle("Nobody answered.");
      });
    }
    this.#events.changed();
  }

  #settle(problem: string): void {
    this.#cancelPatience?.();
    this.#cancelPatience = null;
    this.#asking = "";
    this.#problem = problem;
    if (problem === "") this.#wanted = { ...this.#wanted, capability: null, reason: "" };
    for (const told of this.#waiting.splice(0)) told(problem);
    if (!this.#closed) this.#events.changed();
  }

  /** Warn before the first right ends. */
  #watch(): void {
    this.#cancelWarning?.();
    this.#cancelWarning = null;
    const first = nextEnd(this.#rights);
    const span = first === null ? null : left(first, this.#epoch());
    // One that was given for little more than the warning itself says its end already.
    if (first === null || span === null || span < WARN_MS * 1.2) return;
    this.#cancelWarning = this.#clock.after(span - WARN_MS, () => {
      this.#events.warn(first.capability);
    });
  }

  #epoch(): number {
    return this.#clock.origin + this.#clock.now();
  }
}
