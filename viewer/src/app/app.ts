/** The page as a whole: which state is shown, and where the focus goes. */
import { render } from "lit/html.js";
import { overPage } from "../panels/over";
import { type Origin, originOf } from "../panels/page";
import { codeProblem, startPage } from "../panels/start";
import { visitPage } from "../panels/visit";
import { waitingPage } from "../panels/waiting";
import type { Bytes } from "../protocol/bytes";
import { takeDestination } from "./address";
import { announcement, titleOf, titleOfVisit } from "./announce";
import type { ConnectionState, Target } from "./bridge";
import { type CheckpointFile, save } from "./checkpoint_file";
import { systemClock } from "./clock";
import { type Code, formatCode, parseCode } from "./code";
import { Desk } from "./desk";
import type { Door } from "./doors/door";
import { GatewayDoor } from "./doors/gateway";
import { ProgramDoor } from "./doors/program";
import { hex } from "./doors/asking";
import { BrowserStore } from "./doors/store";
import { deviceName, lineAddress, makeElement, rememberName, rememberedName, touchFirst } from "./environment";
import { FIRST } from "./rights";
import { Visit } from "./visit";

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
  readonly #store = new BrowserStore();
  /** The way to a host without a code; null: by code. */
  #door: Door | null = null;
  #visit: Visit | null = null;
  #checkpoint: CheckpointFile | null = null;
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

  /** A link, opened or pasted into the address bar; true if it is being followed. */
  #follow(): boolean {
    const busy = this.#state.state !== "idle" && this.#state.state !== "over";
    const found = takeDestination(location, history);
    if (found.to === "nowhere" || busy) return false;
    this.#leave();
    switch (found.to) {
      case "code":
        this.#connect(found.code);
        break;
      case "host":
        this.#go(this.#gatewayDoor(found.hostId));
        break;
      case "program":
        this.#go(this.#programDoor());
        break;
      case "broken":
        this.#form = { ...this.#form, problem: codeProblem("#") };
        this.#enter({ state: "idle" });
    }
    return true;
  }

  #gatewayDoor(hostId: Bytes): Door {
    const [store, send, now] = [this.#store, fetch.bind(globalThis), Date.now];
    return new GatewayDoor({ page: location.href, hostId, store, send, device: deviceName(), now });
  }

  #programDoor(): Door {
    const entropy = (count: number): Bytes => crypto.getRandomValues(new Uint8Array(count));
    return new ProgramDoor({ page: location.href, store: this.#store, send: fetch.bind(globalThis), entropy, now: Date.now });
  }

  /** To a host without a code. */
  #go(door: Door): void {
    this.#door = door;
    this.#state = { state: "idle" };
    const visit = new Visit(door, systemClock, {
      changed: () => {
        if (visit === this.#visit) this.#visited(visit);
      },
      ready: (host, pass, reason) => {
        if (visit !== this.#visit) return;
        const by = { hostId: host.id, pin: host.static, ...pass };
        this.#call({ url: lineAddress(location.href), name: "", reason, capabilities: host.capabilities, by }, door);
      },
    });
    this.#visit = visit;
    void visit.start();
  }

  #visited(visit: Visit): void {
    if (this.#desk !== null) return;
    document.title = titleOfVisit(visit.state);
    const before = this.#ui.querySelector("h1")?.textContent;
    this.#render();
    if (this.#ui.querySelector("h1")?.textContent === before) return;
    this.#live.textContent = document.title.replace(" – Farhand", "");
    this.#focus();
  }

  #connect(code: Code): void {
    const name = this.#form.name.trim();
    rememberName(name);
    this.#leave();
    this.#call({ url: lineAddress(location.href), name, reason: "", capabilities: FIRST, by: code }, null);
  }

  /** No longer on the way to anywhere. */
  #leave(): void {
    this.#visit?.close();
    this.#visit = null;
    this.#door = null;
  }

  #call(target: Target, door: Door | null): void {
    this.#form = { ...this.#form, code: "", problem: "" };
    this.#checkpoint = null;
    const desk = new Desk(this.#ui, this.#stages, this.#origin, door, {
      state: (state) => {
        if (desk === this.#desk) this.#enter(state);
      },
      changed: () => {
        this.#update();
      },
      say: (text) => {
        this.#live.textContent = text;
      },
      checkpoint: (checkpoint) => {
        this.#checkpoint = checkpoint;
        const kept = (door ?? this.#keeper).keep(checkpoint.hostId, checkpoint.data);
        kept.catch((error: unknown) => {
          console.warn("farhand: the checkpoint is not kept:", error);
        });
      },
      end: () => {
        this.#end();
      },
    });
    this.#desk = desk;
    this.#enter({ state: "connecting" });
    desk.connect(target);
  }

  /** Where the checkpoint of a session by code is kept. */
  readonly #keeper = {
    keep: (hostId: Bytes, data: Bytes): Promise<void> => this.#store.put("checkpoints", hex(hostId), data),
  };

  #enter(state: ConnectionState): void {
    const before = this.#state.state;
    this.#state = state;
    if (state.state === "idle") this.#leave();
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
    if (this.#visit !== null && this.#desk === null && state.state !== "over") {
      render(visitPage(this.#visit.state, this.#visitActions, this.#origin), this.#ui);
      return;
    }
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
        const { reason, text, keys = null } = state;
        const host = this.#visit === null ? null : (this.#visit.host?.name ?? "");
        render(overPage({ reason, text, left, keys, checkpoint: this.#checkpoint, host }, this.#overActions, this.#origin), this.#ui);
      }
    }
  }

  readonly #overActions = {
    again: (): void => {
      const door = this.#door;
      if (door === null) {
        this.#enter({ state: "idle" });
        return;
      }
      this.#visit?.close();
      this.#go(door);
    },
    save: (): void => {
      if (this.#checkpoint !== null) save(this.#checkpoint);
    },
    reload: (): void => {
      location.reload();
    },
  };

  readonly #visitActions = {
    console: "./console",
    cancel: (): void => {
      this.#leave();
      this.#enter({ state: "idle" });
    },
    again: (): void => {
      void this.#visit?.start();
    },
    reason: (text: string): void => {
      void this.#visit?.give(text);
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
