import { describe, expect, test, vi } from "vitest";
import vectors from "../../../spec/vectors/merkle.json";
import { Channel, type Update } from "../../src/gen/messages";
import type { ByGrant, Statistics, Target } from "../../src/app/bridge";
import type { Bytes } from "../../src/protocol/bytes";
import { ByeCode, FailureCode } from "../../src/protocol/errors";
import { fingerprint } from "../../src/protocol/grants";
import { decodeCertificate } from "../../src/protocol/identity";
import { privateKey } from "../../src/protocol/keys";
import { TARGET, World, settle } from "../support/world";

const KEY = { type: "Key", down: true, code: "KeyA", key: "a", modifiers: 0, repeat: false, seq: 1 } as const;

async function connected(): Promise<World> {
  const world = new World();
  await world.connect();
  expect(world.state).toMatchObject({ state: "connected" });
  return world;
}

function states(world: World): string[] {
  return world.posted.flatMap((message) => (message.kind === "state" ? [message.state.state] : []));
}

function update(seq: number, inputSeq: number): Update {
  return { type: "Update", seq, generation: 1, inputSeq, exact: true, operations: [] };
}

describe("a call", () => {
  test("is connected once the host has decided, and says what it can show", async () => {
    const world = await connected();
    expect(states(world)).toEqual(["connecting", "securing", "connected"]);
    expect(world.state).toMatchObject({ host: { name: "büro", fingerprint: fingerprint(decodeCertificate(world.keys.certificate).identity) } });
    expect(world.state).toMatchObject({ rights: ["view", "control", "clipboard"].map((capability) => ({ capability, until: 0 })) });
    const wants = world.host.received.filter((message) => message.type === "Want");
    expect(wants).toEqual([{ type: "Want", quality: "automatic", codecs: ["avc1.42E033"], visible: true, refreshHz: 60 }]);
  });

  test("waits while a person is asked, and sends nothing meanwhile", async () => {
    const world = new World();
    world.decide = (host) => {
      host.send(Channel.CONTROL, { type: "Asking", seconds: 30 });
    };
    await world.connect();
    expect(world.state).toEqual({ state: "asking", seconds: 30 });
    world.connection.input(KEY, 0);
    world.connection.clipboard("secret");
    await settle();
    expect(world.host.received).toEqual([]);
    world.host.send(Channel.CONTROL, world.decision({ granted: ["view"] }));
    await settle();
    expect(world.state).toMatchObject({ state: "connected", rights: [{ capability: "view", until: 0 }] });
    world.connection.input(KEY, 0);
    await settle();
    expect(world.host.received.map((message) => message.type)).toEqual(["Ping", "Want"]);
  });

  test.each([
    [1000, "refused"],
    [30_000, "no-answer"],
  ] as const)("is over when the answer after %i ms is no", async (after, reason) => {
    const world = new World();
    world.decide = (host) => {
      host.send(Channel.CONTROL, { type: "Asking", seconds: 30 });
    };
    await world.connect();
    await world.clock.advance(after);
    world.host.send(Channel.CONTROL, world.decision({ granted: [], reason: "Not now." }));
    await settle();
    expect(world.state).toEqual({ state: "over", reason, text: "Not now.", retrySeconds: 0 });
  });

  test.each([
    [FailureCode.UNKNOWN_ROUTE, "unknown-code"],
    [FailureCode.LOCKED, "locked"],
    [FailureCode.HOST_GONE, "host-gone"],
    [FailureCode.VERSION, "version"],
    [FailureCode.BUSY, "busy"],
    [FailureCode.POLICY, "policy"],
  ] as const)("never tries a code again after failure %i", async (code, reason) => {
    const world = new World();
    world.connection.connect(TARGET);
    await new Promise((resolve) => setImmediate(resolve));
    world.host.session.refuse(code, 300);
    world.host.work();
    await settle();
    await world.clock.advance(60_000);
    expect(world.state).toEqual({ state: "over", reason, text: "", retrySeconds: 300 });
    expect(world.dials).toBe(1);
  });

  test("with a wrong code is over", async () => {
    const world = new World();
    Object.assign(world, { secret: "000000000" });
    await world.connect();
    await world.clock.advance(60_000);
    expect(world.state).toMatchObject({ state: "over", reason: "wrong-code" });
    expect(world.dials).toBe(1);
  });

  test("to nowhere is over", async () => {
    const world = new World();
    world.reachable = false;
    await world.connect();
    expect(world.state).toMatchObject({ state: "over", reason: "unreachable" });
    const mute = new World();
    mute.silent = true;
    await mute.connect();
    await mute.clock.advance(10_000);
    expect(mute.state).toMatchObject({ state: "over", reason: "unreachable" });
  });

  test.each([
    [ByeCode.ENDED, "ended-by-host"],
    [ByeCode.SHUTDOWN, "host-gone"],
    [ByeCode.RIGHTS, "ended-by-host"],
    [ByeCode.REPLACED, "replaced"],
  ] as const)("ends with the host's bye %i", async (code, reason) => {
    const world = await connected();
    world.host.session.bye(code, "so long");
    world.host.work();
    await settle();
    await world.clock.advance(60_000);
    expect(world.state).toEqual({ state: "over", reason, text: "so long", retrySeconds: 0 });
    expect(world.dials).toBe(1);
  });

  test("ends with the viewer's word to the host", async () => {
    const world = await connected();
    const { session } = world.host;
    world.connection.end();
    expect(world.state).toMatchObject({ state: "over", reason: "ended-by-viewer" });
    await settle();
    expect(session.state).toBe("ended");
  });

  test("ends at what no host may send", async () => {
    for (const [channel, message] of [
      [Channel.CONTROL, { type: "Watch", on: true }],
      [Channel.SCREEN, { type: "Refresh" }],
      [Channel.CURSOR, { type: "Shape", hotX: 0, hotY: 0, width: 2, height: 2, rgba: new Uint8Array(15) }],
    ] as const) {
      const world = await connected();
      world.host.send(channel, message);
      await settle();
      expect(world.state).toMatchObject({ state: "over", reason: "protocol" });
    }
  });

  test("draws nothing before the decision", async () => {
    const world = new World();
    world.decide = (host) => {
      host.send(Channel.SCREEN, update(1, 0));
    };
    await world.connect();
    expect(world.updates).toEqual([]);
    expect(world.state).toMatchObject({ state: "over", reason: "protocol" });
  });
});

