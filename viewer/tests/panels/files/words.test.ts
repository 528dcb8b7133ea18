import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { news, summary } from "../../../src/app/transfers";
import { FilesError, HOST_FAULTS } from "../../../src/files/faults";
import { count, exact, size, span, when } from "../../../src/panels/files/amounts";
import { kindOf, lookOf } from "../../../src/panels/files/kinds";
import { dimensions, lookAtImage, lookAtText } from "../../../src/panels/files/look";
import { cut, extension, nameProblem, stem, stretches, visible } from "../../../src/panels/files/names";
import { FAULTS, share, status } from "../../../src/panels/files/words";
import { permissions } from "../../../src/panels/files/asks";
import { transfer } from "../../files/fake";

describe("names from the other side", () => {
  it("show what could hide or turn something", () => {
    expect(visible("invoice\u202Egpj.exe")).toBe("invoice\\u{202e}gpj.exe");
    expect(visible("a\nb\tc\0")).toBe("a\\x0ab\\x09c\\x00");
    expect(visible("\udcff.txt")).toBe("\\xff.txt");
    expect(visible(" a ")).toBe("\\x20a\\x20");
    expect(visible("a\u200bb\u00a0c")).toBe("a\\u{200b}b\\xa0c");
    expect(stretches("x\u202e\u2066y")).toEqual([
      { text: "x", odd: false },
      { text: "\\u{202e}\\u{2066}", odd: true },
      { text: "y", odd: false },
    ]);
  });

  it("leave alone what people write", () => {
    for (const name of ["résumé.pdf", "写真.jpg", "שלום.txt", "👩‍🚀 trip", "می‌خواهم", "a b.txt"]) expect(visible(name)).toBe(name);
  });

  it("hold nothing unseen, whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(visible(name)).not.toMatch(/[\p{Cc}\p{Cs}\p{Co}\u2028-\u202e\u2066-\u2069\u200e\u200f]/u);
      }),
    );
  });

  it("keep their end when they are cut, and every character", () => {
    const long = "a very long name that goes on and on, final version 2026-11-23.pdf";
    const { head, tail } = cut(long);
    const text = (all: readonly { text: string }[]): string => all.map((one) => one.text).join("");
    expect(text(tail)).toBe("-11-23.pdf");
    expect(text(head) + text(tail)).toBe(long);
    expect(cut("short.txt").tail).toEqual([]);
    expect(cut(`${"א".repeat(40)}.txt`).tail).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 23, maxLength: 80 }), (name) => {
        const parts = cut(name);
        expect(text(parts.head) + text(parts.tail)).toBe(visible(name));
      }),
    );
  });

  it("have an ending, and a stem that is changed", () => {
    expect(["a.TXT", ".bashrc", "x.", "tar.gz", "none"].map(extension)).toEqual(["txt", "", "", "gz", ""]);
    expect([stem("a.txt"), stem(".bashrc"), stem("x.verylongending")]).toEqual([1, 7, 16]);
  });

  it("are refused where no system takes them", () => {
    const free = (): boolean => false;
    expect(nameProblem("a.txt", free)).toBe("");
    for (const bad of ["", ".", "..", "a/b", "a\0", "ä".repeat(128)]) expect(nameProblem(bad, free)).not.toBe("");
    expect(nameProblem("a", () => true)).toContain("already");
  });
});

