/** What every page is given, and what every page is. */
import type { TemplateResult } from "lit/html.js";
import type { Api } from "./api/client";
import type { Me, Setup } from "./api/types";
import type { Dialogs } from "./parts/dialog";
import type { Place } from "./router";

export interface Shell {
  readonly api: Api;
  readonly dialogs: Dialogs;
  readonly setup: Setup;
  /** Who is signed in. */
  readonly me: Me;
  /** Something that is shown has changed. */
  readonly changed: () => void;
  /** Go to an address of `href`. */
  readonly go: (address: string) => void;
  /** A line that says what was done, read aloud, too. */
  readonly say: (text: string) => void;
  /** Ask anew who is signed in: something of their account has changed. */
  readonly reload: () => Promise<void>;
  readonly now: () => number;
}

export interface Page {
  readonly title: string;
  view(): TemplateResult;
  /** Asked every few seconds while the page is in sight, to keep it fresh. */
  tick?(): void;
  leave?(): void;
  /** The same page, with another query; false: make it anew. */
  moved?(place: Place): boolean;
}

