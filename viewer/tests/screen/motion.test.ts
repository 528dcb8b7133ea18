import { expect, it } from "vitest";
import { Motion } from "../../src/screen/motion";
import type { Rect } from "../../src/screen/rects";

const WHOLE: Rect = [0, 0, 1000, 500];

it("takes typing for rest", () => {
  const motion = new Motion();
  for (let at = 0; at < 3000; at += 60) expect(motion.note([10, 10, 16, 16], at, WHOLE)).toBeNull();
});

it("takes a picture that changes all the time for motion, where it changes", () => {
  const motion = new Motion();
  let found: Rect | null = null;
  for (let n = 0; n < 8; n++) found = motion.note([10 * n, 20, 100, 40], n * 17, WHOLE);
  expect(found).toEqual([0, 20, 170, 40]);
});

it("covers the whole picture where most of it moves", () => {
  const motion = new Motion();
  let found: Rect | null = null;
  for (let n = 0; n < 8; n++) found = motion.note([0, 0, 1000, 480], n * 17, WHOLE);
  expect(found).toEqual(WHOLE);
});

it("forgets", () => {
  const motion = new Motion();
  for (let n = 0; n < 8; n++) motion.note([0, 0, 10, 10], n * 17, WHOLE);
  motion.rest();
  expect(motion.note([0, 0, 10, 10], 140, WHOLE)).toBeNull();
});

it("grows a stream only when it must", () => {
  expect(Motion.grow([0, 0, 100, 100], [10, 10, 20, 20], WHOLE)).toEqual([0, 0, 100, 100]);
  expect(Motion.grow([0, 0, 100, 100], [50, 50, 100, 100], WHOLE)).toEqual([0, 0, 150, 150]);
  expect(Motion.grow([0, 0, 980, 100], [0, 400, 100, 100], WHOLE)).toEqual(WHOLE);
});