describe("a line that is cut", () => {
  test("is taken up again at once, by keys and with nothing of the code", async () => {
    const world = await connected();
    world.host.drop();
    await settle();
    expect(states(world).slice(-2)).toEqual(["cut", "connected"]);
    expect(world.clock.now()).toBe(5000);
    expect(world.requests[1]).toMatchObject({ rejoin: world.session, name: "Ada" });
    expect(world.hosts).toHaveLength(2);
    expect(world.host.received.some((message) => message.type === "Want")).toBe(true);
  });

  test("is found out within 4 s of silence", async () => {
    const world = await connected();
    await world.clock.advance(20_000);
    expect(world.state).toMatchObject({ state: "connected" });
    world.silent = true;
    await world.clock.advance(4000);
    expect(world.state).toMatchObject({ state: "cut" });
  });

  test("costs little while all is quiet", async () => {
    const world = await connected();
    const before = world.host.received.length;
    await world.clock.advance(60_000);
    expect(world.host.received.length - before).toBeLessThanOrEqual(40);
  });

  test.each([0, 100, 500, 1300, 3700, 9900])("comes back within 2 s of the line's return after 5 s and %i ms", async (more) => {
    const world = await connected();
    world.reachable = false;
    world.host.drop();
    await settle();
    await world.clock.advance(5000 + more);
    expect(world.state).toMatchObject({ state: "cut" });
    world.reachable = true;
    await world.clock.advance(1500);
    expect(world.state).toMatchObject({ state: "connected" });
  });

  test("is tried by WebSocket only where a probe was answered, the first time apart", async () => {
    const world = await connected();
    world.reachable = false;
    world.host.drop();
    await settle();
    await world.clock.advance(30_000);
    expect(world.dials).toBe(2);
    expect(world.probes).toBeGreaterThan(20);
  });

  test("is tried at once when the browser says that the network is back", async () => {
    const world = await connected();
    world.reachable = false;
    world.host.drop();
    await settle();
    await world.clock.advance(10_010);
    world.reachable = true;
    world.connection.online();
    await settle();
    expect(world.state).toMatchObject({ state: "connected" });
  });

  test("is given up when the host's grace ends", async () => {
    const world = await connected();
    world.reachable = false;
    world.host.drop();
    await settle();
    await world.clock.advance(119_000);
    expect(world.state).toMatchObject({ state: "cut" });
    await world.clock.advance(1000);
    expect(world.state).toMatchObject({ state: "over", reason: "timeout" });
    const { dials } = world;
    await world.clock.advance(10_000);
    expect(world.dials).toBe(dials);
  });

  test("is over where the host keeps nothing", async () => {
    const world = new World();
    world.graceSeconds = 0;
    await world.connect();
    world.host.drop();
    await settle();
    expect(world.state).toMatchObject({ state: "over", reason: "host-gone" });
  });

  test("is over when the host does not know the session any more", async () => {
    const world = await connected();
    world.session.fill(0);
    world.host.drop();
    await settle();
    expect(world.state).toMatchObject({ state: "over", reason: "rejoin-refused" });
  });

  test("is over when someone with other keys answers in the host's name", async () => {
    const world = await connected();
    Object.assign(world, { keys: { ...new World().keys, certificate: world.keys.certificate } });
    world.host.drop();
    await settle();
    expect(world.state).toMatchObject({ state: "over", reason: "identity" });
    expect(world.requests).toHaveLength(1);
  });

  test("waits for a host that is away itself", async () => {
    const world = await connected();
    let away = true;
    const decide = world.decide;
    world.decide = (host) => {
      if (away) host.drop();
      else decide(host);
    };
    world.host.drop();
    await settle();
    await world.clock.advance(10_000);
    expect(world.state).toMatchObject({ state: "cut" });
    away = false;
    await world.clock.advance(1500);
    expect(world.state).toMatchObject({ state: "connected" });
  });
});