describe("looks into files", () => {
  const bytes = (...all: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from([...all, ...new Uint8Array(40)]);

  it("show text as text, with nothing unseen in it", () => {
    const text = new TextEncoder().encode("<script>alert(1)</script>\r\n\u202eabc\u0007");
    expect(lookAtText(text, true)).toEqual({ as: "text", text: "<script>alert(1)</script>\n\\u{202e}abc\\x07", whole: true });
    expect(lookAtText(new Uint8Array([0x61, 0xc3]), false)).toMatchObject({ as: "text", text: "a" });
    expect(lookAtText(new Uint8Array([0xe4, 0x62]), true)).toMatchObject({ as: "text", text: "äb" });
    expect(lookAtText(new Uint8Array([1, 0, 2]), true).as).toBe("nothing");
  });

  it("draw images of a bearable size only", () => {
    const png = (width: number, height: number): Uint8Array<ArrayBuffer> => {
      const made = bytes(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52);
      new DataView(made.buffer).setUint32(16, width);
      new DataView(made.buffer).setUint32(20, height);
      return made;
    };
    expect(lookAtImage(png(640, 480), "image/png", true)).toMatchObject({ as: "image", width: 640, height: 480 });
    expect(lookAtImage(png(60_000, 60_000), "image/png", true).as).toBe("nothing");
    expect(lookAtImage(png(640, 480), "image/png", false).as).toBe("nothing");
    expect(lookAtImage(bytes(...new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>")), "image/png", true).as).toBe("nothing");
  });

  it("know sizes by their heads", () => {
    expect(dimensions(bytes(...new TextEncoder().encode("GIF89a"), 10, 0, 20, 0))).toEqual([10, 20]);
    expect(dimensions(bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 17, 8, 1, 0, 2, 0))).toEqual([512, 256]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (made) => {
        dimensions(made);
      }),
    );
  });

  it("never show a document of the web or a drawing as one", () => {
    for (const ending of ["html", "htm", "svg", "xhtml", "xml", "mhtml"]) expect(lookOf(ending)).toEqual({ as: "text" });
    expect(lookOf("pdf")).toBeNull();
    expect([kindOf("file", "qxd"), kindOf("file", ""), kindOf("folder", "txt")]).toEqual(["QXD file", "File", "Folder"]);
  });
});

it("says amounts as people do", () => {
  expect([0, 999, 1000, 4096, 9_960, 36_400_000, 8.4e9].map(size)).toEqual(["0 B", "999 B", "1.0 kB", "4.1 kB", "10 kB", "36 MB", "8.4 GB"]);
  expect([0.2, 59, 90, 3600, 7800, 2e5].map(span)).toEqual(["1 s", "59 s", "2 min", "1 h", "2 h 10 min", "2 days"]);
  expect(span(Infinity)).toBe("");
  expect([exact(1), exact(4096), count(1, "file"), count(1204, "file")]).toEqual(["1 byte", "4,096 bytes", "1 file", "1,204 files"]);
  expect(when(8.64e15, 0)).toBe("–");
  expect(permissions(0o754)).toBe("rwxr-xr--");
});

it("gives every fault a title and a cure", () => {
  for (const name of [...Object.values(HOST_FAULTS), "cut", "rights", "local", "no-room", "source"] as const) {
    expect(FAULTS[name].title.length).toBeGreaterThan(5);
    expect(FAULTS[name].cure.length).toBeGreaterThan(10);
  }
  expect(FAULTS.infected.cure).toContain("quarantine");
});

describe("transfers", () => {
  it("say how far they are", () => {
    expect(status(transfer("a", { state: "running", size: 2e6, done: 1e6, speed: 5e5, secondsLeft: 2 }))).toBe("1.0 MB of 2.0 MB · 500 kB/s · 2 s left");
    expect(status(transfer("a", { state: "failed", error: new FilesError("infected", "EICAR").plain }))).toContain("Malware was found: ");
    expect(share(transfer("a", { size: null }))).toBeNull();
    expect(share(transfer("a", { size: 0, state: "done" }))).toBe(1);
  });

  it("are summed up", () => {
    const all = [
      transfer("a", { state: "running", size: 100, done: 50, speed: 10 }),
      transfer("b", { state: "asking", size: 100, done: 0 }),
      transfer("c", { state: "failed" }),
      transfer("d", { state: "done", size: 10, done: 10 }),
    ];
    expect(summary(all)).toEqual({ active: 2, asking: 1, failed: 1, share: 0.25, speed: 10, secondsLeft: 15 });
    expect(summary([])).toEqual({ active: 0, asking: 0, failed: 0, share: null, speed: 0, secondsLeft: null });
  });

  it("are news once, and not at the first look", () => {
    const before = [transfer("a", { state: "running" })];
    const now = [transfer("a", { state: "done" }), transfer("b", { state: "failed" })];
    expect(news(null, now)).toEqual({ done: [], failed: [], asking: [] });
    expect(news(before, now).done.map(({ id }) => id)).toEqual(["a"]);
    expect(news(before, now).failed.map(({ id }) => id)).toEqual(["b"]);
    expect(news(now, now).done).toEqual([]);
  });
});
