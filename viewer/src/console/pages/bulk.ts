/** Several computers at once: tags and groups. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { faultOf } from "../api/errors";
import type { Host, HostGroup, Listing } from "../api/types";
import { field, select } from "../parts/fields";
import { icon } from "../parts/icons";
import type { Resource } from "../resource";
import type { Shell } from "../shell";
import { count } from "../words";

/** Requests under way at once. */
const AT_ONCE = 4;

export class Bulk {
  readonly selected = new Set<string>();
  private gathering = false;

  constructor(
    private readonly shell: Shell,
    private readonly groups: Resource<readonly HostGroup[]>,
    /** A page of the list that is seen, 200 at a time. */
    private readonly page: (cursor: string | null, signal: AbortSignal) => Promise<Listing<Host>>,
    private readonly done: () => void,
  ) {}

  toggle(id: string): void {
    if (!this.selected.delete(id)) this.selected.add(id);
    this.shell.changed();
  }

  clear(): void {
    this.selected.clear();
    this.shell.changed();
  }

  view(total: number): TemplateResult {
    return html`<div class="bulk" role="toolbar" aria-label="Selected computers">
      <strong role="status">${count(this.selected.size, "computer")} selected</strong>
      ${this.selected.size < total
        ? html`<button type="button" class="quiet" ?disabled=${this.gathering} @click=${() => { void this.all(); }}>${this.gathering ? "Selecting…" : `Select all ${total.toLocaleString("en-GB")}`}</button>`
        : nothing}
      <button type="button" class="secondary" @click=${this.tag}>${icon("tag")}Tag</button>
      <button type="button" class="secondary" @click=${this.group}>${icon("group")}Group</button>
      <button type="button" class="quiet" @click=${() => { this.clear(); }}>Clear</button>
    </div>`;
  }

  private async all(): Promise<void> {
    this.gathering = true;
    this.shell.changed();
    try {
      let cursor: string | null = null;
      const { signal } = new AbortController();
      do {
        const found: Listing<Host> = await this.page(cursor, signal);
        for (const { id } of found.items) this.selected.add(id);
        cursor = found.next;
        this.shell.changed();
      } while (cursor !== null);
    } catch (error) {
      this.shell.say(faultOf(error).message);
    }
    this.gathering = false;
    this.shell.changed();
  }

  private readonly tag = (): void => {
    let text = "";
    let remove = false;
    this.shell.dialogs.open(() => ({
      title: `Tag ${count(this.selected.size, "computer")}`,
      yes: remove ? "Take the tags off" : "Put the tags on",
      body: html`${select("tag-what", "What to do", remove ? "remove" : "add", [{ value: "add", label: "Put tags on" }, { value: "remove", label: "Take tags off" }], (value) => {
          remove = value === "remove";
          this.shell.changed();
        })}
        ${field({ id: "tags", label: "Tags", value: text, focus: true, input: (value) => { text = value; }, hint: "Words, with commas between them." })}`,
      act: async () => {
        const words = tagWords(text);
        if (words.length === 0) throw new Error("Enter at least one tag.");
        await this.each(async (id) => {
          const { tags } = await this.shell.api.host(id);
          const kept = tags.filter((tag) => !words.includes(tag));
          await this.shell.api.changeHost(id, { tags: remove ? kept : [...kept, ...words] });
        });
      },
    }));
  };

  private readonly group = (): void => {
    const groups = this.groups.value ?? [];
    let chosen = groups[0]?.id ?? "";
    let remove = false;
    this.shell.dialogs.open(() => ({
      title: `Group ${count(this.selected.size, "computer")}`,
      ...(groups.length > 0 ? { yes: remove ? "Take them out" : "Put them in" } : {}),
      body: groups.length === 0
        ? html`<p>There are no groups yet. Make one in the list beside the computers.</p>`
        : html`${select("group-what", "What to do", remove ? "remove" : "add", [{ value: "add", label: "Put into a group" }, { value: "remove", label: "Take out of a group" }], (value) => {
              remove = value === "remove";
              this.shell.changed();
            })}
            ${select("group-which", "Group", chosen, groups.map(({ id, name }) => ({ value: id, label: name })), (value) => { chosen = value; })}`,
      act: () =>
        this.each(async (id) => {
          const host = await this.shell.api.host(id);
          const kept = host.groups.map((group) => group.id).filter((group) => group !== chosen);
          await this.shell.api.changeHost(id, { groups: remove ? kept : [...kept, chosen] });
        }),
    }));
  };

  /** A few at a time; those that were done leave the selection, so that another try takes the rest. */
  private async each(act: (id: string) => Promise<void>): Promise<void> {
    const ids = [...this.selected];
    const whole = ids.length;
    let failed: Error | null = null;
    const work = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined && failed === null; id = ids.shift()) {
        try {
          await act(id);
          this.selected.delete(id);
        } catch (error) {
          failed ??= faultOf(error);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.done();
    const left = failed as Error | null;
    if (left !== null) throw new Error(`${left.message} ${whole - this.selected.size} of ${whole} were done; the rest are still selected.`);
    this.shell.say(`Done for ${count(whole, "computer")}.`);
  }
}

/** `a, b ,a` is a and b. */
export function tagWords(text: string): string[] {
  return [...new Set(text.split(",").map((word) => word.trim()).filter((word) => word !== ""))];
}
