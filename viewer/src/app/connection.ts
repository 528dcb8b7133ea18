/**
 * The connection to one host: connects, waits for the decision, hands on what comes and what goes, and takes a session
 * that was cut up again by itself. spec/states.md has the diagram.
 *
 * A code is never tried twice: before the decision every failure is the end; after it a new connection is by keys.
 */
import {
  type ClipText,
  Channel,
  type Decision,
  type InputMessage,
  type Layout,
  type Message,
  type Pointer,
  type Request,
  type Shown,
  type Update,
  type Want,
} from "../gen/messages";
import { type Bytes, type Entropy, own } from "../protocol/bytes";
import { ByeCode, type FailureCode, MessageError } from "../protocol/errors";
import type { Authenticated, SessionEvent } from "../protocol/events";
import { Mode } from "../protocol/frames";
import { type PrivateKey, generateKey } from "../protocol/keys";
import { ViewerSession } from "../protocol/session";
import type { Dial } from "../transports/websocket";
import type { ConnectionState, EndReason, FromWorker, Statistics, Target } from "./bridge";
import type { Clock } from "./clock";
import { Heartbeat } from "./heartbeat";
import { Link } from "./link";
import { Meter } from "./meter";
import { mayPass, reasonOfBye, reasonOfFailure } from "./reasons";
import { Rejoin } from "./rejoin";

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
/** Decoders lost so soon after each other, in milliseconds, are not worth trying again. */
const LOST_AGAIN_MS = 10_000;

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

/** What a cut session is taken up again with. */
interface Pass {
  readonly session: Bytes;
  readonly hostId: Bytes;
  readonly pin: Bytes;
  readonly graceMs: number;
}

