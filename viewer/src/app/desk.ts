/** A session on the page: the picture, and the state of everything that lies over it. */
import { render } from "lit/html.js";
import type { NoticeCode } from "../gen/messages";
import { systemOf } from "../input/keyboard";
import { type DesktopActions, type DesktopState, desktop } from "../panels/desktop";
import type { Origin } from "../panels/page";
import { plain } from "../panels/plain";
import { RIGHTS, endsShort } from "../panels/rights";
import { HISTORY } from "../panels/statistics";
import type { ConnectionState, Held, HostFacts, Statistics, Target } from "./bridge";
import { systemClock } from "./clock";
import type { Door } from "./doors/door";
import { platformName, touchFirst } from "./environment";
import { Copied } from "./copied";
import { FilesDesk } from "./files_desk";
import { Pasted } from "./pasted";
import { Reveal } from "./reveal";
import { holds, nextEnd } from "./rights";
import { RightsDesk } from "./rights_desk";
import { type Checkpoint, Session } from "./session";
import { startWorker } from "./start_worker";
import { hasWebCodecs } from "./support";
import { Toasts } from "./toasts";

/** What a desk needs of the page. */
export interface DeskEvents {
  state(state: ConnectionState): void;
  /** Something of it changed: `render` is wanted soon. */
  changed(): void;
  /** To be read aloud. */
  say(text: string): void;
  /** The host's signed word on its audit came. */
  checkpoint(checkpoint: Checkpoint): void;
  /** The person wants the end. */
  end(): void;
}

const NOTICES: Readonly<Record<NoticeCode, string>> = {
  "display-gone": "The host's display is gone.",
  "display-back": "The host's display is back.",
  "encoder-failed": "The host's video encoder failed: it goes on without.",
  denied: "The host refused that.",
  "input-blocked": "The host takes no keys or clicks at the moment.",
};

const NO_HOST: HostFacts = { name: "", system: "", fingerprint: "", person: "" };
/** How often times that run out are written anew. */
const TICK_MS = 1000;
const NO_KEYS = { shown: false, functions: false, keyboard: false };

export class Desk {
  readonly #ui: HTMLElement;
  readonly #stages: HTMLElement;
  readonly #origin: Origin;
  readonly #events: DeskEvents;
  readonly #session: Session;
  readonly #reveal: Reveal;
  readonly #toasts: Toasts;
  readonly #actions: DesktopActions;
  readonly #abort = new AbortController();
  readonly #rights: RightsDesk;
  readonly #files: FilesDesk;
  readonly #copied: Copied;
  readonly #pasted: Pasted;
  readonly #byCode: boolean;
  #host = NO_HOST;
  #greeted = false;
  #paused: string | null = null;
  #showRights = false;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #menu = "";
  #history: readonly Statistics[] = [];
  #statistics = false;
  #touch = touchFirst();
  #keys = NO_KEYS;
  #displayGone = "";