describe("input", () => {
  test("goes out at once and in order", async () => {
    const world = await connected();
    world.connection.input(KEY, 0);
    world.connection.input({ ...KEY, down: false, seq: 2 }, 0);
    await settle();
    const keys = world.host.received.filter((message) => message.type === "Key");
    expect(keys.map((key) => [key.down, key.seq])).toEqual([[true, 1], [false, 2]]);
  });

  test("keeps only the pointer's newest place on a slow line, and every press", async () => {
    const world = await connected();
    world.buffered = 1 << 20;
    world.connection.input(KEY, 0);
    await settle();
    const at = (x: number, buttons: number, seq: number): void => {
      world.connection.input({ type: "Pointer", x, y: 0, buttons, seq }, 0);
    };
    for (let x = 0; x < 100; x += 1) at(x, 0, x + 2);
    at(100, 1, 102);
    at(101, 0, 103);
    for (let x = 102; x < 200; x += 1) at(x, 0, x + 2);
    world.buffered = 0;
    await world.clock.advance(20);
    const places = world.host.received.filter((message) => message.type === "Pointer").map((p) => [p.x, p.buttons]);
    expect(places).toEqual([[100, 1], [101, 0], [199, 0]]);
  });

  test("that is too long is dropped and ends nothing", async () => {
    const world = await connected();
    world.connection.input({ ...KEY, key: "x".repeat(33) }, 0);
    await settle();
    expect(world.state).toMatchObject({ state: "connected" });
  });

  test("is measured from the press to the first picture that can show it", async () => {
    const world = await connected();
    world.connection.watch(true);
    const pressed = world.clock.origin + world.clock.now() - 2;
    world.connection.input({ ...KEY, seq: 9 }, pressed);
    await settle();
    await world.clock.advance(4);
    for (const [seq, inputSeq] of [[1, 8], [2, 9]] as const) {
      world.host.send(Channel.SCREEN, update(seq, inputSeq));
      await settle();
      world.connection.shown({ type: "Shown", seq, tookUs: 1, waiting: 0 });
      await world.clock.advance(3);
    }
    await world.clock.advance(1000);
    const found = world.posted.flatMap((m): Statistics[] => (m.kind === "statistics" ? [m.statistics] : [])).at(-1);
    expect(found?.pressToPictureMs).toEqual({ p50: 9, p95: 9, count: 1 });
    expect(world.host.received.filter((message) => message.type === "Shown").map(({ seq }) => seq)).toEqual([2]);
    expect(world.host.received).toContainEqual({ type: "Watch", on: true });
  });
});

