import { expect, test } from "vitest";
import { cases } from "./cases";

test("there are vectors", () => {
  expect(cases().length).toBeGreaterThan(400);
});

test.each(cases())("$name", async ({ run }) => {
  await run();
});
