/** Two real ends and the bytes between them, moved by hand. */
import { type Request } from "../../src/gen/messages";
import type { Bytes, Entropy } from "../../src/protocol/bytes";
import type { SessionEvent } from "../../src/protocol/events";
import { Mode } from "../../src/protocol/frames";
import { Kind, type Keys, generateKeys } from "../../src/protocol/identity";
import { type PrivateKey, generateKey } from "../../src/protocol/keys";
import { type Session, ViewerSession, type ViewerOptions } from "../../src/protocol/session";
import { HostSession, type HostOptions } from "./host_session";

export const entropy: Entropy = (count) => crypto.getRandomValues(new Uint8Array(count));

export const REQUEST: Request = {
  type: "Request",
  name: "Ada",
  agent: "test",
  capabilities: ["view", "control"],
  certificate: new Uint8Array(0),
  grant: new Uint8Array(0),
  rejoin: null,
  reason: "",
};

/** A host's keys; `identity` is its Ed25519 seed. */
export function hostKeys(identity: Bytes = entropy(32)): Keys {
  const left = [identity];
  return generateKeys(Kind.HOST, "a computer", 1.7e9, (count) => left.shift() ?? entropy(count));
}

export class Pair {
  readonly viewer: ViewerSession;
  readonly host: HostSession;
  readonly viewerEvents: SessionEvent[] = [];
  readonly hostEvents: SessionEvent[] = [];
  readonly identity: PrivateKey;
  now = 100;

  constructor(options: { host?: Partial<HostOptions>; viewer?: Partial<ViewerOptions> } = {}) {
    const notify = (): void => undefined;
    this.identity = generateKey(entropy);
    this.host = new HostSession({
      keys: hostKeys(),
      takeCode: () => "739204615",
      findRejoin: () => null,
      entropy,
      now: this.now,
      notify,
      ...options.host,
    });
    this.viewer = new ViewerSession({
      identity: this.identity,
      mode: Mode.ATTENDED,
      route: "4821",
      secret: "739204615",
      pin: null,
      request: REQUEST,
      entropy,
      now: this.now,
      notify,
      ...options.viewer,
    });
  }

  /** Move bytes both ways until nobody has any; `piece` cuts them up, `alter` may change or drop what passes. */
  async run(options: { piece?: number; alter?: (data: Bytes, fromViewer: boolean) => Bytes } = {}): Promise<void> {
    for (;;) {
      const moved = [
        await this.#move(this.viewer, this.host, options.piece, (data) => options.alter?.(data, true) ?? data),
        await this.#move(this.host, this.viewer, options.piece, (data) => options.alter?.(data, false) ?? data),
      ];
      if (!moved.includes(true)) break;
    }
    this.viewerEvents.push(...this.viewer.events());
    this.hostEvents.push(...this.host.events());
  }

  async #move(from: Session, to: Session, piece: number | undefined, alter: (data: Bytes) => Bytes): Promise<boolean> {
    const whole = await from.dataToSend(undefined, this.now);
    if (whole.length === 0) return false;
    const data = alter(whole);
    const size = piece ?? data.length;
    const passed: Promise<void>[] = [];
    for (let at = 0; at < data.length; at += size) passed.push(to.receiveData(data.slice(at, at + size), this.now));
    await Promise.all(passed);
    return true;
  }
}
