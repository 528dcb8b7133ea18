import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { announcement, titleOf } from "../../src/app/announce";
import { lineAddress } from "../../src/app/environment";
import { rateOf } from "../../src/app/refresh";
import { Reveal } from "../../src/app/reveal";
import { lacking } from "../../src/app/support";
import { Toasts } from "../../src/app/toasts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the line's address", () => {
  it("is beside the page, over TLS where the page is, and holds nothing of a link", () => {
    expect(lineAddress("https://gateway.example/#4821-1")).toBe("wss://gateway.example/v1/viewer");
    expect(lineAddress("http://localhost:8443/x/?y=1")).toBe("ws://localhost:8443/x/v1/viewer");
  });
});

describe("the display's rate", () => {
  it("is the median's, and 60 where nothing was measured", () => {
    expect(rateOf([16.7, 16.6, 50, 16.7, 16.8])).toBe(60);
    expect(rateOf([6.9, 7, 6.9])).toBe(145);
    expect(rateOf([])).toBe(60);
  });
});

describe("the bar", () => {
  function reveal(): { bar: Reveal; changed: ReturnType<typeof vi.fn> } {
    const changed = vi.fn();
    return { bar: new Reveal(changed), changed };
  }
  const edge = { clientX: 640, clientY: 0, buttons: 0 };

  it("comes when the mouse rests at the top edge, not when it passes", () => {
    const { bar } = reveal();
    bar.moved(edge, 1280);
    vi.advanceTimersByTime(100);
    bar.moved({ ...edge, clientY: 40 }, 1280);
    vi.advanceTimersByTime(1000);
    expect(bar.shown).toBe(false);
    bar.moved(edge, 1280);
    vi.advanceTimersByTime(300);
    expect(bar.shown).toBe(true);
  });

  it("goes again when the mouse that it came to never was on it", () => {
    const { bar } = reveal();
    bar.moved(edge, 1280);
    vi.advanceTimersByTime(300);
    bar.moved({ ...edge, clientY: 300 }, 1280);
    vi.advanceTimersByTime(1000);
    expect(bar.shown).toBe(false);
  });

  it("that was called by keys stays, whatever the mouse does", () => {
    const { bar } = reveal();
    bar.show();
    bar.moved({ ...edge, clientY: 300 }, 1280);
    vi.advanceTimersByTime(10_000);
    expect(bar.shown).toBe(true);
  });

  it("leaves corners and drags to the desktop", () => {
    const { bar } = reveal();
    bar.moved({ ...edge, clientX: 10 }, 1280);
    bar.moved({ ...edge, buttons: 1 }, 1280);
    vi.advanceTimersByTime(1000);
    expect(bar.shown).toBe(false);
  });

  it("greets, and goes by itself; stays while the mouse is on it; goes when it is left", () => {
    const { bar, changed } = reveal();
    bar.greet();
    expect(bar.shown).toBe(true);
    vi.advanceTimersByTime(3000);
    expect(bar.shown).toBe(false);
    bar.greet();
    bar.hover(true);
    vi.advanceTimersByTime(10_000);
    expect(bar.shown).toBe(true);
    bar.hover(false);
    vi.advanceTimersByTime(1000);
    expect(bar.shown).toBe(false);
    expect(changed).toHaveBeenCalledTimes(4);
  });
});

describe("messages", () => {
  it("go by themselves, never twice, at most three", () => {
    const toasts = new Toasts(() => undefined);
    for (const text of ["a", "b", "b", "c", "d"]) toasts.add(text);
    expect(toasts.all.map(({ text }) => text)).toEqual(["b", "c", "d"]);
    vi.advanceTimersByTime(10_000);
    expect(toasts.all).toEqual([]);
  });
});

describe("what is read aloud", () => {
  it("names the host without what could rearrange the sentence", () => {
    const state = { state: "connected", host: { name: "a\u202Eb\n<b>", system: "", fingerprint: "", person: "" }, rights: [] } as const;
    expect(announcement(state)).toContain("Connected to a b <b>.");
    expect(titleOf(state)).toBe("a b <b> – Farhand");
  });
});

describe("what a browser lacks", () => {
  it("is told in the order in which it can be cured", async () => {
    const scope = { isSecureContext: false } as unknown as typeof globalThis;
    expect(await lacking(scope)).toBe("secure-context");
    expect(await lacking({ isSecureContext: true } as unknown as typeof globalThis)).toBe("webcrypto");
    expect(await lacking({ isSecureContext: true, crypto } as unknown as typeof globalThis)).toBe("workers");
  });
});
