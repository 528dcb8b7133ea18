/** Why something with files failed: the host's faults by name, and those of this side. */
import type { FileFault } from "../gen/messages";
import type { Fault, FaultName } from "./api";
import { showable } from "./names";

/** The host's, by number (protocol/messages/files.py). */
export const HOST_FAULTS: Readonly<Record<FileFault, FaultName>> = {
  1: "not-found",
  2: "exists",
  3: "permission",
  4: "outside",
  5: "bad-name",
  6: "not-a-folder",
  7: "not-a-file",
  8: "not-empty",
  9: "full",
  10: "changed",
  11: "mismatch",
  12: "infected",
  13: "not-scanned",
  14: "busy",
  15: "not-newer",
  16: "stopped",
  17: "unsupported",
  18: "too-large",
  19: "system",
  20: "protocol",
};

const TEXTS: Readonly<Record<FaultName, string>> = {
  "not-found": "There is no such file or folder on the host.",
  exists: "The name is taken on the host.",
  permission: "The host's system does not allow it.",
  outside: "The host's owner has not opened that folder.",
  "bad-name": "The host cannot hold such a name.",
  "not-a-folder": "It is no folder.",
  "not-a-file": "It is no file.",
  "not-empty": "The folder is not empty.",
  full: "The host's disk is full. Make room there, then retry.",
  changed: "The file changed while it was read. Retry once it is at rest.",
  mismatch: "What arrived is not what was sent; nothing of it was kept. Retry.",
  infected: "Malware was found in it. It was not put in place.",
  "not-scanned": "The host wants files scanned, and its scanner does not answer.",
  busy: "Someone else is writing the same file. Retry later.",
  "not-newer": "The one that is there is not older.",
  stopped: "It was stopped.",
  unsupported: "The host does not support that.",
  "too-large": "It is too large.",
  system: "The host's system reported an error.",
  protocol: "The host answered what makes no sense. It may be of another version.",
  cut: "The line to the host is cut.",
  rights: "The right to do that is not held. Ask for it first.",
  local: "This browser reported an error.",
  "no-room": "This browser gives the page no more room. Free disk space or clear the list of transfers, then retry.",
  source: "The file that was chosen cannot be read any more. Choose it again.",
};

/** Of these the other side's own words say more than ours. */
const TELLING: readonly FaultName[] = [
  "system", "infected", "not-scanned", "unsupported", "bad-name", "too-large", "protocol", "local", "source",
];

/** What every part of files/ throws. */
export class FilesError extends Error {
  override readonly name = "FilesError";
  readonly fault: FaultName;

  /** `detail` may be a host's own words. */
  constructor(fault: FaultName, detail = "") {
    const said = TELLING.includes(fault) ? showable(detail).trim() : "";
    super(said === "" ? TEXTS[fault] : `${TEXTS[fault]} (${said})`);
    this.fault = fault;
  }

  /** As a panel shows it. */
  get plain(): Fault {
    return { name: this.fault, text: this.message };
  }
}

/** The error of a number that the host sent; its text is a line on the cause and maybe one on the cure. */
export function hostError(fault: number, text: string): FilesError {
  return new FilesError((HOST_FAULTS as Readonly<Record<number, FaultName>>)[fault] ?? "protocol", text.replace("\n", ": "));
}