describe("by a grant", () => {
  const bytes = (count: number, value: number): Bytes => new Uint8Array(count).fill(value);
  function granted(world: World, changes: Partial<ByGrant> = {}): Target {
    const { static: pin } = decodeCertificate(world.keys.certificate);
    const by = { hostId: world.hostId, pin, key: bytes(32, 7), certificate: bytes(210, 1), credential: bytes(90, 2), ...changes };
    return { ...TARGET, name: "", reason: "updates", by };
  }

  test("shows certificate and grant to the host that was proven, and says until when it may what", async () => {
    const world = new World();
    world.decide = (host) => {
      host.send(Channel.CONTROL, world.decision({ granted: ["view", "control"], until: [0, 1_300_000], person: "Ada" }));
    };
    await world.connect(granted(world));
    expect(world.requests).toMatchObject([{ certificate: bytes(210, 1), grant: bytes(90, 2), reason: "updates", rejoin: null }]);
    expect(world.peer).toEqual(privateKey(bytes(32, 7)).publicKey);
    expect(world.state).toMatchObject({
      host: { person: "Ada" },
      rights: [{ capability: "view", until: 0 }, { capability: "control", until: 1_300_000 }],
    });
  });

  test("says nothing to a host with another key, and names both", async () => {
    const world = new World();
    await world.connect(granted(world, { pin: bytes(32, 9) }));
    const { static: found } = decodeCertificate(world.keys.certificate);
    expect(world.requests).toEqual([]);
    expect(world.state).toMatchObject({
      state: "over",
      reason: "identity",
      keys: { expected: fingerprint(bytes(32, 9)), found: fingerprint(found) },
    });
    await world.clock.advance(600_000);
    expect(world.dials).toBe(1);
  });

  test("is taken up again by its keys, and the grant is shown once", async () => {
    const world = new World();
    await world.connect(granted(world));
    world.host.drop();
    await settle();
    expect(world.state).toMatchObject({ state: "connected" });
    expect(world.requests[1]).toMatchObject({ rejoin: world.session, certificate: new Uint8Array(0), grant: new Uint8Array(0) });
  });

  test("ends by giving its rights back, so that the host has the last word", async () => {
    const world = new World();
    await world.connect(granted(world));
    await settle();
    world.connection.end();
    await settle();
    expect(world.host.received).toContainEqual({ type: "LetGo", capabilities: ["view", "control", "clipboard"] });
    expect(world.state).toMatchObject({ state: "connected" });
    world.host.session.bye(ByeCode.RIGHTS, "given back");
    world.host.work();
    await settle();
    expect(world.state).toMatchObject({ state: "over", reason: "ended-by-viewer" });
  });

  test("waits a second for that word, and no longer", async () => {
    for (const impatient of [false, true]) {
      const world = new World();
      await world.connect(granted(world));
      const { session } = world.host;
      world.connection.end();
      await settle();
      if (impatient) world.connection.end();
      else await world.clock.advance(1000);
      await settle();
      expect(world.state).toMatchObject({ state: "over", reason: "ended-by-viewer" });
      expect(session.state).toBe("ended");
    }
  });

  test("uses a key that it cannot read", async () => {
    const world = new World();
    const made: CryptoKey | CryptoKeyPair = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
    if (!("privateKey" in made)) throw new Error("no pair");
    const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
    await world.connect(granted(world, { key: { handle: made.privateKey, publicKey } }));
    expect(world.state).toMatchObject({ state: "connected" });
    expect(world.peer).toEqual(publicKey);
  });
});

