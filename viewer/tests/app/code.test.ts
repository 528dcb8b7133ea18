import { describe, expect, it } from "vitest";
import { formatCode, parseCode } from "../../src/app/code";

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
