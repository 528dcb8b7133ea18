/** Noise vectors in the cacophony project's form: every 25519_AESGCM_SHA256 handshake and what follows it. */
import { type Bytes, equal } from "../../src/protocol/bytes";
import { privateKey } from "../../src/protocol/keys";
import { CipherState, HandshakeState, type Pattern, type Token } from "../../src/protocol/noise";
import { bytes } from "./hex";

export interface NoiseVector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly resp_prologue: string;
  readonly init_ephemeral?: string;
  readonly resp_ephemeral?: string;
  readonly init_static?: string;
  readonly resp_static?: string;
  readonly init_remote_static?: string;
  readonly resp_remote_static?: string;
  readonly init_psks?: readonly string[];
  readonly resp_psks?: readonly string[];
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

/** Known beforehand (initiator | responder), then the messages, of the fundamental patterns and the deferred ones. */
const PATTERNS: Readonly<Record<string, string>> = {
  N: "|s: e es",
  K: "s|s: e es ss",
  X: "|s: e es s ss",
  NN: "|: e, e ee",
  NK: "|s: e es, e ee",
  NX: "|: e, e ee s es",
  KN: "s|: e, e ee se",
  KK: "s|s: e es ss, e ee se",
  KX: "s|: e, e ee se s es",
  XN: "|: e, e ee, s se",
  XK: "|s: e es, e ee, s se",
  XX: "|: e, e ee s es, s se",
  IN: "|: e s, e ee se",
  IK: "|s: e es s ss, e ee se",
  IX: "|: e s, e ee se s es",
  NK1: "|s: e, e ee es",
  NX1: "|: e, e ee s, es",
  X1N: "|: e, e ee, s, se",
  X1K: "|s: e es, e ee, s, se",
  XK1: "|s: e, e ee es, s se",
  X1K1: "|s: e, e ee es, s, se",
  X1X: "|: e, e ee s es, s, se",
  XX1: "|: e, e ee s, es s se",
  X1X1: "|: e, e ee s, es s, se",
  K1N: "s|: e, e ee, se",
  K1K: "s|s: e es, e ee, se",
  KK1: "s|s: e, e ee se es",
  K1K1: "s|s: e, e ee es, se",
  K1X: "s|: e, e ee s es, se",
  KX1: "s|: e, e ee se s, es",
  K1X1: "s|: e, e ee s, se es",
  I1N: "|: e s, e ee, se",
  I1K: "|s: e es s, e ee, se",
  IK1: "|s: e s, e ee se es",
  I1K1: "|s: e s, e ee es, se",
  I1X: "|: e s, e ee s es, se",
  IX1: "|: e s, e ee se s, es",
  I1X1: "|: e s, e ee s, se es",
};

/** The pattern of a name such as `XXpsk3` or `NXpsk0+psk2`; null if it is not in the table. */
export function patternOf(name: string): Pattern | null {
  const [, base = "", modifiers = ""] = /^([A-Z0-9]+)(.*)$/.exec(name) ?? [];
  const line = PATTERNS[base];
  if (line === undefined) return null;
  const [, initiator = "", responder = "", rest = ""] = /^(\w*)\|(\w*): (.*)$/.exec(line) ?? [];
  const messages = rest.split(", ").map((message) => message.split(" ") as Token[]);
  for (const modifier of modifiers.split("+").filter((part) => part !== "")) {
    const place = Number(modifier.slice("psk".length));
    if (place === 0) messages[0]?.unshift("psk");
    else messages[place - 1]?.push("psk");
  }
  const known = (part: string) => (part === "s" ? (["s"] as const) : []);
  return { name, messages, beforeInitiator: known(initiator), beforeResponder: known(responder) };
}

/** Run one vector, both ends. Throws Error at the first byte that differs. */
export async function runNoise(vector: NoiseVector): Promise<void> {
  const pattern = patternOf(vector.protocol_name.split("_")[1] ?? "");
  if (pattern === null) throw new Error("a pattern that the table lacks");
  const end = (side: "init" | "resp"): HandshakeState => {
    const s = vector[`${side}_static`];
    const e = vector[`${side}_ephemeral`];
    const rs = vector[`${side}_remote_static`];
    return new HandshakeState(pattern, {
      initiator: side === "init",
      prologue: bytes(vector[`${side}_prologue`]),
      psks: (vector[`${side}_psks`] ?? []).map(bytes),
      ...(s === undefined ? {} : { s: privateKey(bytes(s)) }),
      ...(e === undefined ? {} : { e: privateKey(bytes(e)) }),
      ...(rs === undefined ? {} : { rs: bytes(rs) }),
    });
  };
  const [initiator, responder] = [end("init"), end("resp")];
  const oneWay = pattern.messages.length === 1;
  let ciphers: { send: CipherState; receive: CipherState }[] = [];
  for (const [at, message] of vector.messages.entries()) {
    const fromInitiator = oneWay || at % 2 === 0;
    const payload = bytes(message.payload);
    let wire: Bytes;
    let read: Bytes;
    if (at < pattern.messages.length) {
      const [writer, reader] = fromInitiator ? [initiator, responder] : [responder, initiator];
      wire = await writer.writeMessage(payload);
      read = await reader.readMessage(bytes(message.ciphertext));
    } else {
      if (ciphers.length === 0) {
        ciphers = [initiator, responder].map((side) => {
          const [send, receive] = [new CipherState(), new CipherState()];
          const keys = side.split();
          send.initializeKey(keys[0]);
          receive.initializeKey(keys[1]);
          return { send, receive };
        });
        const expected = vector.handshake_hash;
        if (expected !== undefined && !equal(bytes(expected), initiator.handshakeHash)) throw new Error("handshake hash");
        if (!equal(initiator.handshakeHash, responder.handshakeHash)) throw new Error("the two ends' hashes differ");
      }
      const [writer, reader] = fromInitiator ? [ciphers[0], ciphers[1]] : [ciphers[1], ciphers[0]];
      if (writer === undefined || reader === undefined) throw new Error("no keys");
      wire = await writer.send.encryptWithAd(new Uint8Array(0), payload);
      read = await reader.receive.decryptWithAd(new Uint8Array(0), bytes(message.ciphertext));
    }
    if (!equal(wire, bytes(message.ciphertext))) throw new Error(`message ${at}: the ciphertext differs`);
    if (!equal(read, payload)) throw new Error(`message ${at}: the payload differs`);
  }
}
