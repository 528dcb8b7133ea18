import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { InputMessage } from "../../src/gen/messages";
import { Outbox } from "../../src/input/outbox";

let posted: [InputMessage, number][];
let outbox: Outbox;

beforeEach(() => {
  vi.useFakeTimers();
  posted = [];
  outbox = new Outbox((message, at) => posted.push([message, at]));
  outbox.setEnabled(true);
});
afterEach(() => {
  vi.useRealTimers();
});

it("numbers what it sends and gives the time of the event", () => {
  outbox.key(true, "KeyA", "a", 0, false, 100);
  outbox.wheel(0, 120, 200);
  outbox.releaseAll(300);
  expect(posted).toEqual([
    [{ type: "Key", down: true, code: "KeyA", key: "a", modifiers: 0, repeat: false, seq: 1 }, performance.timeOrigin + 100],
    [{ type: "Wheel", dx: 0, dy: 120, seq: 2 }, performance.timeOrigin + 200],
    [{ type: "ReleaseAll" }, performance.timeOrigin + 300],
  ]);
});

it("drops what happens while the host takes nothing", () => {
  outbox.setEnabled(false);
  outbox.text("secret", 0);
  outbox.setEnabled(true);
  expect(posted).toEqual([]);
});

it("holds everything back in order, and not for long", () => {
  outbox.hold(60);
  outbox.text("v", 0);
  outbox.pointer(1, 2, 0, 1);
  expect(posted).toEqual([]);
  vi.advanceTimersByTime(61);
  expect(posted.map(([{ type }]) => type)).toEqual(["TypedText", "Pointer"]);
});

it("lets go early", () => {
  outbox.hold(60);
  outbox.text("v", 0);
  outbox.hold(0);
  expect(posted).toHaveLength(1);
});

it("forgets a press, its repeats and its release, until its key is pressed anew", () => {
  outbox.key(true, "ControlLeft", "Control", 1, false, 0);
  outbox.hold(60);
  outbox.key(true, "KeyV", "v", 1, false, 0);
  outbox.forget("KeyV");
  outbox.hold(0);
  outbox.key(true, "KeyV", "v", 1, true, 0);
  for (const down of [false, true, false]) outbox.key(down, "KeyV", "v", 1, false, 0);
  const keys = posted.map(([message]) => (message.type === "Key" ? `${message.code} ${message.down}` : ""));
  expect(keys).toEqual(["ControlLeft true", "KeyV true", "KeyV false"]);
});