type Phase = "idle" | "connecting" | "securing" | "asking" | "connected" | "cut" | "over";

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #clock: Clock;
  readonly #post: ConnectionOptions["post"];
  readonly #picture: PictureSide;
  readonly #meter: Meter;
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
  #granted: Decision["granted"] = [];
  #codecs: readonly string[] | null = null;
  #want: Omit<Want, "codecs"> = { type: "Want", quality: "automatic", visible: true, refreshHz: 60 };
  #wantSent = "";
  #held: Pointer | null = null;
  #buttons = 0;
  #watching = false;
  #lostAt = Number.NEGATIVE_INFINITY;
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
  }

  /** Call a host by a one-time code; once. */
  connect(target: Target): void {
    if (this.#phase !== "idle") return;
    this.#target = target;
    this.#identity = generateKey(this.#options.entropy);
    this.#state("connecting", { state: "connecting" });
    this.#open(OPEN_MS);
    void this.#options.codecs().then((codecs) => {
      this.#codecs = codecs;
      if (this.#phase === "connected") this.#sendWant();
    });
  }

  /** What the person did; `at` in milliseconds since the epoch. */
  input(message: InputMessage, at: number): void {
    const link = this.#link;
    if (link === null || this.#phase !== "connected" || !this.#granted.includes("control")) return;
    if (message.type === "Pointer") {
      // On a slow line only the newest place counts; presses and releases all do.
      if (link.congested && message.buttons === this.#buttons) {
        this.#held = message;
        return;
      }
      this.#buttons = message.buttons;
      this.#held = null;
    }
    this.#sendHeld();
    if ("seq" in message) this.#meter.presses.note(message, message.seq, at - this.#clock.origin);
    this.#trySend(() => { link.send(Channel.INPUT, message); });
  }

  /** What the page can show and would like; kept for new connections. */
  want(want: Omit<Want, "codecs" | "type">): void {
    this.#want = { type: "Want", ...want };
    if (this.#heartbeat !== null) this.#heartbeat.visible = want.visible;
    if (this.#phase === "connected") this.#sendWant();
  }

  /** Ask the host for a desktop of this size. */
  resize(width: number, height: number): void {
    if (!this.#may("control")) return;
    this.#trySend(() => this.#link?.send(Channel.SCREEN, { type: "Resize", width, height }));
  }

  /** The viewer's clipboard holds this now. */
  clipboard(text: string): void {
    if (!this.#may("clipboard")) return;
    const message: ClipText = { type: "ClipText", text };
    this.#trySend(() => this.#link?.send(Channel.CLIPBOARD, message));
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

  /** The person has enough. */
  end(): void {
    if (this.#phase === "over") return;
    const link = this.#link;
    this.#over("ended-by-viewer", "", 0);
    link?.bye(ByeCode.ENDED);
  }

  /** The picture was shown. */
  shown(shown: Shown): void {
    if (this.#phase !== "connected") return;
    this.#meter.shown(shown.seq);
    this.#link?.send(Channel.SCREEN, shown);
  }

  /** A decoder was lost: everything is needed again, and without video if that happens twice in a row. */
  lost(): void {
    if (this.#phase !== "connected") return;
    const now = this.#clock.now();
    if (now - this.#lostAt < LOST_AGAIN_MS) this.#codecs = [];
    this.#lostAt = now;
    this.#sendWant();
    this.#link?.send(Channel.SCREEN, { type: "Refresh" });
  }

  /** Open a line; the attempt fails if nothing has answered after `ms`. */
  #open(ms: number): void {
    const [target, identity] = [this.#target, this.#identity];
    if (target === null || identity === null) throw new Error("connect comes first");
    const pass = this.#pass;
    const request: Request = {
      type: "Request",
      name: target.name,
      agent: AGENT,
      capabilities: target.capabilities,
      certificate: new Uint8Array(0),
      grant: new Uint8Array(0),
      rejoin: pass?.session ?? null,
      reason: "",
    };
    const { entropy } = this.#options;
    const begin = (notify: () => void, now: number): ViewerSession =>
      pass === null
        ? new ViewerSession({
            mode: Mode.ATTENDED, route: target.route, secret: target.secret, pin: null, identity, request, entropy, now, notify,
          })
        : new ViewerSession({
            mode: Mode.REJOIN, route: pass.hostId, secret: null, pin: pass.pin, identity, request, entropy, now, notify,
          });
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
        this.#sendHeld();
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

  #event(event: SessionEvent, link: Link): void {
    switch (event.event) {
      case "authenticated":
        this.#authenticated = event;
        break;
      case "message":
        this.#message(event.message, link);
        break;
      case "ended":
        this.#over(reasonOfBye(event.code), event.text, 0);
        break;
      case "failed":
        this.#failure(event.failure, event.byPeer ? "" : event.reason, event.retry);
        break;
      case "hello":
        break;
    }
  }

  #failure(failure: FailureCode, text: string, retry: number): void {
    if (this.#phase !== "cut" || !mayPass(failure)) {
      this.#over(reasonOfFailure(failure), text, retry);
      return;
    }
    this.#dropLink();
    this.#failed(reasonOfFailure(failure), text, retry * 1000);
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
    } else if (this.#phase !== "connected") {
      this.#broke(`${message.type} before the decision`);
    } else {
      this.#serve(message, link);
    }
  }

  /** A message of a host that has let us in. */
  #serve(message: Message, link: Link): void {
    switch (message.type) {
      case "Layout":
      case "Update":
        this.#draw(message, link);
        break;
      case "Pong":
        this.#heartbeat?.pong(message.token);
        if (this.#heartbeat !== null) this.#meter.roundTripMs = this.#heartbeat.roundTrip;
        break;
      case "Rights":
        this.#granted = message.granted;
        this.#post({ kind: "rights", granted: message.granted, reason: message.reason });
        break;
      case "Notice":
        this.#post({ kind: "notice", code: message.code, text: message.text });
        break;
      case "HostStats":
        this.#meter.host = message;
        break;
      case "Shape": {
        const { hotX, hotY, width, height } = message;
        if (message.rgba.length !== 4 * width * height) {
          this.#broke("a pointer of another size than it says");
          break;
        }
        const rgba = own(message.rgba);
        this.#post({ kind: "cursor", hotX, hotY, width, height, rgba }, [rgba.buffer]);
        break;
      }
      case "Hidden":
        this.#post({ kind: "cursor", hotX: 0, hotY: 0, width: 0, height: 0, rgba: null });
        break;
      case "Moved":
        this.#post({ kind: "pointer", x: message.x, y: message.y });
        break;
      case "ClipText":
        this.#post({ kind: "clipboard", text: message.text });
        break;
      default:
        this.#broke(`${message.type} is not for viewers`);
    }
  }

  #draw(message: Layout | Update, link: Link): void {
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
    this.#granted = decision.granted;
    // The bytes of messages are views of what arrived, which is kept no longer than it is used.
    this.#pass = {
      session: own(decision.session),
      hostId: peer.hostId,
      pin: peer.peerStatic,
      graceMs: decision.graceSeconds * 1000,
    };
    this.#target = this.#target && { ...this.#target, secret: "" };
    const { hostName, system, granted } = decision;
    this.#state("connected", { state: "connected", hostName, system, granted });
    this.#heartbeat = new Heartbeat(this.#clock, () => link.heardAt, {
      ping: (token) => {
        link.send(Channel.CONTROL, { type: "Ping", token });
      },
      dead: () => {
        this.#dropLink();
        this.#cut();
      },
    });
    this.#heartbeat.visible = this.#want.visible;
    this.#meter.link = link;
    this.#sendWant();
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

  #over(reason: EndReason, text: string, retrySeconds: number): void {
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
    this.#pass = null;
    this.#picture.reset();
    this.#state("over", { state: "over", reason, text, retrySeconds });
  }

  #dropLink(): void {
    this.#cancelOpening?.();
    this.#heartbeat?.stop();
    this.#heartbeat = null;
    this.#meter.unlink();
    this.#held = null;
    this.#buttons = 0;
    this.#wantSent = "";
    this.#link?.abandon();
    this.#link = null;
  }

  #state(phase: Phase, state: ConnectionState): void {
    this.#phase = phase;
    this.#post({ kind: "state", state });
  }

  #sendWant(): void {
    // The codecs are not known for the first milliseconds; then this is called again.
    if (this.#codecs === null || !this.#granted.includes("view")) return;
    const want: Want = { ...this.#want, codecs: this.#codecs };
    const text = JSON.stringify(want);
    if (text === this.#wantSent) return;
    this.#wantSent = text;
    this.#link?.send(Channel.SCREEN, want);
  }

  #sendHeld(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#link?.send(Channel.INPUT, held);
  }

  #applyWatch(): void {
    if (this.#heartbeat !== null) this.#heartbeat.watched = this.#watching;
    this.#link?.send(Channel.CONTROL, { type: "Watch", on: this.#watching });
    if (this.#watching) this.#meter.start();
    else this.#meter.stop();
  }

  #may(capability: Decision["granted"][number]): boolean {
    return this.#phase === "connected" && this.#granted.includes(capability);
  }

  /** What the page asks for may be more than a message can hold; that is the page's fault and ends nothing. */
  #trySend(send: () => void): void {
    try {
      send();
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      console.warn("farhand: not sent:", error.message);
    }
  }
}
