/** The page as a whole: which state is shown, and where the focus goes. */
import { render } from "lit/html.js";
import type { Capability } from "../gen/messages";
import { overPage } from "../panels/over";
import { type Origin, originOf } from "../panels/page";
import { codeProblem, startPage } from "../panels/start";
import { waitingPage } from "../panels/waiting";
import { announcement, titleOf } from "./announce";
import type { ConnectionState } from "./bridge";
import { type Code, formatCode, parseCode, takeCode } from "./code";
import { Desk } from "./desk";
import { lineAddress, makeElement, rememberName, rememberedName, touchFirst } from "./environment";

/** What a viewer asks for; the host decides. */
const CAPABILITIES: readonly Capability[] = ["view", "control", "clipboard"];

/** How often a countdown is written anew, and how long the worker may take to say goodbye. */
const TICK_MS = 250;
const GOODBYE_MS = 1500;

/** The least time between two small changes of the page: a host that sends a flood of them costs little. */
const CHANGE_MS = 15;

export class App {
  readonly #ui = makeElement("div", "ui");
  readonly #stages = makeElement("div", "stages");
  readonly #live = makeElement("div", "unseen");
  readonly #origin: Origin = originOf(location);
  #state: ConnectionState = { state: "idle" };
  /** When the state began, on `performance.now()`'s clock. */
  #since = 0;
  #form = { code: "", name: rememberedName(), problem: "" };
  #desk: Desk | null = null;
  #queued = false;
  #renderedAt = -Infinity;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;

  constructor(parent: HTMLElement) {
    this.#live.setAttribute("role", "status");
    parent.append(this.#stages, this.#ui, this.#live);
  }

  /** Shows the first page, or connects at once if the address holds a code. */
  start(): void {
    if (!this.#follow()) this.#enter({ state: "idle" });
    globalThis.addEventListener("hashchange", () => {
      this.#follow();
    });
    globalThis.addEventListener("beforeunload", (event) => {
      // Closing the page ends the session for good, and Ctrl+W was rather meant for the desktop.
      if (this.#state.state === "connected") event.preventDefault();
    });
  }

  /** A link with a code, opened or pasted into the address bar; true if it is being followed. */
  #follow(): boolean {
    const found = takeCode(location, history);
    const busy = this.#state.state !== "idle" && this.#state.state !== "over";
    if (found === "none" || busy) return false;
    if (found !== "broken") {
      this.#connect(found);
      return true;
    }
    this.#form = { ...this.#form, problem: codeProblem("#") };
    this.#enter({ state: "idle" });
    return true;
  }

  #connect(code: Code): void {
    const name = this.#form.name.trim();
    rememberName(name);
    this.#form = { ...this.#form, code: "", problem: "" };
    const desk = new Desk(this.#ui, this.#stages, this.#origin, {
      state: (state) => {
        if (desk === this.#desk) this.#enter(state);
      },
      changed: () => {
        this.#update();
      },
      say: (text) => {
        this.#live.textContent = text;
      },
      end: () => {
        this.#end();
      },
    });
    this.#desk = desk;
    this.#enter({ state: "connecting" });
    desk.connect({ url: lineAddress(location.href), ...code, name, capabilities: CAPABILITIES });
  }

  #enter(state: ConnectionState): void {
    const before = this.#state.state;
    this.#state = state;
    this.#since = performance.now();
    if (state.state === "over" || state.state === "idle") {
      clearTimeout(this.#goodbye);
      this.#desk?.close();
      this.#desk = null;
    }
    clearInterval(this.#ticker);
    if (counts(state)) {
      this.#ticker = setInterval(() => {
        this.#update();
      }, TICK_MS);
    }
    document.title = titleOf(state);
    this.#render();
    if (before === state.state && state.state !== "idle") return;
    this.#live.textContent = announcement(state);
    this.#focus();
  }

  /** The person wants the end: the host is told, and the page waits for that only so long. */
  #end(): void {
    this.#desk?.end();
    clearTimeout(this.#goodbye);
    this.#goodbye = setTimeout(() => {
      this.#enter({ state: "over", reason: "ended-by-viewer", text: "", retrySeconds: 0 });
    }, GOODBYE_MS);
  }

  /** Gives up before the host has answered, and goes back to the code. */
  readonly #cancel = (): void => {
    const desk = this.#desk;
    this.#desk = null;
    desk?.end();
    setTimeout(() => {
      desk?.close();
    }, GOODBYE_MS);
    this.#enter({ state: "idle" });
  };

  /** The state's own place for the focus. */
  #focus(): void {
    if (this.#state.state === "connected") {
      this.#desk?.focus();
      return;
    }
    const wanted = this.#state.state === "idle" && !touchFirst() ? "#code" : "h1, h2";
    this.#ui.querySelector<HTMLElement>(wanted)?.focus({ preventScroll: true });
  }

  #update(): void {
    if (this.#queued) return;
    this.#queued = true;
    const change = (): void => {
      this.#queued = false;
      this.#render();
    };
    const wait = this.#renderedAt + CHANGE_MS - performance.now();
    if (wait > 0) setTimeout(change, wait);
    else queueMicrotask(change);
  }

  #render(): void {
    const state = this.#state;
    this.#renderedAt = performance.now();
    const since = this.#renderedAt - this.#since;
    this.#stages.hidden = state.state !== "connected" && state.state !== "cut";
    switch (state.state) {
      case "idle":
        render(startPage(this.#form, this.#formActions, this.#origin), this.#ui);
        break;
      case "connecting":
      case "securing":
        render(waitingPage(state, this.#cancel, this.#origin), this.#ui);
        break;
      case "asking": {
        const left = state.seconds - since / 1000;
        render(waitingPage({ state: "asking", left, of: state.seconds }, this.#cancel, this.#origin), this.#ui);
        break;
      }
      case "connected":
      case "cut":
        this.#desk?.render(state, since);
        break;
      case "over": {
        const left = state.retrySeconds - since / 1000;
        render(overPage({ reason: state.reason, text: state.text, left }, this.#overActions, this.#origin), this.#ui);
      }
    }
  }

  readonly #overActions = {
    again: (): void => {
      this.#enter({ state: "idle" });
    },
    reload: (): void => {
      location.reload();
    },
  };

  readonly #formActions = {
    code: (code: string): void => {
      this.#form = { ...this.#form, code, problem: "" };
      this.#update();
    },
    tidy: (): void => {
      this.#form = { ...this.#form, code: formatCode(this.#form.code) };
      this.#update();
    },
    name: (name: string): void => {
      this.#form = { ...this.#form, name };
    },
    connect: (): void => {
      const code = parseCode(this.#form.code);
      if (code !== null) {
        this.#connect(code);
        return;
      }
      this.#form = { ...this.#form, problem: codeProblem(this.#form.code) };
      this.#render();
      this.#focus();
    },
  };
}

function counts(state: ConnectionState): boolean {
  return state.state === "asking" || state.state === "cut" || (state.state === "over" && state.retrySeconds > 0);
}
