import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Touch } from "../../src/input/touch";

let said: string[];
let touch: Touch;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  touch = new Touch({
    point: (x, y, buttons) => said.push(`${x},${y} ${buttons}`),
    scroll: (dx, dy) => said.push(`scroll ${dx},${dy}`),
    zoom: (x, y, factor) => said.push(`zoom ${x},${y} ${factor.toFixed(2)}`),
    pan: (dx, dy) => said.push(`pan ${dx},${dy}`),
    held: () => said.push("held"),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("one finger", () => {
  it("taps for a click, exactly where it came down", () => {
    touch.down(1, 50, 60, 0);
    touch.up(1, 80);
    expect(said).toEqual(["50,60 0", "50,60 1", "50,60 0"]);
  });

  it("taps twice for a double click in one place", () => {
    touch.down(1, 50, 60, 0);
    touch.up(1, 80);
    touch.down(2, 62, 50, 200);
    touch.up(2, 260);
    expect(said.slice(3)).toEqual(["50,60 0", "50,60 1", "50,60 0"]);
  });

  it("rests for a right click, and its way up means nothing more", () => {
    touch.down(1, 50, 60, 0);
    vi.advanceTimersByTime(600);
    touch.up(1, 700);
    expect(said).toEqual(["held", "50,60 0", "50,60 4", "50,60 0"]);
  });

  it("drags from where it came down", () => {
    touch.down(1, 50, 60, 0);
    touch.move(1, 55, 62, 10);
    expect(said).toEqual([]);
    touch.move(1, 80, 62, 20);
    touch.move(1, 90, 70, 30);
    vi.advanceTimersByTime(1000);
    touch.up(1, 1040);
    expect(said).toEqual(["50,60 0", "50,60 1", "80,62 1", "90,70 1", "90,70 0"]);
  });

  it("lets go when the system takes it away", () => {
    touch.down(1, 50, 60, 0);
    touch.move(1, 90, 60, 10);
    said.length = 0;
    touch.cancel(20);
    expect(said).toEqual(["90,60 0"]);
    vi.advanceTimersByTime(1000);
    expect(said).toHaveLength(1);
  });
});

describe("two fingers", () => {
  it("tap for a right click between them", () => {
    touch.down(1, 50, 60, 0);
    touch.down(2, 90, 60, 20);
    touch.up(1, 90);
    touch.up(2, 100);
    expect(said).toEqual(["70,60 0", "70,60 4", "70,60 0"]);
  });

  it("scroll when they move together", () => {
    touch.down(1, 50, 60, 0);
    touch.down(2, 90, 60, 0);
    for (let step = 1; step <= 3; step++) {
      touch.move(1, 50, 60 + step * 20, step * 10);
      touch.move(2, 90, 60 + step * 20, step * 10 + 1);
    }
    touch.up(1, 60);
    touch.up(2, 60);
    expect(touch.state).toBe("none");
    expect(said.every((one) => one.startsWith("scroll 0,"))).toBe(true);
    expect(said.length).toBeGreaterThan(3);
  });

  it("enlarge when they move apart", () => {
    touch.down(1, 100, 100, 0);
    touch.down(2, 140, 100, 0);
    touch.move(2, 160, 100, 10);
    touch.move(2, 200, 100, 20);
    expect(touch.state).toBe("pinch");
    expect(said.at(-1)).toBe("zoom 150,100 1.67");
  });

  it("end a drag before they mean something else", () => {
    touch.down(1, 50, 60, 0);
    touch.move(1, 90, 60, 10);
    said.length = 0;
    touch.down(2, 150, 60, 20);
    touch.move(2, 150, 160, 30);
    touch.up(1, 40);
    touch.up(2, 50);
    expect(said).toEqual(["90,60 0"]);
  });
});

describe("three fingers", () => {
  const three = (): void => {
    touch.down(1, 50, 60, 0);
    touch.down(2, 90, 60, 5);
    touch.down(3, 130, 60, 10);
  };

  it("tap for a middle click", () => {
    three();
    for (const id of [1, 2, 3]) touch.up(id, 60);
    expect(said).toEqual(["90,60 0", "90,60 2", "90,60 0"]);
  });

  it("move the picture", () => {
    three();
    touch.move(1, 50, 90, 20);
    touch.move(2, 90, 90, 21);
    expect(touch.state).toBe("move");
    expect(said).toEqual(["pan 0,10", "pan 0,10"]);
  });
});
