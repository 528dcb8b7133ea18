/**
 * What runs on a session's files channel: a number for each operation, and the host's answers to the one they are for.
 *
 * A host that answers what nobody asked changes nothing: such answers are dropped. One that answers an operation with
 * what does not belong there fails that operation, and the session goes on.
 */
import type { Clock } from "../app/clock";
import type { Failed, FilesMessage, StopReading, StopWriting } from "../gen/messages";
import type { FilesRight } from "./api";
import { FilesError, hostError } from "./faults";
import type { FilesLine } from "./line";

/** Content that waits for this disk: above the first the host gets no more credit, below the second it does again. */
const QUEUE_HIGH = 1 << 20;
const QUEUE_LOW = 512 << 10;
/** A host that is busy says so; one that says nothing at all for so long has forgotten. */
export const SILENCE_MS = 120_000;

type Answer<T extends FilesMessage["type"]> = Extract<FilesMessage, { type: T }>;
/** A message without its number, which the operation gives it. */
type Unnumbered<M> = M extends { readonly id: number } ? Omit<M, "id"> : never;

export class Operation {
  readonly id: number;
  readonly right: FilesRight;
  readonly #owner: Operations;
  #answers: FilesMessage[] = [];
  #wake: (() => void) | null = null;
  #held = 0;
  /** The host has said its last word, or has been told to stop. */
  #ended = false;
  #failure: FilesError | null = null;

  constructor(owner: Operations, id: number, right: FilesRight) {
    this.#owner = owner;
    this.id = id;
    this.right = right;
  }

  /** Throws FilesError once it has ended. */
  send(message: Unnumbered<FilesMessage>): void {
    this.check();
    this.#owner.send({ ...message, id: this.id });
  }

  /** Waits until more may be queued. Rejects with FilesError once it has ended. */
  async room(): Promise<void> {
    await this.#owner.room();
    this.check();
  }

  /** Throws what ended it, if that has come. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    const failed = this.#answers.find((answer) => answer.type === "Failed");
    if (failed !== undefined) throw this.#fail(failed);
  }

  /** The next answer, which must be of these types. Rejects with FilesError if it is Failed, or another one. */
  async next<T extends FilesMessage["type"]>(...types: readonly T[]): Promise<Answer<T>> {
    while (this.#answers.length === 0) {
      if (this.#failure !== null) throw this.#failure;
      await this.#wait();
    }
    const answer = this.#answers.shift() as FilesMessage;
    this.#release(weight(answer));
    if (answer.type === "Failed") throw this.#fail(answer);
    if ((types as readonly string[]).includes(answer.type)) return answer as Answer<T>;
    this.stop();
    throw this.fail(new FilesError("protocol", `${answer.type} is no answer to this`));
  }

  /** Its last answer has come. */
  last(): void {
    this.#ended = true;
    this.close();
  }

  /** Gives it up; the host is told, if it does not know. `drop`: what the host has of a file goes too. */
  stop(drop = false): void {
    if (!this.#ended && this.#failure === null) {
      const stop: StopReading | StopWriting =
        this.right === "files-read" ? { type: "StopReading", id: this.id } : { type: "StopWriting", id: this.id, drop };
      this.#owner.send(stop);
    }
    this.#ended = true;
    this.close();
  }

  /** Whoever waits for it gets this. */
  fail(error: FilesError): FilesError {
    this.#failure ??= error;
    this.#wake?.();
    return this.#failure;
  }

  close(): void {
    this.#owner.forget(this);
    this.#answers = [];
    this.#release(this.#held);
  }

  take(answer: FilesMessage): void {
    const size = weight(answer);
    this.#held += size;
    this.#answers.push(answer);
    this.#owner.hold(size);
    this.#wake?.();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#owner.clock.after(SILENCE_MS, () => {
        this.stop();
        this.fail(new FilesError("protocol", "it did not answer at all"));
      });
      this.#wake = (): void => {
        this.#wake = null;
        cancel();
        resolve();
      };
    });
  }

  #fail(failed: Failed): FilesError {
    this.#ended = true;
    this.close();
    return this.fail(hostError(failed.fault, failed.text));
  }

  #release(size: number): void {
    this.#held -= size;
    this.#owner.hold(-size);
  }
}

export class Operations {
  readonly clock: Clock;
  readonly #line: FilesLine;
  readonly #running = new Map<number, Operation>();
  #number = 0;
  #queued = 0;
  #withheld = false;

  constructor(line: FilesLine, clock: Clock) {
    this.#line = line;
    this.clock = clock;
  }

  /** A new one. Throws FilesError `cut` or `rights`. */
  open(right: FilesRight): Operation {
    if (!this.#line.open) throw new FilesError("cut");
    if (!this.#line.may(right)) throw new FilesError("rights");
    do this.#number = (this.#number % 0xffffffff) + 1;
    while (this.#running.has(this.#number));
    const operation = new Operation(this, this.#number, right);
    this.#running.set(operation.id, operation);
    return operation;
  }

  /** Runs `work` with a new one, which is stopped if that fails before its last answer. */
  async run<T>(right: FilesRight, work: (operation: Operation) => Promise<T>): Promise<T> {
    const operation = this.open(right);
    try {
      return await work(operation);
    } finally {
      operation.stop();
    }
  }

  /** An answer of the host's. */
  take(answer: FilesMessage): void {
    this.#running.get(answer.id)?.take(answer);
  }

  /** The line went or came, or rights did: what cannot run any more ends. */
  changed(): void {
    for (const operation of [...this.#running.values()]) {
      if (this.#line.may(operation.right)) continue;
      operation.fail(new FilesError(this.#line.open ? "rights" : "cut"));
      operation.close();
    }
  }

  send(message: FilesMessage): void {
    this.#line.send(message);
  }

  room(): Promise<void> {
    return this.#line.room();
  }

  forget(operation: Operation): void {
    if (this.#running.get(operation.id) === operation) this.#running.delete(operation.id);
  }

  /** So much more, or less, content waits for this side. */
  hold(size: number): void {
    this.#queued += size;
    const withhold = this.#withheld ? this.#queued >= QUEUE_LOW : this.#queued > QUEUE_HIGH;
    if (withhold === this.#withheld) return;
    this.#withheld = withhold;
    this.#line.withhold(withhold);
  }
}

/** What an answer keeps in memory, roughly. */
function weight(answer: FilesMessage): number {
  switch (answer.type) {
    case "Data":
      return answer.data.length;
    case "Bundle":
      return answer.files.reduce((sum, file) => sum + file.data.length + file.path.length + 100, 0);
    case "Entries":
      return answer.entries.reduce((sum, entry) => sum + entry.path.length + 100, 0);
    default:
      return 0;
  }
}
