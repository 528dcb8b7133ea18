/**
 * A session's end, without input or output: bytes, time and randomness are arguments.
 *
 * The owner passes what arrives to `receiveData`, then acts on `events()`, then sends what `dataToSend` returns until
 * that is empty, and calls `handleTimer` at `nextTimer`. WebCrypto answers later, so `notify` tells the owner each time
 * there is something new to act on or to send. After Ended or Failed the owner sends what is left and closes the
 * connection. `now` is in seconds of any steady clock.
 */
import { type CarryingChannel, Channel, type Messages, type Request, decode, encode } from "../gen/messages";
import { type Bytes, type Entropy, concat, equal } from "./bytes";
import { Inbox, Outbox } from "./channels";
import {
  ByeCode,
  FailureCode,
  IdentityMismatch,
  MalformedFrame,
  MuxError,
  NotAuthenticated,
  ProtocolError,
  RecordError,
  SessionEnded,
} from "./errors";
import type { Authenticated, SessionEvent } from "./events";
import {
  type Frame,
  FrameReader,
  FrameType,
  type Hello,
  Mode,
  SUITE,
  body,
  decodeFailure,
  decodeWelcome,
  encodeFrame,
  encodeHello,
} from "./frames";
import { type Opening, type Secrets, ViewerHandshake } from "./handshake";
import type { PrivateKey } from "./keys";
import * as limits from "./limits";
import { importKey } from "./noise";
import { Opener, RecordKind, Sealer, decodeBye, encodeBye, padded } from "./records";
import { encodeRequestPayload } from "./request";

const BATCH = 256 * 1024;
/** The least room that a record is worth making for, in bytes. */
const LEAST = limits.FRAME_HEADER + limits.SMALL_PADDING + limits.TAG;
/** More bytes than any honest end sends while one of its handshake messages is being dealt with. */
const HANDSHAKE_WAITING = 16 * 1024;

/** How far a session is; in "ending" the last word waits in `dataToSend`. */
export type State = "handshake" | "open" | "ending" | "ended";

/** What every session is given. */
export interface SessionOptions {
  readonly entropy: Entropy;
  readonly now: number;
  /** Called, never from within a call of the owner's, when there are new events or new bytes to send. */
  readonly notify: () => void;
}

