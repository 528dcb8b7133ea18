/** The file manager: two sides, the queue below, and the questions over both. The page loads it when it is first wanted. */
import { render } from "lit/html.js";
import type { FilesApi, FilesRight, UploadSource } from "../../files/api";
import { lentUrl } from "../../files/client";
import { localName } from "../../files/names";
import { sourcesOf } from "../../files/sources";
import { askForFolder, askToDelete, showLook, showProperties } from "./asks";
import { Carrying } from "./carrying";
import { Dialog } from "./dialog";
import { managerView } from "./manager_view";
import { extension, visible } from "./names";
import { Notices } from "./notices";
import { Pane } from "./pane";
import type { PaneActions } from "./pane_view";
import type { Folder, Row, Side } from "./place";
import { HerePlace, canWorkHere, folderHere, mayUse, pick } from "./place_here";
import { HostPlace, folderOf } from "./place_host";
import { QueueDesk } from "./queue_desk";
import { keepFolder, keepSettings, lastFolder, settings } from "./remember";
import { Traffic } from "./traffic";
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

/** A folder that is being filled is read again at most so often. */
const REFRESH_MS = 1500;
/** From this width on both sides stand beside each other. */
const WIDE = "(min-width: 60rem)";

export class Manager {
  readonly #root: HTMLElement;
  readonly #files: FilesApi;
  readonly #events: ManagerEvents;
  readonly #host: Pane;
  readonly #here: Pane | null;
  readonly #dialog: Dialog;
  readonly #notices: Notices;
  readonly #traffic: Traffic;
  readonly #queue: QueueDesk;
  readonly #carrying: Carrying;
  readonly #abort = new AbortController();
  readonly #wide = matchMedia(WIDE);
  #hostName: string;
  #roots: readonly Folder[] = [];
  #last: FileSystemDirectoryHandle | null = null;
  #side: Side = "host";
  #shown = false;
  #rendering = false;
  #refreshing: ReturnType<typeof setTimeout> | undefined;
  #lookedAt: { readonly row: Row; readonly url: string } | null = null;

  constructor(root: HTMLElement, files: FilesApi, hostName: string, events: ManagerEvents) {
    this.#root = root;
    this.#files = files;
    this.#hostName = hostName;
    this.#events = events;
    this.#dialog = new Dialog(this.#changed);
    this.#notices = new Notices(this.#changed);
    this.#host = this.#pane(new HostPlace(files));
    this.#here = canWorkHere() ? this.#pane(new HerePlace()) : null;
    const traffic = new Traffic({ files, notices: this.#notices, host: this.#host, here: () => this.#seenHere?.folder ?? null });
    this.#traffic = traffic;
    this.#queue = new QueueDesk({
      files, traffic, dialog: this.#dialog, notices: this.#notices, changed: this.#changed, shown: () => this.#shown,
    });
    this.#carrying = new Carrying({
      changed: this.#changed,
      pane: (side) => (side === "host" ? this.#host : this.#here),
      send: (rows, folder) => void traffic.send(rows, folder),
      fetch: (rows, folder) => void traffic.fetch(rows, folder),
      move: (rows, folder) => void traffic.move(rows, folder),
      out: (rows) => void traffic.out(rows),
      dropped: (sources, folder) => void traffic.take(sources, folder.path),
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
    this.#queue.show();
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

  /** What was dropped or pasted goes into the folder of the host that is open; resolves to the new ids. */
  take(sources: Promise<readonly UploadSource[]>): Promise<readonly string[]> {
    return this.#traffic.take(sources, this.target.path);
  }

  #pane(place: HostPlace | HerePlace): Pane {
    const { side } = place;
    const pane: Pane = new Pane(
      place,
      {
        changed: this.#changed,
        failed: this.#notices.failed,
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
        transfer: () => void this.#traffic.transfer(pane),
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

  /** This computer's side, where there is room for it. */
  get #seenHere(): Pane | null {
    return this.#wide.matches ? this.#here : null;
  }

  #pane_(side: Side): Pane {
    return side === "here" ? (this.#seenHere ?? this.#host) : this.#host;
  }

  /** The host's first open folder, as soon as it may be seen. */
  #begin(): void {
    const { rights, connected } = this.#files;
    if (!this.#shown || rights.read !== "held" || !connected) return;
    if (this.#host.state === "failed") void this.#host.refresh();
    if (this.#host.state !== "closed" || this.#roots.length > 0) return;
    void this.#notices.tried("The open folders of the host could not be asked for", async () => {
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

  async #pick(again: boolean): Promise<void> {
    const pane = this.#here;
    if (pane === null) return;
    await this.#notices.tried("The folder was not opened", async () => {
      const handle = again ? this.#last : await pick();
      if (handle === null || !(await mayUse(handle, true))) return;
      this.#last = handle;
      void keepFolder(handle);
      await pane.open([folderHere(handle)]);
      pane.list.focus();
    });
  }

  #ask(reason: string): void {
    const { rights } = this.#files;
    const wanted: FilesRight[] = [];
    if (rights.read !== "held") wanted.push("files-read");
    if (rights.write !== "held") wanted.push("files-write");
    void this.#files.askForRights(wanted, reason);
  }

  // ---- what the engine says -------------------------------------------------------------------------------------------

  readonly #told = (): void => {
    if (this.#queue.told()) this.#refreshSoon();
    this.#begin();
    this.#queue.ask();
  };

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
    const here = this.#seenHere;
    const { rights, connected } = this.#files;
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
          notices: this.#notices.items,
          queue: this.#queue.look,
          now: Date.now(),
        },
        { ...this.#actions, queue: this.#queue.actions },
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
      this.#notices.putAway(id);
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
      transfer: () => void this.#traffic.transfer(pane()),
      sendFiles: () => void this.#traffic.choose(false),
      sendFolder: () => void this.#traffic.choose(true),
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
