import { expect, test } from "vitest";
import { Operations, SILENCE_MS } from "../../src/files/operations";
import { ManualClock } from "../support/world";
import { PlayedHost } from "./peer";

function begun(): { host: PlayedHost; operations: Operations; clock: ManualClock } {
  const host = new PlayedHost();
  const clock = new ManualClock();
  const operations = new Operations(host, clock);
  host.instead = () => true;
  host.user = {
    take: (message) => {
      operations.take(message);
    },
    changed: () => {
      operations.changed();
    },
  };
  return { host, operations, clock };
}

test("the host gets no credit while more waits than this disk has taken", async () => {
  const { host, operations } = begun();
  const operation = operations.open("files-read");
  const data = new Uint8Array(200 * 1024);
  for (let count = 0; count < 5; count += 1) host.say({ type: "Data", id: operation.id, packed: false, data });
  expect(host.withheld).toEqual([]);
  host.say({ type: "Data", id: operation.id, packed: false, data });
  expect(host.withheld).toEqual([true]);
  for (let count = 0; count < 3; count += 1) await operation.next("Data");
  expect(host.withheld).toEqual([true]);
  await operation.next("Data");
  expect(host.withheld).toEqual([true, false]);
});

test("what waits is forgotten with its operation, and credit flows again", () => {
  const { host, operations } = begun();
  const operation = operations.open("files-read");
  const data = new Uint8Array(250 * 1024);
  for (let count = 0; count < 6; count += 1) host.say({ type: "Data", id: operation.id, packed: false, data });
  operation.stop();
  expect(host.withheld).toEqual([true, false]);
  host.say({ type: "Data", id: operation.id, packed: false, data });
  expect(host.withheld).toEqual([true, false]);
});

test("a host that never answers fails the operation, and is told", async () => {
  const { host, operations, clock } = begun();
  const operation = operations.open("files-read");
  const answer = expect(operation.next("Done")).rejects.toMatchObject({ fault: "protocol" });
  await clock.advance(SILENCE_MS);
  await answer;
  expect(host.received).toMatchObject([{ type: "StopReading", id: operation.id }]);
});

test("nothing begins without its right, and what runs ends with it", async () => {
  const { host, operations } = begun();
  host.rights = ["files-read"];
  expect(() => operations.open("files-write")).toThrow("The right to do that is not held.");
  const operation = operations.open("files-read");
  const answer = expect(operation.next("Done")).rejects.toMatchObject({ fault: "rights" });
  host.rights = [];
  host.user?.changed();
  await answer;
  host.line(false);
  expect(() => operations.open("files-read")).toThrow("The line to the host is cut.");
});
