/** The file manager: two sides, the queue below, and the questions over both. The page loads it when it is first wanted. */
import { render } from "lit/html.js";
import { news, summary } from "../../app/transfers";
import type { Fault, FilesApi, FilesRight, Transfer, UploadSource } from "../../files/api";
import { lentUrl } from "../../files/client";
import { FilesError } from "../../files/faults";
import { localName } from "../../files/names";
import { pickTarget, sourcesOf } from "../../files/sources";
import { askAboutConflict, askForFolder, askToDelete, showLook, showProperties } from "./asks";
import { Carrying } from "./carrying";
import { choose } from "./choosing";
import { Dialog } from "./dialog";
import { managerView } from "./manager_view";
import { extension, visible } from "./names";
import { Pane, faultOf } from "./pane";
import type { PaneActions } from "./pane_view";
import type { Folder, Row, Side } from "./place";
import { HerePlace, canWorkHere, folderHere, mayUse, pick, uploadsOf } from "./place_here";
import { HostPlace, entriesOf, folderOf } from "./place_host";
import type { QueueActions } from "./queue_view";
import { keepFolder, keepSettings, lastFolder, settings } from "./remember";
import "./files.css";
import "./list.css";
import "./queue.css";
import "./questions.css";
import "./narrow.css";

/** What the manager needs of the page. */
export interface ManagerEvents {
  /** The person is done with it: the desktop gets the keys again. */
  close(): void;
}

/** Something that did not work, until it is put away. */
export interface Notice {
  readonly id: number;
  readonly what: string;
  readonly fault: Fault;
}

/** A folder that is being filled is read again at most so often. */
const REFRESH_MS = 1500;
const NOTICES = 3;
/** From this width on both sides stand beside each other. */
const WIDE = "(min-width: 60rem)";

export class Manager {
  readonly #root: HTMLElement;
  readonly #files: FilesApi;
  readonly #events: ManagerEvents;
  readonly #host: Pane;
  readonly #here: Pane | null;
  readonly #dialog: Dialog;
  readonly #carrying: Carrying;
  readonly #abort = new AbortController();
  readonly #wide = matchMedia(WIDE);
  #hostName: string;
  #roots: readonly Folder[] = [];
  #last: FileSystemDirectoryHandle | null = null;
  #side: Side = "host";
  #shown = false;
  #queueOpen = false;
  #notices: readonly Notice[] = [];
  #nextNotice = 1;
  #before: readonly Transfer[];
  /** Conflicts that are decided later. */
  readonly #later = new Set<string>();
  #rendering = false;
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #lookedAt: { readonly row: Row; readonly url: string } | null = null;

