/** A host that answers what no honest one does: the one transfer fails with a typed fault, and the rest goes on. */
import { describe, expect, test } from "vitest";
import type { Entry, FilesMessage } from "../../src/gen/messages";
import { utf8 } from "../../src/protocol/bytes";
import type { FaultName } from "../../src/files/api";
import { FilesError } from "../../src/files/faults";
import { MemoryFolder } from "./disk";
import { MODIFIED, PlayedHost, hex } from "./peer";
import { Rig, requests } from "./rig";

const META = { mode: 0o644, mtime: MODIFIED * 1000, attributes: [] };
const ZERO = new Uint8Array(32);

function entry(path: string, size = 1): Entry {
  return { path: utf8(path), kind: 1, size, mtime: 0, mode: 0o644, target: new Uint8Array(0) };
}

/** 128 MiB of zeros as one Zstandard frame: a first block, and the same again and again. */
function bomb(): Uint8Array<ArrayBuffer> {
  const blocks = 1024;
  const frame = new Uint8Array(6 + 4 * blocks);
  frame.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  // Blocks that repeat one byte 128 KiB times.
  for (let at = 0; at < blocks; at += 1) {
    const header = (131072 << 3) | 2 | (at === blocks - 1 ? 1 : 0);
    frame.set([header & 0xff, (header >> 8) & 0xff, header >> 16, 0], 6 + 4 * at);
  }
  return frame;
}

type Told = (id: number) => readonly FilesMessage[];

const DOWNLOADS: readonly (readonly [string, FaultName, Told])[] = [
  ["more bytes than it said", "protocol", (id) => [
    { type: "Opened", id, size: 3, meta: META, offset: 0 },
    { type: "Data", id, packed: false, data: utf8("four") },
  ]],
  ["zeros without end", "protocol", (id) => [
    { type: "Opened", id, size: 3, meta: META, offset: 0 },
    { type: "Zeros", id, length: 2 ** 52 },
  ]],
  ["another digest", "mismatch", (id) => [
    { type: "Opened", id, size: 4, meta: META, offset: 0 },
    { type: "Data", id, packed: false, data: utf8("four") },
    { type: "Finish", id, size: 4, digest: ZERO },
  ]],
  ["an end before the end", "mismatch", (id) => [
    { type: "Opened", id, size: 4, meta: META, offset: 0 },
    { type: "Finish", id, size: 4, digest: ZERO },
  ]],
  ["a packed bomb", "protocol", (id) => [
    { type: "Opened", id, size: 2 ** 30, meta: META, offset: 0 },
    { type: "Data", id, packed: true, data: bomb() },
  ]],
  ["a packed piece that is none", "protocol", (id) => [
    { type: "Opened", id, size: 100, meta: META, offset: 0 },
    { type: "Data", id, packed: true, data: utf8("nonsense") },
  ]],
  ["a beginning in the middle", "protocol", (id) => [{ type: "Opened", id, size: 100, meta: META, offset: 50 }]],
  ["an older file that nobody has", "protocol", (id) => [
    { type: "Opened", id, size: 100, meta: META, offset: 0 },
    { type: "Reuse", id, offset: 0, length: 100 },
  ]],
  ["pieces of nothing", "protocol", (id) => [{ type: "Data", id, packed: false, data: utf8("four") }]],
  ["the answer to something else", "protocol", (id) => [{ type: "Free", id, free: 1, total: 1 }]],
];

