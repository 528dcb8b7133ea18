import { describe, expect, it } from "vitest";
import { qrModules } from "../../src/console/parts/qr";
import codes from "./qr.json";

describe("QR codes", () => {
  it.each(codes)("of version $version are those of another encoder, module for module", ({ text, mask, rows }) => {
    expect(qrModules(text, mask).map((row) => row.map(Number).join(""))).toEqual(rows);
  });

  it("refuses what does not fit, with the size that was asked for", () => {
    expect(() => qrModules("y".repeat(288))).toThrow("288 bytes");
    expect(qrModules("y".repeat(287)).length).toBe(65);
  });
});
