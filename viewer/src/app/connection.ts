/**
 * The connection to one host: connects, waits for the decision, and takes a session that was cut up again by itself.
 * What messages come to is dispatch.ts's, what goes out is sending.ts's; spec/states.md has the diagram.
 *
 * A code is never tried twice, nor is a grant: before the decision every failure is the end; after it a new connection
 * is by keys.
 */
import { type Capability, Channel, type Decision, type InputMessage, type Layout, type Message, type Request, type Shown, type Update, type Want } from "../gen/messages";
import { type Bytes, type Entropy, own } from "../protocol/bytes";
import { ByeCode, FailureCode, type ProtocolError } from "../protocol/errors";
import type { Authenticated, Failed, SessionEvent } from "../protocol/events";
import { Mode } from "../protocol/frames";
import { fingerprint } from "../protocol/grants";
import { type PrivateKey, fromHandle, generateKey, privateKey } from "../protocol/keys";
import { verifyCheckpoint } from "../protocol/merkle";
import { ViewerSession, type ViewerOptions } from "../protocol/session";
import type { HostPath } from "../files/api";
import { SessionLine } from "../files/line";
import { toHost } from "../files/names";
import type { Dial } from "../transports/websocket";
import type { ByCode, ByGrant, ConnectionState, EndReason, FromWorker, Held, KeysDiffer, Statistics, Target } from "./bridge";
import type { Clock } from "./clock";
import { type Receiver, dispatch } from "./dispatch";
import { Heartbeat } from "./heartbeat";
import { Link } from "./link";
import { Meter } from "./meter";
import { mayPass, reasonOfBye, reasonOfFailure } from "./reasons";
import { Rejoin } from "./rejoin";
import { held, holds } from "./rights";
import { Sending } from "./sending";

const AGENT = "farhand-viewer/0.1";
/** A first connection that is not open by then is not going to be. */
const OPEN_MS = 10_000;
/** While rejoining: a fresh try finds a line that is back sooner than an old one does. */
const REOPEN_MS = 2500;
const RESECURE_MS = 5000;
const PROBE_MS = 1500;
/** A refusal that comes no sooner than this before the end of the time to answer is silence. */
const SILENCE_SLACK_MS = 250;
/** Pongs wait no deeper than this, in bytes: who sends pings and reads nothing gets no more answers. */
const CONTROL_MOST = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** What the connection needs of the picture. */
export interface PictureSide {
  readonly frames: number;
  regions(): Statistics["regions"];
  layout(layout: Layout): void;
  /** Throws an Error for what no honest host sends. */
  update(update: Update, arrivedAt: number): void;
  reset(): void;
}

export interface ConnectionOptions {
  readonly dial: Dial;
  /** Whether anything answers where the gateway was, within so many milliseconds. */
  readonly probe: (url: string, ms: number) => Promise<boolean>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly entropy: Entropy;
  readonly codecs: () => Promise<readonly string[]>;
  readonly post: (message: FromWorker, transfer?: Transferable[]) => void;
  readonly picture: PictureSide;
}

/** How long the host has for its last word. */
const LAST_WORD_MS = 1000;

/** What a cut session is taken up again with. */
interface Pass {
  readonly session: Bytes;
  readonly hostId: Bytes;
  readonly pin: Bytes;
  readonly graceMs: number;
}

type Phase = "idle" | "connecting" | "securing" | "asking" | "connected" | "cut" | "over";

