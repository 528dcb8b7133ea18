import { describe, expect, test } from "vitest";
import { utf8 } from "../../src/protocol/bytes";
import { MemoryFile, MemoryFolder } from "./disk";
import { PlayedHost } from "./peer";
import { Rig } from "./rig";

const TEXT = "what is in it ".repeat(500);

function host(files: Record<string, string | null>): PlayedHost {
  const made = new PlayedHost();
  for (const [path, text] of Object.entries(files)) made.tree.set(path, text === null ? null : utf8(text));
  return made;
}

function textOf(rig: Rig, path: string): string {
  return new TextDecoder().decode(rig.host.tree.get(path) ?? undefined);
}

describe("an upload", () => {
  test("arrives whole", async () => {
    const rig = new Rig();
    const id = await rig.upload("a.txt", TEXT);
    expect(await rig.state(id, "done", "failed")).toMatchObject({ state: "done", size: TEXT.length, done: TEXT.length, error: null });
    expect(textOf(rig, "/home/a.txt")).toBe(TEXT);
  });

  test("of nothing arrives too", async () => {
    const rig = new Rig();
    await rig.state(await rig.upload("empty", ""), "done");
    expect(textOf(rig, "/home/empty")).toBe("");
  });

  test("goes on after a cut from what the host has, if that is the same", async () => {
    for (const same of [true, false]) {
      const rig = new Rig();
      rig.host.instead = (message, played) => {
        if (message.type !== "Finish") return false;
        played.instead = () => false;
        for (const [key, had] of played.partial) played.partial.set(key, had.slice(0, 3000).fill(same ? (had[0] ?? 0) : 7, 0, 1));
        played.line(false);
        return true;
      };
      const id = await rig.upload("a.txt", TEXT);
      await rig.until(id, ({ state }) => state === "waiting");
      rig.host.line(true);
      expect(await rig.state(id, "done", "failed")).toMatchObject({ state: "done" });
      expect(textOf(rig, "/home/a.txt")).toBe(TEXT);
      const begins = rig.host.received.flatMap((message) => (message.type === "Begin" ? [message.offset] : []));
      expect(begins).toEqual([0, same ? 3000 : 0]);
    }
  });

  test("is paused and goes on; cancelled it leaves nothing", async () => {
    const rig = new Rig();
    let hold = true;
    rig.host.instead = (message) => hold && message.type === "Finish";
    const id = await rig.upload("a.txt", TEXT);
    await rig.state(id, "checking");
    rig.command({ what: "pause", id });
    await rig.state(id, "paused");
    hold = false;
    rig.command({ what: "resume", id });
    await rig.state(id, "done");
    hold = true;
    const other = await rig.upload("b.txt", TEXT);
    await rig.state(other, "checking");
    rig.command({ what: "cancel", id: other });
    await expect.poll(() => rig.items.map((item) => item.id)).toEqual([id]);
    expect(rig.host.partial.size).toBe(0);
  });

  test.each([
    ["replace", "done", { "/home/a.txt": "new" }],
    ["both", "done", { "/home/a.txt": "old", "/home/a.txt (2)": "new" }],
    ["skip", "skipped", { "/home/a.txt": "old" }],
    ["newer", "skipped", { "/home/a.txt": "old" }],
  ] as const)("to a name that is taken asks, and the answer %s is heeded", async (choice, state, files) => {
    const rig = new Rig(host({ "/home/a.txt": "old" }));
    const id = await rig.upload("a.txt", "new");
    expect(await rig.state(id, "asking")).toMatchObject({
      conflict: { name: "a.txt", at: "host", coming: { size: 3 }, there: { kind: "file", size: 3 } },
    });
    rig.command({ what: "answer", id, choice, forAll: false });
    await rig.state(id, state);
    for (const [path, text] of Object.entries(files)) expect(textOf(rig, path)).toBe(text);
  });

  test("of a folder bundles what is small, and one answer may be for all", async () => {
    const rig = new Rig(host({ "/home/top": null, "/home/top/1": "old", "/home/top/2": "old" }));
    const files = Array.from({ length: 40 }, (_, at) => ({ path: `${at}`, file: new File([`${at}`], `${at}`) }));
    files.push({ path: "in/large", file: new File(["x".repeat(100_000)], "large") });
    const [id = ""] = await rig.call<string[]>({
      what: "upload", sources: [{ kind: "folder", name: "top", files, folders: ["empty"] }], folder: "/home",
    });
    await rig.state(id, "asking");
    rig.command({ what: "answer", id, choice: "replace", forAll: true });
    expect(await rig.state(id, "done", "failed")).toMatchObject({
      state: "done", files: { done: 41, total: 41, failed: 0, skipped: 0 }, failures: [],
    });
    expect(textOf(rig, "/home/top/1")).toBe("1");
    expect(textOf(rig, "/home/top/in/large").length).toBe(100_000);
    expect(rig.host.tree.get("/home/top/empty")).toBeNull();
    expect(rig.host.received.filter(({ type }) => type === "Put")).toHaveLength(1);
    expect(rig.host.received.filter(({ type }) => type === "PutMany").length).toBeLessThan(6);
  });

  test("of a folder names the file that failed, and a retry sends only that", async () => {
    const rig = new Rig();
    rig.host.instead = (message, played) => {
      if (message.type !== "PutMany") return false;
      played.instead = () => false;
      played.say({ type: "Results", id: message.id, results: [{ fault: 0, text: "" }, { fault: 12, text: "EICAR" }] });
      return true;
    };
    const files = ["a", "b"].map((path) => ({ path, file: new File([path], path) }));
    const [id = ""] = await rig.call<string[]>({ what: "upload", sources: [{ kind: "folder", name: "top", files }], folder: "/home" });
    expect(await rig.state(id, "failed")).toMatchObject({ files: { done: 1, failed: 1 }, failures: [{ name: "b", error: { name: "infected" } }] });
    rig.command({ what: "retry", id });
    await rig.state(id, "done");
    expect(rig.host.received.flatMap((message) => (message.type === "PutMany" ? [message.files.length] : []))).toEqual([2, 1]);
  });

  test("without the right waits for it", async () => {
    const rig = new Rig();
    rig.host.rights = ["files-read"];
    const id = await rig.upload("a.txt", TEXT);
    expect(await rig.until(id, ({ error }) => error !== null)).toMatchObject({ state: "waiting", error: { name: "rights" } });
    rig.host.rights = ["files-read", "files-write"];
    rig.host.user?.changed();
    await rig.state(id, "done");
  });

  test("after a reload goes on only once its file is chosen again", async () => {
    const rig = new Rig();
    rig.host.instead = ({ type }) => type === "Finish";
    const id = await rig.upload("a.txt", TEXT);
    await rig.state(id, "checking");
    rig.host.line(false);
    rig.host.instead = () => false;
    rig.host.open = true;
    const next = new Rig(rig.host, rig);
    await next.state(id, "source");
    const file = (name: string): File => new File([TEXT], name, { lastModified: 1 });
    expect(await next.call({ what: "supply", id, source: { kind: "file", file: file("b.txt") } })).toBe(false);
    expect(await next.call({ what: "supply", id, source: { kind: "file", file: file("a.txt") } })).toBe(true);
    await next.state(id, "done");
    expect(rig.host.received.flatMap((message) => (message.type === "Begin" ? [message.offset] : []))).toEqual([0, TEXT.length]);
  });
});

