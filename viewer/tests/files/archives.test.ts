import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { HostEntry } from "../../src/files/api";
import { ZipNames } from "../../src/files/archives";
import { utf8 } from "../../src/protocol/bytes";
import { PlayedHost } from "./peer";
import { Rig } from "./rig";

/** More than travels with others in a message. */
const LARGE = "large ".repeat(20_000);
const READ = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as held:
    assert held.testzip() is None
    print(json.dumps({one.filename: held.read(one).decode() for one in held.infolist()}))
`;

function rig(files: Record<string, string | null>): Rig {
  const host = new PlayedHost();
  for (const [path, text] of Object.entries(files)) host.tree.set(path, text === null ? null : utf8(text));
  return new Rig(host);
}

async function zip(made: Rig, ...paths: readonly string[]): Promise<string> {
  const entries = await Promise.all(paths.map((path) => made.call<HostEntry>({ what: "stat", path })));
  return (await made.call<string[]>({ what: "archive", entries }))[0] ?? "";
}

/** What Python's zipfile has of the one that was saved. */
async function unpacked(made: Rig): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "zip-"));
  try {
    const path = join(folder, "a.zip");
    writeFileSync(path, Buffer.from((await made.saved[0]?.file.arrayBuffer()) ?? new ArrayBuffer(0)));
    return JSON.parse(execFileSync("python3", ["-c", READ, path], { encoding: "utf8" }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TREE = { "/home/top": null, "/home/top/empty": null, "/home/top/ü": null, "/home/top/ü/small": "one", "/home/top/large": LARGE };
const HELD = { "top/": "", "top/empty/": "", "top/ü/": "", "top/ü/small": "one", "top/large": LARGE };

describe("a ZIP", () => {
  test("holds folders, small files and large ones", async () => {
    const made = rig(TREE);
    const id = await zip(made, "/home/top");
    expect(await made.state(id, "done", "failed")).toMatchObject({
      state: "done", name: "top.zip", saveable: true, done: LARGE.length + 3, files: { done: 2, total: 2, failed: 0 },
    });
    expect(made.saved.map(({ name }) => name)).toEqual(["top.zip"]);
    expect(await unpacked(made)).toEqual(HELD);
    made.command({ what: "cancel", id });
    await expect.poll(() => made.staging.files.size).toBe(0);
  });

  test("goes on after a cut in the middle of a file, and fetches nothing twice", async () => {
    const made = rig(TREE);
    made.host.most = 40;
    const id = await zip(made, "/home/top");
    await made.until(id, ({ done }) => done >= 40_000);
    made.host.line(false);
    await made.state(id, "waiting");
    made.host.most = Infinity;
    made.host.line(true);
    expect(await made.state(id, "done", "failed")).toMatchObject({ state: "done", error: null });
    expect(await unpacked(made)).toEqual(HELD);
    expect(made.host.received.filter(({ type }) => type === "GetMany")).toHaveLength(1);
    expect(made.host.received.flatMap((one) => (one.type === "Get" ? [one.offset] : []))).toEqual([0, 40_000]);
  });

  test("of which one file fails is not saved, says which, and is made once that is mended", async () => {
    const made = rig(TREE);
    made.host.instead = (message, host) => {
      if (message.type === "Get") host.fail(message.id, 3);
      return message.type === "Get";
    };
    const id = await zip(made, "/home/top");
    const { error, failures, state } = await made.state(id, "done", "failed");
    expect([state, failures.map(({ name, error: { text } }) => [name, text])]).toEqual([
      "failed", [["top/large", "The host's system does not allow it."]],
    ]);
    expect(error?.text).toBe("No ZIP was saved, since “top/large” could not be had.");
    expect(made.saved).toEqual([]);
    made.host.instead = () => false;
    made.command({ what: "retry", id });
    await made.state(id, "done");
    expect(await unpacked(made)).toEqual(HELD);
  });

  test("that does not fit is refused before anything is fetched", async () => {
    const made = rig(TREE);
    made.staging.left = 17 << 20;
    const id = await zip(made, "/home/top");
    await made.state(id, "done");
    made.staging.left = (16 << 20) + 200_000;
    expect(await made.state(await zip(made, "/home/top"), "done", "failed")).toMatchObject({ state: "failed", error: { name: "no-room" } });
    expect(made.host.received.filter(({ type }) => type === "Get")).toHaveLength(1);
  });

  test("has harmless names, none of them twice on whatever disk", async () => {
    const names = new ZipNames();
    const [top, one, other] = [names.of("/a/..", ""), names.of("/a/x/A:b", "x"), names.of("/a/x/a?B", "x")];
    expect([top, one, other, names.of("/a/x/a?B", "x")]).toEqual(["_", "x/A_b", "x/a_B (2)", "x/a_B (2)"]);
    const made = rig({ "/home/one": "1", "/home/con": "2", "/home/ONE": "3" });
    const id = await zip(made, "/home/one", "/home/con", "/home/ONE");
    expect(await made.state(id, "done", "failed")).toMatchObject({ state: "done", name: "home.zip" });
    expect(await unpacked(made)).toEqual({ one: "1", _con: "2", "ONE (2)": "3" });
  });
});
