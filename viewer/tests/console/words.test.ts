import { describe, expect, it } from "vitest";
import { ANYTHING, askedWords, conditionWords, days, draftProblem, networkProblem, networksOf, rightsWords, sentence } from "../../src/console/rules";
import type { RuleDraft } from "../../src/console/api/types";
import { details, kindWords } from "../../src/console/parts/audit_list";
import { browserWords } from "../../src/console/parts/login_list";
import { inSight } from "../../src/console/parts/virtual";
import { tagWords } from "../../src/console/pages/bulk";
import { href, parsePlace } from "../../src/console/router";
import { ago, bytes, clock, count, minutesOf, named, said, span, until } from "../../src/console/words";

describe("what others wrote", () => {
  it("is one line of text, its marks and controls gone", () => {
    expect(named("a\u202ecod.exe\n<b>\u0000")).toBe("a cod.exe <b>");
    expect(named("  \u200f ")).toBe("unnamed");
    expect(named(undefined, "nobody")).toBe("nobody");
    expect(said("x".repeat(900)).length).toBe(400);
  });
});

describe("numbers and times", () => {
  const now = Date.UTC(2026, 10, 23, 12);

  it("are said as people say them", () => {
    expect(ago(now - 20_000, now)).toBe("just now");
    expect(ago(now - 50_000, now)).toBe("1 min ago");
    expect(ago(now - 3 * 3600_000, now)).toBe("3 h ago");
    expect(ago(now - 40 * 86400_000, now)).toMatch(/14 Oct 2026/);
    expect(until(now + 61_000, now)).toBe("in 61 s");
    expect(until(now - 1, now)).toBe("over");
    expect(bytes(999)).toBe("999 B");
    expect(bytes(1_500_000_000)).toBe("1.5 GB");
    expect(bytes(412e9)).toBe("412 GB");
    expect(count(1, "person", "people")).toBe("1 person");
    expect(count(3000, "computer")).toBe("3,000 computers");
    expect(span(300)).toBe("5 min");
    expect(span(90)).toBe("90 s");
  });

  it("read clocks strictly", () => {
    expect(minutesOf("08:30")).toBe(510);
    expect(minutesOf("24:00")).toBe(1440);
    for (const wrong of ["24:01", "8", "08:60", "", "x"]) expect(minutesOf(wrong)).toBeNaN();
    expect(clock(510)).toBe("08:30");
  });
});

describe("rules as sentences", () => {
  it("join days as people do", () => {
    expect(days(0b0011111)).toBe("Monday to Friday");
    expect(days(0b1100000)).toBe("Saturday and Sunday");
    expect(days(0b0010101)).toBe("Monday, Wednesday and Friday");
    expect(days(127)).toBe("every day");
  });

  it("say everything that a rule holds", () => {
    const conditions = {
      networks: ["10.0.0.0/8", "192.0.2.7"],
      windows: [{ days: 31, start: 1320, end: 360 }],
      ask: true,
      reason: true,
      approval: true,
      max_seconds: 3600,
      idle_seconds: 900,
      at_end: "log-off" as const,
    };
    const rights = [{ capability: "view" as const, seconds: 0 }, { capability: "control" as const, seconds: 300 }];
    expect(sentence("Help desk", "Office", rights, conditions)).toBe(
      "Help desk may view and control (5 min at a time) on Office, Monday to Friday 22:00–06:00 of the next day, from 10.0.0.0/8 or 192.0.2.7, " +
        "when somebody there agrees, after a second person approves. They must give a reason. " +
        "The session ends after 1 h or after 15 min without use. At its end the person there is logged off.",
    );
    expect(conditionWords(ANYTHING)).toEqual({ on: "", then: [] });
    expect(rightsWords([])).toBe("do nothing");
    expect(askedWords(rights.map((right) => ({ ...right, seconds: 300 })))).toBe("view and control for 5 min");
  });

  it("refuse what the gateway would refuse, with the cure", () => {
    const draft: RuleDraft = { person: null, people_group: "g", host: null, host_group: "h", rights: [{ capability: "view", seconds: 0 }], conditions: ANYTHING, approvers: null };
    expect(draftProblem(draft)).toBe("");
    expect(draftProblem({ ...draft, people_group: null })).toContain("who");
    expect(draftProblem({ ...draft, host_group: null })).toContain("where");
    expect(draftProblem({ ...draft, rights: [] })).toContain("at least one");
    const at = (days: number, start: number, end: number): string => draftProblem({ ...draft, conditions: { ...ANYTHING, windows: [{ days, start, end }] } });
    expect(at(31, 480, 1080)).toBe("");
    expect(at(0, 480, 1080)).toContain("day");
    expect(at(31, 480, 480)).toContain("none");
    expect(at(31, Number.NaN, 480)).toContain("08:00");
    expect(draftProblem({ ...draft, conditions: { ...ANYTHING, networks: ["10.0.0.0/8", "300.1.1.1"] } })).toContain("255");
  });

  it("know addresses", () => {
    for (const good of ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "::ffff:192.0.2.1/128"]) expect(networkProblem(good)).toBe("");
    for (const wrong of ["10.0.0/8", "10.0.0.0/33", "a::b::c", "example.org", "1.2.3.4/", "::1/129", "1.2.3.4/8/8"]) expect(networkProblem(wrong)).not.toBe("");
    expect(networksOf(" 10.0.0.0/8,\n::1 ")).toEqual(["10.0.0.0/8", "::1"]);
  });
});

describe("places", () => {
  it("come back as they went", () => {
    const place = parsePlace(href("hosts", "a/b", { q: "ä & b", tag: "" }));
    expect([place.page, place.id, place.query.get("q"), place.query.has("tag")]).toEqual(["hosts", "a/b", "ä & b", false]);
    expect(parsePlace("").page).toBe("hosts");
    expect(parsePlace("#/hosts/%E0%A4%A").id).toBe("");
  });
});

describe("rows in sight", () => {
  it("are those of the window and a few more, within the list", () => {
    expect(inSight(-200, 600, 60, 3000)).toEqual([0, 18]);
    expect(inSight(60_000, 60_800, 60, 3000)).toEqual([992, 1022]);
    expect(inSight(0, 800, 60, 3)).toEqual([0, 3]);
    expect(inSight(900_000, 901_000, 60, 3)).toEqual([3, 3]);
  });
});

describe("small words", () => {
  it("are tidied", () => {
    expect(tagWords("a, b ,a,,")).toEqual(["a", "b"]);
    expect(browserWords("Chromium 156 on Linux")).toBe("Chromium 156 on Linux");
    expect(browserWords("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox on Linux");
    expect(kindWords("log-in-refused")).toBe("was refused at sign-in");
    expect(kindWords("never-\u202eseen")).toBe("never seen");
    const entry = { id: "1", time_ms: 0, kind: "file", person: "", address: "", device: "", host: null, reason: "", detail: { name: "a\u202eb", size: 3, gone: null } };
    expect(details(entry)).toBe("name: a b · size: 3");
  });
});