describe("a download", () => {
  test("is handed to the browser once it is whole, under a harmless name", async () => {
    const rig = new Rig(host({ "/home/nul\u202etxt.exe": TEXT }));
    const id = await rig.download("/home/nul\u202etxt.exe");
    expect(await rig.state(id, "done")).toMatchObject({ done: TEXT.length, saveable: true, name: "nul\\u{202e}txt.exe" });
    expect(rig.saved.map(({ name }) => name)).toEqual(["nul_txt.exe"]);
    expect(await rig.saved[0]?.file.text()).toBe(TEXT);
    rig.command({ what: "clear" });
    await expect.poll(() => rig.staging.files.size).toBe(0);
  });

  test("goes on after a reload from what is here", async () => {
    const rig = new Rig(host({ "/home/a": TEXT }));
    rig.host.most = 3;
    const id = await rig.download("/home/a");
    await rig.until(id, ({ done }) => done === 3000);
    rig.host.line(false);
    await rig.state(id, "waiting");
    rig.host.most = Infinity;
    rig.host.open = true;
    const next = new Rig(rig.host, rig);
    await next.state(id, "done");
    expect(await next.saved[0]?.file.text()).toBe(TEXT);
    expect(rig.host.received.flatMap((message) => (message.type === "Get" ? [message.offset] : []))).toEqual([0, 3000]);
  });

  test("into a folder asks about a name that is taken there", async () => {
    const folder = new MemoryFolder("chosen");
    (await folder.getFileHandle("a", { create: true })).text = "old";
    const rig = new Rig(host({ "/home/a": "new" }));
    const id = await rig.download("/home/a", folder.handle);
    expect(await rig.state(id, "asking")).toMatchObject({
      conflict: { name: "a", at: "here", coming: { kind: "file", size: 3 }, there: { kind: "file", size: 3, modified: 0 } },
    });
    rig.command({ what: "answer", id, choice: "both", forAll: false });
    await rig.state(id, "done");
    expect(folder.all).toEqual({ a: "old", "a (2)": "new" });
    expect(rig.staging.files.size).toBe(0);
  });

  test("replaces what is older only, if that is wanted", async () => {
    for (const [modified, text] of [[1, "new"], [1e13, "old"]] as const) {
      const folder = new MemoryFolder("chosen");
      Object.assign(await folder.getFileHandle("a", { create: true }), { text: "old", modified });
      const rig = new Rig(host({ "/home/a": "new" }));
      const id = await rig.download("/home/a", folder.handle);
      await rig.state(id, "asking");
      rig.command({ what: "answer", id, choice: "newer", forAll: false });
      await rig.state(id, "done", "skipped");
      expect(folder.all).toEqual({ a: text });
    }
  });

  test("of a folder has every file, and two names that are one here are two files", async () => {
    const folder = new MemoryFolder("chosen");
    const large = "l".repeat(70_000);
    const rig = new Rig(host({ "/home/top": null, "/home/top/a:b": "1", "/home/top/a?b": "2", "/home/top/in": null, "/home/top/in/L": large, "/home/top/in/l": "3" }));
    const id = await rig.download("/home/top", folder.handle);
    expect(await rig.state(id, "done", "failed")).toMatchObject({ state: "done", files: { done: 4, total: 4 } });
    expect(folder.all).toEqual({ "top/a_b": "1", "top/a_b (2)": "2", "top/in/L (2)": large, "top/in/l": "3" });
  });

  test("waits for a click where the browser wants one", async () => {
    const folder = new MemoryFolder("chosen");
    folder.permission = "prompt";
    const rig = new Rig(host({ "/home/a": "new" }));
    const id = await rig.download("/home/a", folder.handle);
    await rig.state(id, "permission");
    expect(await rig.call({ what: "handles", id: null })).toEqual([{ handle: folder, mode: "readwrite" }]);
    folder.permission = "granted";
    rig.command({ what: "permitted", id: null });
    await rig.state(id, "done");
    expect(folder.held.get("a")).toBeInstanceOf(MemoryFile);
  });

  test("that has no room here begins not at all", async () => {
    const rig = new Rig(host({ "/home/a": TEXT }));
    rig.staging.left = 1000;
    expect(await rig.state(await rig.download("/home/a"), "failed")).toMatchObject({ error: { name: "no-room" } });
  });
});

describe("the queue", () => {
  test("runs three at once, in its order", async () => {
    const rig = new Rig();
    rig.host.instead = ({ type }) => type === "Finish";
    const ids: string[] = [];
    for (const name of ["a", "b", "c", "d", "e"]) ids.push(await rig.upload(name, TEXT));
    const [a = "", , , d = "", e = ""] = ids;
    await rig.state(ids[2] ?? "", "checking");
    rig.command({ what: "move", id: e, before: d });
    rig.host.instead = () => false;
    rig.command({ what: "pause", id: a });
    await rig.state(e, "done");
    await rig.until(d, () => rig.items.map(({ id }) => id).indexOf(e) === 3);
    expect(rig.items.map(({ id }) => id)).toEqual([ids[0], ids[1], ids[2], e, d]);
  });
});
