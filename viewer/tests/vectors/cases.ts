/** Every vector of spec/vectors as a case to run, in Node and in a browser alike. */
import { type Channel, type Message, type CarryingChannel, type Request, decode, encode } from "../../src/gen/messages";
import { parseCode } from "../../src/app/code";
import { type Bytes, type Entropy, concat, equal } from "../../src/protocol/bytes";
import { CPace, calculateGenerator } from "../../src/protocol/cpace";
import { Inbox, Outbox } from "../../src/protocol/channels";
import { verifyCheckpoint } from "../../src/protocol/merkle";
import { type GrantFault, GrantRefused } from "../../src/protocol/errors";
import {
  FrameReader,
  FrameType,
  type Mode,
  body,
  decodeFailure,
  decodeHello,
  decodeWelcome,
  encodeFailure,
  encodeFrame,
  encodeHello,
  encodeWelcome,
} from "../../src/protocol/frames";
import { type Verified, fingerprint, verifyCredential, verifyHost } from "../../src/protocol/grants";
import { privateKey, scalarMult } from "../../src/protocol/keys";
import { importKey } from "../../src/protocol/noise";
import { Opener, RecordKind, Sealer, decodeBye, padded, padme } from "../../src/protocol/records";
import { ViewerSession } from "../../src/protocol/session";
import { bytes, hex } from "./hex";
import { type NoiseVector, runNoise } from "./noise";

