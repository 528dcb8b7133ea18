/** What goes from one side to the other, into the manager and out of it: by way of the queue, once it is allowed. */
import type { FilesApi, Transfer, UploadSource } from "../../files/api";
import { FilesError } from "../../files/faults";
import { asArchive, pickTarget } from "../../files/sources";
import { choose } from "./choosing";
import { visible } from "./names";
import type { Notices } from "./notices";
import type { Pane } from "./pane";
import type { Folder, Row } from "./place";
import { uploadsOf } from "./place_here";
import { entriesOf } from "./place_host";

export interface TrafficMeans {
  readonly files: FilesApi;
  readonly notices: Notices;
  readonly host: Pane;
  /** The folder of this computer that stands beside the host's; null if none does. */
  readonly here: () => Folder | null;
}

export class Traffic {
  readonly #means: TrafficMeans;

  constructor(means: TrafficMeans) {
    this.#means = means;
  }

  /** What was dropped or pasted goes into a folder of the host, of which an empty path is the first open one; the new ids. */
  async take(sources: Promise<readonly UploadSource[]>, folder: string): Promise<readonly string[]> {
    let ids: readonly string[] = [];
    await this.#means.notices.tried("Nothing was sent", async () => {
      ids = await this.#send(await sources, folder);
    });
    return ids;
  }

  /** What is selected goes to the other side. */
  async transfer(pane: Pane): Promise<void> {
    const { host, here } = this.#means;
    const rows = pane.subjects;
    if (rows.length === 0) return;
    if (pane.place.side === "host") await this.fetch(rows, here());
    else if (host.folder !== null) await this.send(rows, host.folder);
  }

  /** From the host into a folder of this computer, or to where the browser's dialog says. */
  async fetch(rows: readonly Row[], folder: Folder | null): Promise<void> {
    const { files, notices } = this.#means;
    const entries = entriesOf(rows);
    await notices.tried("Nothing was fetched", async () => {
      const to = folder?.handle ?? (await pickTarget(entries));
      if (to === null) return;
      if (to === undefined && asArchive(entries)) await files.queue.enqueueArchive(entries);
      else await files.queue.enqueueDownload(entries, to);
    });
  }

  /** Dragged out of the page: files go to the browser's downloads, folders to where its dialog says, or there as one ZIP. */
  async out(rows: readonly Row[]): Promise<void> {
    const { files, notices } = this.#means;
    const entries = entriesOf(rows);
    const folders = entries.some(({ kind }) => kind === "folder");
    await notices.tried("Nothing was fetched", async () => {
      const to = folders ? await pickTarget(entries) : undefined;
      if (to === undefined && folders) await files.queue.enqueueArchive(entries);
      else if (to !== null) await files.queue.enqueueDownload(entries, to);
    });
  }

  /** From this computer into a folder of the host. */
  async send(rows: readonly Row[], folder: Folder): Promise<void> {
    await this.#means.notices.tried("Nothing was sent", async () => {
      await this.#send(await uploadsOf(rows), folder.path);
    });
  }

  /** From one folder of the host into another. */
  async move(rows: readonly Row[], folder: Folder): Promise<void> {
    const { host, notices } = this.#means;
    if (host.folder === null) return;
    for (const row of rows) {
      await notices.tried(`“${visible(row.name)}” was not moved`, () => host.place.rename(row, folder, row.name));
    }
    await host.refresh();
  }

  /** The browser's dialog for files or a folder, and off they go into the folder that is open. */
  async choose(folders: boolean): Promise<void> {
    const { host, notices } = this.#means;
    const path = host.folder?.path ?? "";
    await notices.tried("Nothing was sent", async () => {
      await this.#send(await choose(folders), path);
    });
  }

  /** The file or folder that a transfer lost. */
  async supply(transfer: Transfer): Promise<void> {
    const { files, notices } = this.#means;
    const what = `“${transfer.name}” was not chosen`;
    await notices.tried(what, async () => {
      const [source] = await choose(transfer.kind === "folder");
      if (source === undefined || (await files.queue.supply(transfer.id, source))) return;
      notices.failed(what, { name: "source", text: "That is another one than it was: name, size or time differ." });
    });
  }

  async #send(sources: readonly UploadSource[], folder: string): Promise<readonly string[]> {
    const { files } = this.#means;
    if (sources.length === 0) return [];
    if (files.rights.write !== "held") {
      const { write, text } = await files.askForRights(["files-write"]);
      if (write !== "held") throw new FilesError("rights", text);
    }
    return files.queue.enqueueUpload(sources, folder);
  }
}
