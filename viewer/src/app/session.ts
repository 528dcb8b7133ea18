/** One session as the page holds it: the worker, the picture, the devices and the clipboard, made and ended together. */
import type { Capability, NoticeCode, Quality } from "../gen/messages";
import type { HostEntry, HostPath } from "../files/api";
import { FilesClient } from "../files/client";
import { Devices } from "../input/devices";
import type { System } from "../input/keyboard";
import { Outbox } from "../input/outbox";
import { Stage } from "../screen/stage";
import type { ScaleMode, View } from "../screen/view";
import type { Bytes } from "../protocol/bytes";
import type { ConnectionState, FromWorker, Held, Statistics, Target, ToWorker } from "./bridge";
import { Clipboard } from "./clipboard";
import { measureRefresh } from "./refresh";
import { holds } from "./rights";

/** The host's signed word on its audit. */
export type Checkpoint = Omit<Extract<FromWorker, { kind: "checkpoint" }>, "kind">;

/** What a session tells the page. */
export interface SessionEvents {
  state(state: ConnectionState): void;
  rights(rights: readonly Held[], reason: string): void;
  paused(on: boolean, text: string): void;
  checkpoint(checkpoint: Checkpoint): void;
  notice(code: NoticeCode, text: string): void;
  statistics(statistics: Statistics): void;
  /** Files stand copied on the host, and so many more; neither: none do any longer. */
  copied(entries: readonly HostEntry[], leftOut: number): void;
  /** So many files are in the host's clipboard now that were to be, and so many are not. */
  offered(offered: number, leftOut: number): void;
  /** Files were pasted here; true if the host has them already, and gets the key. Only before the event is over. */
  pastedFiles(data: DataTransfer): boolean;
  /** Ask for rights; resolves to what came of it, empty if they were granted. */
  askFor(capabilities: readonly Capability[], reason: string): Promise<string>;
  viewed(view: View, mode: ScaleMode): void;
  /** Whether keys that nothing on the page has the focus for are the desktop's. */
  takesKeys(): boolean;
  chord(): void;
  touched(): void;
  pressed(): void;
  sticky(): void;
}

/** How long the window must keep its new size before the host is asked for it. */
const SETTLE_MS = 400;

export class Session {
  readonly stage: Stage;
  readonly devices: Devices;
  /** The host's files. */
  readonly files: FilesClient;
  readonly #worker: Worker;
  readonly #outbox: Outbox;
  readonly #clipboard: Clipboard;
  readonly #events: SessionEvents;
  readonly #abort = new AbortController();
  #quality: Quality = "automatic";
  #refreshHz = 60;
  #matching = false;
  #settle: ReturnType<typeof setTimeout> | undefined;
  #rights: readonly Held[] = [];
  #paused = false;
  #controlled = false;
  #connected = false;
  #closed = false;

