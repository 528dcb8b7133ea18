import { beforeEach, describe, expect, it, vi } from "vitest";
import { Sticky } from "../../src/input/sticky";
import { Recorder } from "./recorder";

let recorder: Recorder;
let changed: ReturnType<typeof vi.fn<() => void>>;
let sticky: Sticky;

beforeEach(() => {
  recorder = new Recorder();
  changed = vi.fn<() => void>();
  sticky = new Sticky(recorder, changed);
});

const TAB = { code: "Tab", key: "Tab" };

describe("a modifier on the screen", () => {
  it("tapped once is down for the next key", () => {
    sticky.tap("Alt", 0);
    sticky.press(TAB, 1);
    sticky.press(TAB, 2);
    expect(recorder.take()).toEqual(["+AltLeft:Alt/4", "+Tab:Tab/4", "-Tab:Tab/4", "-AltLeft:Alt", "+Tab:Tab", "-Tab:Tab"]);
    expect(sticky.state("Alt")).toBe("off");
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("tapped twice stays down until the third tap", () => {
    sticky.tap("Control", 0);
    sticky.tap("Control", 1);
    sticky.press(TAB, 2);
    expect(sticky.state("Control")).toBe("locked");
    sticky.tap("Control", 3);
    expect(recorder.take()).toEqual(["+ControlLeft:Control/2", "+Tab:Tab/2", "-Tab:Tab/2", "-ControlLeft:Control"]);
  });

  it("makes keys of a phone's characters", () => {
    sticky.tap("Control", 0);
    sticky.text("cé", 1);
    expect(recorder.take()).toEqual(["+ControlLeft:Control/2", "+:c/2", "-:c/2", "-ControlLeft:Control", "+:é", "-:é"]);
    sticky.text("é", 2);
    expect(recorder.take()).toEqual(['"é"']);
  });

  it("is up again when the host let everything go", () => {
    sticky.tap("Meta", 0);
    sticky.forget();
    sticky.press(TAB, 1);
    expect(recorder.take()).toEqual(["+MetaLeft:Meta/8", "+Tab:Tab", "-Tab:Tab"]);
  });
});

it("plays Ctrl Alt Del in order and lets go in the other", () => {
  sticky.chord([{ code: "ControlLeft", key: "Control" }, { code: "AltLeft", key: "Alt" }, { code: "Delete", key: "Delete" }], 0);
  expect(recorder.take()).toEqual([
    "+ControlLeft:Control/2", "+AltLeft:Alt/6", "+Delete:Delete/6", "-Delete:Delete/6", "-AltLeft:Alt/2", "-ControlLeft:Control",
  ]);
});