export interface Case {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** What a vector says of itself; the other fields differ from file to file. */
interface Outcome {
  readonly error?: string;
  readonly why?: string;
}

const files = import.meta.glob("../../../spec/vectors/*.json", { eager: true, import: "default" });

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what the file holds
function load<T>(name: string): T {
  const file = files[`../../../spec/vectors/${name}.json`];
  if (file === undefined) throw new Error(`spec/vectors/${name}.json is missing`);
  return file as T;
}

function check(ok: boolean, what: string): void {
  if (!ok) throw new Error(what);
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: ${left.slice(0, 200)} where ${right.slice(0, 200)} belongs`);
}

/** `run` must end with the vector's error, or without one. */
async function ends(vector: Outcome, run: () => unknown): Promise<void> {
  let name: string | undefined;
  try {
    await run();
  } catch (error) {
    name = (error as Error).name;
  }
  same(name, vector.error, vector.why ?? "no error");
}

/** A message as the vectors write it: snake_case, byte strings as {hex}. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: hex(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [snake(name), plain(field)]));
}

function noise(): Case[] {
  const { vectors } = load<{ vectors: NoiseVector[] }>("noise");
  return vectors.map((vector) => ({ name: vector.protocol_name, run: () => runNoise(vector) }));
}

function cpace(): Case[] {
  const file = load<{ G_25519: Record<string, string>; X25519_points: Record<string, string> }>("cpace");
  const ours = load<{ cpace: Record<string, string>; points: { scalar: string; answers: Record<string, string> } }>("pairing");
  const exchange = (v: Record<string, string>, names: { prs: string; ci: string; generator: string; isk: string }): void => {
    const at = (name: string): Bytes => bytes(v[name] ?? "missing");
    const common = { prs: at(names.prs), ci: at(names.ci), sid: at("sid") };
    check(equal(calculateGenerator(common.prs, common.ci, common.sid), at(names.generator)), "generator");
    const a = new CPace({ ...common, scalar: at("ya") });
    const b = new CPace({ ...common, scalar: at("yb") });
    check(equal(a.share, at("Ya")) && equal(b.share, at("Yb")), "shares");
    check(equal(a.initiatorKey(at("ADa"), b.share, at("ADb")), at(names.isk)), "the initiator's key");
    check(equal(b.responderKey(a.share, at("ADa"), at("ADb")), at(names.isk)), "the responder's key");
  };
  const points = Object.entries(file.X25519_points).map(([name, point]) => ({
    name: `point ${name}`,
    async run() {
      const scalar = bytes(ours.points.scalar);
      const answer = ours.points.answers[name];
      if (answer !== "HandshakeFailed") {
        same(hex(scalarMult(scalar, bytes(point))), answer, name);
        return;
      }
      const none = new Uint8Array(0);
      const end = new CPace({ prs: Uint8Array.of(1), ci: none, sid: none, scalar });
      await ends({ error: answer }, () => end.initiatorKey(none, bytes(point), none));
      await ends({ error: answer }, () => end.responderKey(bytes(point), none, none));
    },
  }));
  return [
    { name: "the draft's run", run: () => { exchange(file.G_25519, { prs: "PRS", ci: "CI", generator: "g", isk: "ISK_IR" }); } },
    { name: "ours", run: () => { exchange(ours.cpace, { prs: "prs", ci: "ci", generator: "generator", isk: "ISK" }); } },
    ...points,
  ];
}

function codes(): Case[] {
  const vectors = load<{ codes: (Outcome & { text: string; route?: string; secret?: string })[] }>("pairing").codes;
  return vectors.map((vector) => ({
    name: `code ${JSON.stringify(vector.text)}`,
    run() {
      const { route, secret } = vector;
      same(parseCode(vector.text), vector.error === undefined ? { route, secret } : null, "code");
    },
  }));
}

interface FrameVectors {
  hello: (Outcome & { body: string; mode?: Mode; route?: string; route_id?: string; nonce?: string; suites?: number })[];
  welcome: (Outcome & { body: string; mode?: Mode; host_id?: string; nonce?: string; feed?: number })[];
  failure: (Outcome & { body: string; code?: number; retry?: number })[];
  stream: (Outcome & { expected: FrameType[]; data: string; frames?: [number, string][] })[];
}

function frames(): Case[] {
  const file = load<FrameVectors>("frames");
  const hello = file.hello.map((v) => ({
    name: `hello ${v.why ?? v.route ?? "by id"}`,
    run: () =>
      ends(v, () => {
        const read = decodeHello(bytes(v.body));
        const route = typeof read.route === "string" ? read.route : hex(read.route);
        same([read.mode, route, hex(read.nonce), read.suites], [v.mode, v.route ?? v.route_id, v.nonce, v.suites], "hello");
        same(hex(encodeHello(read)), v.body, "written again");
      }),
  }));
  const welcome = file.welcome.map((v) => ({
    name: `welcome ${v.why ?? ""}`,
    run: () =>
      ends(v, () => {
        const read = decodeWelcome(bytes(v.body));
        const found = [read.mode, hex(read.hostId), hex(read.nonce), Number(read.feed)];
        same(found, [v.mode, v.host_id, v.nonce, v.feed], "welcome");
        same(hex(encodeWelcome(read)), v.body, "written again");
      }),
  }));
  const failure = file.failure.map((v) => ({
    name: `failure ${v.why ?? ""}`,
    run: () =>
      ends(v, () => {
        const read = decodeFailure(bytes(v.body));
        same([read.code, read.retry], [v.code, v.retry], "failure");
        same(hex(encodeFailure(read)), v.body, "written again");
      }),
  }));
  const stream = file.stream.flatMap((v) =>
    [1, 2, 3, 7, 10_000].map((size) => ({
      name: `stream ${v.why ?? v.data.slice(0, 6)} in pieces of ${size}`,
      run: () =>
        ends(v, () => {
          const reader = new FrameReader(...v.expected);
          const data = bytes(v.data);
          const found: [number, string][] = [];
          for (let at = 0; at < data.length; at += size) {
            reader.feed(data.slice(at, at + size));
            for (let frame = reader.next(); frame !== null; frame = reader.next()) {
              found.push([frame.type, hex(body(frame))]);
            }
          }
          same(found, v.frames, "frames");
        }),
    })),
  );
  return [...hello, ...welcome, ...failure, ...stream];
}

interface RecordVectors {
  key: string;
  sequences: (Outcome & { records: string[]; plaintexts?: string[]; at?: number })[];
  bye: (Outcome & { plaintext: string; code?: number; text?: string })[];
  padme: [number, number][];
  padded: [number, boolean, number][];
}

function records(): Case[] {
  const file = load<RecordVectors>("records");
  const key = (): Promise<CryptoKey> => importKey(bytes(file.key));
  const sequences = file.sequences.map((v, number) => ({
    name: `records ${v.why ?? number}`,
    run: () =>
      ends(v, async () => {
        const found: string[] = [];
        const failures: Error[] = [];
        const opener = new Opener(await key(), (plaintext) => found.push(hex(plaintext)), (error) => failures.push(error));
        for (const record of v.records) opener.push(bytes(record));
        await opener.idle();
        // Rekeys are dealt with by the opener and are not given on.
        const expected = v.plaintexts?.filter((plaintext) => !plaintext.startsWith("01"));
        if (expected !== undefined) same(found, expected, "plaintexts");
        if (v.at !== undefined) {
          const rekeys = v.why === "rekey dropped" ? 0 : v.records.slice(0, v.at).length - found.length;
          same(found.length + rekeys, v.at, "opened before the error");
        }
        for (const failure of failures) throw failure;
      }),
  }));
  const [good] = file.sequences;
  const sealed = {
    name: "records sealed again",
    async run() {
      const sealer = new Sealer(await key(), 0);
      const made: string[] = [];
      for (const plaintext of good?.plaintexts ?? []) {
        const rekeys = plaintext.startsWith("01");
        made.push(hex(await (rekeys ? sealer.rekey(0) : sealer.seal(bytes(plaintext)))));
      }
      same(made, good?.records, "records");
    },
  };
  const bye = file.bye.map((v) => ({
    name: `bye ${v.why ?? v.text ?? ""}`,
    run: () =>
      ends(v, () => {
        check(bytes(v.plaintext)[0] === RecordKind.BYE, "no bye");
        same(decodeBye(bytes(v.plaintext)), { code: v.code, text: v.text }, "bye");
      }),
  }));
  const padding = {
    name: "padding",
    run() {
      same(file.padme.map(([length]) => [length, padme(length)]), file.padme, "PADMÉ");
      same(file.padded.map(([length, small]) => [length, small, padded(length, small)]), file.padded, "padded");
    },
  };
  return [...sequences, sealed, ...bye, padding];
}

function channels(): Case[] {
  const vectors = load<(Outcome & { plaintexts: string[]; messages?: [number, string][] })[]>("channels");
  return vectors.map((v, number) => ({
    name: `channels ${v.why ?? number}`,
    run: () =>
      ends(v, () => {
        const found: [number, string][] = [];
        const inbox = new Inbox(new Outbox(), (channel, data) => found.push([channel, hex(data)]));
        for (const plaintext of v.plaintexts) inbox.accept(bytes(plaintext));
        same(found, v.messages, "messages");
      }),
  }));
}

interface MessageVectors {
  messages: { channel: Channel; bytes: string; message: { type: string } }[];
  broken: (Outcome & { channel: Channel; bytes: string })[];
}

function messages(): Case[] {
  const file = load<MessageVectors>("messages");
  const good = file.messages.map((v) => ({
    name: `message ${v.message.type}`,
    run() {
      const message: Message = decode(v.channel, bytes(v.bytes));
      same(plain(message), v.message, "message");
      same(hex(encode(v.channel as CarryingChannel, message)), v.bytes, "written again");
    },
  }));
  const broken = file.broken.map((v) => ({
    name: `channel ${v.channel}: ${v.why ?? ""}`,
    run: () => ends(v, () => decode(v.channel, bytes(v.bytes))),
  }));
  return [...good, ...broken];
}

type Name = "hello" | "welcome" | "handshake_1" | "handshake_2" | "handshake_3";

interface HandshakeVector extends Readonly<Record<Name, string>> {
  mode: Mode;
  route: string | { hex: string };
  secret: string | null;
  pin: string;
  viewer_keys: string;
  viewer_entropy: string[];
  request: { name: string; agent: string; capabilities: Request["capabilities"]; certificate: { hex: string }; grant: { hex: string }; rejoin: { hex: string } | null; reason: string };
  handshake_hash: string;
  first_record: string;
  broken: { message: Name; at: number; xor: number; found_by: "viewer" | "host"; failure: number }[];
}

function viewerOf(v: HandshakeVector): ViewerSession {
  const left = v.viewer_entropy.map(bytes);
  const entropy: Entropy = (count) => {
    const part = left.shift();
    if (part?.length !== count) throw new Error(`${count} bytes drawn out of turn`);
    return part;
  };
  const { request } = v;
  return new ViewerSession({
    // FHK1, the Ed25519 key, the X25519 key, the certificate.
    identity: privateKey(bytes(v.viewer_keys).slice(36, 68)),
    mode: v.mode,
    route: typeof v.route === "string" ? v.route : bytes(v.route.hex),
    secret: v.secret,
    pin: bytes(v.pin),
    request: {
      type: "Request",
      name: request.name,
      agent: request.agent,
      capabilities: request.capabilities,
      certificate: bytes(request.certificate.hex),
      grant: bytes(request.grant.hex),
      rejoin: request.rejoin && bytes(request.rejoin.hex),
      reason: request.reason,
    },
    entropy,
    now: 0,
    notify: () => undefined,
  });
}

function handshakes(): Case[] {
  return load<HandshakeVector[]>("handshake").flatMap((v) => {
    const frame = (name: Name, content = bytes(v[name])): Bytes =>
      encodeFrame(FrameType[name.toUpperCase() as Uppercase<Name>], content);
    const transcript: Case = {
      name: `handshake of mode ${v.mode}`,
      async run() {
        const viewer = viewerOf(v);
        same(hex(await viewer.dataToSend()), hex(frame("hello")), "hello");
        await viewer.receiveData(frame("welcome"), 0);
        same(hex(await viewer.dataToSend()), hex(frame("handshake_1")), "message 1");
        await viewer.receiveData(frame("handshake_2"), 0);
        same(hex(await viewer.dataToSend()), hex(frame("handshake_3")), "message 3");
        check(viewer.events().length === 0, "an event before the first record");
        await viewer.receiveData(bytes(v.first_record), 0);
        const [event] = viewer.events();
        if (event?.event !== "authenticated") throw new Error("not authenticated");
        same(hex(event.handshakeHash), v.handshake_hash, "handshake hash");
        same(plain(event.request), v.request, "request");
      },
    };
    const edited = v.broken
      .filter((broken) => broken.found_by === "viewer")
      .map((broken) => ({
        name: `handshake of mode ${v.mode}: ${broken.message} altered at ${broken.at}`,
        async run() {
          const viewer = viewerOf(v);
          await viewer.dataToSend();
          const altered = bytes(v[broken.message]);
          altered[broken.at] = (altered[broken.at] ?? 0) ^ broken.xor;
          const sent = (["welcome", "handshake_2"] as const).map((name) =>
            name === broken.message ? frame(name, altered) : frame(name),
          );
          await viewer.receiveData(concat(...sent), 0);
          const event = viewer.events().at(-1);
          same(event?.event === "failed" && event.failure, broken.failure, "failure");
        },
      }));
    return [transcript, ...edited];
  });
}

interface Statement {
  data: string;
  root?: string;
  host_id?: string;
  viewer?: string;
  now?: number;
  fault?: GrantFault;
  why?: string;
  issuer?: string;
  grant?: { rights: { capability: string; seconds: number }[] };
  endorsement?: object;
}

function statements(): Case[] {
  const file = load<Statement & { now: number; root: string; fingerprint: string; host_id: string; viewer: string; credentials: Statement[]; hosts: Statement[] }>("grants");
  const given = (v: Statement): { root: Bytes; hostId: Bytes; viewer: Bytes; now: number } => ({
    root: bytes(v.root ?? file.root),
    hostId: bytes(v.host_id ?? file.host_id),
    viewer: bytes(v.viewer ?? file.viewer),
    now: v.now ?? file.now,
  });
  const faultOf = (run: () => unknown): GrantFault | undefined => {
    try {
      run();
    } catch (error) {
      if (error instanceof GrantRefused) return error.why;
      throw error;
    }
    return undefined;
  };
  const credential = (v: Statement): Case => ({
    name: `credential: ${v.why ?? "good"}`,
    run() {
      const read = (): Verified => verifyCredential(bytes(v.data), given(v));
      if (v.fault !== undefined) {
        same(faultOf(read), v.fault, v.why ?? "");
        return;
      }
      const { grant, rights, issuer } = read();
      same(plain(grant), v.grant, "grant");
      same(hex(issuer), v.issuer, "issuer");
      same([...rights], v.grant?.rights.map((right) => [right.capability, right.seconds]), "rights");
    },
  });
  const host = (v: Statement): Case => ({
    name: `host: ${v.why ?? "good"}`,
    run() {
      const read = (): unknown => verifyHost(bytes(v.data), given(v));
      if (v.fault === undefined) same(plain(read()), v.endorsement, "endorsement");
      else same(faultOf(read), v.fault, v.why ?? "");
    },
  });
  return [
    { name: "fingerprint", run: () => { same(fingerprint(bytes(file.root)), file.fingerprint, "fingerprint"); } },
    ...file.credentials.map(credential),
    ...file.hosts.map(host),
  ];
}

/** The viewer keeps checkpoints; trees are for those who read the audit. */
function checkpoints(): Case[] {
  const file = load<{ checkpoints: ({ identity: string; host_id: string; size: number; root: string; time: number; checkpoint: string } & Outcome)[] }>("merkle");
  return file.checkpoints.map((v) => ({
    name: `checkpoint: ${v.why ?? "good"}`,
    run: () =>
      ends(v, () => {
        const read = verifyCheckpoint(bytes(v.checkpoint), bytes(v.identity));
        same([hex(read.hostId), read.size, hex(read.root), read.time], [v.host_id, v.size, v.root, v.time], "checkpoint");
      }),
  }));
}

const GROUPS: Readonly<Record<string, () => Case[]>> = {
  noise, cpace, pairing: codes, frames, records, channels, messages, handshake: handshakes, grants: statements, merkle: checkpoints,
};

/** All cases; a file that nothing here runs is a case that fails. */
export function cases(): Case[] {
  const known = new Set(Object.keys(GROUPS));
  const strays = Object.keys(files)
    .map((path) => path.replace(/^.*\//, "").replace(/\.json$/, ""))
    .filter((name) => !known.has(name))
    .map((name) => ({
      name,
      run() {
        throw new Error(`spec/vectors/${name}.json is run by nothing`);
      },
    }));
  const all = Object.entries(GROUPS).flatMap(([group, make]) =>
    make().map(({ name, run }) => ({ name: `${group}: ${name}`, run })),
  );
  return [...all, ...strays];
}

