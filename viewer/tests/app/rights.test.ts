import { describe, expect, test, vi } from "vitest";
import type { Door } from "../../src/app/doors/door";
import { DoorShut } from "../../src/app/doors/door";
import { held, left, missing, nextEnd } from "../../src/app/rights";
import { RightsDesk } from "../../src/app/rights_desk";
import { ends } from "../../src/panels/rights";
import { utf8 } from "../../src/protocol/bytes";
import { ManualClock, settle } from "../support/world";

const NOW = 1_000_000 + 5000;

test("each right has its end, and ends that do not fit are none", () => {
  expect(held(["view", "control"], [])).toEqual([{ capability: "view", until: 0 }, { capability: "control", until: 0 }]);
  expect(held(["view", "control"], [0, 9])?.[1]).toEqual({ capability: "control", until: 9 });
  expect(held(["view"], [0, 9])).toBeNull();
  expect(missing([{ capability: "view", until: 0 }])).not.toContain("view");
});

test("the time that is left counts down to nothing, and the first end comes first", () => {
  const [view, control, shell] = [
    { capability: "view", until: 0 }, { capability: "control", until: NOW + 90_000 }, { capability: "shell", until: NOW + 60_000 },
  ] as const;
  expect([left(view, NOW), left(control, NOW), left(control, NOW + 100_000)]).toEqual([null, 90_000, 0]);
  expect(nextEnd([view, control, shell])).toBe(shell);
  expect(nextEnd([view])).toBeNull();
  expect([ends(view, NOW), ends(control, NOW)]).toEqual(["for this session", "1:30 min more"]);
  expect(ends({ capability: "view", until: NOW + 7_200_000 }, NOW)).toMatch(/^until /);
});

function desk(door: Partial<Door> | null): { desk: RightsDesk; clock: ManualClock; ask: ReturnType<typeof vi.fn>; warn: ReturnType<typeof vi.fn> } {
  const clock = new ManualClock();
  const [ask, warn] = [vi.fn(), vi.fn()];
  const made = new RightsDesk(clock, door as Door | null, { ask, warn, changed: () => undefined });
  made.set([{ capability: "view", until: 0 }]);
  return { desk: made, clock, ask, warn };
}

describe("asking for more", () => {
  test("asks the person where a person let us in", async () => {
    const { desk: rights, ask } = desk(null);
    rights.want({ capability: "control", seconds: 300, reason: " the printer " });
    await rights.ask();
    expect(ask).toHaveBeenCalledWith(["control"], 300, "the printer", new Uint8Array(0));
    expect(rights.state.asking).not.toBe("");
    rights.set([{ capability: "view", until: 0 }, { capability: "control", until: NOW + 300_000 }]);
    expect(rights.state).toMatchObject({ asking: "", problem: "", wanted: { reason: "" } });
  });

  test("shows the host a new grant where a grant let us in", async () => {
    const more = vi.fn().mockResolvedValue({ kind: "given", given: utf8("a grant") });
    const { desk: rights, ask } = desk({ more });
    rights.want({ capability: "shell", seconds: 0, reason: "x" });
    await rights.ask();
    expect(more).toHaveBeenCalledWith({ capabilities: ["shell"], seconds: 0, reason: "x" });
    expect(ask).toHaveBeenCalledWith(["shell"], 0, "x", utf8("a grant"));
  });

  test("waits for a second person", async () => {
    const moreDecided = vi.fn()
      .mockResolvedValueOnce({ kind: "waiting", approval: "a" })
      .mockResolvedValue({ kind: "given", given: utf8("a grant") });
    const { desk: rights, ask, clock } = desk({ more: () => Promise.resolve({ kind: "waiting", approval: "a" }), moreDecided });
    void rights.ask();
    await settle();
    expect(rights.state.asking).toContain("second person");
    await clock.advance(2000);
    expect(ask).not.toHaveBeenCalled();
    await clock.advance(2000);
    expect(ask).toHaveBeenCalledOnce();
  });

  test("says what the rules say, and what the host says", async () => {
    const { desk: rights, ask } = desk({ more: () => Promise.reject(new DoorShut("forbidden", "No rule allows it.")) });
    await rights.ask();
    expect(rights.state).toMatchObject({ asking: "", problem: "No rule allows it." });
    expect(ask).not.toHaveBeenCalled();
    expect(rights.denied("a stray no")).toBe(false);
    const other = desk(null);
    await other.desk.ask();
    expect(other.desk.denied("Not now.")).toBe(true);
    expect(other.desk.state).toMatchObject({ asking: "", problem: "Not now." });
  });

  test("is not waited for without end", async () => {
    const { desk: rights, clock } = desk(null);
    await rights.ask();
    await clock.advance(181_000);
    expect(rights.state).toMatchObject({ asking: "", problem: "Nobody answered." });
  });
});

test("a right that is about to end is announced a minute before, once", async () => {
  const { desk: rights, clock, warn } = desk(null);
  rights.set([{ capability: "view", until: 0 }, { capability: "control", until: NOW + 300_000 }]);
  await clock.advance(239_000);
  expect(warn).not.toHaveBeenCalled();
  await clock.advance(2000);
  expect(warn).toHaveBeenCalledExactlyOnceWith("control");
});
