import { describe, expect, test } from "vitest";
import { Channel, type Update } from "../../src/gen/messages";
import { concat, equal } from "../../src/protocol/bytes";
import { ByeCode, FailureCode, MessageError, NotAuthenticated, SessionEnded } from "../../src/protocol/errors";
import type { SessionEvent } from "../../src/protocol/events";
import { FrameType, Mode, encodeFrame } from "../../src/protocol/frames";
import { decodeCertificate, hostId } from "../../src/protocol/identity";
import { generateKey } from "../../src/protocol/keys";
import * as limits from "../../src/protocol/limits";
import { Pair, REQUEST, entropy, hostKeys } from "../support/pair";

const PING = { type: "Ping", token: 7 } as const;

async function open(pair = new Pair()): Promise<Pair> {
  await pair.run();
  pair.host.send(Channel.CONTROL, PING);
  await pair.run();
  expect(pair.viewer.state).toBe("open");
  return pair;
}

function names(events: readonly SessionEvent[]): string[] {
  return events.map((event) => event.event);
}

function update(bytes: number): Update {
  const data = entropy(Math.min(bytes, 65536));
  const whole = concat(...Array.from({ length: Math.ceil(bytes / data.length) }, () => data)).subarray(0, bytes);
  const operation = { type: "Tiles", rects: [0, 0, 1, 1], codec: 0, data: whole } as const;
  return { type: "Update", seq: 1, generation: 1, inputSeq: 0, exact: true, operations: [operation] };
}

describe("a session", () => {
  test.each([undefined, 1000, 1])("is opened by a code, in pieces of %s bytes", async (piece) => {
    const pair = new Pair();
    await pair.run(piece === undefined ? {} : { piece });
    pair.host.send(Channel.CONTROL, PING);
    await pair.run(piece === undefined ? {} : { piece });
    expect(names(pair.hostEvents)).toEqual(["hello", "authenticated"]);
    expect(names(pair.viewerEvents)).toEqual(["authenticated", "message"]);
    const [ours] = pair.viewerEvents;
    const theirs = pair.hostEvents[1];
    if (ours?.event !== "authenticated" || theirs?.event !== "authenticated") throw new Error("unreachable");
    expect(ours.handshakeHash).toEqual(theirs.handshakeHash);
    expect(theirs.request).toEqual(REQUEST);
    expect(theirs.peerStatic).toEqual(pair.identity.publicKey);
    expect(ours.certificate?.name).toBe("a computer");
  });

  test("a wrong code fails with the code's own failure", async () => {
    const pair = new Pair({ viewer: { secret: "000000000" } });
    await pair.run();
    expect(pair.viewerEvents).toMatchObject([{ event: "failed", failure: FailureCode.WRONG_CODE, byPeer: true }]);
  });

  test("is taken up again with the same keys, and refused with others", async () => {
    const keys = hostKeys();
    const identity = generateKey(entropy);
    const rejoin = entropy(16);
    const certificate = decodeCertificate(keys.certificate);
    const viewer = {
      identity,
      mode: Mode.REJOIN,
      route: hostId(certificate.identity),
      secret: null,
      pin: certificate.static,
      request: { ...REQUEST, rejoin },
    };
    const host = { keys, findRejoin: () => identity.publicKey };
    await open(new Pair({ viewer, host }));

    const other = new Pair({ viewer: { ...viewer, identity: generateKey(entropy) }, host });
    await other.run();
    expect(other.viewerEvents).toMatchObject([{ event: "failed", failure: FailureCode.REJOIN_REFUSED }]);

    const swapped = new Pair({ viewer, host: { ...host, keys: { ...hostKeys(), certificate: keys.certificate } } });
    await swapped.run();
    expect(swapped.viewerEvents).toMatchObject([{ event: "failed", failure: FailureCode.IDENTITY, byPeer: false }]);
    expect(names(swapped.hostEvents)).toEqual(["hello"]);
  });

  test("sends nothing before it is open and nothing after its end", async () => {
    const pair = new Pair();
    expect(() => { pair.viewer.send(Channel.CONTROL, PING); }).toThrow(NotAuthenticated);
    await open(pair);
    pair.viewer.bye(ByeCode.ENDED, "gone for tea");
    expect(() => { pair.viewer.send(Channel.CONTROL, PING); }).toThrow(SessionEnded);
    await pair.run();
    expect(pair.hostEvents.at(-1)).toEqual({ event: "ended", byPeer: true, code: ByeCode.ENDED, text: "gone for tea" });
    expect(pair.viewerEvents.at(-1)).toMatchObject({ event: "ended", byPeer: false });
    expect(await pair.viewer.dataToSend()).toHaveLength(0);
  });

  test("refuses to send what a host would refuse to read", async () => {
    const pair = await open();
    const key = { type: "Key", down: true, code: "K".repeat(33), key: "k", modifiers: 0, repeat: false, seq: 1 } as const;
    expect(() => { pair.viewer.send(Channel.INPUT, key); }).toThrow(MessageError);
    expect(pair.viewer.hasDataToSend()).toBe(false);
  });

  test("carries messages of many records, more than the first credit of them", async () => {
    const pair = await open();
    const sent = update(3_000_000);
    for (let count = 0; count < 8; count += 1) pair.host.send(Channel.SCREEN, sent);
    await pair.run();
    const got = pair.viewerEvents.slice(2);
    expect(got).toHaveLength(8);
    const [expected] = sent.operations;
    for (const event of got) {
      const [operation] = event.event === "message" && event.message.type === "Update" ? event.message.operations : [];
      if (operation?.type !== "Tiles" || expected?.type !== "Tiles") throw new Error("another message");
      expect(equal(operation.data, expected.data)).toBe(true);
    }
  });

  test("lets control pass what waits on screen", async () => {
    const pair = await open();
    pair.host.send(Channel.SCREEN, update(1_000_000));
    await pair.viewer.receiveData(await pair.host.dataToSend(256 * 1024, pair.now), pair.now);
    pair.host.send(Channel.CONTROL, PING);
    await pair.run();
    expect(pair.viewerEvents.slice(2).map((event) => event.event === "message" && event.message.type)).toEqual([
      "Ping",
      "Update",
    ]);
  });

  test("renews keys in both directions when they are old, with records under way", async () => {
    const pair = await open();
    for (let round = 0; round < 3; round += 1) {
      pair.now += limits.REKEY_SECONDS;
      pair.viewer.handleTimer(pair.now);
      expect(pair.viewer.hasDataToSend()).toBe(true);
      for (let count = 0; count < 20; count += 1) {
        pair.host.send(Channel.SCREEN, update(100_000));
        pair.viewer.send(Channel.CONTROL, PING);
      }
      await pair.run();
    }
    expect(pair.viewerEvents.filter((event) => event.event === "message")).toHaveLength(1 + 60);
    expect(pair.hostEvents.filter((event) => event.event === "message")).toHaveLength(60);
    expect(pair.viewer.state).toBe("open");
  });

  test("gives a handshake up when it takes too long", () => {
    const pair = new Pair();
    expect(pair.viewer.nextTimer()).toBe(pair.now + limits.HANDSHAKE_SECONDS);
    pair.viewer.handleTimer(pair.now + limits.HANDSHAKE_SECONDS);
    expect(pair.viewer.events()).toMatchObject([{ event: "failed", failure: FailureCode.TIMEOUT, byPeer: false }]);
  });
});

