/** On the way to a host without a code: its keys are proven, then it is asked to let us in, and a second person may have to agree. */
import type { Clock } from "./clock";
import { type Answer, type Door, DoorShut, type Host, type Pass, type Wish, shutBy } from "./doors/door";

/** How often it is asked whether the second person has decided, and for how long. */
const POLL_MS = 2000;
const PATIENCE_MS = 15 * 60_000;

export type VisitState =
  | { readonly at: "meeting" }
  | { readonly at: "asking-for-leave"; readonly host: Host }
  | { readonly at: "reason"; readonly host: Host }
  | { readonly at: "approval"; readonly host: Host; readonly leftMs: number }
  | { readonly at: "shut"; readonly why: DoorShut; readonly name: string }
  | { readonly at: "in" };

export interface VisitEvents {
  readonly changed: () => void;
  /** The host can be called. */
  readonly ready: (host: Host, pass: Pass, reason: string) => void;
}

export class Visit {
  readonly #door: Door;
  readonly #clock: Clock;
  readonly #events: VisitEvents;
  #state: VisitState = { at: "meeting" };
  #host: Host | null = null;
  #reason = "";
  #closed = false;
  #cancel: (() => void) | null = null;

  constructor(door: Door, clock: Clock, events: VisitEvents) {
    this.#door = door;
    this.#clock = clock;
    this.#events = events;
  }

  get state(): VisitState {
    return this.#state;
  }

  get host(): Host | null {
    return this.#host;
  }

  /** Go to the door; again after a session, too. */
  async start(): Promise<void> {
    this.#closed = false;
    this.#enter({ at: "meeting" });
    await this.#try(async () => {
      this.#host = await this.#door.meet();
      if (this.#reason === "") this.#reason = this.#host.reason;
      await this.#ask(this.#host);
    });
  }

  /** The reason that a rule asks for. */
  async give(reason: string): Promise<void> {
    const host = this.#host;
    if (host === null || this.#state.at !== "reason") return;
    this.#reason = reason;
    await this.#try(() => this.#ask(host));
  }

  /** The person turned away. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  async #ask(host: Host): Promise<void> {
    this.#enter({ at: "asking-for-leave", host });
    const wish: Wish = { capabilities: host.capabilities, seconds: 0, reason: this.#reason };
    await this.#take(host, await this.#door.enter(wish), this.#clock.now() + PATIENCE_MS);
  }

  async #take(host: Host, answer: Answer<Pass>, until: number): Promise<void> {
    if (this.#closed) return;
    if (answer.kind === "given") {
      this.#enter({ at: "in" });
      this.#events.ready(host, answer.given, this.#reason);
      return;
    }
    const leftMs = until - this.#clock.now();
    if (leftMs <= 0) throw new DoorShut("declined", "Nobody answered in time.");
    this.#enter({ at: "approval", host, leftMs });
    await new Promise<void>((resolve) => {
      this.#cancel = this.#clock.after(POLL_MS, resolve);
    });
    await this.#take(host, await this.#poll(answer.approval), until);
  }

  /** A gateway that cannot be reached for a moment has not said no. */
  async #poll(approval: string): Promise<Answer<Pass>> {
    try {
      return await this.#door.entered(approval);
    } catch (error) {
      if (error instanceof DoorShut && error.why === "unreachable") return { kind: "waiting", approval };
      throw error;
    }
  }

  async #try(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const why = shutBy(error);
      if (why.why === "failed") console.error("farhand: no way in:", error);
      const host = this.#host;
      if (why.why === "reason-needed" && host !== null) this.#enter({ at: "reason", host });
      else this.#enter({ at: "shut", why, name: why.host === "" ? (host?.name ?? "") : why.host });
    }
  }

  #enter(state: VisitState): void {
    if (this.#closed) return;
    this.#state = state;
    this.#events.changed();
  }
}
