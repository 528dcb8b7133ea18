/** What each message of a host that has let us in comes to: one row a message, and no row for what only viewers send. */
import { wholeEntries } from "../files/entries";
import type { FilesMessage, Layout, Message, Update } from "../gen/messages";
import { own } from "../protocol/bytes";
import type { FromWorker } from "./bridge";
import { held } from "./rights";
import type { Held } from "./bridge";

/** Who acts on messages. */
export interface Receiver {
  readonly post: (message: FromWorker, transfer?: Transferable[]) => void;
  draw(message: Layout | Update): void;
  pong(token: number): void;
  rights(rights: readonly Held[]): void;
  paused(on: boolean): void;
  files(message: FilesMessage): void;
  hostStats(message: Extract<Message, { type: "HostStats" }>): void;
  checkpoint(message: Extract<Message, { type: "Checkpoint" }>): void;
  /** The host broke the protocol of messages. */
  broke(what: string): void;
}

type Row<T extends Message["type"]> = (message: Extract<Message, { type: T }>, to: Receiver) => void;
type Table = { readonly [T in Message["type"]]?: Row<T> };

/** Who has asked for files knows what this answers. */
function file(message: FilesMessage, to: Receiver): void {
  to.files(message);
}

const TABLE: Table = {
  Layout: (message, to) => { to.draw(message); },
  Update: (message, to) => { to.draw(message); },
  Pong: (message, to) => { to.pong(message.token); },
  Rights(message, to) {
    const rights = held(message.granted, message.until);
    if (rights === null) {
      to.broke("rights whose ends do not fit them");
      return;
    }
    to.rights(rights);
    to.post({ kind: "rights", rights, reason: message.reason });
  },
  Paused(message, to) {
    to.paused(message.on);
    to.post({ kind: "paused", on: message.on, text: message.text });
  },
  Checkpoint: (message, to) => { to.checkpoint(message); },
  Notice: (message, to) => { to.post({ kind: "notice", code: message.code, text: message.text }); },
  HostStats: (message, to) => { to.hostStats(message); },
  Shape(message, to) {
    const { hotX, hotY, width, height } = message;
    if (message.rgba.length !== 4 * width * height) {
      to.broke("a pointer of another size than it says");
      return;
    }
    const rgba = own(message.rgba);
    to.post({ kind: "cursor", hotX, hotY, width, height, rgba }, [rgba.buffer]);
  },
  Hidden: (_, to) => { to.post({ kind: "cursor", hotX: 0, hotY: 0, width: 0, height: 0, rgba: null }); },
  Moved: (message, to) => { to.post({ kind: "pointer", x: message.x, y: message.y }); },
  RootList: file,
  Entries: file,
  Opened: file,
  Bundle: file,
  Measured: file,
  Free: file,
  Ready: file,
  Working: file,
  Results: file,
  Done: file,
  Failed: file,
  Data: file,
  Reuse: file,
  Zeros: file,
  Finish: file,
  Signature: file,
  ClipText: (message, to) => { to.post({ kind: "clipboard", text: message.text }); },
  ClipFiles(message, to) {
    const entries = wholeEntries(message.files);
    to.post({ kind: "copied", entries, leftOut: message.leftOut + message.files.length - entries.length });
  },
  FilesOffered: ({ offered, leftOut }, to) => { to.post({ kind: "offered", offered, leftOut }); },
};

/** Act on one message. */
export function dispatch(message: Message, to: Receiver): void {
  // The table's type holds each row to its own message.
  const row = TABLE[message.type] as ((message: Message, to: Receiver) => void) | undefined;
  if (row === undefined) to.broke(`${message.type}, which is not for viewers`);
  else row(message, to);
}
