/** The devices in front of the person, joined to the host: which event of the page goes where. */
import { meansFiles } from "../app/pasted";
import type { Stage } from "../screen/stage";
import { Keyboard, type System } from "./keyboard";
import type { Outbox } from "./outbox";
import { Pointer, buttonMask } from "./pointer";
import type { InputSink } from "./sink";
import { Sticky } from "./sticky";
import { TextField } from "./text";
import { Touch } from "./touch";
import { Wheel } from "./wheel";

/** What the devices tell the page. */
export interface DeviceEvents {
  /** Control, Alt and Shift were pressed and let go: the person wants the bar. */
  chord(): void;
  /** A finger is used: phones need a handle and keys on the screen. */
  touched(): void;
  /** A button was pressed on the desktop. */
  pressed(): void;
  /** The on-screen modifiers changed. */
  sticky(): void;
  /** Something was pasted here, on its way to be pasted there; true if the host did not have it yet. */
  pasted(text: string): boolean;
  /** Files were pasted here; true if the host has them already, and gets the key. Only before the event is over. */
  pastedFiles(data: DataTransfer): boolean;
  /** Whether the person may paste. */
  mayPaste(): boolean;
  /** Whether a key that nothing on the page has the focus for is meant for the desktop. */
  takesKeys(): boolean;
}

/** How close to the window's edge the mouse moves a picture that is larger than it, and how far a step, in CSS pixels. */
const EDGE = 24;
const STEP = 12;

/** What one pixel of two fingers' way scrolls, in 1/120 notches. */
const SCROLL = -2.4;

/** How long a paste may take to show up, and how much the host's clipboard gets ahead of the key. */
const PASTE_MS = 60;
const AHEAD_MS = 25;

export class Devices {
  readonly field: TextField;
  readonly sticky: Sticky;
  readonly #stage: Stage;
  readonly #outbox: Outbox;
  readonly #events: DeviceEvents;
  readonly #keyboard: Keyboard;
  readonly #pointer: Pointer;
  readonly #wheel = new Wheel();
  readonly #touch: Touch;
  readonly #abort = new AbortController();
  #mouse: PointerEvent | null = null;
  #panning = 0;
  /** The key that pastes just now. */
  #pasteCode = "";
  /** Where the last finger was, in CSS pixels from the top. */
  #lastTouch = 0;

