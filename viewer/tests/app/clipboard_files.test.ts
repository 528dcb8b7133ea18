import { beforeEach, describe, expect, test, vi } from "vitest";
import { Copied } from "../../src/app/copied";
import { Pasted, meansFiles } from "../../src/app/pasted";
import type { FilesApi, HostPath, Transfer, UploadSource } from "../../src/files/api";
import { wholeEntries } from "../../src/files/entries";
import { toHost } from "../../src/files/names";
import { held } from "../../src/app/rights";
import { entry, transfer } from "../files/fake";
import { ManualClock, settle } from "../support/world";

/** The queue as the page has it. */
class Files {
  items: readonly Transfer[] = [];
  readonly fetched: HostPath[][] = [];
  refuse: Error | null = null;
  #listener = (): void => undefined;
  readonly api = {
    queue: {
      items: () => this.items,
      enqueueArchive: (entries: readonly { path: HostPath }[]) => {
        if (this.refuse !== null) return Promise.reject(this.refuse);
        this.fetched.push(entries.map(({ path }) => path));
        return Promise.resolve(["t"]);
      },
    },
    onChange: (listener: () => void) => {
      this.#listener = listener;
      return () => undefined;
    },
  };

  get files(): FilesApi {
    const { api } = this;
    return { ...api, queue: { ...api.queue, get items() { return api.queue.items(); } } } as unknown as FilesApi;
  }

  show(...items: Transfer[]): void {
    this.items = items;
    this.#listener();
  }
}

function clipboard(files: readonly File[], texts: Readonly<Record<string, string>> = {}): DataTransfer {
  const items = files.map((file) => ({ kind: "file", webkitGetAsEntry: () => null, getAsFile: () => file }));
  const types = [...(files.length > 0 ? ["Files"] : []), ...Object.keys(texts)];
  return { files, items, types, getData: (type: string) => texts[type] ?? "" } as unknown as DataTransfer;
}

const A = new File(["a"], "a.txt", { lastModified: 5 });

test("a host names files by whole paths, or they are left out", () => {
  const said = (path: string, kind: 1 | 2 | 3 | 4 = 1): Parameters<typeof wholeEntries>[0][number] => ({
    path: toHost(path), kind, size: 1, mtime: 0, mode: 0o644, target: new Uint8Array(0),
  });
  const paths = ["/home/ada/a", "relative", "/home/../etc/passwd", "/a//b", "/a/.", "/", ""];
  expect(wholeEntries(paths.map((path) => said(path))).map(({ path }) => path)).toEqual(["/home/ada/a"]);
  expect(wholeEntries([said("/a", 3), said("/b", 4), said("/c", 2)]).map(({ path }) => path)).toEqual(["/c"]);
});

describe("what is copied on the host", () => {
  let files: Files;
  let clock: ManualClock;
  let used = false;
  const [tell, say] = [vi.fn(), vi.fn()];
  let copied: Copied;
  beforeEach(() => {
    files = new Files();
    clock = new ManualClock();
    used = false;
    tell.mockReset();
    copied = new Copied(files.files, () => "büro", { changed: () => undefined, tell, say, used: () => used }, clock);
  });

  test("is said, kept for later, and forgotten", async () => {
    copied.arrived([entry("/home/ada/a")], 2);
    expect(say).toHaveBeenLastCalledWith(expect.stringContaining("3 files copied on büro"));
    used = true;
    await clock.advance(13_000);
    expect(copied.state).toMatchObject({ open: true, leftOut: 2 });
    used = false;
    await clock.advance(13_000);
    expect(copied.state).toMatchObject({ open: false });
    copied.show(true);
    copied.arrived([], 0);
    expect(copied.state).toBeNull();
    copied.arrived([entry("/a")], 0);
    copied.keep(held(["clipboard", "files-read"], []) ?? []);
    expect(copied.state).not.toBeNull();
    copied.keep(held(["clipboard", "files-write"], []) ?? []);
    copied.show(true);
    expect(copied.state).toBeNull();
  });

  test("crosses when it is asked for, and not before", async () => {
    copied.arrived([entry("/home/ada/a"), entry("/home/ada/b", { kind: "folder" })], 0);
    expect(files.fetched).toEqual([]);
    await copied.save();
    expect(files.fetched).toEqual([["/home/ada/a", "/home/ada/b"]]);
    expect(copied.state?.open).toBe(false);
    files.refuse = new Error("x");
    await copied.save();
    expect(tell).toHaveBeenCalledWith(expect.stringContaining("Nothing was saved"), "bad");
  });
});

describe("what is pasted here", () => {
  let files: Files;
  const [offer, tell] = [vi.fn(), vi.fn()];
  let sent: (readonly UploadSource[])[];
  let ids: readonly string[];
  let pasted: Pasted;
  beforeEach(() => {
    files = new Files();
    sent = [];
    ids = ["1", "2"];
    offer.mockReset();
    tell.mockReset();
    const send = async (sources: Promise<readonly UploadSource[]>): Promise<readonly string[]> => {
      sent.push(await sources);
      return ids;
    };
    pasted = new Pasted(files.files, () => "büro", { send, offer, tell });
  });

  test("is offered there once all of it is over that can be, and the key follows the second time", async () => {
    expect(pasted.take(clipboard([A]))).toBe(false);
    await settle();
    expect(pasted.take(clipboard([A]))).toBe(false);
    expect(sent).toHaveLength(1);
    files.show(transfer("1", { state: "running" }), transfer("2", { state: "done", placed: "b (2).txt" }));
    expect(offer).not.toHaveBeenCalled();
    files.show(transfer("1", { state: "failed" }), transfer("2", { state: "done", placed: "b (2).txt" }));
    expect(offer).toHaveBeenLastCalledWith(["b (2).txt"]);
    pasted.answered(1, 0);
    expect(tell).toHaveBeenLastCalledWith(expect.stringContaining("paste once more"), "plain");
    expect(pasted.take(clipboard([A]))).toBe(true);
    expect(offer).toHaveBeenCalledTimes(2);
    pasted.answered(0, 1);
    expect(pasted.take(clipboard([A]))).toBe(false);
    await settle();
    expect(sent).toHaveLength(2);
  });

  test("that is given up or refused is not offered", async () => {
    pasted.take(clipboard([A]));
    await settle();
    files.show(transfer("1"), transfer("2", { state: "skipped" }));
    files.show();
    ids = [];
    pasted.take(clipboard([A]));
    await settle();
    files.show();
    expect(sent).toHaveLength(2);
    expect(offer).not.toHaveBeenCalled();
  });

  test("is a text where an office program adds a picture of it, and a picture has a name of its own", async () => {
    const picture = new File(["x"], "image.png", { type: "image/png", lastModified: 1_800_000_000_000 });
    expect(meansFiles(clipboard([picture], { "text/html": "<b>", "text/plain": "cells" }))).toBe(false);
    expect(meansFiles(clipboard([picture], { "text/html": "<img>" }))).toBe(true);
    expect(meansFiles(clipboard([A], { "text/plain": "a.txt" }))).toBe(true);
    expect(meansFiles(clipboard([], { "text/plain": "a" }))).toBe(false);
    pasted.take(clipboard([picture]));
    await settle();
    const [source] = sent[0] ?? [];
    expect(source?.kind === "file" ? source.file.name : "").toMatch(/^Picture 2027-01-1\d \d\d\.\d\d\.\d\d\.png$/);
  });
});
