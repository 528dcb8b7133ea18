/** A viewer's connection against hosts in memory, on a clock that only the test moves. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat } from "../../src/protocol/bytes";
import { Channel, type CarryingChannel, type Decision, type Message, type Messages, type Request, type Update } from "../../src/gen/messages";
import type { ByCode, ConnectionState, FromWorker, Target } from "../../src/app/bridge";
import type { Clock } from "../../src/app/clock";
import { Connection } from "../../src/app/connection";
import { decodeCertificate, hostId } from "../../src/protocol/identity";
import type { Line, LineEvents } from "../../src/transports/websocket";
import { HostSession } from "./host_session";
import { entropy, hostKeys } from "./pair";
import { settle } from "./under_way";

export { settle };

export const TARGET: Target = {
  url: "wss://gateway.test/v1/viewer",
  name: "Ada",
  reason: "",
  capabilities: ["view", "control", "clipboard"],
  by: { route: "4821", secret: "739204615" },
};
const { route: ROUTE, secret: SECRET } = TARGET.by as ByCode;

export class ManualClock implements Clock {
  readonly origin = 1_000_000;
  #now = 5000;
  #timers: { at: number; what: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, what: () => void): () => void {
    const timer = { at: this.#now + ms, what };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Move on, timer by timer; what each one starts is waited for. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.what();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** The host's end of one connection. */
export class HostEnd {
  readonly session: HostSession;
  readonly received: Message[] = [];
  closed = false;
  readonly #world: World;
  readonly #events: LineEvents;
  #sending = false;

  constructor(world: World, events: LineEvents) {
    this.#world = world;
    this.#events = events;
    this.session = new HostSession({
      keys: world.keys,
      takeCode: (route) => (route === ROUTE && world.codes.delete(route) ? world.secret : null),
      findRejoin: (session) => (world.session.every((byte, at) => byte === session[at]) ? world.peer : null),
      entropy,
      now: world.clock.now() / 1000,
      notify: () => {
        this.work();
      },
    });
  }

  send<C extends CarryingChannel>(channel: C, message: Messages[C]): void {
    this.session.send(channel, message);
    this.work();
  }

  /** Bytes from the viewer. */
  receive(data: Bytes): void {
    if (this.closed || this.#world.silent) return;
    void this.session.receiveData(data, this.#world.clock.now() / 1000);
  }

  /** The line breaks in a way that both ends see. */
  drop(): void {
    if (this.closed) return;
    this.closed = true;
    this.#events.closed();
  }

  work(): void {
    for (const event of this.session.events()) {
      if (event.event === "message") this.received.push(event.message);
      if (event.event !== "authenticated") continue;
      this.#world.peer = event.peerStatic;
      this.#world.requests.push(event.request);
      this.#world.decide(this);
    }
    void this.#write();
  }

  async #write(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.session.hasDataToSend()) {
      const data = await this.session.dataToSend();
      if (!this.closed && !this.#world.silent) this.#events.received(data);
    }
    this.#sending = false;
    if (this.session.state === "ended") this.drop();
  }
}

export class World {
  readonly clock = new ManualClock();
  readonly #identity = entropy(32);
  readonly keys = hostKeys(this.#identity);
  readonly codes = new Set([ROUTE]);
  readonly secret = SECRET;
  readonly session = entropy(16);
  readonly posted: FromWorker[] = [];
  readonly updates: Update[] = [];
  readonly hosts: HostEnd[] = [];
  readonly requests: Request[] = [];
  peer: Bytes | null = null;
  /** What a probe and a dial find. */
  reachable = true;
  /** Bytes vanish both ways, and nobody is told. */
  silent = false;
  dials = 0;
  probes = 0;
  buffered = 0;
  graceSeconds = 120;
  decide: (host: HostEnd) => void = (host) => {
    host.send(Channel.CONTROL, this.decision());
  };
  readonly connection: Connection;

  constructor() {
    const picture = {
      frames: 0,
      regions: () => [],
      layout: () => undefined,
      update: (update: Update) => {
        this.updates.push(update);
      },
      reset: () => undefined,
    };
    this.connection = new Connection({
      dial: (_, events) => this.#dial(events),
      probe: () => {
        this.probes += 1;
        return Promise.resolve(this.reachable);
      },
      clock: this.clock,
      random: () => 0.5,
      entropy,
      codecs: () => Promise.resolve(["avc1.42E033"]),
      post: (message) => {
        this.posted.push(message);
      },
      picture,
    });
  }

  get host(): HostEnd {
    const host = this.hosts.at(-1);
    if (host === undefined) throw new Error("nobody was called");
    return host;
  }

  get state(): ConnectionState {
    const states = this.posted.flatMap((message) => (message.kind === "state" ? [message.state] : []));
    return states.at(-1) ?? { state: "idle" };
  }

  get hostId(): Bytes {
    return hostId(decodeCertificate(this.keys.certificate).identity);
  }

  /** A checkpoint that the host signed. */
  checkpoint(size: number, time: number): Bytes {
    const body = new Uint8Array(65);
    const view = new DataView(body.buffer);
    body.set([1, ...this.hostId]);
    view.setBigUint64(17, BigInt(size));
    view.setBigUint64(57, BigInt(time));
    const label = new TextEncoder().encode("farhand checkpoint v1");
    return concat(body, ed25519.sign(concat(label, body), this.#identity));
  }

  decision(changes: Partial<Decision> = {}): Decision {
    return {
      type: "Decision",
      granted: ["view", "control", "clipboard"],
      session: this.session,
      hostName: "büro",
      system: "Linux",
      graceSeconds: this.graceSeconds,
      reason: "",
      until: [],
      person: "",
      ...changes,
    };
  }

  async connect(target: Target = TARGET): Promise<void> {
    this.connection.connect(target);
    await settle();
  }

  #dial(events: LineEvents): Line {
    this.dials += 1;
    let host: HostEnd | null = null;
    let closed = false;
    const answer = (): void => {
      if (closed || this.silent) return;
      if (!this.reachable) {
        events.closed();
        return;
      }
      host = new HostEnd(this, events);
      this.hosts.push(host);
      events.opened();
    };
    setImmediate(answer);
    const buffered = (): number => this.buffered;
    return {
      send: (data) => host?.receive(data),
      get buffered() {
        return buffered();
      },
      close() {
        closed = true;
        if (host !== null) host.closed = true;
      },
    };
  }
}