  /** `door` is the one by which the session came in; null: a person lets us in, by a code. */
  constructor(ui: HTMLElement, stages: HTMLElement, origin: Origin, door: Door | null, events: DeskEvents) {
    this.#ui = ui;
    this.#stages = stages;
    this.#origin = origin;
    this.#events = events;
    const changed = events.changed.bind(events);
    this.#reveal = new Reveal(changed);
    this.#toasts = new Toasts(changed);
    this.#byCode = door === null;
    this.#rights = new RightsDesk(systemClock, door, {
      ask: (...wish) => {
        this.#session.ask(...wish);
      },
      changed,
      warn: (capability) => {
        this.#say(`${RIGHTS[capability].name} ends in a minute.`, "bad");
      },
    });
    this.#session = new Session(startWorker(), stages, systemOf(platformName()), {
      state: (state) => {
        this.#enter(state);
      },
      rights: this.#changedRights,
      paused: (on, text) => {
        this.#paused = on ? text : null;
        events.say(on ? "The person at the host paused the session." : "The session goes on.");
        changed();
      },
      checkpoint: events.checkpoint.bind(events),
      notice: this.#notice,
      copied: (entries, leftOut) => {
        this.#copied.arrived(entries, leftOut);
      },
      offered: (offered, leftOut) => {
        this.#pasted.answered(offered, leftOut);
      },
      pastedFiles: (data) => this.#pasted.take(data),
      askFor: (capabilities, reason) => this.#rights.askFor(capabilities, reason),
      statistics: (second) => {
        this.#history = [...this.#history, second].slice(-HISTORY);
        changed();
      },
      viewed: changed,
      chord: this.#toBar,
      takesKeys: () => !this.#files.open,
      touched: () => {
        if (!this.#touch) changed();
        this.#touch = true;
      },
      pressed: () => {
        if (this.#menu !== "") changed();
        this.#menu = "";
        this.#reveal.hide();
      },
      sticky: changed,
    });
    const hostName = (): string => this.#host.name;
    const told = { changed, tell: this.#say.bind(this), say: events.say.bind(events) };
    this.#files = new FilesDesk(ui.parentElement ?? document.body, this.#session.files, hostName, { ...told, leave: this.focus.bind(this) });
    this.#copied = new Copied(this.#session.files, hostName, { ...told, used: () => ui.querySelector(".copied:is(:hover, :focus-within)") !== null }, systemClock);
    this.#pasted = new Pasted(this.#session.files, hostName, {
      tell: told.tell,
      send: this.#files.send.bind(this.#files),
      offer: (paths) => {
        this.#session.offer(paths);
      },
    });
    this.#actions = this.#makeActions();
    this.#listen();
  }

  connect(target: Target): void {
    this.#session.connect(target);
  }

  /** Keys go to the host. */
  focus(): void {
    this.#session.devices.focus();
  }

  /** Says goodbye to the host. */
  end(): void {
    this.#session.end();
  }

  close(): void {
    this.#abort.abort();
    clearInterval(this.#ticker);
    this.#rights.close();
    this.#files.close();
    this.#copied.close();
    this.#pasted.close();
    this.#reveal.close();
    this.#toasts.close();
    this.#session.close();
    if (document.fullscreenElement) void document.exitFullscreen();
  }

  /** Draws what lies over the picture; `since` is how long the state has held, in milliseconds. */
  render(state: ConnectionState & { state: "connected" | "cut" }, since: number): void {
    this.#stages.classList.toggle("dead", state.state === "cut" || this.#displayGone !== "" || this.#paused !== null);
    this.#files.setDead(state.state === "cut" || this.#paused !== null);
    const cut =
      state.state === "cut"
        ? { attempt: state.attempt, next: state.nextTryMs - since, grace: state.graceLeftMs - since, offline: !navigator.onLine }
        : null;
    render(desktop(this.#desktop(cut), this.#actions), this.#ui);
  }

  #desktop(cut: DesktopState["cut"]): DesktopState {
    const { stage, devices, quality, matching } = this.#session;
    const { name, system, fingerprint, person } = this.#host;
    const { rights } = this.#rights;
    const now = Date.now();
    const first = nextEnd(rights);
    return {
      cut,
      now,
      paused: this.#paused,
      rights: this.#showRights ? this.#rights.state : null,
      displayGone: this.#displayGone,
      copied: this.#copied.state,
      toasts: this.#toasts.all,
      touch: this.#touch,
      origin: this.#origin,
      bar: {
        shown: this.#reveal.shown,
        hostName: name,
        fingerprint,
        origin: this.#origin,
        control: holds(rights, "control"),
        ending: first === null ? "" : endsShort(first, now),
        rights: this.#showRights,
        files: this.#files.state,
        copied: this.#copied.state,
        byCode: this.#byCode,
        mode: stage.mode,
        scale: stage.view.scale,
        quality,
        matching,
        statistics: this.#statistics,
        full: document.fullscreenElement !== null,
        canFull: document.fullscreenEnabled,
      },
      keys: this.#keys.shown ? { ...this.#keys, sticky: (modifier) => devices.sticky.state(modifier) } : null,
      statistics: this.#statistics
        ? { history: this.#history, layout: stage.layout, scale: stage.view.scale, webCodecs: hasWebCodecs(), rights, system, fingerprint, person }
        : null,
    };
  }

  #makeActions(): DesktopActions {
    const { stage, devices } = this.#session;
    const session = this.#session;
    const backAfter =
      <T>(run: (value: T) => void) =>
      (value: T): void => {
        run(value);
        this.#toDesk();
      };
    const setKeys = (keys: Partial<typeof NO_KEYS>): void => {
      this.#keys = { ...this.#keys, ...keys };
      this.#events.changed();
    };
    const menu = (): string => this.#menu;
    return {
      bar: {
        get open() {
          return menu();
        },
        toggle: this.#toggleMenu,
        mode: backAfter(stage.setMode.bind(stage)),
        quality: backAfter(session.setQuality.bind(session)),
        keys: backAfter((keys) => {
          devices.sticky.chord(keys, performance.now());
        }),
        full: () => {
          toggleFull();
          this.#toDesk();
        },
        match: () => {
          session.setMatching(!session.matching);
          this.#events.changed();
        },
        statistics: this.#toggleStatistics,
        rights: this.#toggleRights,
        files: () => {
          this.#toDesk();
          this.#files.toggle();
        },
        copied: this.#toggleCopied,
        hide: this.#toDesk,
        end: this.#events.end.bind(this.#events),
      },
      keys: {
        modifier: (modifier) => {
          devices.sticky.tap(modifier, performance.now());
        },
        press: (key) => {
          devices.sticky.press(key, performance.now());
        },
        functions: () => {
          setKeys({ functions: !this.#keys.functions });
        },
        keyboard: this.#toggleKeyboard,
        close: () => {
          if (this.#keys.keyboard) this.#toggleKeyboard();
          setKeys(NO_KEYS);
        },
      },
      rights: {
        want: (change) => {
          this.#rights.want(change);
        },
        ask: () => {
          void this.#rights.ask();
        },
        letGo: (capability) => {
          session.letGo([capability]);
        },
        close: () => {
          this.#toggleRights();
          this.focus();
        },
      },
      copied: {
        save: () => {
          void this.#copied.save();
          this.focus();
        },
        hide: () => {
          this.#copied.show(false);
          this.focus();
        },
      },
      hover: (over) => {
        this.#reveal.hover(over || this.#menu !== "");
      },
      show: this.#reveal.show.bind(this.#reveal),
      openKeys: () => {
        setKeys({ shown: true });
        this.#toggleKeyboard();
      },
      closeStatistics: () => {
        this.#toggleStatistics();
        this.focus();
      },
      retry: session.retry,
      end: this.#events.end.bind(this.#events),
    };
  }

  #enter(state: ConnectionState): void {
    if (state.state === "connected") {
      const back = this.#greeted;
      this.#greeted = true;
      this.#paused = null;
      this.#host = state.host;
      this.#rights.set(state.rights);
      this.#copied.keep(state.rights);
      this.#tick();
      if (back) this.#toasts.add("The line is back.");
      else this.#reveal.greet();
      if (!holds(state.rights, "control") && !back) this.#toasts.add("You may look, and not operate: no control was granted.");
      this.#session.watch(this.#statistics);
    }
    this.#events.state(state);
  }

  readonly #changedRights = (rights: readonly Held[], reason: string): void => {
    const words = (held: readonly Held[], other: readonly Held[]): string =>
      held
        .filter((right) => !holds(other, right.capability))
        .map((right) => RIGHTS[right.capability].name.toLowerCase())
        .join(", ");
    const [lost, won] = [words(this.#rights.rights, rights), words(rights, this.#rights.rights)];
    this.#rights.set(rights);
    this.#copied.keep(rights);
    this.#tick();
    const said = plain(reason);
    const why = said === "" ? "" : `: ${said}`;
    if (lost !== "") this.#say(`No longer yours: ${lost}${why}`, "bad");
    if (won !== "") this.#say(`The host granted ${won}${why}`, "plain");
    this.#events.changed();
  };

  readonly #notice = (code: NoticeCode, text: string): void => {
    const words = plain(text) === "" ? NOTICES[code] : plain(text);
    if (code === "display-gone") this.#displayGone = words;
    else if (code === "denied" && this.#rights.denied(plain(text))) this.#events.say(words);
    else {
      if (code === "display-back") this.#displayGone = "";
      this.#say(words, code === "display-back" ? "plain" : "bad");
    }
    this.#events.changed();
  };

  #say(text: string, tone: "plain" | "bad"): void {
    this.#events.say(text);
    this.#toasts.add(text, tone);
  }

  readonly #toDesk = (): void => {
    this.#menu = "";
    this.#reveal.hide();
    this.focus();
    this.#events.changed();
  };

  readonly #toBar = (): void => {
    this.#reveal.show();
    // The chord's keys are still coming up: the focus moves once the bar is there to take it.
    requestAnimationFrame(() => {
      this.#ui.querySelector<HTMLElement>(".bar .tool")?.focus();
    });
  };

  readonly #toggleMenu = (id: string): void => {
    this.#menu = this.#menu === id ? "" : id;
    if (this.#menu !== "") this.#reveal.hover(true);
    this.#events.changed();
    if (this.#menu === "") return;
    requestAnimationFrame(() => {
      const item = this.#ui.querySelector<HTMLElement>('.item[aria-checked="true"]');
      (item ?? this.#ui.querySelector<HTMLElement>(".item:not(:disabled)"))?.focus();
    });
  };

  readonly #toggleRights = (): void => {
    this.#showRights = !this.#showRights;
    // Both stand in the same place.
    if (this.#showRights && this.#statistics) this.#toggleStatistics();
    this.#tick();
    this.#events.changed();
  };

  /** The notice of copied files, with the focus on it. */
  readonly #toggleCopied = (): void => {
    if (this.#copied.state === null) return;
    const open = !this.#copied.state.open;
    this.#toDesk();
    this.#copied.show(open);
    if (!open) return;
    requestAnimationFrame(() => {
      this.#ui.querySelector<HTMLElement>(".copied button")?.focus();
    });
  };

  /** Times that run out are written anew while they are seen. */
  #tick(): void {
    clearInterval(this.#ticker);
    if (nextEnd(this.#rights.rights) === null) return;
    this.#ticker = setInterval(() => {
      if (this.#showRights || this.#reveal.shown) this.#events.changed();
    }, TICK_MS);
  }

  readonly #toggleStatistics = (): void => {
    this.#statistics = !this.#statistics;
    if (this.#statistics) this.#showRights = false;
    if (!this.#statistics) this.#history = [];
    this.#session.watch(this.#statistics);
    this.#events.changed();
  };

  readonly #toggleKeyboard = (): void => {
    const { devices } = this.#session;
    const keyboard = !this.#keys.keyboard;
    this.#keys = { ...this.#keys, keyboard };
    // Phones raise and lower their keyboard only when a field gains the focus anew.
    devices.field.element.blur();
    devices.field.setPhone(keyboard);
    devices.focus();
    this.#events.changed();
  };

  #listen(): void {
    const { signal } = this.#abort;
    const moved = (event: PointerEvent): void => {
      if (event.pointerType !== "touch") this.#reveal.moved(event, innerWidth);
    };
    this.#stages.addEventListener("pointermove", moved, { signal });
    this.#stages.addEventListener(
      "pointerleave",
      () => {
        this.#reveal.moved({ clientX: 0, clientY: Infinity, buttons: 0 }, innerWidth);
      },
      { signal },
    );
    document.addEventListener(
      "fullscreenchange",
      () => {
        lockKeys(document.fullscreenElement !== null);
        this.#events.changed();
      },
      { signal },
    );
    for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, this.#keyboardMoved, { signal });
  }

  /** A phone's keyboard covers the lower edge: the keys move up, and the picture so far that the last tap stays seen. */
  readonly #keyboardMoved = (): void => {
    const seen = visualViewport;
    if (seen === null || seen.scale > 1.01) return;
    const covered = Math.max(0, Math.round(innerHeight - seen.height - seen.offsetTop));
    this.#ui.style.setProperty("--covered", `${covered}px`);
    const keys = this.#ui.querySelector(".keybar")?.getBoundingClientRect().height ?? 0;
    this.#session.stage.setCovered(covered === 0 ? 0 : covered + keys, this.#session.devices.lastTouch);
  };
}

function toggleFull(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen({ navigationUI: "hide" }).catch(() => undefined);
}

/** On the full screen the system's own keys are the host's too (Chromium); holding Escape leaves it. */
function lockKeys(lock: boolean): void {
  const { keyboard } = navigator as Navigator & { keyboard?: { lock?(): Promise<void>; unlock?(): void } };
  if (lock) keyboard?.lock?.().catch(() => undefined);
  else keyboard?.unlock?.();
}
