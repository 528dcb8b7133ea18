import { describe, expect, it, vi } from "vitest";
import { formatCode, parseCode, takeCode } from "../../src/app/code";

const CODE = { route: "4821", secret: "739204615" };

describe("parseCode", () => {
  it.each([
    "4821-739 204 615",
    " 4821-739204615 ",
    "4821 - 739 204 615",
    "4821–739 204 615", // the dash of a word processor
    "4821 739 204 615",
    "4821739204615",
    "４８２１−７３９ ２０４ ６１５", // full width, as input methods type it
    "https://gateway.example:8443/#4821-739204615",
    "https://gateway.example/#code=4821-739%20204%20615",
    "#4821-739+204+615",
    "code: 4821-739 204 615",
  ])("reads %s", (text) => {
    expect(parseCode(text)).toEqual(CODE);
  });

  it.each(["", "4821", "4821-73920461", "4821-7392046155", "482-739204615", "4821-739204615 x", "1234567890-739204615"])(
    "refuses %j",
    (text) => {
      expect(parseCode(text)).toBeNull();
    },
  );

  it("takes nothing of a link but its fragment", () => {
    expect(parseCode("https://4821-739204615.example/")).toBeNull();
  });

  it("refuses a fragment that does not decode", () => {
    expect(parseCode("#4821-739204615%ff")).toBeNull();
  });

  it("knows longer routes by the hyphen", () => {
    expect(parseCode("482133901-739 204 615")).toEqual({ route: "482133901", secret: "739204615" });
  });
});

describe("formatCode", () => {
  it("groups a whole code and leaves everything else alone", () => {
    expect(formatCode("https://x/#4821-739204615")).toBe("4821-739 204 615");
    expect(formatCode("4821-73")).toBe("4821-73");
  });
});

describe("takeCode", () => {
  function take(hash: string): { found: unknown; replaced: unknown[] } {
    const replaceState = vi.fn();
    const location = { hash, pathname: "/v/", search: "?a=1" } as Location;
    const found = takeCode(location, { replaceState } as unknown as History);
    return { found, replaced: replaceState.mock.calls };
  }

  it("takes the code out of the address and the history", () => {
    expect(take("#4821-739204615")).toEqual({ found: CODE, replaced: [[null, "", "/v/?a=1"]] });
  });

  it("takes a broken one out, too", () => {
    expect(take("#4821-7392")).toEqual({ found: "broken", replaced: [[null, "", "/v/?a=1"]] });
  });

  it("leaves an address without one as it is", () => {
    expect(take("")).toEqual({ found: "none", replaced: [] });
  });
});
