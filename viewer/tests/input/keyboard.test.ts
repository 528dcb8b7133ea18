import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type KeyEvent, Keyboard, type System, systemOf } from "../../src/input/keyboard";
import { Recorder } from "./recorder";

let recorder: Recorder;
let chord: ReturnType<typeof vi.fn<() => void>>;

beforeEach(() => {
  vi.useFakeTimers();
  recorder = new Recorder();
  chord = vi.fn<() => void>();
});
afterEach(() => {
  vi.useRealTimers();
});

function keyboard(system: System = "other"): Keyboard {
  return new Keyboard(recorder, system, chord);
}

function event(type: "keydown" | "keyup", code: string, key: string, modifiers = "", more: Partial<KeyEvent> = {}): KeyEvent {
  const held = modifiers.split(" ");
  return {
    type,
    code,
    key,
    keyCode: 0,
    repeat: false,
    isComposing: false,
    timeStamp: 0,
    getModifierState: (name) => held.includes(name),
    ...more,
  };
}
const down = (code: string, key: string, modifiers = "", more: Partial<KeyEvent> = {}): KeyEvent =>
  event("keydown", code, key, modifiers, more);
const up = (code: string, key: string, modifiers = ""): KeyEvent => event("keyup", code, key, modifiers);

describe("a key", () => {
  it("goes out with place, meaning and modifiers, and the browser does nothing with it", () => {
    const keys = keyboard();
    expect(keys.handle(down("ShiftLeft", "Shift", "Shift"))).toBe(true);
    expect(keys.handle(down("KeyW", "W", "Shift"))).toBe(true);
    keys.handle(up("KeyW", "W", "Shift"));
    keys.handle(up("ShiftLeft", "Shift"));
    expect(recorder.take()).toEqual(["+ShiftLeft:Shift/1", "+KeyW:W/1", "-KeyW:W/1", "-ShiftLeft:Shift"]);
  });

  it("comes up as what it went down as", () => {
    const keys = keyboard();
    keys.handle(down("Digit7", "/", "Shift"));
    keys.handle(up("Digit7", "7"));
    expect(recorder.take()).toEqual(["+Digit7://1", "-Digit7:/"]);
  });

  it("says when it repeats", () => {
    const keys = keyboard();
    keys.handle(down("KeyA", "a"));
    keys.handle(down("KeyA", "a", "", { repeat: true }));
    expect(recorder.take()).toEqual(["+KeyA:a", "+KeyA:a again"]);
  });

  it("that went down elsewhere does not come up here", () => {
    const keys = keyboard();
    expect(keys.handle(up("Enter", "Enter"))).toBe(true);
    expect(recorder.take()).toEqual([]);
  });

  it("carries locks and AltGr", () => {
    keyboard().handle(down("KeyQ", "@", "AltGraph CapsLock NumLock"));
    expect(recorder.take()).toEqual(["+KeyQ:@/112"]);
  });

  it("is cut to what the protocol carries", () => {
    keyboard().handle(down("K".repeat(40), "k".repeat(40)));
    expect(recorder.take()).toEqual([`+${"K".repeat(32)}:${"k".repeat(32)}`]);
  });
});

describe("composition", () => {
  it("keeps dead keys and an input method's strokes for the text that they make", () => {
    const keys = keyboard();
    expect(keys.handle(down("Equal", "Dead"))).toBe(false);
    expect(keys.handle(down("KeyE", "e", "", { isComposing: true }))).toBe(false);
    expect(keys.handle(down("KeyK", "Process", "", { keyCode: 229 }))).toBe(false);
    expect(keys.handle(down("", "Unidentified", "", { keyCode: 229 }))).toBe(false);
    keys.handle(up("KeyE", "e"));
    expect(recorder.take()).toEqual([]);
  });

  it("still sends keys that have a place and no meaning", () => {
    expect(keyboard().handle(down("LaunchMail", "Unidentified"))).toBe(true);
    expect(recorder.take()).toEqual(["+LaunchMail:Unidentified"]);
  });
});

