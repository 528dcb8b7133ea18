import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Pointer, buttonMask } from "../../src/input/pointer";
import { Recorder } from "./recorder";

let recorder: Recorder;
let pointer: Pointer;

/** A picture of 100 by 100 in the window's corner. */
function locate(x: number, y: number, bound: boolean): [number, number] | null {
  if (x < 100 && y < 100) return [x, y];
  return bound ? [Math.min(x, 99), Math.min(y, 99)] : null;
}

beforeEach(() => {
  vi.useFakeTimers();
  recorder = new Recorder();
  pointer = new Pointer(recorder, locate);
});
afterEach(() => {
  vi.useRealTimers();
});

const at = (timeStamp: number, clientX: number, clientY = 0, buttons = 0): void => {
  pointer.handle({ clientX, clientY, buttons, timeStamp });
};

it("puts the DOM's buttons into the protocol's order", () => {
  expect([1, 2, 4, 8, 16, 3].map(buttonMask)).toEqual([1, 4, 2, 8, 16, 5]);
});

it("sends a move at once, and of quick ones only the newest", () => {
  at(0, 1);
  at(2, 2);
  at(4, 3);
  expect(recorder.take()).toEqual(["1,0 0"]);
  vi.advanceTimersByTime(10);
  expect(recorder.take()).toEqual(["3,0 0"]);
  at(20, 4);
  expect(recorder.take()).toEqual(["4,0 0"]);
});

it("never keeps a button waiting, nor sends an older move after it", () => {
  at(0, 1);
  at(2, 2);
  at(3, 5, 5, 1);
  vi.advanceTimersByTime(20);
  expect(recorder.take()).toEqual(["1,0 0", "5,5 1"]);
});

it("sends what waits before something else happens", () => {
  at(0, 1);
  at(2, 2);
  pointer.flush();
  expect(recorder.take()).toEqual(["1,0 0", "2,0 0"]);
});

it("follows a drag beyond the picture, along its edge", () => {
  at(0, 50, 50, 1);
  at(10, 300, 60, 1);
  at(20, 300, 300, 0);
  expect(recorder.take()).toEqual(["50,50 1", "99,60 1", "99,99 0"]);
});

it("leaves what began beside the picture alone until it is over", () => {
  at(0, 300, 0, 1);
  at(10, 50, 50, 1);
  at(20, 50, 50, 0);
  expect(recorder.take()).toEqual(["50,50 0"]);
});

it("says nothing twice", () => {
  at(0, 1);
  at(20, 1);
  expect(recorder.take()).toEqual(["1,0 0"]);
});

it("begins anew when the host has let go by itself", () => {
  at(0, 1, 1, 1);
  pointer.forget();
  at(20, 1, 1, 0);
  expect(recorder.take()).toEqual(["1,1 1", "1,1 0"]);
});
