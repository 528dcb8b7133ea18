import { describe, expect, it } from "vitest";
import { REASONS } from "../../src/panels/over";
import { originNote, originOf, originWord } from "../../src/panels/page";
import { plain, seconds } from "../../src/panels/plain";
import { codeProblem } from "../../src/panels/start";
import { SHUT } from "../../src/panels/visit";
import { ms } from "../../src/panels/statistics";

describe("texts from the other side", () => {
  it("stand on one line, cannot turn the direction, and end", () => {
    expect(plain(" a\r\nb\tc ")).toBe("a b c");
    expect(plain("gro\u202Efdp.exe")).toBe("gro fdp.exe");
    expect(plain("\u0000\u2066x\u2069")).toBe("x");
    expect(plain("😀".repeat(300), 10)).toBe(`${"😀".repeat(9)}…`);
  });
});

it("says times as people do", () => {
  expect([0, 0.2, 59, 60, 125].map(seconds)).toEqual(["0 s", "1 s", "59 s", "1:00 min", "2:05 min"]);
  expect([0.94, 9.96, 23.4].map(ms)).toEqual(["0.9 ms", "10.0 ms", "23 ms"]);
});

it("gives every end, and every door that is shut, a cause and a cure", () => {
  for (const { title, cause, cure } of [...Object.values(REASONS), ...Object.values(SHUT)]) {
    expect(title.length).toBeGreaterThan(5);
    expect(cause.length).toBeGreaterThan(20);
    expect(cure.length).toBeGreaterThan(10);
  }
});

it("says who served the page", () => {
  const kind = (hostname: string): string => originOf({ hostname, host: `${hostname}:1` }).kind;
  expect(["localhost", "[::1]", "127.0.0.1"].map(kind)).toEqual(["computer", "computer", "computer"]);
  expect(kind("fh-0123456789abcdef.localhost")).toBe("program");
  for (const other of ["localhost.example", "fh-0123456789abcdef.localhost.example", "fh-1.localhost", "gateway.example"]) {
    expect(kind(other)).toBe("gateway");
  }
  expect(originNote({ server: "gateway.example:8443", kind: "gateway" })).toContain("gateway gateway.example:8443");
  expect(originNote({ server: "x", kind: "program" })).toContain("trusted viewer");
  expect(originWord({ server: "x", kind: "gateway" })).not.toContain("rusted");
});

it("tells what is wrong with a code", () => {
  expect(codeProblem(" ")).toContain("Enter the code");
  expect(codeProblem("4821-73")).toContain("6 digits");
  expect(codeProblem("hello")).toContain("digits only");
  expect(codeProblem("https://x/#4821")).toContain("link");
  expect(codeProblem("482-739204615000")).toContain("four to nine");
});
