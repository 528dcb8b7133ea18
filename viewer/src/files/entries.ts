/** What a host says of its names, as the page has it. */
import type { Entry, EntryKind } from "../gen/messages";
import type { HostEntry, HostKind, HostPath } from "./api";
import { fromHost, innerParts, lastPart, showable } from "./names";

const KINDS: Readonly<Record<EntryKind, HostKind>> = { 1: "file", 2: "folder", 3: "link", 4: "other" };

export function hostEntry(path: HostPath, { kind, size, mtime, mode, target }: Entry): HostEntry {
  const name = lastPart(path);
  return {
    path,
    name,
    shown: showable(name),
    kind: KINDS[kind],
    size,
    modified: Math.floor(mtime / 1000),
    mode: mode & 0o777,
    target: showable(fromHost(target)),
  };
}

/** Files by their whole paths; none whose path is not one of the kind that a host's folders give, or that cannot be fetched. */
export function wholeEntries(entries: readonly Entry[]): readonly HostEntry[] {
  return entries
    .map((entry) => hostEntry(fromHost(entry.path), entry))
    .filter(({ path, kind }) => path.startsWith("/") && innerParts(path.slice(1)) !== null && (kind === "file" || kind === "folder"));
}
