/** Files that stand copied on the host: named as soon as the host tells of them, fetched when the person wants them. */
import type { FilesApi, HostEntry } from "../files/api";
import { FilesError } from "../files/faults";
import { asArchive, pickTarget } from "../files/sources";
import type { Held } from "./bridge";
import type { Clock } from "./clock";
import { holds } from "./rights";

/** For the notice and the bar. */
export interface CopiedState {
  /** None: all of them are left out. */
  readonly entries: readonly HostEntry[];
  /** So many more are not to be had. */
  readonly leftOut: number;
  /** Whether the notice is shown; without, they are to be found in the bar. */
  readonly open: boolean;
}

export interface CopiedEvents {
  changed(): void;
  /** Said aloud and shown for a moment. */
  tell(text: string, tone: "plain" | "bad"): void;
  /** Said aloud: what is seen of it is on the page already. */
  say(text: string): void;
  /** Whether the notice is in use: it stays then. */
  used(): boolean;
}

/** The notice makes room after so long, in milliseconds, unless it is in use. */
const STAY_MS = 12_000;

export class Copied {
  readonly #files: FilesApi;
  readonly #hostName: () => string;
  readonly #events: CopiedEvents;
  readonly #clock: Clock;
  #state: CopiedState | null = null;
  #fold = (): void => undefined;

  constructor(files: FilesApi, hostName: () => string, events: CopiedEvents, clock: Clock) {
    this.#files = files;
    this.#hostName = hostName;
    this.#events = events;
    this.#clock = clock;
  }

  get state(): CopiedState | null {
    return this.#state;
  }

  /** The host tells of them; of none, and none left out, if there are none any longer. */
  arrived(entries: readonly HostEntry[], leftOut: number): void {
    const none = entries.length + leftOut === 0;
    this.#to(none ? null : { entries, leftOut, open: true });
    if (!none) this.#events.say(`${copiedWords(entries.length, leftOut)} on ${this.#hostName()}.${entries.length > 0 ? " Control, Alt, Shift, then C, to save them." : ""}`);
  }

  /** These rights are held now; without the two that they need they are forgotten. */
  keep(rights: readonly Held[]): void {
    if (this.#state !== null && !(holds(rights, "clipboard") && holds(rights, "files-read"))) this.#to(null);
  }

  /** The notice, or none. */
  show(open: boolean): void {
    if (this.#state !== null) this.#to({ ...this.#state, open });
  }

  /** To where the browser's dialog says, or to its own downloads; from a click or key. */
  async save(): Promise<void> {
    const { entries } = this.#state ?? { entries: [] };
    if (entries.length === 0) return;
    try {
      const to = await pickTarget(entries);
      if (to === null) return;
      if (to === undefined && asArchive(entries)) await this.#files.queue.enqueueArchive(entries);
      else await this.#files.queue.enqueueDownload(entries, to);
      this.show(false);
    } catch (error) {
      this.#events.tell(`Nothing was saved: ${error instanceof FilesError ? error.message : "this browser failed"}`, "bad");
    }
  }

  close(): void {
    this.#fold();
  }

  #to(state: CopiedState | null): void {
    this.#fold();
    this.#fold = (): void => undefined;
    this.#state = state;
    if (state?.open === true) this.#wait();
    this.#events.changed();
  }

  #wait(): void {
    this.#fold = this.#clock.after(STAY_MS, () => {
      if (this.#events.used()) this.#wait();
      else this.show(false);
    });
  }
}

/** `3 files copied`, `2 files and a folder copied`. */
export function copiedWords(count: number, leftOut: number): string {
  const all = count + leftOut;
  return `${all} ${all === 1 ? "file" : "files"} copied`;
}