describe("a download", () => {
  test.each(DOWNLOADS)("of %s fails alone", async (_, fault, told) => {
    const host = new PlayedHost();
    host.tree.set("/home/bad", utf8("four"));
    host.tree.set("/home/good", utf8("good"));
    host.instead = (message, played) => {
      if (message.type !== "Get" || new TextDecoder().decode(message.path) !== "/home/bad") return false;
      for (const one of told(message.id)) played.say(one);
      return true;
    };
    const rig = new Rig(host);
    const bad = await rig.download("/home/bad");
    const good = await rig.download("/home/good");
    expect(await rig.state(bad, "failed")).toMatchObject({ error: { name: fault } });
    await rig.state(good, "done");
    expect(rig.saved.map(({ name }) => name)).toEqual(["good"]);
  });

  test("takes no answers with a number that nobody gave", async () => {
    const host = new PlayedHost();
    host.tree.set("/home/a", utf8("right"));
    host.instead = (message, played) => {
      if (message.type !== "Get") return false;
      for (const id of [0, message.id + 1, 2 ** 32 - 1]) {
        played.say({ type: "Opened", id, size: 5, meta: META, offset: 0 });
        played.say({ type: "Data", id, packed: false, data: utf8("wrong") });
        played.fail(id, 1);
      }
      return false;
    };
    const rig = new Rig(host);
    await rig.state(await rig.download("/home/a"), "done");
    expect(await rig.saved[0]?.file.text()).toBe("right");
  });

  test("of a folder leads nowhere else", async () => {
    const host = new PlayedHost();
    host.tree.set("/home/top", null);
    host.instead = (message, played) => {
      if (message.type !== "List" || message.depth !== 255) return false;
      const entries = ["../out", "/etc/passwd", "in/../../out", "a/./b", ""].map((path) => entry(path));
      played.say({ type: "Entries", id: message.id, entries, skipped: 0, last: true });
      return true;
    };
    const folder = new MemoryFolder("chosen");
    const rig = new Rig(host);
    expect(await rig.state(await rig.download("/home/top", folder.handle), "done")).toMatchObject({ files: { total: 0 } });
    expect(folder.all).toEqual({});
  });

  test("of a folder takes only the small files that were asked for, and whole", async () => {
    for (const [name, digest, error] of [["b", ZERO, "protocol"], ["a", ZERO, "mismatch"]] as const) {
      const host = new PlayedHost();
      host.tree.set("/home/top", null);
      host.tree.set("/home/top/a", utf8("a"));
      host.instead = (message, played) => {
        if (message.type !== "GetMany") return false;
        const file = { path: utf8(name), kind: 1 as const, meta: META, packed: false, data: utf8("evil"), digest, fault: 0 };
        played.say({ type: "Bundle", id: message.id, files: [file], last: true });
        return true;
      };
      const folder = new MemoryFolder("chosen");
      const rig = new Rig(host);
      expect(await rig.state(await rig.download("/home/top", folder.handle), "failed")).toMatchObject({ error: { name: error } });
      expect(folder.all).toEqual({});
    }
  });
});

test("a list without end is ended", async () => {
  const host = new PlayedHost();
  const entries = Array.from({ length: 100 }, (_, at) => entry(`${at}`));
  host.instead = (message, played) => {
    if (message.type !== "List") return false;
    const go = (): void => {
      if (played.received.some(({ type }) => type === "StopReading")) return;
      played.say({ type: "Entries", id: message.id, entries, skipped: 0, last: false });
      setImmediate(go);
    };
    go();
    return true;
  };
  const asked = (async () => {
    for await (const { entries: some } of requests(host, 1000).list("/home")) expect(some).toHaveLength(100);
  })();
  await expect(asked).rejects.toMatchObject({ fault: "too-large" });
});

test("an upload that is begun behind its end is begun anew; one with odd results fails", async () => {
  const rig = new Rig();
  rig.host.instead = (message, played) => {
    if (message.type !== "Put") return false;
    played.partial.set(hex(message.key), new Uint8Array(2000));
    return false;
  };
  await rig.state(await rig.upload("a", "content"), "done");
  rig.host.instead = (message, played) => {
    if (message.type !== "PutMany") return false;
    played.say({ type: "Results", id: message.id, results: [] });
    return true;
  };
  const files = [{ path: "b", file: new File(["b"], "b") }];
  const [id = ""] = await rig.call<string[]>({ what: "upload", sources: [{ kind: "folder", name: "top", files }], folder: "/home" });
  expect(await rig.state(id, "failed")).toMatchObject({ error: { name: "protocol" } });
});

test("words of the host's are shown without what deceives", () => {
  expect(new FilesError("system", "disk\u202e\n on fire").message).toBe("The host's system reported an error. (disk\\u{202e}\\x0a on fire)");
});