  constructor(stage: Stage, outbox: Outbox, system: System, events: DeviceEvents) {
    this.#stage = stage;
    this.#outbox = outbox;
    this.#events = events;
    const inOrder: InputSink = {
      key: (...key) => {
        this.#pointer.flush();
        outbox.key(...key);
      },
      text: outbox.text.bind(outbox),
      pointer: outbox.pointer.bind(outbox),
      wheel: outbox.wheel.bind(outbox),
      releaseAll: outbox.releaseAll.bind(outbox),
    };
    this.#pointer = new Pointer(inOrder, stage.hostPixel.bind(stage));
    this.#keyboard = new Keyboard(inOrder, system, () => {
      events.chord();
    });
    this.sticky = new Sticky(inOrder, () => {
      events.sticky();
    });
    this.field = new TextField({
      text: (text, at) => {
        this.sticky.text(text, at);
      },
      press: (key, at) => {
        this.sticky.press({ code: key, key }, at);
      },
    });
    this.#touch = this.#makeTouch();
    stage.element.append(this.field.element);
    this.#listen();
  }

  /** Keys go to the host from now on. */
  focus(): void {
    this.field.focus();
  }

  /** Whether keys go to the host. */
  get focused(): boolean {
    return document.activeElement === this.field.element;
  }

  get lastTouch(): number {
    return this.#lastTouch;
  }

  /** Everything up, here and there: focus, window or line is lost. */
  releaseAll(at: number = performance.now()): void {
    this.#keyboard.releaseAll(at);
    this.#pointer.forget();
    this.#touch.cancel(at);
    this.sticky.forget();
  }

  close(): void {
    this.#abort.abort();
    cancelAnimationFrame(this.#panning);
    this.field.element.remove();
  }

  #listen(): void {
    const { signal } = this.#abort;
    const stage = this.#stage.element;
    const window = globalThis;
    for (const type of ["keydown", "keyup"] as const) {
      window.addEventListener(type, this.#key, { capture: true, signal });
    }
    const field = this.field.element;
    field.addEventListener("paste", this.#paste, { signal });
    field.addEventListener("blur", this.#lost, { signal });
    window.addEventListener("blur", this.#lost, { signal });
    window.addEventListener("pagehide", this.#lost, { signal });
    document.addEventListener("visibilitychange", this.#lost, { signal });

    const raw = "onpointerrawupdate" in window;
    const pointer = this.#pointed as (event: Event) => void;
    for (const type of ["pointerdown", "pointerup", "pointercancel"]) stage.addEventListener(type, pointer, { signal });
    if (raw) stage.addEventListener("pointerrawupdate", pointer, { signal });
    stage.addEventListener(
      "pointermove",
      (event) => {
        // Raw updates bring every move but not the changes of buttons in mid-press.
        if (!raw || event.pointerType === "touch" || buttonMask(event.buttons) !== this.#pointer.buttons) this.#pointed(event);
        if (event.pointerType !== "touch") this.#edge(event);
      },
      { signal },
    );
    stage.addEventListener("wheel", this.#turned, { passive: false, signal });
    for (const type of ["mousedown", "mouseup", "contextmenu", "auxclick", "dragstart", "selectstart"]) {
      stage.addEventListener(
        type,
        (event) => {
          event.preventDefault(); // the focus stays where it is, and back and forward are the host's buttons
        },
        { signal },
      );
    }
  }

  readonly #key = (event: KeyboardEvent): void => {
    const here = document.activeElement;
    if (here === document.body || here === null) {
      if (!this.#events.takesKeys()) return;
      if (event.type === "keydown") this.focus();
    } else if (!this.focused) return;
    if (event.type === "keydown" && isPaste(event) && !event.repeat && this.#events.mayPaste()) {
      // The browser hands over the clipboard only if this key does its work: the key follows when it has.
      this.#outbox.hold(PASTE_MS);
      this.#pasteCode = event.code;
      this.#keyboard.handle(event);
      event.stopPropagation();
      return;
    }
    if (!this.#keyboard.handle(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  readonly #paste = (event: ClipboardEvent): void => {
    event.preventDefault();
    const data = event.clipboardData;
    if (data !== null && meansFiles(data) && this.#events.mayPaste()) {
      const there = this.#events.pastedFiles(data);
      if (!there) this.#outbox.forget(this.#pasteCode);
      this.#outbox.hold(there ? AHEAD_MS : 0);
      return;
    }
    const text = data?.getData("text/plain") ?? "";
    const news = text !== "" && this.#events.pasted(text);
    this.#outbox.hold(news ? AHEAD_MS : 0);
  };

  readonly #lost = (event: Event): void => {
    if (event.type === "visibilitychange" && !document.hidden) return;
    this.releaseAll(event.timeStamp);
  };

  readonly #pointed = (event: PointerEvent): void => {
    if (event.pointerType === "touch") {
      this.#fingers(event);
      return;
    }
    this.#stage.hideGhost();
    if (event.type === "pointerdown") {
      this.#stage.element.setPointerCapture(event.pointerId);
      this.#pressed();
    }
    this.#pointer.handle(event);
    if (event.type === "pointerup") this.sticky.used(event.timeStamp);
  };

  #pressed(): void {
    if (!this.focused) this.focus();
    this.#events.pressed();
  }

  #fingers(event: PointerEvent): void {
    const { pointerId, clientX, clientY, timeStamp } = event;
    switch (event.type) {
      case "pointerdown":
        this.#events.touched();
        this.#pressed();
        this.#stage.element.setPointerCapture(pointerId);
        this.#touch.down(pointerId, clientX, clientY, timeStamp);
        break;
      case "pointermove":
        this.#touch.move(pointerId, clientX, clientY, timeStamp);
        break;
      case "pointerup":
        this.#touch.up(pointerId, timeStamp);
        break;
      case "pointercancel":
        this.#touch.cancel(timeStamp);
        break;
      default:
        break;
    }
  }

  #makeTouch(): Touch {
    let restX = 0;
    let restY = 0;
    return new Touch({
      point: (x, y, buttons, at) => {
        this.#lastTouch = y;
        const began = this.#pointer.buttons !== 0;
        const place = this.#stage.hostPixel(x, y, began || buttons === 0);
        if (place !== null) this.#pointer.put(place[0], place[1], buttons, at);
        if (began && buttons === 0) this.sticky.used(at);
      },
      scroll: (dx, dy, at) => {
        restX += dx * SCROLL;
        restY += dy * SCROLL;
        const x = Math.trunc(restX);
        const y = Math.trunc(restY);
        restX -= x;
        restY -= y;
        if (x !== 0 || y !== 0) this.#outbox.wheel(x, y, at);
      },
      zoom: (x, y, factor) => {
        this.#stage.zoom(x, y, factor);
      },
      pan: (dx, dy) => {
        this.#stage.pan(dx, dy);
      },
      held: () => {
        if ("vibrate" in navigator) navigator.vibrate(12);
      },
    });
  }

  readonly #turned = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey && !this.#keyboard.control) {
      // A pinch on a touchpad: browsers call it a wheel with a Control that nobody holds.
      this.#stage.zoom(event.clientX, event.clientY, Math.exp(-event.deltaY / 100));
      return;
    }
    const [dx, dy] = this.#wheel.turn(event);
    if (dx === 0 && dy === 0) return;
    this.#pointer.flush();
    this.#outbox.wheel(dx, dy, event.timeStamp);
  };

  /** A picture larger than the window follows the mouse at the window's edges. */
  #edge(event: PointerEvent): void {
    this.#mouse = event;
    if (!this.#stage.movable || this.#panning !== 0 || push(event) === null) return;
    const step = (): void => {
      this.#panning = 0;
      const { mouse } = { mouse: this.#mouse };
      const way = mouse === null ? null : push(mouse);
      if (mouse === null || way === null || !this.#stage.pan(way[0], way[1])) return;
      this.#panning = requestAnimationFrame(step);
      const place = this.#stage.hostPixel(mouse.clientX, mouse.clientY, this.#pointer.buttons !== 0);
      if (place !== null) this.#pointer.put(place[0], place[1], this.#pointer.buttons, performance.now());
    };
    this.#panning = requestAnimationFrame(step);
  }
}

function isPaste(event: KeyboardEvent): boolean {
  if (event.code === "Insert") return event.shiftKey && !event.ctrlKey && !event.altKey;
  return event.key.toLowerCase() === "v" && (event.ctrlKey || event.metaKey) && !event.altKey;
}

/** How the picture moves for a mouse at this place; null in the middle of the window. */
function push({ clientX, clientY }: PointerEvent): [number, number] | null {
  const along = (at: number, length: number): number => (at < EDGE ? STEP : at >= length - EDGE ? -STEP : 0);
  const way: [number, number] = [along(clientX, innerWidth), along(clientY, innerHeight)];
  return way[0] === 0 && way[1] === 0 ? null : way;
}
