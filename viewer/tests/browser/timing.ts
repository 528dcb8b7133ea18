/** How long the page stands still while a folder of many names is opened, read again and sorted (bench/viewer_names.py). */
import type { Manager } from "../../src/panels/files/manager";
import { type FakeFiles, entry } from "../files/fake";

const COUNT = 50_000;
const HOME = "/home/ada";
/** Words of names that are not alike. */
const WORDS = ["report", "Überblick", "holiday", "invoice", "été", "Backup", "scan", "notes", "draft", "IMG"];

/** What one step took, in milliseconds: until it was seen, and the longest that nothing else could happen. */
export interface Step {
  readonly names: string;
  readonly step: string;
  readonly whole: number;
  readonly longest: number;
}

/** One after another, for two kinds of names, each batch of a listing in a turn of its own as from a host. */
export async function steps(manager: Manager, files: FakeFiles): Promise<readonly Step[]> {
  const found: Step[] = [];
  const list = files.list.bind(files);
  files.list = async function* (path) {
    for await (const part of list(path)) {
      yield part;
      await turn();
    }
  };
  for (const [names, name] of [["numbered", numbered], ["mixed", mixed]] as const) {
    files.tree.clear();
    files.tree.set(HOME, entry(HOME, { kind: "folder" }));
    for (let at = 0; at < COUNT; at++) {
      const path = `${HOME}/${name((at * 7919) % COUNT)}`;
      files.tree.set(path, entry(path, { size: (at * 104_729) % 9_000_000, modified: 1.6e12 + ((at * 7907) % COUNT) * 61_007 }));
    }
    manager.show("workshop");
    while (document.querySelector(".pane.host .crumb") === null) await turn();
    const run = async (step: string, act: () => void, done: () => boolean): Promise<void> => {
      found.push({ names, step, ...(await measured(act, done)) });
    };
    const head = (column: string): Element | null => document.querySelector(`.pane.host .heads .${column}`);
    const grid = (): Element | null => document.querySelector(".pane.host .grid");
    const shows = (count: number): boolean => grid()?.getAttribute("aria-rowcount") === String(count + 1) && grid()?.ariaBusy === "false";
    const sorted = (column: string, how: string): boolean => head(column)?.ariaSort === how;
    const click = (column: string): void => { head(column)?.querySelector("button")?.click(); };
    await run("open", () => { document.querySelector<HTMLElement>(".pane.host .crumb")?.click(); }, () => shows(COUNT));
    files.tree.set(`${HOME}/new`, entry(`${HOME}/new`));
    await run("read again", () => { grid()?.dispatchEvent(new KeyboardEvent("keydown", { key: "F5", bubbles: true })); }, () => shows(COUNT + 1));
    for (const column of ["size", "time"]) {
      await run(`by ${column}`, () => { click(column); }, () => sorted(column, "descending"));
      await run(`by ${column}, turned`, () => { click(column); }, () => sorted(column, "ascending"));
    }
    await run("by name", () => { click("name"); }, () => sorted("name", "ascending"));
    await run("by name, turned", () => { click("name"); }, () => sorted("name", "descending"));
    click("name");
  }
  return found;
}

const numbered = (at: number): string => `picture-${at}.${["jpg", "txt", "pdf"][at % 3] ?? ""}`;
const mixed = (at: number): string => `${WORDS[(at * 31) % WORDS.length] ?? ""} ${(at * 2_654_435_761) % 65_521} ${WORDS[at % 7] ?? ""}-${at}.dat`;

async function measured(act: () => void, done: () => boolean): Promise<{ whole: number; longest: number }> {
  await turn();
  const began = performance.now();
  let [last, longest] = [began, 0];
  act();
  do {
    await turn();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  } while (!done());
  return { whole: last - began, longest };
}

/** After what waits already. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (): void => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
