/** Whatever arrives, a decoder ends with a value or with one of its documented errors, and soon. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { CAPABILITIES, Channel, type CarryingChannel, decode, encode } from "../../src/gen/messages";
import type { Bytes } from "../../src/protocol/bytes";
import { Inbox, Outbox } from "../../src/protocol/channels";
import { IdentityMismatch, MalformedFrame, MessageError, MuxError, VersionMismatch } from "../../src/protocol/errors";
import { FrameReader, FrameType, decodeFailure, decodeHello, decodeWelcome, encodeFrame } from "../../src/protocol/frames";
import { decodeCertificate } from "../../src/protocol/identity";
import { decodeBye } from "../../src/protocol/records";
import { decodeRequestPayload } from "../../src/protocol/request";
import { bytes } from "../vectors/hex";
import { Pair, hostKeys } from "../support/pair";

const RUNS = { numRuns: 500 };
const CARRYING: readonly CarryingChannel[] = [
  Channel.CONTROL, Channel.INPUT, Channel.CURSOR, Channel.SCREEN, Channel.CLIPBOARD,
];
const any = fc.uint8Array({ maxLength: 300 }).map((data) => new Uint8Array(data));

/** `start` with a few bytes changed, and cut or made longer. */
function near(start: Bytes): fc.Arbitrary<Bytes> {
  const edits = fc.array(fc.tuple(fc.nat(Math.max(0, start.length - 1)), fc.nat(255)), { maxLength: 4 });
  return fc.tuple(edits, fc.nat(start.length + 4)).map(([changes, length]) => {
    const out = new Uint8Array(length);
    out.set(start.subarray(0, length));
    for (const [at, value] of changes) if (at < length) out[at] = value;
    return out;
  });
}

function only(kinds: readonly (new (message: string) => Error)[], run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
  }
}

const SAMPLES: readonly [string, Bytes, (data: Bytes) => unknown, readonly (new (message: string) => Error)[]][] = [
  ["hello", bytes(`4648563101010001010434383231${"00".repeat(82)}`), decodeHello, [MalformedFrame, VersionMismatch]],
  ["welcome", bytes(`4648483101010001${"00".repeat(88)}`), decodeWelcome, [MalformedFrame, VersionMismatch]],
  ["failure", bytes("464846310103012c0000000000000000"), decodeFailure, [MalformedFrame, VersionMismatch]],
  ["certificate", hostKeys().certificate, decodeCertificate, [IdentityMismatch]],
  ["bye", bytes("02010a67757465204e616368740000"), decodeBye, [MuxError]],
  ["request", new Uint8Array(4096), decodeRequestPayload, [MessageError]],
];

test.each(SAMPLES)("%s", (_, sample, read, kinds) => {
  fc.assert(fc.property(fc.oneof(any, near(sample)), (data) => { only(kinds, () => read(data)); }), RUNS);
});

test("frames, in any pieces", () => {
  const types = Object.values(FrameType);
  const whole = encodeFrame(FrameType.RECORD, new Uint8Array(40));
  fc.assert(
    fc.property(fc.subarray(types), fc.array(fc.oneof(any, near(whole), fc.constant(whole))), (expected, pieces) => {
      const reader = new FrameReader(...expected);
      only([MalformedFrame], () => {
        for (const piece of pieces) {
          reader.feed(piece);
          for (let frame = reader.next(); frame !== null; frame = reader.next()) {
            expect(expected).toContain(frame.type);
          }
        }
      });
    }),
    RUNS,
  );
});

test("multiplexed frames", () => {
  const good = bytes("00020100039204070700000292010201000392040707010003a2616200");
  fc.assert(
    fc.property(fc.array(fc.oneof(any, near(good)), { minLength: 1, maxLength: 5 }), (plaintexts) => {
      const inbox = new Inbox(new Outbox(), () => undefined);
      only([MuxError], () => { for (const plaintext of plaintexts) inbox.accept(plaintext); });
    }),
    RUNS,
  );
});

test("messages that are nearly right, and what is read is written the same", () => {
  const samples = [
    encode(Channel.CONTROL, {
      type: "Decision", granted: [...CAPABILITIES], session: new Uint8Array(16), hostName: "büro", system: "Linux",
      graceSeconds: 120, reason: "x".repeat(40), until: [0, 2 ** 53 - 1], person: "Ada",
    }),
    encode(Channel.SCREEN, {
      type: "Update", seq: 1, generation: 2, inputSeq: 3, exact: true,
      operations: [
        { type: "Copy", fromX: 0, fromY: 1, x: 2, y: 3, width: 4, height: 5 },
        { type: "Tiles", rects: [0, 0, 400, 300], codec: 1, data: new Uint8Array(50) },
        { type: "VideoOpen", layer: 1, x: 0, y: 0, width: 640, height: 360, codec: "avc1.42E033" },
      ],
    }),
    encode(Channel.CURSOR, { type: "Shape", hotX: 1, hotY: 1, width: 2, height: 2, rgba: new Uint8Array(16) }),
    encode(Channel.CLIPBOARD, { type: "ClipText", text: "ß€𝄞" }),
    encode(Channel.INPUT, { type: "Key", down: true, code: "KeyA", key: "a", modifiers: 0, repeat: false, seq: 9 }),
  ];
  const data = fc.oneof(any, ...samples.map(near));
  fc.assert(
    fc.property(fc.constantFrom(...CARRYING), data, (channel, raw) => {
      only([MessageError], () => {
        const message = decode(channel, raw);
        expect(decode(channel, encode(channel, message))).toEqual(message);
      });
    }),
    { numRuns: 3000 },
  );
});

test("arrays that claim to be huge cost nothing", () => {
  const nested = new Uint8Array(1 << 20);
  for (let at = 0; at < nested.length; at += 5) nested.set([0xdd, 0xff, 0xff, 0xff, 0xff].slice(0, nested.length - at), at);
  const start = performance.now();
  expect(() => decode(Channel.SCREEN, nested)).toThrow(MessageError);
  expect(performance.now() - start).toBeLessThan(100);
});

test("a session, before and after it is open", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(any, fc.constant(encodeFrame(FrameType.RECORD, new Uint8Array(50))))), fc.boolean(), async (pieces, open) => {
      const pair = new Pair();
      if (open) await pair.run();
      for (const piece of pieces) await pair.viewer.receiveData(piece, pair.now);
      const events = pair.viewer.events();
      expect(events.length).toBeLessThanOrEqual(1);
      for (const event of events) expect(event.event).toBe("failed");
    }),
    { numRuns: 60 },
  );
});
