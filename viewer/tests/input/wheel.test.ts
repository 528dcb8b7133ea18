import { expect, it } from "vitest";
import { Wheel } from "../../src/input/wheel";

it("makes whole notches of a wheel's, whatever they are in pixels", () => {
  const wheel = new Wheel();
  expect(wheel.turn({ deltaX: 0, deltaY: 53, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 })).toEqual([0, 120]);
  expect(wheel.turn({ deltaX: 0, deltaY: -200, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: 240 })).toEqual([0, -240]);
});

it("adds up the fractions of a touchpad", () => {
  const wheel = new Wheel();
  const turns = Array.from({ length: 10 }, () => wheel.turn({ deltaX: 0, deltaY: 0.5, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -1 }));
  expect(turns.reduce((sum, [, dy]) => sum + dy, 0)).toBe(6);
});

it("knows lines and pages", () => {
  const wheel = new Wheel();
  expect(wheel.turn({ deltaX: 3, deltaY: -3, deltaMode: 1 })).toEqual([120, -120]);
  expect(wheel.turn({ deltaX: 0, deltaY: 1, deltaMode: 2 })).toEqual([0, 1200]);
});

it("is not carried away", () => {
  const wheel = new Wheel();
  expect(wheel.turn({ deltaX: 0, deltaY: 1e9, deltaMode: 0 })).toEqual([0, 6000]);
  expect(wheel.turn({ deltaX: NaN, deltaY: Infinity, deltaMode: 0 })).toEqual([0, 0]);
});
