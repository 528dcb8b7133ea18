import { describe, expect, it } from "vitest";
import { Receipts } from "../../src/app/receipts";
import type { Shown } from "../../src/gen/messages";

class Time {
  time = 1000;
  readonly origin = 0;
  readonly #timers = new Set<{ at: number; what: () => void }>();
  now(): number {
    return this.time;
  }
  after(ms: number, what: () => void): () => void {
    const timer = { at: this.time + ms, what };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }
  pass(ms: number): void {
    const end = this.time + ms;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at > end || !this.#timers.has(timer)) continue;
      this.#timers.delete(timer);
      this.time = timer.at;
      timer.what();
    }
    this.time = end;
  }
}

function make(): { time: Time; sent: Shown[]; receipts: Receipts; shown: (seq: number, waiting?: number) => void } {
  const time = new Time();
  const sent: Shown[] = [];
  const receipts = new Receipts(time, (shown) => sent.push(shown));
  return {
    time,
    sent,
    receipts,
    shown: (seq, waiting = 0) => {
      receipts.shown({ type: "Shown", seq, tookUs: 500, waiting });
    },
  };
}

describe("Receipts", () => {
  it("tells of every second picture of a stream, and of its last one in any case", () => {
    const { time, sent, shown } = make();
    for (let seq = 1; seq <= 60; seq++) {
      shown(seq);
      time.pass(17);
    }
    expect(sent.length).toBeLessThanOrEqual(31);
    expect(sent.length).toBeGreaterThanOrEqual(29);
    time.pass(1000);
    expect(sent.at(-1)?.seq).toBe(60);
    const gaps = sent.slice(1).map((one, i) => one.seq - (sent[i]?.seq ?? 0));
    expect(Math.max(...gaps)).toBe(2);
  });

  it("tells at once of pictures that are slow to come", () => {
    const { time, sent, shown } = make();
    for (let seq = 1; seq <= 10; seq++) {
      shown(seq);
      time.pass(40);
    }
    expect(sent.map((one) => one.seq)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("tells at once while pictures wait to be shown", () => {
    const { time, sent, shown } = make();
    for (let seq = 1; seq <= 10; seq++) {
      shown(seq, 2);
      time.pass(5);
    }
    expect(sent).toHaveLength(10);
  });

  it("holds a single picture's until the next input, and no longer than 150 ms, with the wait counted in", () => {
    const { time, sent, receipts, shown } = make();
    shown(1);
    time.pass(149);
    expect(sent).toEqual([]);
    time.pass(1);
    expect(sent).toEqual([{ type: "Shown", seq: 1, tookUs: 150_500, waiting: 0 }]);
    time.pass(500);
    shown(2);
    time.pass(60);
    const along: Shown[] = [];
    receipts.flush((one) => along.push(one));
    expect(along).toEqual([{ type: "Shown", seq: 2, tookUs: 60_500, waiting: 0 }]);
    time.pass(500);
    expect(sent).toHaveLength(1);
  });

  it("forgets what it holds when the line ends", () => {
    const { time, sent, receipts, shown } = make();
    shown(1);
    receipts.stop();
    time.pass(500);
    receipts.flush();
    expect(sent).toEqual([]);
  });
});
