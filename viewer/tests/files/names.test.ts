import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHost, innerParts, join, lastPart, localName, numbered, parent, showable, toHost } from "../../src/files/names";

describe("names of the host's", () => {
  test("lose nothing, whatever bytes they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(toHost(fromHost(bytes))).toEqual(new Uint8Array(bytes));
      }),
    );
    expect(toHost(fromHost(Uint8Array.of(0x66, 0xff, 0xc3, 0xa4)))).toEqual(Uint8Array.of(0x66, 0xff, 0xc3, 0xa4));
    // A surrogate that is written as UTF-8 is none.
    expect(toHost(fromHost(Uint8Array.of(0xed, 0xb2, 0x80)))).toEqual(Uint8Array.of(0xed, 0xb2, 0x80));
  });

  test("that no host has are refused", () => {
    expect(() => toHost("a\ud800")).toThrow(RangeError);
    expect(() => toHost("a".repeat(4097))).toThrow(RangeError);
  });

  test("are shown with everything in them that could deceive", () => {
    expect(showable("invoice\u202egnp.exe")).toBe("invoice\\u{202e}gnp.exe");
    expect(showable("a\nb\u0000\u200b")).toBe("a\\x0ab\\x00\\u{200b}");
    expect(showable(fromHost(Uint8Array.of(0x61, 0xff)))).toBe("a\\xff");
    expect(showable("grün 漢字 👩‍💻")).toBe("grün 漢字 👩‍💻");
  });

  test("lead nowhere but into their folder", () => {
    for (const bad of ["", ".", "..", "a/../b", "/etc", "a//b", "a/", "a\0"]) expect(innerParts(bad)).toBeNull();
    expect(innerParts("a/b...c")).toEqual(["a", "b...c"]);
  });

  test("are joined and taken apart", () => {
    expect([join("/", "a"), join("/a", "b"), join("", "a")]).toEqual(["/a", "/a/b", "a"]);
    expect([parent("/a/b"), parent("/a"), parent("a")]).toEqual(["/a", "/", ""]);
    expect([lastPart("/a/b/"), lastPart("/")]).toEqual(["b", "/"]);
  });
});

describe("a name for this disk", () => {
  test.each([
    ["../../etc/passwd", ".._.._etc_passwd"],
    ["..", "_"],
    ["", "_"],
    ["a\\b:c*?", "a_b_c__"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["com1 .log", "_com1 .log"],
    ["console.log", "console.log"],
    ["file. . ", "file"],
    ["a\u202etxt.exe", "a_txt.exe"],
    ["line\nfeed", "line_feed"],
    ["\udcff", "_"],
    [".profile", ".profile"],
  ])("made of %j is %j", (name, wanted) => {
    expect(localName(name)).toBe(wanted);
  });

  test("is never a path, too long, or empty", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
        const made = localName(name);
        expect(made).not.toMatch(/[/\\:*?"<>|\p{Cc}\p{Cs}]/u);
        expect(["", ".", ".."]).not.toContain(made);
        expect(new TextEncoder().encode(made).length).toBeLessThanOrEqual(201);
      }),
    );
    expect(localName(`${"ä".repeat(300)}.pdf`)).toMatch(/^ä+\.pdf$/);
  });

  test("gets a number before its ending", () => {
    expect([numbered("a.tar.gz", 2), numbered("a", 3), numbered(".profile", 2)]).toEqual(["a.tar (2).gz", "a (3)", ".profile (2)"]);
  });
});