/** What both ends share: frames in, records both ways, the end. */
export abstract class Session {
  state: State = "handshake";
  protected readonly entropy: Entropy;
  protected readonly frames: FrameReader;
  protected raw: Bytes[] = [];
  #now: number;
  readonly #notify: () => void;
  readonly #deadline: number;
  #events: SessionEvent[] = [];
  readonly #outbox = new Outbox();
  readonly #inbox = new Inbox(this.#outbox, (channel, data) => {
    this.emit({ event: "message", channel, message: decode(channel, data) });
  });
  #sealer: Sealer | null = null;
  #opener: Opener | null = null;
  #last: Bytes | null = null;
  #handling: Promise<void> | null = null;
  #collecting: Promise<unknown> = Promise.resolve();

  protected constructor(options: SessionOptions, ...expected: readonly FrameType[]) {
    this.entropy = options.entropy;
    this.#now = options.now;
    this.#notify = options.notify;
    this.#deadline = options.now + limits.HANDSHAKE_SECONDS;
    this.frames = new FrameReader(...expected);
  }

  /**
   * Take what arrived, in pieces of any size, which must not change afterwards.
   *
   * Never rejects for what the other end did: see `events`. Resolves when all of it was dealt with; there is no need
   * to wait for that before the next call.
   */
  async receiveData(data: Bytes, now: number): Promise<void> {
    this.#now = now;
    if (!this.#listening()) return;
    this.frames.feed(data);
    if (this.#handling === null) this.#pump();
    else if (this.frames.waiting > HANDSHAKE_WAITING) this.#fail(new MalformedFrame("more than belongs to a handshake"));
    while (this.#handling !== null) await this.#handling;
    await this.#opener?.idle();
  }

  /** Whole frames of about `limit` bytes at most, the most urgent first; empty when there is nothing to send. */
  dataToSend(limit = BATCH, now = this.#now): Promise<Bytes> {
    this.#now = now;
    const collected = this.#collecting.then(() => this.#collect(limit));
    this.#collecting = collected.catch(() => undefined);
    return collected;
  }

  /** Whether `dataToSend` would return anything now. */
  hasDataToSend(): boolean {
    if (this.raw.length > 0 || this.state === "ending") return true;
    if (this.state !== "open") return false;
    return this.#outbox.ready() || this.#inbox.grantsDue() || (this.#sealer?.rekeyDue(this.#now) ?? false);
  }

  /** What happened since the last call, oldest first. */
  events(): SessionEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /**
   * Queue a message.
   *
   * Throws SessionEnded, NotAuthenticated, MessageError for a message of another channel, one that is too large or one
   * with a value outside its bounds.
   */
  send<C extends CarryingChannel>(channel: C, message: Messages[C]): void {
    if (this.state === "handshake") throw new NotAuthenticated("cannot send: handshake");
    if (this.state !== "open") throw new SessionEnded(`cannot send: ${this.state}`);
    this.#outbox.put(channel, encode(channel, message));
  }

  /** Bytes of `channel` that are queued and not yet in what `dataToSend` returned. */
  pending(channel: Channel): number {
    return this.#outbox.waiting(channel);
  }

  /** Give no more credit for what comes on a channel, or go on giving it. */
  withhold(channel: Channel, on: boolean): void {
    this.#inbox.withhold(channel, on);
  }

  /** End the session. What waits on `control` is still sent, all else is forgotten; safe to call twice. */
  bye(code: ByeCode, text = ""): void {
    if (!this.#listening()) return;
    if (this.state === "open") {
      this.#sayBye(code, text);
    } else {
      this.state = "ended";
      this.raw = [];
    }
    this.emit({ event: "ended", byPeer: false, code, text });
  }

  /** When `handleTimer` is due next, null if never. */
  nextTimer(): number | null {
    if (this.state === "handshake") return this.#deadline;
    return this.state === "open" ? (this.#sealer?.rekeyAt ?? null) : null;
  }

  /** Do what is due: give up a handshake that takes too long, renew a key. */
  handleTimer(now: number): void {
    this.#now = now;
    if (this.state === "handshake" && now >= this.#deadline) {
      this.refused(FailureCode.TIMEOUT, 0, "the handshake took too long");
    }
  }

  /** Deal with a frame that is no record. */
  protected abstract handleFrame(frame: Frame): Promise<void>;

  /** The first record opened. */
  protected abstract confirmed(): void;

  /** End before authentication: only a host tells the other end (a viewer closes the connection). */
  protected refused(code: FailureCode, retry: number, reason: string, keys: IdentityMismatch["keys"] = null): void {
    this.state = "ended";
    this.raw = [];
    this.#opener?.stop();
    this.emit({ event: "failed", failure: code, byPeer: false, retry, reason, keys });
  }

  protected emit(event: SessionEvent): void {
    this.#events.push(event);
  }

  /** Take the keys into use. */
  protected async use(secrets: Secrets): Promise<void> {
    const [send, receive] = await Promise.all([importKey(secrets.send), importKey(secrets.receive)]);
    this.#sealer = new Sealer(send, this.#now);
    this.#opener = new Opener(
      receive,
      (plaintext) => {
        this.#take(plaintext);
        this.#notify();
      },
      (error) => {
        this.#fail(error);
        this.#notify();
      },
    );
  }

  #listening(): boolean {
    return this.state === "handshake" || this.state === "open";
  }

  #pump(): void {
    try {
      while (this.#listening()) {
        const frame = this.frames.next();
        if (frame === null) return;
        if (frame.type !== FrameType.RECORD) {
          this.#handling = this.#handle(frame);
          return;
        }
        // A record, opened or not, is an end's last word on the handshake.
        this.frames.expected = [FrameType.RECORD];
        this.#opener?.push(frame.bytes);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // What came before the bad frame is taken first, as if the bytes had arrived one by one.
      const opener = this.#opener;
      const broken = (): void => {
        if (this.#listening()) this.#fail(error);
        this.#notify();
      };
      if (opener === null) broken();
      else void opener.idle().then(broken);
    }
  }

  async #handle(frame: Frame): Promise<void> {
    try {
      await this.handleFrame(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // A timer or the owner may have ended the session meanwhile.
      if (this.#listening()) this.#fail(error);
    } finally {
      this.#handling = null;
    }
    this.#notify();
    this.#pump();
  }

  #take(plaintext: Bytes): void {
    if (this.state === "handshake") this.confirmed();
    if (this.state !== "open") return;
    switch (plaintext[0]) {
      case RecordKind.DATA:
        this.#inbox.accept(plaintext);
        break;
      case RecordKind.BYE: {
        const { code, text } = decodeBye(plaintext);
        if (code > ByeCode.IDLE) throw new MuxError(`a bye of unknown code ${code}`);
        this.state = "ended";
        this.raw = [];
        this.#opener?.stop();
        this.emit({ event: "ended", byPeer: true, code: code as ByeCode, text });
        break;
      }
      default:
        throw new MuxError(`a record of unknown kind ${plaintext[0] ?? -1}`);
    }
  }

  async #collect(limit: number): Promise<Bytes> {
    const ready = this.raw;
    this.raw = [];
    const sealer = this.#sealer;
    if (sealer === null || (this.state !== "open" && this.state !== "ending")) {
      if (this.state === "ending") this.state = "ended";
      return concat(...ready);
    }
    let size = ready.reduce((sum, chunk) => sum + chunk.length, 0);
    const sealed: Promise<Bytes>[] = [];
    while (limit - size >= LEAST || ready.length + sealed.length === 0) {
      if (sealer.rekeyDue(this.#now)) sealed.push(Promise.resolve(await sealer.rekey(this.#now)));
      const room = Math.max(LEAST, limit - size) - limits.FRAME_HEADER - limits.TAG;
      const plaintext = this.#fill(Math.min(limits.PLAINTEXT_MAX, room));
      if (plaintext !== null) {
        sealed.push(sealer.seal(plaintext));
        size += limits.FRAME_HEADER + plaintext.length + limits.TAG;
        continue;
      }
      if (this.#last !== null && (this.state as State) === "ending") {
        sealed.push(sealer.seal(this.#last));
        this.state = "ended";
      }
      break;
    }
    const [first, ...rest] = ready.concat(await Promise.all(sealed));
    return first === undefined ? new Uint8Array(0) : rest.length === 0 ? first : concat(first, ...rest);
  }

  /** The next data record's plaintext of at most `most` bytes, padded; null if nothing waits. */
  #fill(most: number): Bytes | null {
    const parts: Bytes[] = [];
    const { length, small } = this.#outbox.fill(most - 1, this.#inbox.takeGrants(), parts);
    if (length === 0) return null;
    const plaintext = new Uint8Array(padded(length + 1, small, most));
    let at = 1;
    for (const part of parts) {
      plaintext.set(part, at);
      at += part.length;
    }
    return plaintext;
  }

  #sayBye(code: ByeCode, text: string): void {
    this.#outbox.keepOnly(Channel.CONTROL);
    this.#last = encodeBye(code, text);
    this.#opener?.stop();
    this.state = "ending";
  }

  #fail(error: ProtocolError): void {
    const silent = error instanceof RecordError;
    if (this.state === "handshake" && !silent) {
      this.refused(error.failure, 0, error.message, error instanceof IdentityMismatch ? error.keys : null);
      return;
    }
    if (silent) {
      this.state = "ended";
      this.raw = [];
      this.#opener?.stop();
    } else {
      this.#sayBye(ByeCode.PROTOCOL, "");
    }
    this.emit({ event: "failed", failure: error.failure, byPeer: false, retry: 0, reason: error.message });
  }
}

/**
 * How a viewer means to be let in.
 *
 * `route` is a code's route part (attended, with its `secret`) or a host id (with `pin`, the host's Noise key as seen
 * before or out of its HostProof). `identity` is the Noise key: a throwaway one if attended, the same one to rejoin, the
 * one in the request's certificate if unattended.
 */
export interface ViewerOptions extends SessionOptions {
  readonly identity: PrivateKey;
  readonly mode: Mode;
  readonly route: string | Bytes;
  readonly secret: string | null;
  readonly pin: Bytes | null;
  readonly request: Request;
}

/** The viewer's end of one session. */
export class ViewerSession extends Session {
  readonly #identity: PrivateKey;
  readonly #pin: Bytes | null;
  readonly #request: Request;
  readonly #hello: Hello;
  #secret: string | null;
  #opening: Opening | null = null;
  #handshake: ViewerHandshake | null = null;
  #authenticated: Authenticated | null = null;

  constructor(options: ViewerOptions) {
    super(options, FrameType.WELCOME, FrameType.FAILURE);
    const attended = options.mode === Mode.ATTENDED;
    const coded = options.secret !== null && typeof options.route === "string";
    if (attended !== coded || (!attended && (options.pin === null || typeof options.route === "string"))) {
      throw new TypeError("a code's route and secret go with attended, a host id and a pin with all else");
    }
    if ((options.request.rejoin !== null) !== (options.mode === Mode.REJOIN)) {
      throw new TypeError("a session to take up again goes with rejoin, and only there");
    }
    const { certificate, grant } = options.request;
    if (options.mode === Mode.UNATTENDED && (certificate.length === 0 || grant.length === 0)) {
      throw new TypeError("a certificate and a grant go with unattended");
    }
    this.#identity = options.identity;
    this.#secret = options.secret;
    this.#pin = options.pin;
    this.#request = options.request;
    this.#hello = { mode: options.mode, route: options.route, nonce: this.entropy(32), suites: SUITE };
    this.raw.push(encodeFrame(FrameType.HELLO, encodeHello(this.#hello)));
  }

  protected override async handleFrame(frame: Frame): Promise<void> {
    if (frame.type === FrameType.WELCOME) {
      await this.#handleWelcome(body(frame));
    } else if (frame.type === FrameType.HANDSHAKE_2) {
      await this.#handle2(body(frame));
    } else {
      const failure = decodeFailure(body(frame));
      this.state = "ended";
      this.raw = [];
      this.emit({
        event: "failed",
        failure: failure.code,
        byPeer: true,
        retry: failure.retry,
        reason: "told by the other side",
      });
    }
  }

  protected override confirmed(): void {
    if (this.#authenticated === null) throw new Error("records are expected only after message 3");
    this.state = "open";
    this.emit(this.#authenticated);
  }

  async #handleWelcome(bytes: Bytes): Promise<void> {
    const welcome = decodeWelcome(bytes);
    if (welcome.mode !== this.#hello.mode) throw new MalformedFrame("a welcome for another mode");
    if (typeof this.#hello.route !== "string" && !equal(welcome.hostId, this.#hello.route)) {
      throw new IdentityMismatch("another host answered than the one that was called");
    }
    this.#opening = { hello: this.#hello, welcome };
    this.#handshake = new ViewerHandshake(this.#opening, this.#identity, this.#secret, this.entropy);
    this.#secret = null;
    const message = await this.#handshake.write1();
    if (this.state !== "handshake") return;
    this.raw.push(encodeFrame(FrameType.HANDSHAKE_1, message));
    this.frames.expected = [FrameType.HANDSHAKE_2, FrameType.FAILURE];
  }

  async #handle2(bytes: Bytes): Promise<void> {
    const [handshake, opening] = [this.#handshake, this.#opening];
    if (handshake === null || opening === null) throw new Error("the welcome comes first");
    const certificate = await handshake.read2(bytes);
    if (this.#pin !== null && !equal(certificate.static, this.#pin)) {
      throw new IdentityMismatch(
        "the host's key is not the one it had before: someone stands between, or it was reset",
        { expected: this.#pin, found: certificate.static },
      );
    }
    const { body: message, secrets } = await handshake.write3(encodeRequestPayload(this.#request));
    await this.use(secrets);
    this.#handshake = null;
    if (this.state !== "handshake") return;
    this.raw.push(encodeFrame(FrameType.HANDSHAKE_3, message));
    this.frames.expected = [FrameType.RECORD, FrameType.FAILURE];
    this.#authenticated = {
      event: "authenticated",
      peerStatic: certificate.static,
      certificate,
      request: this.#request,
      mode: this.#hello.mode,
      hostId: opening.welcome.hostId,
      handshakeHash: secrets.handshakeHash,
      feed: opening.welcome.feed,
    };
  }
}
