/** What each fault is called and what cures it; what caused it stands in the fault's own text. */
import type { Fault, FaultName, Transfer } from "../../files/api";
import { count, size, span, speed } from "./amounts";

export interface Words {
  readonly title: string;
  readonly cure: string;
  /** Whether it can go well without anything being changed. */
  readonly again?: boolean;
}

export const FAULTS: Readonly<Record<FaultName, Words>> = {
  "not-found": { title: "It is gone", cure: "It was moved, renamed or deleted. Read the folder again." },
  exists: { title: "The name is taken", cure: "Choose another name." },
  permission: { title: "The host does not allow it", cure: "Farhand’s user there has no rights to it: change its permissions there, or use another folder." },
  outside: { title: "Outside of the open folders", cure: "The host’s owner names the folders that are open, in host.toml under [files]." },
  "bad-name": { title: "This name cannot be used there", cure: "Give it another name, then retry." },
  "not-a-folder": { title: "This is no folder", cure: "Read the folder above it again." },
  "not-a-file": { title: "This is no ordinary file", cure: "Devices, pipes and sockets are not read." },
  "not-empty": { title: "The folder is not empty", cure: "Delete what is in it first." },
  full: { title: "The disk is full", cure: "Make room there, then retry: what has arrived is kept.", again: true },
  changed: { title: "It changed on the way", cure: "Retry when nobody writes to it any more.", again: true },
  mismatch: { title: "It arrived damaged", cure: "Nothing of it was kept. Retry; if it happens again, a disk or memory may be faulty.", again: true },
  infected: {
    title: "Malware was found",
    cure: "It was not put in place. It lies in quarantine on the host, where nobody can run it: farhand quarantine list names it there.",
  },
  "not-scanned": {
    title: "Nothing there could scan it",
    cure: "The host takes no file that was not looked at. Start the scanner there, or let its owner change [files] scan in host.toml; then retry.",
    again: true,
  },
  busy: { title: "It is in use", cure: "Somebody else is writing the same file. Retry later.", again: true },
  "not-newer": { title: "It was left alone", cure: "What is there is as new or newer." },
  stopped: { title: "It was stopped", cure: "Retry to go on from there.", again: true },
  unsupported: { title: "It cannot do that", cure: "This is not possible there." },
  "too-large": { title: "It is too large", cure: "The file system or a rule there has a limit." },
  system: { title: "The system reported an error", cure: "Retry; if it happens again, look after its disk.", again: true },
  protocol: { title: "The two ends do not understand each other", cure: "Update Farhand on both sides, then retry.", again: true },
  cut: { title: "The line is cut", cure: "It goes on by itself when the line is back.", again: true },
  rights: { title: "The right is not held", cure: "Ask for it above, then retry.", again: true },
  local: { title: "This browser could not do it", cure: "Look whether its disk has room and lets the browser write, then retry.", again: true },
  "no-room": { title: "This browser has no more room", cure: "Free some space on this computer’s disk, or clear what is done from the list; then retry.", again: true },
  source: { title: "The file cannot be read any more", cure: "It was changed or moved on this computer. Choose it again.", again: true },
};

/** A fault in a line, for lists and for reading aloud: what it is called, and the system's or host's own words if there are any. */
export function brief(fault: Fault): string {
  const { title } = FAULTS[fault.name];
  const detail = /\((.*)\)\.?$/su.exec(fault.text)?.[1] ?? fault.text;
  const same = detail.toLowerCase().startsWith(title.toLowerCase());
  return same ? title + detail.slice(title.length) : `${title}: ${detail}`;
}

/** What a transfer is doing, in a few words. */
export function status(transfer: Transfer): string {
  const { state, files, error, direction } = transfer;
  switch (state) {
    case "waiting":
      return "Waiting";
    case "running":
      return progress(transfer);
    case "checking":
      return direction === "upload" ? "The host checks and scans it" : "Being checked";
    case "paused":
      return `Paused · ${amount(transfer)}`;
    case "asking":
      return "A name is taken: what is to be done?";
    case "permission":
      return "The browser wants your leave to use the files again";
    case "source":
      return "Has to be chosen again";
    case "skipped":
      return "Skipped";
    case "done":
      return finished(transfer);
    case "failed":
      if (error !== null) return brief(error);
      return files === null ? "Failed" : `${count(files.failed, "file")} failed, ${files.done.toLocaleString("en")} done`;
  }
}

function progress(transfer: Transfer): string {
  const left = transfer.secondsLeft === null ? "" : span(transfer.secondsLeft);
  const parts = [amount(transfer), transfer.speed > 0 ? speed(transfer.speed) : "", left === "" ? "" : `${left} left`];
  return parts.filter(Boolean).join(" · ");
}

function amount({ done, size: whole, files }: Transfer): string {
  const bytes = whole === null ? size(done) : `${size(done)} of ${size(whole)}`;
  return files === null ? bytes : `${bytes} · ${files.done.toLocaleString("en")} of ${count(files.total, "file")}`;
}

function finished({ size: whole, files }: Transfer): string {
  const parts = ["Done", whole === null ? "" : size(whole)];
  if (files !== null) parts.push(count(files.done, "file"), files.skipped > 0 ? `${files.skipped.toLocaleString("en")} skipped` : "");
  return parts.filter(Boolean).join(" · ");
}

/** How much of it is there, from 0 to 1; null if nobody knows. */
export function share({ done, size: whole, state }: Transfer): number | null {
  if (state === "done" || state === "checking") return 1;
  if (whole === null) return null;
  return whole === 0 ? 0 : Math.min(1, done / whole);
}