  constructor(worker: Worker, parent: HTMLElement, system: System, events: SessionEvents) {
    this.#worker = worker;
    this.#events = events;
    this.stage = new Stage(parent, {
      viewed: events.viewed.bind(events),
      resized: () => {
        this.#match();
      },
    });
    this.#outbox = new Outbox((message, at) => {
      this.#post({ kind: "input", message, at });
    });
    this.#clipboard = new Clipboard((text) => {
      this.#post({ kind: "clipboard", text });
    });
    this.files = new FilesClient(
      (message) => {
        this.#post({ kind: "files", message });
      },
      events.askFor.bind(events),
    );
    this.devices = new Devices(this.stage, this.#outbox, system, {
      chord: events.chord.bind(events),
      touched: events.touched.bind(events),
      sticky: events.sticky.bind(events),
      pressed: () => {
        this.#clipboard.retry();
        events.pressed();
      },
      pasted: (text) => this.#clipboard.pasted(text),
      pastedFiles: (data) => {
        this.#clipboard.forget();
        return events.pastedFiles(data);
      },
      mayPaste: () => this.#may("clipboard"),
      takesKeys: events.takesKeys.bind(events),
    });
    worker.addEventListener("message", this.#received);
    worker.addEventListener("error", this.#failed);
    const { signal } = this.#abort;
    document.addEventListener("visibilitychange", this.#want, { signal });
    globalThis.addEventListener("online", this.retry, { signal });
    globalThis.addEventListener("focus", () => { this.#clipboard.retry(); }, { signal });
  }

  /** Hands the elements over and connects; once. */
  connect(target: Target): void {
    const { surfaces, transfer } = this.stage.surfaces();
    this.#worker.postMessage({ kind: "surfaces", surfaces } satisfies ToWorker, transfer);
    this.#post({ kind: "connect", target });
    void measureRefresh().then((hz) => {
      this.#refreshHz = hz;
      if (this.#connected) this.#want();
    });
  }

  get matching(): boolean {
    return this.#matching;
  }

  get quality(): Quality {
    return this.#quality;
  }

  setQuality(quality: Quality): void {
    this.#quality = quality;
    this.#want();
  }

  /** Whether the host's desktop follows the window's size. */
  setMatching(matching: boolean): void {
    this.#matching = matching;
    if (matching) this.#resize();
  }

  watch(on: boolean): void {
    this.#post({ kind: "watch", on });
  }

  /** More rights, please; `grant` is empty where a person is to be asked. */
  ask(capabilities: readonly Capability[], seconds: number, reason: string, grant: Bytes): void {
    this.#post({ kind: "ask", capabilities, seconds, reason, grant });
  }

  /** Gives rights back. */
  letGo(capabilities: readonly Capability[]): void {
    this.#post({ kind: "let-go", capabilities });
  }

  /** These files of the host into its clipboard. */
  offer(paths: readonly HostPath[]): void {
    this.#post({ kind: "offer", paths });
  }

  /** Tries the line at once, where it is cut. */
  readonly retry = (): void => {
    this.#post({ kind: "online" });
  };

  /** Says goodbye to the host; the state `over` follows. */
  end(): void {
    this.devices.releaseAll();
    this.#post({ kind: "end" });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#settle);
    this.#abort.abort();
    this.#worker.removeEventListener("message", this.#received);
    this.#worker.terminate();
    this.files.close();
    this.devices.close();
    this.stage.close();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  readonly #received = (event: MessageEvent<FromWorker>): void => {
    const message = event.data;
    switch (message.kind) {
      case "state":
        this.#state(message.state);
        break;
      case "rights":
        this.#grant(message.rights);
        this.#events.rights(message.rights, message.reason);
        break;
      case "paused":
        this.#paused = message.on;
        this.#grant(this.#rights);
        this.#events.paused(message.on, message.text);
        break;
      case "checkpoint":
        this.#events.checkpoint(message);
        break;
      case "notice":
        this.#events.notice(message.code, message.text);
        break;
      case "layout":
        this.stage.setLayout(message.width, message.height);
        break;
      case "layer":
        this.stage.setLayer(message.layer, message.rect);
        break;
      case "cursor":
        this.stage.setCursor(message);
        break;
      case "pointer":
        this.stage.setPointer(message.x, message.y);
        break;
      case "clipboard":
        if (this.#may("clipboard")) this.#clipboard.arrived(message.text);
        break;
      case "copied":
        this.#clipboard.forget();
        if (this.#may("clipboard") && this.#may("files-read")) this.#events.copied(message.entries, message.leftOut);
        break;
      case "offered":
        this.#events.offered(message.offered, message.leftOut);
        break;
      case "files":
        this.files.received(message.message);
        break;
      case "statistics":
        this.#events.statistics(message.statistics);
    }
  };

  readonly #failed = (event: ErrorEvent): void => {
    event.preventDefault();
    console.error("farhand: the session's worker failed:", event.message);
    this.#events.state({ state: "over", reason: "protocol", text: "", retrySeconds: 0 });
  };

  #state(state: ConnectionState): void {
    this.#connected = state.state === "connected";
    this.#paused = false;
    this.#grant(state.state === "connected" ? state.rights : []);
    if (state.state === "connected") {
      this.#want();
      this.#match();
    } else this.devices.releaseAll();
    this.#events.state(state);
  }

  #grant(rights: readonly Held[]): void {
    this.#rights = rights;
    const control = this.#may("control");
    this.files.setRights(rights, this.#connected && !this.#paused);
    this.#outbox.setEnabled(control);
    // The host lets go of them by itself; here nothing stays down that could come up later.
    if (this.#controlled && !control) this.devices.releaseAll();
    this.#controlled = control;
    this.stage.setWatching(this.#connected && !control);
  }

  #may(capability: Capability): boolean {
    return !this.#paused && holds(this.#rights, capability);
  }

  readonly #want = (): void => {
    if (!this.#connected) return;
    this.#post({ kind: "want", quality: this.#quality, visible: !document.hidden, refreshHz: this.#refreshHz });
  };

  #match(): void {
    clearTimeout(this.#settle);
    if (this.#matching && this.#connected) this.#settle = setTimeout(this.#resize, SETTLE_MS);
  }

  readonly #resize = (): void => {
    const { width, height } = this.stage.window;
    this.#post({ kind: "resize", width, height });
  };
}
