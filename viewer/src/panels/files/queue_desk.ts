/** The list of transfers in the manager: whether it is open, what its buttons do, and the questions about names that are taken. */
import { news, summary } from "../../app/transfers";
import type { FilesApi, Transfer } from "../../files/api";
import { askAboutConflict } from "./asks";
import type { Dialog } from "./dialog";
import type { Notices } from "./notices";
import type { QueueActions, QueueLook } from "./queue_view";
import type { Traffic } from "./traffic";

export interface QueueDeskMeans {
  readonly files: FilesApi;
  readonly dialog: Dialog;
  readonly notices: Notices;
  readonly traffic: Traffic;
  /** Something looks different now. */
  readonly changed: () => void;
  /** Whether questions can be seen. */
  readonly shown: () => boolean;
}

export class QueueDesk {
  readonly #means: QueueDeskMeans;
  #open = false;
  #before: readonly Transfer[];
  /** Conflicts that are decided later. */
  readonly #later = new Set<string>();

  constructor(means: QueueDeskMeans) {
    this.#means = means;
    this.#before = means.files.queue.items;
  }

  get look(): QueueLook {
    const { queue, connected } = this.#means.files;
    return { items: queue.items, summary: summary(queue.items), open: this.#open, connected };
  }

  /** The manager is shown: what is under way is seen. */
  show(): void {
    if (summary(this.#means.files.queue.items).active > 0) this.#open = true;
  }

  /** Something of the queue may be another; whether anything of it is done that was not. */
  told(): boolean {
    const { items } = this.#means.files.queue;
    const { done } = news(this.#before, items);
    if (items.length > this.#before.length) this.#open = true;
    this.#before = items;
    return done.length > 0;
  }

  /** Asks about the next name that is taken, if nothing else is being asked. */
  readonly ask = (): void => {
    const { files, dialog, shown, changed } = this.#means;
    const asking = files.queue.items.find((item) => item.state === "asking" && !this.#later.has(item.id));
    if (shown() && asking !== undefined && !dialog.open) this.#decide(asking);
    changed();
  };

  #decide(transfer: Transfer): void {
    const { files, dialog } = this.#means;
    askAboutConflict(
      dialog,
      transfer,
      (choice, forAll) => {
        files.queue.answerConflict(transfer.id, choice, forAll);
      },
      () => {
        const still = files.queue.items.find((item) => item.id === transfer.id);
        // The next one may ask at once; this one again only when it is wanted.
        if (still?.state === "asking" && still.conflict === transfer.conflict) this.#later.add(transfer.id);
        queueMicrotask(this.ask);
      },
    );
  }

  readonly actions: QueueActions = {
    toggle: () => {
      this.#open = !this.#open;
      this.#means.changed();
    },
    pause: (id) => { this.#queue.pause(id); },
    resume: (id) => { this.#queue.resume(id); },
    retry: (id) => { this.#queue.retry(id); },
    cancel: (id) => { this.#queue.cancel(id); },
    clear: () => { this.#queue.clear(); },
    move: (id, before) => { this.#queue.move(id, before); },
    answer: (id) => {
      const found = this.#queue.items.find((item) => item.id === id);
      if (found !== undefined) this.#decide(found);
    },
    permit: (id) => void this.#means.notices.tried("The browser gave no leave", () => this.#queue.permit(id)),
    supply: (transfer) => void this.#means.traffic.supply(transfer),
    save: (id) => { this.#queue.save(id); },
  };

  get #queue(): FilesApi["queue"] {
    return this.#means.files.queue;
  }
}