export class Connection {
  /** What the files engine has of it. */
  readonly files: SessionLine;
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #post: ConnectionOptions["post"];
  readonly #picture: PictureSide;
  readonly #meter: Meter;
  readonly #sending: Sending;
  #phase: Phase = "idle";
  #target: Target | null = null;
  #identity: PrivateKey | null = null;
  #authenticated: Authenticated | null = null;
  #link: Link | null = null;
  #heartbeat: Heartbeat | null = null;
  #rejoin: Rejoin | null = null;
  #pass: Pass | null = null;
  #graceEnds = 0;
  #askedAt = 0;
  #askedMs = 0;
  #rights: readonly Held[] = [];
  #paused = false;
  #watching = false;
  /** What it began by: target itself forgets, since codes and grants serve once. */
  #byGrant = false;
  /** The person has enough, and the host has the last word. */
  #leaving = false;
  #cancelOpening: (() => void) | null = null;
  #cancelGrace: (() => void) | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#post = options.post;
    this.#picture = options.picture;
    this.#meter = new Meter(options.clock, options.picture, (statistics) => {
      this.#post({ kind: "statistics", statistics });
    });
    const may = this.#may.bind(this);
    this.#sending = new Sending(options.clock, this.#meter, may);
    this.files = new SessionLine(may);
  }

  /** Call a host by a one-time code or a grant; once. */
  connect(target: Target): void {
    if (this.#phase !== "idle") return;
    this.#target = target;
    this.#byGrant = !isByCode(target.by);
    this.#identity = "key" in target.by ? keyOf(target.by.key) : generateKey(this.#options.entropy);
    this.#state("connecting", { state: "connecting" });
    this.#open(OPEN_MS);
    void this.#options.codecs().then((codecs) => {
      this.#sending.codecs(codecs);
    });
  }

  /** What the person did; `at` in milliseconds since the epoch. */
  input(message: InputMessage, at: number): void {
    this.#sending.input(message, at - this.#clock.origin);
  }

  /** What the page can show and would like; kept for new connections. */
  want(want: Omit<Want, "codecs" | "type">): void {
    if (this.#heartbeat !== null) this.#heartbeat.visible = want.visible;
    this.#sending.want(want);
  }

  /** Ask the host for a desktop of this size. */
  resize(width: number, height: number): void {
    this.#sending.resize(width, height);
  }

  /** The viewer's clipboard holds this now. */
  clipboard(text: string): void {
    this.#sending.clipboard(text);
  }

  /** These files of the host are to be in its clipboard. */
  offer(paths: readonly HostPath[]): void {
    this.#sending.offer(paths.map(toHost));
  }

  /** More rights, please; `seconds` 0 = as long as the session, `grant` empty where a person is to be asked. */
  ask(capabilities: readonly Capability[], seconds: number, reason: string, grant: Bytes): void {
    this.#sending.ask({ capabilities, seconds, reason, grant });
  }

  /** Give rights back. */
  letGo(capabilities: readonly Capability[]): void {
    this.#sending.letGo(capabilities);
  }

  /** Measure, and post statistics every second. */
  watch(on: boolean): void {
    this.#watching = on;
    if (this.#phase === "connected") this.#applyWatch();
    else this.#meter.stop();
  }

  /** The network is said to be back, or to be another one. */
  online(): void {
    if (this.#phase === "connected") this.#heartbeat?.ask();
    if (this.#phase !== "cut" || this.#rejoin === null) return;
    // A handshake that is under way has found the line already.
    if (this.#link?.open === true) return;
    this.#dropLink();
    this.#rejoin.now();
  }

  /**
   * The person has enough.
   *
   * A host says a checkpoint of its audit before it ends a session, not after this end did: so a session by a grant
   * gives its rights back, and lets the host end it.
   */
  end(): void {
    if (this.#phase === "over") return;
    const mine = this.#rights.map(({ capability }) => capability);
    if (!this.#leaving && this.#phase === "connected" && mine.length > 0 && this.#byGrant) {
      this.#leaving = true;
      this.#sending.letGo(mine);
      this.#clock.after(LAST_WORD_MS, () => {
        this.#leave();
      });
      return;
    }
    this.#leave();
  }

  #leave(): void {
    if (this.#phase === "over") return;
    const link = this.#link;
    this.#over("ended-by-viewer", "", 0);
    link?.bye(ByeCode.ENDED);
  }

  /** The picture was shown. */
  shown(shown: Shown): void {
    if (this.#phase === "connected") this.#sending.shown(shown);
  }

  /** A decoder was lost. */
  lost(): void {
    if (this.#phase === "connected") this.#sending.lost(this.#clock.now());
  }

  /** Open a line; the attempt fails if nothing has answered after `ms`. */
  #open(ms: number): void {
    const target = this.#target;
    if (target === null) throw new Error("connect comes first");
    const pass = this.#pass;
    const begin = (notify: () => void, now: number): ViewerSession =>
      new ViewerSession({ ...this.#call(target), entropy: this.#options.entropy, now, notify });
    const giveUp = (): void => {
      this.#dropLink();
      this.#failed("unreachable", "The gateway does not answer.");
    };
    this.#cancelOpening?.();
    this.#cancelOpening = this.#clock.after(ms, () => {
      if (this.#link?.open !== true) giveUp();
      // The first handshake has the session's own deadline; a later one is worth less patience.
      else if (pass !== null) this.#cancelOpening = this.#clock.after(RESECURE_MS, giveUp);
    });
    const link: Link = new Link(this.#options.dial, target.url, this.#clock, begin, {
      opened: () => {
        if (this.#phase === "connecting") this.#state("securing", { state: "securing" });
      },
      event: (event) => {
        if (this.#link === link) this.#event(event, link);
      },
      closed: () => {
        if (this.#link !== link) return;
        this.#dropLink();
        if (this.#phase === "connected") this.#cut();
        else this.#failed(this.#phase === "connecting" ? "unreachable" : "host-gone", "");
      },
      drained: () => {
        this.#sending.drained();
      },
      broken: (error) => {
        console.error("farhand: the session broke:", error);
        link.abandon();
        if (this.#link !== link) return;
        this.#over("protocol", "An error in the viewer; the browser's console has more.", 0);
      },
    });
    this.#link = link;
  }

  /** How the host is called now: by a code or a grant at first, by the keys of a session that was cut. */
  #call(target: Target): Pick<ViewerOptions, "identity" | "mode" | "route" | "secret" | "pin" | "request"> {
    const [identity, pass, by] = [this.#identity, this.#pass, target.by];
    if (identity === null) throw new Error("connect comes first");
    const { name, capabilities, reason } = target;
    const request: Request = {
      type: "Request", name, agent: AGENT, capabilities, certificate: NOTHING, grant: NOTHING, rejoin: null, reason,
    };
    if (pass !== null) {
      const rejoin = { ...request, rejoin: pass.session };
      return { identity, mode: Mode.REJOIN, route: pass.hostId, secret: null, pin: pass.pin, request: rejoin };
    }
    if (isByCode(by)) {
      return { identity, mode: Mode.ATTENDED, route: by.route, secret: by.secret, pin: null, request };
    }
    const granted = { ...request, certificate: by.certificate, grant: by.credential };
    return { identity, mode: Mode.UNATTENDED, route: by.hostId, secret: null, pin: by.pin, request: granted };
  }

  #event(event: SessionEvent, link: Link): void {
    switch (event.event) {
      case "authenticated":
        this.#authenticated = event;
        break;
      case "message":
        this.#message(event.message, link);
        break;
      case "ended":
        if (this.#leaving) this.#over("ended-by-viewer", "", 0);
        else this.#over(reasonOfBye(event.code), event.text, 0);
        break;
      case "failed":
        this.#failure(event);
        break;
      case "hello":
        break;
    }
  }

  #failure({ failure, byPeer, reason, retry, keys }: Failed): void {
    const text = byPeer ? "" : reason;
    if (this.#phase === "cut" && mayPass(failure)) {
      this.#dropLink();
      this.#failed(reasonOfFailure(failure), text, retry * 1000);
      return;
    }
    const differ = keys ? { expected: fingerprint(own(keys.expected)), found: fingerprint(own(keys.found)) } : undefined;
    const spent = failure === FailureCode.UNKNOWN_ROUTE && this.#byGrant;
    this.#over(spent ? "host-gone" : reasonOfFailure(failure), text, retry, differ);
  }

  #message(message: Message, link: Link): void {
    if (message.type === "Ping") {
      if (link.pending(Channel.CONTROL) < CONTROL_MOST) link.send(Channel.CONTROL, { type: "Pong", token: message.token });
    } else if (message.type === "Asking" && (this.#phase === "securing" || this.#phase === "asking")) {
      this.#askedAt = this.#clock.now();
      this.#askedMs = message.seconds * 1000;
      this.#state("asking", { state: "asking", seconds: message.seconds });
    } else if (message.type === "Decision" && this.#phase !== "connected") {
      this.#decided(message, link);
    } else if (message.type === "Checkpoint" && this.#phase !== "connected") {
      this.#receiver.checkpoint(message); // of a call that is refused, too
    } else if (this.#phase !== "connected") {
      this.#broke(`${message.type} before the decision`);
    } else {
      dispatch(message, this.#receiver);
    }
  }

  readonly #receiver: Receiver = {
    post: (message, transfer) => {
      this.#post(message, transfer);
    },
    draw: (message) => {
      this.#draw(message);
    },
    pong: (token) => {
      this.#heartbeat?.pong(token);
      if (this.#heartbeat !== null) this.#meter.roundTripMs = this.#heartbeat.roundTrip;
    },
    rights: (rights) => {
      this.#rights = rights;
      this.#sending.sendWant();
      this.files.rights();
    },
    paused: (on) => {
      this.#paused = on;
      this.files.paused(on);
    },
    files: (message) => {
      this.files.take(message);
    },
    hostStats: (message) => {
      this.#meter.host = message;
    },
    checkpoint: ({ data }) => {
      const host = this.#authenticated?.certificate?.identity;
      if (host === undefined) return;
      try {
        const { hostId, size, time } = verifyCheckpoint(own(data), host);
        this.#post({ kind: "checkpoint", hostId, data: own(data), size, time });
      } catch (error) {
        console.warn("farhand: the host's checkpoint is not kept:", (error as ProtocolError).message);
      }
    },
    broke: (what) => {
      this.#broke(what);
    },
  };

  #draw(message: Layout | Update): void {
    const link = this.#link;
    if (link === null) return;
    try {
      if (message.type === "Layout") {
        this.#picture.layout(message);
      } else {
        this.#meter.arrived(message.seq, message.inputSeq);
        this.#picture.update(message, link.heardAt);
      }
    } catch (error) {
      console.error("farhand: the picture broke:", error);
      this.#broke("a picture that makes no sense");
    }
  }

  #decided(decision: Decision, link: Link): void {
    const peer = this.#authenticated;
    if (peer === null) throw new Error("messages come after authentication");
    if (decision.granted.length === 0) {
      const waited = this.#clock.now() - this.#askedAt;
      const silence = this.#phase === "asking" && waited >= this.#askedMs - SILENCE_SLACK_MS;
      this.#over(this.#phase === "cut" ? "rejoin-refused" : silence ? "no-answer" : "refused", decision.reason, 0);
      link.bye(ByeCode.ENDED);
      return;
    }
    this.#cancelOpening?.();
    this.#cancelGrace?.();
    this.#rejoin?.stop();
    this.#rejoin = null;
    const rights = held(decision.granted, decision.until);
    if (rights === null) {
      this.#broke("rights whose ends do not fit them");
      return;
    }
    this.#rights = rights;
    this.#paused = false;
    // The bytes of messages are views of what arrived, which is kept no longer than it is used.
    this.#pass = {
      session: own(decision.session),
      hostId: peer.hostId,
      pin: peer.peerStatic,
      graceMs: decision.graceSeconds * 1000,
    };
    // A code and a grant serve once: neither is kept.
    this.#target = this.#target && { ...this.#target, by: { route: "", secret: "" } };
    const identity = peer.certificate?.identity;
    const host = {
      name: decision.hostName,
      system: decision.system,
      fingerprint: identity === undefined ? "" : fingerprint(identity),
      person: decision.person,
    };
    this.#state("connected", { state: "connected", host, rights });
    this.#heartbeat = new Heartbeat(this.#clock, () => link.heardAt, {
      ping: (token) => {
        link.send(Channel.CONTROL, { type: "Ping", token });
      },
      dead: () => {
        this.#dropLink();
        this.#cut();
      },
    });
    this.#heartbeat.visible = this.#sending.visible;
    this.#meter.link = link;
    this.#sending.begin(link);
    this.files.begin(link, peer.hostId);
    if (this.#watching) this.#applyWatch();
  }

  /** The line is gone in mid-session. */
  #cut(): void {
    this.#picture.reset();
    const grace = this.#pass?.graceMs ?? 0;
    if (grace === 0) {
      this.#over("host-gone", "", 0);
      return;
    }
    this.#phase = "cut";
    this.#graceEnds = this.#clock.now() + grace;
    this.#cancelGrace = this.#clock.after(grace, () => {
      this.#over("timeout", "The line was gone for longer than the host keeps a session.", 0);
    });
    this.#rejoin = new Rejoin(this.#clock, this.#options.random, () => {
      this.#tell(0);
      void this.#tryAgain();
    });
    this.#rejoin.now();
  }

  async #tryAgain(): Promise<void> {
    const rejoin = this.#rejoin;
    const attempt = rejoin?.attempt ?? 0;
    // Browsers hold WebSockets back that failed often; a probe costs nothing and shows when it is worth one.
    const url = this.#target?.url ?? "";
    const reachable = attempt === 1 || (await this.#options.probe(url, PROBE_MS));
    if (this.#phase !== "cut" || this.#rejoin !== rejoin || rejoin?.attempt !== attempt) return;
    if (reachable) this.#open(REOPEN_MS);
    else this.#failed("unreachable", "");
  }

  /** An attempt to connect came to nothing. */
  #failed(reason: EndReason, text: string, atLeastMs = 0): void {
    if (this.#phase === "cut" && this.#rejoin !== null) this.#tell(this.#rejoin.failed(atLeastMs));
    else this.#over(reason, text, 0);
  }

  #tell(nextTryMs: number): void {
    const graceLeftMs = Math.max(0, this.#graceEnds - this.#clock.now());
    this.#state("cut", { state: "cut", attempt: this.#rejoin?.attempt ?? 0, nextTryMs, graceLeftMs });
  }

  /** The host broke the protocol of messages. */
  #broke(what: string): void {
    const link = this.#link;
    this.#over("protocol", `The host sent ${what}.`, 0);
    link?.bye(ByeCode.PROTOCOL);
  }

  #over(reason: EndReason, text: string, retrySeconds: number, keys?: KeysDiffer): void {
    if (this.#phase === "over") return;
    this.#cancelGrace?.();
    this.#cancelOpening?.();
    this.#rejoin?.stop();
    this.#rejoin = null;
    this.#heartbeat?.stop();
    this.#heartbeat = null;
    this.#meter.stop();
    this.#meter.unlink();
    // The link is left to send its last word; what it still says is not heard.
    this.#link = null;
    this.#sending.stop();
    this.files.end();
    this.#pass = null;
    this.#picture.reset();
    const over = { state: "over", reason, text, retrySeconds } as const;
    this.#state("over", keys === undefined ? over : { ...over, keys });
  }

  #dropLink(): void {
    this.#cancelOpening?.();
    this.#heartbeat?.stop();
    this.#heartbeat = null;
    this.#meter.unlink();
    this.#sending.stop();
    this.files.end();
    this.#link?.abandon();
    this.#link = null;
  }

  #state(phase: Phase, state: ConnectionState): void {
    this.#phase = phase;
    this.#post({ kind: "state", state });
  }

  #applyWatch(): void {
    if (this.#heartbeat !== null) this.#heartbeat.watched = this.#watching;
    this.#link?.send(Channel.CONTROL, { type: "Watch", on: this.#watching });
    if (this.#watching) this.#meter.start();
    else this.#meter.stop();
  }

  #may(capability: Capability): boolean {
    return this.#phase === "connected" && !this.#paused && holds(this.#rights, capability);
  }
}

function isByCode(by: ByCode | ByGrant): by is ByCode {
  return "route" in by;
}

function keyOf(key: ByGrant["key"]): PrivateKey {
  return "handle" in key ? fromHandle(key.handle, key.publicKey) : privateKey(key);
}
