/** The file manager over a host that is made up: pages of tests/e2e/test_files_page.py, and what its tests say. */
import type { HostEntry, Transfer } from "../../src/files/api";
import { Manager } from "../../src/panels/files/manager";
import { FakeFiles, entry, transfer } from "../files/fake";
import { steps } from "./timing";

const files = new FakeFiles();
const root = document.createElement("div");
root.className = "files-layer";
document.body.append(root);
let closed = 0;
const manager = new Manager(root, files, "workshop", {
  close: () => {
    closed += 1;
    manager.hide();
  },
});

const stage = {
  files,
  steps: () => steps(manager, files),
  manager,
  root,
  get closed(): number {
    return closed;
  },
  /** Names in the host's folders. */
  put(entries: readonly (Partial<HostEntry> & { readonly path: string })[]): void {
    for (const { path, ...changes } of entries) files.tree.set(path, entry(path, changes));
  },
  /** So many files in one folder. */
  fill(folder: string, count: number): void {
    for (let number = 0; number < count; number++) {
      const path = `${folder}/picture-${(number * 7919) % count}.${["jpg", "txt", "pdf"][number % 3] ?? ""}`;
      files.tree.set(path, entry(path, { size: (number * 104729) % 9_000_000, modified: 1.6e12 + number * 60_000 }));
    }
  },
  transfers(all: readonly (Partial<Transfer> & { readonly id: string })[]): void {
    files.queue.add(...all.map(({ id, ...changes }) => transfer(id, changes)));
  },
};

declare global {
  interface Window {
    stage: typeof stage;
  }
}
window.stage = stage;
document.title = "ready";
