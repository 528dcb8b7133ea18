/** The host's end of a session, for tests: the product's host is Python's. */
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { Request } from "../../src/gen/messages";
import { type Bytes, concat, equal, isZero, own } from "../../src/protocol/bytes";
import type { CPace } from "../../src/protocol/cpace";
import { FailureCode, HandshakeFailed, ProtocolError } from "../../src/protocol/errors";
import {
  type Frame,
  FrameType,
  SUITE,
  body,
  decodeHello,
  encodeFailure,
  encodeFrame,
  encodeWelcome,
} from "../../src/protocol/frames";
import { type Opening, derivePsk, openCPace, prologue } from "../../src/protocol/handshake";
import { type Keys, decodeCertificate, hostId } from "../../src/protocol/identity";
import { generateKey } from "../../src/protocol/keys";
import * as limits from "../../src/protocol/limits";
import { HandshakeState, XXPSK3 } from "../../src/protocol/noise";
import { decodeRequestPayload } from "../../src/protocol/request";
import { Session, type SessionOptions } from "../../src/protocol/session";

export interface HostOptions extends SessionOptions {
  readonly keys: Keys;
  readonly takeCode: (route: string) => string | null;
  readonly findRejoin: (session: Bytes) => Bytes | null;
  readonly feed?: bigint;
}

export class HostSession extends Session {
  readonly #options: HostOptions;
  readonly #hostId: Bytes;
  #opening: Opening | null = null;
  #noise: HandshakeState | null = null;

  constructor(options: HostOptions) {
    super(options, FrameType.HELLO);
    this.#options = options;
    this.#hostId = hostId(decodeCertificate(options.keys.certificate).identity);
  }

  refuse(code: FailureCode, retry = 0): void {
    this.refused(code, retry, "turned away");
  }

  protected override confirmed(): void {
    throw new Error("a host opens no record before it is authenticated");
  }

  protected override refused(code: FailureCode, retry: number, reason: string): void {
    super.refused(code, retry, reason);
    const told = code === FailureCode.IDENTITY ? FailureCode.PROTOCOL : code;
    this.raw.push(encodeFrame(FrameType.FAILURE, encodeFailure({ code: told, retry })));
    this.state = "ending";
  }

  protected override async handleFrame(frame: Frame): Promise<void> {
    const bytes = body(frame);
    if (frame.type === FrameType.HELLO) this.#handleHello(bytes);
    else if (frame.type === FrameType.HANDSHAKE_1) await this.#handle1(bytes);
    else await this.#handle3(bytes);
  }

  #handleHello(bytes: Bytes): void {
    const hello = decodeHello(bytes);
    const feed = this.#options.feed ?? 0n;
    const welcome = { mode: hello.mode, suite: SUITE, hostId: this.#hostId, nonce: this.entropy(32), feed };
    if (typeof hello.route !== "string" && !equal(hello.route, this.#hostId)) {
      this.refuse(FailureCode.UNKNOWN_ROUTE);
      return;
    }
    this.#opening = { hello, welcome };
    this.raw.push(encodeFrame(FrameType.WELCOME, encodeWelcome(welcome)));
    this.frames.expected = [FrameType.HANDSHAKE_1];
    this.emit({ event: "hello", hello });
  }

  async #handle1(bytes: Bytes): Promise<void> {
    const opening = this.#opening;
    if (opening === null) throw new Error("the hello comes first");
    const { keys } = this.#options;
    const { route } = opening.hello;
    const ephemeral = generateKey(this.entropy);
    const options = { initiator: false, prologue: prologue(opening), s: keys.static, e: ephemeral };
    const noise = new HandshakeState(XXPSK3, options);
    let cpace: CPace | null = null;
    if (typeof route === "string") {
      const secret = this.#options.takeCode(route);
      if (secret === null) {
        this.refuse(FailureCode.UNKNOWN_ROUTE);
        return;
      }
      cpace = openCPace(opening, secret, this.entropy(32));
    }
    const payload = await noise.readMessage(bytes);
    const share = payload.slice(limits.KEM_KEY);
    if (noise.re === undefined) throw new HandshakeFailed("no ephemeral");
    let isk: Bytes = new Uint8Array(0);
    if (cpace !== null) isk = cpace.responderKey(share, noise.re, ephemeral.publicKey);
    else if (!isZero(share)) throw new HandshakeFailed("a CPace share without a code");
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(payload.subarray(0, limits.KEM_KEY), this.entropy(32));
    noise.psks.push(derivePsk(opening, isk, own(sharedSecret)));
    const feed = new Uint8Array(8);
    new DataView(feed.buffer).setBigUint64(0, opening.welcome.feed);
    const answer = concat(keys.certificate, cipherText, cpace?.share ?? new Uint8Array(32), feed);
    this.raw.push(encodeFrame(FrameType.HANDSHAKE_2, await noise.writeMessage(answer)));
    this.#noise = noise;
    this.frames.expected = [FrameType.HANDSHAKE_3];
  }

  async #handle3(bytes: Bytes): Promise<void> {
    const [noise, opening] = [this.#noise, this.#opening];
    if (noise === null || opening === null) throw new Error("message 1 comes first");
    let request: Request;
    try {
      request = decodeRequestPayload(await noise.readMessage(bytes));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.refuse(opening.hello.mode === 1 ? FailureCode.WRONG_CODE : FailureCode.PROTOCOL);
      return;
    }
    const peer = noise.rs;
    if (peer === undefined) throw new HandshakeFailed("no static");
    if (request.rejoin !== null) {
      const known = this.#options.findRejoin(request.rejoin);
      if (known === null || !equal(known, peer)) {
        this.refuse(FailureCode.REJOIN_REFUSED);
        return;
      }
    }
    const [send, receive] = noise.split();
    await this.use({ send, receive, handshakeHash: noise.handshakeHash });
    this.state = "open";
    this.frames.expected = [FrameType.RECORD];
    this.emit({
      event: "authenticated",
      peerStatic: peer,
      certificate: null,
      request,
      mode: opening.hello.mode,
      hostId: this.#hostId,
      handshakeHash: noise.handshakeHash,
      feed: opening.welcome.feed,
    });
  }
}
