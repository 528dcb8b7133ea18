/** Files that are pasted onto the desktop: sent as dropped ones are, and then put into the host's clipboard. */
import type { FilesApi, HostPath, Transfer, UploadSource } from "../files/api";
import { sourcesOf } from "../files/sources";

export interface PastedEvents {
  /** Into the queue, once it is allowed; resolves to the ids of the transfers, none if nothing came of it. */
  send(sources: Promise<readonly UploadSource[]>): Promise<readonly string[]>;
  /** These files of the host are to be in its clipboard. */
  offer(paths: readonly HostPath[]): void;
  /** Said aloud and shown for a moment. */
  tell(text: string, tone: "plain" | "bad"): void;
}

/** What a host takes at once. */
const MOST = 4096;
/** What browsers call a picture in the clipboard that is no file. */
const PICTURE = /^image\.(png|jpe?g)$/;

interface Batch {
  readonly mark: string;
  /** Those that are under way, and of these the ones that the queue has shown. */
  readonly waiting: Set<string>;
  readonly seen: Set<string>;
  readonly placed: HostPath[];
}

interface Offered {
  readonly mark: string;
  readonly paths: readonly HostPath[];
  readonly again: boolean;
}

export class Pasted {
  readonly #files: FilesApi;
  readonly #hostName: () => string;
  readonly #events: PastedEvents;
  readonly #stop: () => void;
  /** What is being sent; null while nothing is. */
  #mark: string | null = null;
  #batch: Batch | null = null;
  #offered: Offered | null = null;

  constructor(files: FilesApi, hostName: () => string, events: PastedEvents) {
    this.#files = files;
    this.#hostName = hostName;
    this.#events = events;
    this.#stop = files.onChange(this.#changed);
  }

  /**
   * The person pastes this; call it before the event is over.
   *
   * True if the host has these files already: they are in its clipboard before the key is. Otherwise the key is not to
   * reach it: there it would paste something else.
   */
  take(data: DataTransfer): boolean {
    const mark = markOf(data);
    if (this.#offered?.mark === mark) {
      this.#offer({ ...this.#offered, again: true });
      return true;
    }
    if (this.#mark === mark) this.#events.tell("These files are still on their way.", "plain");
    else void this.#send(mark, named(sourcesOf(data)));
    return false;
  }

  /** The host's answer to what was offered. */
  answered(offered: number, leftOut: number): void {
    const said = this.#offered;
    if (said === null) return;
    if (offered === 0) {
      this.#offered = null;
      this.#events.tell("The files were sent, but the host did not take them into its clipboard.", "bad");
    } else if (!said.again) {
      const words = offered === 1 ? "The file is" : `${offered} files are`;
      const rest = leftOut === 0 ? "" : ` ${leftOut} more could not be put there.`;
      this.#events.tell(`${words} in the clipboard of ${this.#hostName()} now: paste once more, where you want ${offered === 1 ? "it" : "them"}.${rest}`, "plain");
    }
  }

  close(): void {
    this.#stop();
  }

  async #send(mark: string, sources: Promise<readonly UploadSource[]>): Promise<void> {
    this.#mark = mark;
    this.#batch = null;
    const ids = await this.#events.send(sources);
    if (this.#mark !== mark) return; // others were pasted since
    if (ids.length === 0) {
      this.#mark = null;
      return;
    }
    this.#batch = { mark, waiting: new Set(ids), seen: new Set(), placed: [] };
    this.#changed();
  }

  readonly #changed = (): void => {
    const batch = this.#batch;
    if (batch === null) return;
    const items = new Map(this.#files.queue.items.map((item) => [item.id, item]));
    for (const id of batch.waiting) settle(batch, id, items.get(id));
    if (batch.waiting.size > 0) return;
    this.#batch = null;
    this.#mark = null;
    if (batch.placed.length > 0) this.#offer({ mark: batch.mark, paths: batch.placed.slice(0, MOST), again: false });
  };

  #offer(offered: Offered): void {
    this.#offered = offered;
    this.#events.offer(offered.paths);
  }
}

/** Whether files are meant: an office program gives a picture of its text along with it, and then the text is. */
export function meansFiles(data: DataTransfer): boolean {
  return data.types.includes("Files") && data.files.length > 0 && !(data.types.includes("text/html") && data.getData("text/plain") !== "");
}

function settle(batch: Batch, id: string, item: Transfer | undefined): void {
  if (item === undefined) {
    // It may not be shown yet; one that was, and is gone, was given up.
    if (batch.seen.has(id)) batch.waiting.delete(id);
    return;
  }
  batch.seen.add(id);
  if (item.state === "done" && item.placed !== null) batch.placed.push(item.placed);
  if (item.state === "done" || item.state === "skipped" || item.state === "failed") batch.waiting.delete(id);
}

/** Tells these files from others. */
function markOf(data: DataTransfer): string {
  return JSON.stringify(
    [...data.files].map(({ name, size, type, lastModified }) => [name, size, PICTURE.test(name) ? type : lastModified]).sort(),
  );
}

/** Pictures that are no files get a name that says when: the next one is another. */
async function named(sources: Promise<readonly UploadSource[]>): Promise<readonly UploadSource[]> {
  return (await sources).map((source) => {
    if (source.kind !== "file" || !PICTURE.test(source.file.name)) return source;
    const { file } = source;
    const at = new Date(file.lastModified - new Date().getTimezoneOffset() * 60_000).toISOString();
    const name = `Picture ${at.slice(0, 19).replace("T", " ").replaceAll(":", ".")}.${file.name.split(".")[1] ?? "png"}`;
    return { kind: "file", file: new File([file], name, { type: file.type, lastModified: file.lastModified }) };
  });
}
