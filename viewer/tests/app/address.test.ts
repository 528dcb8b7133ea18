import { expect, it, vi } from "vitest";
import { type Destination, takeDestination } from "../../src/app/address";

function take(hash: string): { found: Destination; replaced: unknown[] } {
  const replaceState = vi.fn();
  const found = takeDestination({ hash, pathname: "/v/", search: "?a=1" }, { replaceState });
  return { found, replaced: replaceState.mock.calls };
}

const AWAY = [[null, "", "/v/?a=1"]];

it("takes a code out of the address and the history", () => {
  const code = { route: "4821", secret: "739204615" };
  expect(take("#4821-739204615")).toEqual({ found: { to: "code", code }, replaced: AWAY });
});

it("takes a broken one out, too", () => {
  expect(take("#4821-7392")).toEqual({ found: { to: "broken" }, replaced: AWAY });
  expect(take("#host=12")).toEqual({ found: { to: "broken" }, replaced: AWAY });
  expect(take(`#host=${"0".repeat(33)}`)).toEqual({ found: { to: "broken" }, replaced: AWAY });
});

it("leaves an address without one as it is", () => {
  expect(take("")).toEqual({ found: { to: "nowhere" }, replaced: [] });
});

it("knows hosts by their id, and the window of the installed program", () => {
  const hostId = Uint8Array.from({ length: 16 }, (_, at) => at);
  expect(take("#host=000102030405060708090a0B0c0d0e0f")).toEqual({ found: { to: "host", hostId }, replaced: [] });
  expect(take("#local")).toEqual({ found: { to: "program" }, replaced: [] });
});