describe("someone in between", () => {
  test("ends a session with any changed byte of a record, and nothing is answered", async () => {
    for (const at of [0, 1, 2, 3, 4, 100, 274]) {
      const pair = await open();
      pair.host.send(Channel.CONTROL, PING);
      const record = await pair.host.dataToSend();
      record[at] = (record[at] ?? 0) ^ 1;
      await pair.viewer.receiveData(concat(record, new Uint8Array(300)), pair.now);
      const events = pair.viewer.events();
      expect(events).toMatchObject([{ event: "failed", byPeer: false }]);
      expect(["ended", "ending"]).toContain(pair.viewer.state);
    }
  });

  test("cannot repeat, drop or reorder records", async () => {
    const record = async (pair: Pair): Promise<Uint8Array<ArrayBuffer>> => {
      pair.host.send(Channel.CONTROL, PING);
      return pair.host.dataToSend();
    };
    for (const order of [[0, 0], [1], [1, 0]]) {
      const pair = await open();
      const records = [await record(pair), await record(pair)];
      for (const at of order) await pair.viewer.receiveData(records[at] ?? new Uint8Array(0), pair.now);
      expect(pair.viewer.events().at(-1)).toMatchObject({ event: "failed", failure: FailureCode.PROTOCOL });
      expect(await pair.viewer.dataToSend()).toHaveLength(0);
    }
  });

  test("ends the handshake with any changed byte, on either way", async () => {
    for (const [fromViewer, type] of [
      [true, FrameType.HELLO],
      [false, FrameType.WELCOME],
      [true, FrameType.HANDSHAKE_1],
      [false, FrameType.HANDSHAKE_2],
      [true, FrameType.HANDSHAKE_3],
    ] as const) {
      for (const at of [8, 30, 60, 90]) {
        const pair = new Pair();
        await pair.run({
          alter(data, way) {
            if (way !== fromViewer || data[0] !== type) return data;
            const changed = data.slice();
            changed[at] = (changed[at] ?? 0) ^ 0x10;
            return changed;
          },
        });
        expect(names(pair.viewerEvents)).toEqual(["failed"]);
        expect(names(pair.hostEvents)).not.toContain("authenticated");
      }
    }
  });

  test("can forge a failure before the first record opened, and not after", async () => {
    const forged = encodeFrame(FrameType.FAILURE, concat(new TextEncoder().encode("FHF1"), Uint8Array.of(1, 4, 0, 0), new Uint8Array(8)));
    const early = new Pair();
    await early.run();
    await early.viewer.receiveData(forged, early.now);
    expect(early.viewer.events()).toMatchObject([{ event: "failed", failure: FailureCode.HOST_GONE, byPeer: true }]);
    const late = await open();
    await late.viewer.receiveData(forged, late.now);
    expect(late.viewer.events()).toMatchObject([{ event: "failed", failure: FailureCode.PROTOCOL, byPeer: false }]);
  });
});