describe("Windows", () => {
  it("announces AltGr by a Control that nobody pressed: it does not go out", () => {
    const keys = keyboard("windows");
    keys.handle(down("ControlLeft", "Control", "Control"));
    keys.handle(down("AltRight", "AltGraph", "Control Alt AltGraph"));
    keys.handle(down("KeyQ", "@", "Control Alt AltGraph"));
    keys.handle(up("KeyQ", "@", "Control Alt AltGraph"));
    keys.handle(up("ControlLeft", "Control", "Alt AltGraph"));
    keys.handle(up("AltRight", "AltGraph"));
    vi.advanceTimersByTime(100);
    expect(recorder.take()).toEqual(["+AltRight:AltGraph/16", "+KeyQ:@/16", "-KeyQ:@/16", "-AltRight:AltGraph"]);
  });

  it("sends a real Control with the next key, or by itself after a moment", () => {
    const keys = keyboard("windows");
    keys.handle(down("ControlLeft", "Control", "Control"));
    keys.handle(down("KeyC", "c", "Control"));
    expect(recorder.take()).toEqual(["+ControlLeft:Control/2", "+KeyC:c/2"]);
    keys.releaseAll(0);
    recorder.take();
    keys.handle(down("ControlLeft", "Control", "Control"));
    vi.advanceTimersByTime(20);
    expect(recorder.take()).toEqual(["+ControlLeft:Control/2"]);
    keys.handle(up("ControlLeft", "Control"));
    expect(recorder.take()).toEqual(["-ControlLeft:Control"]);
  });
});

describe("macOS", () => {
  it("never says that a key came up under Command: it comes up at once", () => {
    const keys = keyboard("mac");
    keys.handle(down("MetaLeft", "Meta", "Meta"));
    keys.handle(down("KeyC", "c", "Meta"));
    keys.handle(up("MetaLeft", "Meta"));
    expect(recorder.take()).toEqual(["+MetaLeft:Meta/8", "+KeyC:c/8", "-KeyC:c/8", "-MetaLeft:Meta"]);
  });

  it("says of Caps Lock what it became: every change is a press and a release", () => {
    const keys = keyboard("mac");
    keys.handle(down("CapsLock", "CapsLock", "CapsLock"));
    keys.handle(up("CapsLock", "CapsLock"));
    expect(recorder.take()).toEqual(["+CapsLock:CapsLock/32", "-CapsLock:CapsLock/32", "+CapsLock:CapsLock", "-CapsLock:CapsLock"]);
  });
});

describe("the chord", () => {
  const press = (keys: Keyboard, ...codes: string[]): void => {
    for (const code of codes) keys.handle(down(code, code));
  };

  it("is Control, Alt and Shift alone, and only when they are let go", () => {
    const keys = keyboard();
    press(keys, "ControlLeft", "AltLeft", "ShiftRight");
    expect(chord).not.toHaveBeenCalled();
    keys.handle(up("AltLeft", "Meta")); // what X calls Alt while Shift is down
    expect(chord).toHaveBeenCalledTimes(1);
  });

  it("leaves the desktop its shortcuts", () => {
    const keys = keyboard();
    press(keys, "ControlLeft", "AltLeft", "ShiftLeft", "KeyT");
    for (const code of ["KeyT", "ShiftLeft", "AltLeft", "ControlLeft"]) keys.handle(up(code, code));
    expect(chord).not.toHaveBeenCalled();
  });

  it("is not what is left of a shortcut", () => {
    const keys = keyboard();
    press(keys, "KeyT", "ControlLeft", "AltLeft", "ShiftLeft");
    keys.handle(up("KeyT", "t"));
    keys.handle(up("ShiftLeft", "Shift"));
    expect(chord).not.toHaveBeenCalled();
  });
});

it("lets everything go at once", () => {
  const keys = keyboard();
  keys.handle(down("KeyA", "a"));
  keys.releaseAll(5);
  keys.handle(up("KeyA", "a"));
  expect(recorder.take()).toEqual(["+KeyA:a", "release"]);
});

it("knows systems by their names", () => {
  expect(["Win32", "Windows", "MacIntel", "macOS", "iPhone", "Linux x86_64", "Android"].map(systemOf)).toEqual([
    "windows", "windows", "mac", "mac", "mac", "other", "other",
  ]);
});