  constructor(root: HTMLElement, files: FilesApi, hostName: string, events: ManagerEvents) {
    this.#root = root;
    this.#files = files;
    this.#hostName = hostName;
    this.#events = events;
    this.#before = files.queue.items;
    this.#dialog = new Dialog(this.#changed);
    this.#host = this.#pane(new HostPlace(files));
    this.#here = canWorkHere() ? this.#pane(new HerePlace()) : null;
    this.#carrying = new Carrying({
      changed: this.#changed,
      pane: (side) => (side === "host" ? this.#host : this.#here),
      send: (rows, folder) => void this.#sendRows(rows, folder),
      fetch: (rows, folder) => void this.#fetch(rows, folder),
      move: (rows, folder) => void this.#moveRows(rows, folder),
      out: (rows) => void this.#out(rows),
      dropped: (sources, folder) => void this.take(sources, folder.path),
    });
    const { signal } = this.#abort;
    const stop = files.onChange(this.#told);
    signal.addEventListener("abort", stop);
    this.#wide.addEventListener("change", this.#changed, { signal });
    new ResizeObserver(this.#changed).observe(root);
    document.addEventListener("keydown", this.#lost, { capture: true, signal });
    if (this.#here !== null) {
      void lastFolder().then((last) => {
        this.#last = last;
        this.#changed();
      });
    }
  }

  get shown(): boolean {
    return this.#shown;
  }

  /** The folder of the host that what is dropped on the desktop goes into: its path, and its name for people. */
  get target(): { readonly path: string; readonly name: string } {
    const { folder } = this.#host;
    return { path: folder?.path ?? "", name: visible(folder?.name ?? this.#roots[0]?.name ?? "") };
  }

  show(hostName: string): void {
    this.#hostName = hostName;
    this.#shown = true;
    if (summary(this.#files.queue.items).active > 0) this.#queueOpen = true;
    this.#render();
    this.#begin();
    this.#pane_(this.#side).list.focus();
    if (this.#root.contains(document.activeElement)) return;
    this.#root.querySelector<HTMLElement>(".pane.host .state :is(input, button)")?.focus();
    if (!this.#root.contains(document.activeElement)) this.#root.querySelector<HTMLElement>(".files")?.focus();
  }

  hide(): void {
    this.#shown = false;
    this.#dialog.close();
    this.#render();
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#refreshing);
    this.#dialog.close();
    this.#shown = false;
    render(null, this.#root);
  }

  /** What was dropped or pasted goes into a folder of the host, by itself into the one that is open. */
  take(sources: Promise<readonly UploadSource[]>, folder = this.target.path): Promise<void> {
    return this.#tried("Nothing was sent", async () => {
      await this.#send(await sources, folder);
    });
  }

  /** Into the queue, once it is allowed; the folder's path is empty for the first open one. */
  async #send(sources: readonly UploadSource[], folder: string): Promise<void> {
    if (sources.length === 0) return;
    if (this.#files.rights.write !== "held") {
      const { write, text } = await this.#files.askForRights(["files-write"]);
      if (write !== "held") throw new FilesError("rights", text);
    }
    await this.#files.queue.enqueueUpload(sources, folder);
  }

  #pane(place: HostPlace | HerePlace): Pane {
    const { side } = place;
    const pane: Pane = new Pane(
      place,
      {
        changed: this.#changed,
        failed: this.#failed,
        arranged: ({ model }) => {
          keepSettings({ order: model.order, hidden: model.hidden });
        },
      },
      {
        open: (row) => {
          this.#side = side;
          this.#open(pane, row);
        },
        remove: () => {
          this.#remove(pane);
        },
        properties: () => {
          showProperties(this.#dialog, pane, pane.subjects, this.#changed);
        },
        look: () => {
          this.#look(pane, pane.model.active ?? pane.subjects[0]);
        },
        transfer: () => void this.#transfer(pane),
        make: () => {
          if (pane.folder?.writable === true) askForFolder(this.#dialog, pane);
        },
        typed: (text) => {
          pane.setFilter(pane.model.filter + text);
          this.#focusFilter(side);
        },
        filter: () => {
          this.#focusFilter(side);
        },
        dragged: (event) => {
          this.#dragged(event, pane);
        },
      },
    );
    const { order, hidden } = settings();
    pane.model.sort(order);
    pane.model.setHidden(hidden);
    return pane;
  }

  #pane_(side: Side): Pane {
    return side === "here" && this.#here !== null && this.#wide.matches ? this.#here : this.#host;
  }

  /** The host's first open folder, as soon as it may be seen. */
  #begin(): void {
    const { rights, connected } = this.#files;
    if (!this.#shown || rights.read !== "held" || !connected) return;
    if (this.#host.state === "failed") void this.#host.refresh();
    if (this.#host.state !== "closed" || this.#roots.length > 0) return;
    void this.#tried("The open folders of the host could not be asked for", async () => {
      this.#roots = (await this.#files.roots()).map(folderOf);
      const [first] = this.#roots;
      if (first === undefined) return;
      const opened = this.#host.open([first]);
      this.#render();
      this.#welcome();
      await opened;
    });
  }

  /** The list takes the focus from what stood in its place, and from nowhere else. */
  #welcome(): void {
    const at = document.activeElement;
    const free = at === null || at === document.body || at.matches(".files") || at.closest(".pane.host .state") !== null;
    if (free && !this.#dialog.open) this.#host.list.focus();
  }

  // ---- what is done ---------------------------------------------------------------------------------------------------

  #open(pane: Pane, row: Row): void {
    if (row.kind === "folder") pane.enter(row);
    else if (row.kind === "link" && extension(row.name) === "") pane.enter(row);
    else this.#look(pane, row);
  }

  #look(pane: Pane, row: Row | undefined): void {
    if (row === undefined) return;
    if (row.kind === "folder" || row.kind === "other") {
      showProperties(this.#dialog, pane, [row], this.#changed);
      return;
    }
    const step = (by: number): void => {
      const { view } = pane.model;
      for (let at = pane.model.place(row.key) + by; at >= 0 && at < view.length; at += by) {
        const next = view[at];
        if (next?.kind !== "file") continue;
        pane.model.pick(at, "one");
        pane.list.reveal();
        this.#look(pane, next);
        return;
      }
    };
    showLook(this.#dialog, pane, row, this.#changed, step, (shown) => {
      this.#lookedAt = shown ?? this.#lookedAt;
    });
  }

  #remove(pane: Pane): void {
    const rows = pane.subjects;
    const may = pane.place.side === "here" || this.#files.rights.write === "held";
    if (rows.length > 0 && may && pane.folder?.writable === true) askToDelete(this.#dialog, pane, rows);
  }

  /** What is selected goes to the other side. */
  async #transfer(pane: Pane): Promise<void> {
    const rows = pane.subjects;
    if (rows.length === 0) return;
    if (pane.place.side === "host") await this.#fetch(rows, this.#wide.matches ? (this.#here?.folder ?? null) : null);
    else if (this.#host.folder !== null) await this.#sendRows(rows, this.#host.folder);
  }

  /** From the host into a folder of this computer, or to where the browser's dialog says. */
  async #fetch(rows: readonly Row[], folder: Folder | null): Promise<void> {
    const entries = entriesOf(rows);
    await this.#tried("Nothing was fetched", async () => {
      const to = folder?.handle ?? (await pickTarget(entries));
      if (to === null) return;
      await (to === undefined ? this.#files.queue.enqueueDownload(entries) : this.#files.queue.enqueueDownload(entries, to));
    });
  }

  /** Dragged out of the page: files go to the browser's downloads, folders to where its dialog says. */
  async #out(rows: readonly Row[]): Promise<void> {
    const entries = entriesOf(rows);
    const folders = entries.some(({ kind }) => kind === "folder");
    await this.#tried("Nothing was fetched", async () => {
      const to = folders ? await pickTarget(entries) : undefined;
      if (to !== null) await this.#files.queue.enqueueDownload(entries, to);
    });
  }

  async #sendRows(rows: readonly Row[], folder: Folder): Promise<void> {
    await this.#tried("Nothing was sent", async () => {
      await this.#send(await uploadsOf(rows), folder.path);
    });
  }

  async #moveRows(rows: readonly Row[], folder: Folder): Promise<void> {
    const { folder: from } = this.#host;
    if (from === null) return;
    for (const row of rows) {
      await this.#tried(`“${visible(row.name)}” was not moved`, () => this.#host.place.rename(row, folder, row.name));
    }
    await this.#host.refresh();
  }

  /** The browser's dialog for files or a folder, and off they go into the folder that is open. */
  async #choose(folders: boolean): Promise<void> {
    const path = this.#host.folder?.path ?? "";
    await this.#tried("Nothing was sent", async () => {
      await this.#send(await choose(folders), path);
    });
  }

  /** The file or folder that a transfer lost. */
  async #supply(transfer: Transfer): Promise<void> {
    await this.#tried(`“${transfer.name}” was not chosen`, async () => {
      const [source] = await choose(transfer.kind === "folder");
      if (source === undefined || (await this.#files.queue.supply(transfer.id, source))) return;
      this.#failed(`“${transfer.name}” was not chosen`, { name: "source", text: "That is another one than it was: name, size or time differ." });
    });
  }

  async #pick(again: boolean): Promise<void> {
    const pane = this.#here;
    if (pane === null) return;
    await this.#tried("The folder was not opened", async () => {
      const handle = again ? this.#last : await pick();
      if (handle === null || !(await mayUse(handle, true))) return;
      this.#last = handle;
      void keepFolder(handle);
      await pane.open([folderHere(handle)]);
      pane.list.focus();
    });
  }

  async #tried(what: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#failed(what, faultOf(error));
    }
    this.#changed();
  }

  readonly #failed = (what: string, fault: Fault): void => {
    const notice = { id: this.#nextNotice++, what, fault };
    this.#notices = [...this.#notices.filter((other) => other.what !== what), notice].slice(-NOTICES);
    this.#changed();
  };

  #ask(reason: string): void {
    const { rights } = this.#files;
    const wanted: FilesRight[] = [];
    if (rights.read !== "held") wanted.push("files-read");
    if (rights.write !== "held") wanted.push("files-write");
    void this.#files.askForRights(wanted, reason);
  }

  // ---- what the engine says -------------------------------------------------------------------------------------------

  readonly #told = (): void => {
    const { items } = this.#files.queue;
    const { done } = news(this.#before, items);
    if (items.length > this.#before.length) this.#queueOpen = true;
    this.#before = items;
    if (done.length > 0) this.#refreshSoon();
    this.#begin();
    const asking = items.find((item) => item.state === "asking" && !this.#later.has(item.id));
    if (this.#shown && asking !== undefined && !this.#dialog.open) this.#decide(asking);
    this.#changed();
  };

  #decide(transfer: Transfer): void {
    askAboutConflict(
      this.#dialog,
      transfer,
      (choice, forAll) => {
        this.#files.queue.answerConflict(transfer.id, choice, forAll);
      },
      () => {
        const still = this.#files.queue.items.find((item) => item.id === transfer.id);
        // The next one may ask at once; this one again only when it is wanted.
        if (still?.state === "asking" && still.conflict === transfer.conflict) this.#later.add(transfer.id);
        queueMicrotask(this.#told);
      },
    );
  }

  /** What arrived is seen soon, and a thousand arrivals are not a thousand readings. */
  #refreshSoon(): void {
    if (this.#refreshing !== undefined) return;
    this.#refreshing = setTimeout(() => {
      this.#refreshing = undefined;
      if (!this.#shown) return;
      if (this.#host.state === "ready" && this.#files.connected) void this.#host.refresh();
      if (this.#here?.state === "ready") void this.#here.refresh();
    }, REFRESH_MS);
  }

  // ---- keys, drags, drops ---------------------------------------------------------------------------------------------

  /** Keys that lost their element, because it went away or something plain was clicked, are the list's. */
  readonly #lost = (event: KeyboardEvent): void => {
    if (!this.#shown || this.#dialog.open || document.activeElement !== document.body) return;
    event.stopPropagation();
    this.#pane_(this.#side).list.focus();
    if (event.key === "Escape") this.#events.close();
  };

  #key(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      this.#events.close();
    } else if (event.key === "F6") {
      event.preventDefault();
      this.#next(event.shiftKey ? -1 : 1);
    } else if (event.key === "F5") event.preventDefault(); // reloading the page would end the session
  }

  /** From side to side, and to the queue. */
  #next(by: number): void {
    const stops = [...this.#root.querySelectorAll<HTMLElement>(".grid, .queue > header > button")];
    const at = stops.findIndex((stop) => stop.contains(document.activeElement));
    stops[(at + by + stops.length) % stops.length]?.focus();
  }

  #focusFilter(side: Side): void {
    const field = this.#root.querySelector<HTMLInputElement>(`.pane.${side} .filter input`);
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  }

  #dragged(event: DragEvent, pane: Pane): void {
    const row = pane.list.rowAt(event.target);
    const { dataTransfer } = event;
    if (row === null || dataTransfer === null) return;
    if (!pane.model.isSelected(row.key)) pane.model.pick(pane.model.place(row.key), "one");
    this.#carrying.begin(pane, pane.model.selected, dataTransfer);
    // Chromium puts on the desktop what the page has already; all else goes to its downloads once it is let go there.
    const [entry] = pane.model.selected.map((one) => one.entry);
    const file = pane.model.selectedCount === 1 && entry ? this.#files.fetched(entry) : null;
    const looked = this.#lookedAt;
    const url = file !== null ? lentUrl(file) : looked?.row.key === row.key ? looked.url : "";
    if (url !== "") dataTransfer.setData("DownloadURL", `application/octet-stream:${localName(row.name)}:${url}`);
  }

  #pasted(event: ClipboardEvent): void {
    const { clipboardData } = event;
    if (clipboardData === null || clipboardData.files.length === 0 || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    void this.take(sourcesOf(clipboardData));
  }

  // ---- drawing --------------------------------------------------------------------------------------------------------

  readonly #changed = (): void => {
    if (this.#rendering || this.#abort.signal.aborted) return;
    this.#rendering = true;
    queueMicrotask(() => {
      this.#rendering = false;
      if (!this.#abort.signal.aborted) this.#render();
    });
  };

  #render(): void {
    if (!this.#shown) {
      render(null, this.#root);
      return;
    }
    const here = this.#wide.matches ? this.#here : null;
    const { rights, connected, queue } = this.#files;
    render(
      managerView(
        {
          hostName: this.#hostName,
          panes: here === null ? [this.#host] : [here, this.#host],
          roots: this.#roots,
          rights,
          last: this.#last?.name ?? "",
          paired: (side) => here !== null && (side === "host" ? here.folder : this.#host.folder) !== null,
          over: (side) => this.#carrying.over(side),
          connected,
          notices: this.#notices,
          queue: { items: queue.items, summary: summary(queue.items), open: this.#queueOpen, connected },
          now: Date.now(),
        },
        this.#actions,
      ),
      this.#root,
    );
    render(this.#dialog.view(), this.#over());
    this.#dialog.laidOut();
    this.#host.list.laidOut();
    this.#here?.list.laidOut();
  }

  /** Where questions stand: beside the manager, so that both are drawn by themselves. */
  #over(): HTMLElement {
    return this.#root.querySelector<HTMLElement>(".files-over") ?? this.#root;
  }

  readonly #actions = {
    close: (): void => {
      this.#events.close();
    },
    key: (event: KeyboardEvent): void => {
      this.#key(event);
    },
    pasted: (event: ClipboardEvent): void => {
      this.#pasted(event);
    },
    entered: (side: Side): void => {
      this.#side = side;
    },
    dismiss: (id: number): void => {
      this.#notices = this.#notices.filter((notice) => notice.id !== id);
      this.#changed();
    },
    dragOver: (event: DragEvent): void => {
      this.#carrying.moved(event);
    },
    dragLeave: (event: DragEvent): void => {
      this.#carrying.left(event, this.#root);
    },
    drop: (event: DragEvent): void => {
      this.#carrying.dropped(event);
    },
    dragEnd: (event: DragEvent): void => {
      this.#carrying.ended(event);
    },
    pane: (side: Side): PaneActions => (side === "host" ? this.#hostActions : this.#hereActions),
    queue: ((): QueueActions => {
      const queue = (): FilesApi["queue"] => this.#files.queue;
      return {
        toggle: () => {
          this.#queueOpen = !this.#queueOpen;
          this.#changed();
        },
        pause: (id) => { queue().pause(id); },
        resume: (id) => { queue().resume(id); },
        retry: (id) => { queue().retry(id); },
        cancel: (id) => { queue().cancel(id); },
        clear: () => { queue().clear(); },
        move: (id, before) => { queue().move(id, before); },
        answer: (id) => {
          const found = queue().items.find((item) => item.id === id);
          if (found !== undefined) this.#decide(found);
        },
        permit: (id) => void this.#tried("The browser gave no leave", () => queue().permit(id)),
        supply: (transfer) => void this.#supply(transfer),
        save: (id) => { queue().save(id); },
      };
    })(),
  };

  #paneActions(pane: () => Pane): PaneActions {
    return {
      go: (trail) => {
        void pane().open(trail).then(() => {
          pane().list.focus();
        });
      },
      filter: (text) => {
        pane().setFilter(text);
      },
      leaveFilter: () => {
        pane().list.focus();
      },
      transfer: () => void this.#transfer(pane()),
      sendFiles: () => void this.#choose(false),
      sendFolder: () => void this.#choose(true),
      make: () => {
        askForFolder(this.#dialog, pane());
      },
      remove: () => {
        this.#remove(pane());
      },
      properties: () => {
        showProperties(this.#dialog, pane(), pane().subjects, this.#changed);
      },
      look: () => {
        this.#look(pane(), pane().subjects[0]);
      },
      ask: (reason) => {
        this.#ask(reason);
      },
      pick: () => void this.#pick(false),
      again: () => void this.#pick(true),
    };
  }

  readonly #hostActions = this.#paneActions(() => this.#host);
  readonly #hereActions = this.#paneActions(() => this.#here ?? this.#host);
}