describe("rights in a session", () => {
  test("are asked for and given back", async () => {
    const world = await connected();
    world.connection.ask(["shell"], 300, "the printer", new Uint8Array(3));
    world.connection.letGo(["clipboard"]);
    await settle();
    expect(world.host.received.slice(-2)).toEqual([
      { type: "AskMore", capabilities: ["shell"], seconds: 300, reason: "the printer", grant: new Uint8Array(3) },
      { type: "LetGo", capabilities: ["clipboard"] },
    ]);
    world.host.send(Channel.CONTROL, { type: "Rights", granted: ["view", "shell"], until: [0, 99], reason: "" });
    await settle();
    expect(world.posted.at(-1)).toEqual({
      kind: "rights", rights: [{ capability: "view", until: 0 }, { capability: "shell", until: 99 }], reason: "",
    });
  });

  test("do nothing while the session is paused", async () => {
    const world = await connected();
    world.host.send(Channel.CONTROL, { type: "Paused", on: true, text: "A moment." });
    await settle();
    expect(world.posted.at(-1)).toEqual({ kind: "paused", on: true, text: "A moment." });
    const before = world.host.received.length;
    world.connection.input(KEY, 0);
    world.connection.clipboard("x");
    world.connection.resize(800, 600);
    await settle();
    expect(world.host.received).toHaveLength(before);
    world.host.send(Channel.CONTROL, { type: "Paused", on: false, text: "" });
    await settle();
    world.connection.input(KEY, 0);
    await settle();
    expect(world.host.received.at(-1)).toMatchObject({ type: "Key" });
  });

  test("whose ends do not fit them end the session", async () => {
    const world = await connected();
    world.host.send(Channel.CONTROL, { type: "Rights", granted: ["view"], until: [0, 0], reason: "" });
    await settle();
    expect(world.state).toMatchObject({ state: "over", reason: "protocol" });
  });

  test.each([
    [ByeCode.REVOKED, "revoked"],
    [ByeCode.EXPIRED, "expired"],
    [ByeCode.IDLE, "idle"],
  ] as const)("end with a word of their own: bye %i", async (code, reason) => {
    const world = await connected();
    world.host.session.bye(code, "because");
    world.host.work();
    await settle();
    expect(world.state).toMatchObject({ state: "over", reason, text: "because" });
  });
});

describe("a host's checkpoint", () => {
  const checkpoint = vectors.checkpoints[0];

  test("is kept if the host signed it, and nothing else is", async () => {
    const world = await connected();
    const stray = Uint8Array.from(checkpoint?.checkpoint.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    world.host.send(Channel.CONTROL, { type: "Checkpoint", data: stray });
    await settle();
    expect(world.posted.filter(({ kind }) => kind === "checkpoint")).toEqual([]);
    expect(world.state).toMatchObject({ state: "connected" });
    const data = world.checkpoint(12, 1_800_000_000_000);
    world.host.send(Channel.CONTROL, { type: "Checkpoint", data });
    world.host.session.bye(ByeCode.ENDED);
    world.host.work();
    await settle();
    expect(world.posted).toContainEqual({ kind: "checkpoint", hostId: world.hostId, data, size: 12, time: 1_800_000_000_000 });
    expect(world.state).toMatchObject({ state: "over", reason: "ended-by-host" });
  });
});
