import { expect, it } from "vitest";
import { difference } from "../../src/input/text";

it.each([
  ["__", "__a", 0, "a"],
  ["__helo", "__hello", 1, "lo"],
  ["__teh", "__the ", 2, "he "],
  ["__a", "__", 1, ""],
  ["__", "__😀", 0, "😀"],
  ["__😀", "__", 1, ""],
  ["__", "", 2, ""],
])("what turns %j into %j is %i erased and %j added", (before, after, erased, added) => {
  expect(difference(before, after)).toEqual({ erased, added });
});
