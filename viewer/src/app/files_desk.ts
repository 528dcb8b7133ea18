/** Files on the desk: the manager when it is wanted, how far the transfers are, and what is dropped on the desktop. */
import type { FilesApi, Transfer, UploadSource } from "../files/api";
import { sourcesOf } from "../files/sources";
import type { Manager } from "../panels/files/manager";
import { makeElement } from "./environment";
import { type Summary, news, summary } from "./transfers";

export interface FilesDeskEvents {
  changed(): void;
  /** Said aloud and shown for a moment. */
  tell(text: string, tone: "plain" | "bad"): void;
  /** Said aloud: what is seen of it is on the page already. */
  say(text: string): void;
  /** The desktop gets the keys again. */
  leave(): void;
}

/** For the bar. */
export interface FilesState {
  readonly open: boolean;
  readonly summary: Summary;
}

export class FilesDesk {
  readonly #files: FilesApi;
  readonly #events: FilesDeskEvents;
  readonly #layer = makeElement("div", "files-layer");
  readonly #target = makeElement("div", "files-target");
  readonly #abort = new AbortController();
  readonly #hostName: () => string;
  #manager: Promise<Manager> | null = null;
  #open = false;
  #before: readonly Transfer[] | null = null;
  #summary: Summary;

  constructor(parent: HTMLElement, files: FilesApi, hostName: () => string, events: FilesDeskEvents) {
    this.#files = files;
    this.#events = events;
    this.#hostName = hostName;
    this.#summary = summary(files.queue.items);
    this.#target.hidden = true;
    parent.append(this.#layer, this.#target);
    const { signal } = this.#abort;
    signal.addEventListener("abort", files.onChange(this.#told));
    const early = { capture: true, signal };
    document.addEventListener("dragover", this.#dragged, early);
    document.addEventListener("dragleave", this.#left, early);
    document.addEventListener("drop", this.#dropped, early);
  }

  get state(): FilesState {
    return { open: this.#open, summary: this.#summary };
  }

  /** Whether keys that belong to nothing on the page are the manager's, and never the desktop's. */
  get open(): boolean {
    return this.#open;
  }

  /** The line is cut, or the desktop is covered by something that has to be read first. */
  setDead(dead: boolean): void {
    this.#layer.classList.toggle("dead", dead);
  }

  readonly toggle = (): void => {
    if (this.#open) this.#hide();
    else void this.#show();
  };

  /** What was pasted on the desktop goes where what is dropped there does; resolves to the new transfers' ids. */
  async send(sources: Promise<readonly UploadSource[]>): Promise<readonly string[]> {
    const manager = await this.#loaded();
    const ids = (await manager?.take(sources)) ?? [];
    if (this.#files.rights.write !== "held" && !this.#open) await this.#show();
    return ids;
  }

  close(): void {
    this.#abort.abort();
    this.#open = false;
    void this.#manager?.then((manager) => {
      manager.close();
    });
    this.#layer.remove();
    this.#target.remove();
  }

  async #show(): Promise<void> {
    this.#open = true;
    this.#events.changed();
    const manager = await this.#loaded();
    if (this.open && !this.#abort.signal.aborted) manager?.show(this.#hostName());
  }

  #hide(): void {
    this.#open = false;
    void this.#manager?.then((manager) => {
      manager.hide();
    });
    this.#events.leave();
    this.#events.changed();
  }

  /** The manager, fetched when it is first wanted; null if that failed. */
  async #loaded(): Promise<Manager | null> {
    const events = {
      close: () => {
        this.#hide();
      },
    };
    this.#manager ??= import("../panels/files/manager").then(
      (panel) => new panel.Manager(this.#layer, this.#files, this.#hostName(), events),
    );
    try {
      return await this.#manager;
    } catch (error) {
      console.warn("farhand: the file manager did not load:", error);
      this.#manager = null;
      this.#open = false;
      this.#events.tell("The file manager could not be loaded: the server of this page does not answer.", "bad");
      return null;
    }
  }

  readonly #told = (): void => {
    const { items } = this.#files.queue;
    const { done, failed, asking } = news(this.#before, items);
    this.#before = items;
    this.#summary = summary(items);
    const [bad] = failed;
    if (bad !== undefined) this.#tell(failed.length === 1 ? failure(bad) : `${failed.length} transfers failed.`, "bad");
    else if (asking.length > 0) this.#tell(this.#open ? "A transfer waits for you." : "A transfer waits for you: open Files.", "plain");
    else if (done.length > 0 && this.#summary.active === 0) this.#tell(finished(done), "plain");
    this.#events.changed();
  };

  /** The open manager shows it in its list. */
  #tell(text: string, tone: "plain" | "bad"): void {
    if (this.#open) this.#events.say(text);
    else this.#events.tell(text, tone);
  }

  // ---- dropped on the desktop -----------------------------------------------------------------------------------------

  readonly #dragged = (event: DragEvent): void => {
    const { dataTransfer } = event;
    if (this.#managers(event)) {
      this.#target.hidden = true;
      return;
    }
    if (dataTransfer === null || !dataTransfer.types.includes("Files")) return;
    // A file that the browser opens in place of the page would end the session.
    event.preventDefault();
    dataTransfer.dropEffect = "copy";
    if (this.#target.hidden) void this.#aim();
  };

  readonly #left = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.#target.hidden = true;
  };

  readonly #dropped = (event: DragEvent): void => {
    this.#target.hidden = true;
    const { dataTransfer } = event;
    if (this.#managers(event) || dataTransfer === null || !dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    void this.send(sourcesOf(dataTransfer));
  };

  /** Whether it is over the manager, which knows better where things go. */
  #managers(event: DragEvent): boolean {
    return event.target instanceof Node && this.#layer.contains(event.target);
  }

  /** Says where things would go. */
  async #aim(): Promise<void> {
    this.#target.hidden = false;
    this.#target.textContent = "Drop to send";
    const name = (await this.#loaded())?.target.name ?? "";
    if (name === "") return;
    const shown = document.createElement("bdi");
    shown.textContent = name;
    this.#target.replaceChildren("Drop to send into ", shown);
  }
}

function finished(done: readonly Transfer[]): string {
  const [first] = done;
  return done.length === 1 && first !== undefined ? `${first.name}: ${first.direction === "upload" ? "sent" : "fetched"}.` : "All transfers are done.";
}

function failure({ name, error }: Transfer): string {
  return `${name}: ${error?.text ?? "not everything arrived. Files has the list."}`;
}
