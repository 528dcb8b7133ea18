/** The console itself: who is signed in, which page is shown, and what stands around it. */
import { type TemplateResult, html, nothing, render } from "lit/html.js";
import { mark } from "../panels/icons";
import { Api } from "./api/client";
import { type Fault, faultOf } from "./api/errors";
import { Http } from "./api/http";
import type { Me, Setup } from "./api/types";
import { pageFor } from "./pages";
import { First } from "./pages/first";
import { type Door, SignIn } from "./pages/sign_in";
import { sheet } from "./pages/sheet";
import { Dialogs } from "./parts/dialog";
import { type IconName, icon } from "./parts/icons";
import { prove } from "./parts/prove";
import { type Place, href, parsePlace } from "./router";
import type { Page, Shell } from "./shell";
import { named } from "./words";

/** Milliseconds between two looks at what changes by itself. */
const TICK = 5000;
/** Ticks between two looks at whether somebody waits for an approval. */
const APPROVALS_EVERY = 3;
const SAID_FOR = 6000;

interface Entry {
  readonly page: string;
  readonly label: string;
  readonly icon: IconName;
  readonly may: (me: Me) => boolean;
}

const ENTRIES: readonly Entry[] = [
  { page: "hosts", label: "Computers", icon: "desktop", may: () => true },
  { page: "approvals", label: "Approvals", icon: "bell", may: (me) => me.admin || me.operator },
  { page: "people", label: "People", icon: "people", may: (me) => me.admin },
  { page: "rights", label: "Rights", icon: "rights", may: (me) => me.admin },
  { page: "audit", label: "Audit", icon: "audit", may: (me) => me.admin || me.auditor },
  { page: "invite", label: "Codes", icon: "invite", may: () => true },
  { page: "settings", label: "Settings", icon: "settings", may: () => true },
];

type Stage =
  | { readonly at: "starting" }
  | { readonly at: "failed"; readonly fault: Fault }
  | { readonly at: "door"; readonly page: SignIn | First }
  | { readonly at: "inside"; readonly page: Page; readonly shell: Shell };

export class App {
  private stage: Stage = { at: "starting" };
  private readonly api: Api;
  private readonly dialogs: Dialogs;
  private readonly proofs: Dialogs;
  private place: Place = parsePlace("");
  private menuOpen = false;
  /** -1: not known yet. */
  private waiting = -1;
  private said = "";
  private saidTimer: ReturnType<typeof setTimeout> | undefined;
  private scheduled = false;
  private ticks = 0;

  constructor(private readonly root: HTMLElement) {
    this.api = new Api(new Http(document.baseURI, (input, init) => this.request(input, init)));
    this.dialogs = new Dialogs(this.changed);
    this.proofs = new Dialogs(this.changed, "proof");
    this.api.http.prove = async () => this.stage.at === "inside" && (await prove(this.api, this.proofs, this.stage.shell.me, this.changed));
  }

  start(): void {
    addEventListener("hashchange", () => { this.arrive(); });
    addEventListener("online", () => { this.tick(); });
    setInterval(() => { this.tick(); }, TICK);
    document.addEventListener("visibilitychange", () => { this.tick(); });
    this.changed();
    void this.begin();
  }

  // ---- who is here ----

  private async begin(): Promise<void> {
    try {
      const setup = await this.api.setup();
      const place = parsePlace(location.hash);
      if (setup.needed) {
        this.open(new First(this.door(setup), "setup", this.secret(place)));
        return;
      }
      if (place.page === "invited") {
        this.open(new First(this.door(setup), "invited", this.secret(place)));
        return;
      }
      await this.enter(setup);
    } catch (error) {
      this.stage = { at: "failed", fault: faultOf(error) };
      this.changed();
    }
  }

  /** A token out of the link, which leaves the address: it must not stay in the browser's history. */
  private secret(place: Place): string {
    history.replaceState(null, "", location.pathname);
    return place.query.get("token") ?? place.id;
  }

  private async enter(setup: Setup): Promise<void> {
    let me: Me;
    try {
      me = await this.api.me();
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind !== "signed-out") throw fault;
      this.open(new SignIn(this.door(setup)));
      return;
    }
    const shell: Shell = {
      api: this.api,
      dialogs: this.dialogs,
      setup,
      me,
      changed: this.changed,
      go: (address) => { location.hash = address; },
      say: this.say,
      reload: () => this.enter(setup),
      now: () => Date.now(),
    };
    const before = this.stage;
    if (before.at === "inside") {
      // The same person with other facts: the page stays where it is.
      Object.assign(before.shell, { me });
      this.changed();
      return;
    }
    this.place = parsePlace(location.hash);
    this.stage = { at: "inside", shell, page: pageFor(shell, this.place) };
    this.named(true);
    void this.countApprovals();
  }

  private door(setup: Setup): Door {
    return { api: this.api, setup, changed: this.changed, entered: async () => {
      // A set-up that has just been made is over.
      await this.enter({ ...setup, needed: false });
    } };
  }

  private open(page: SignIn | First): void {
    if (this.stage.at === "inside") this.stage.page.leave?.();
    this.stage = { at: "door", page };
    this.named(true);
  }

  private async request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const response = await fetch(input, init);
    const proving = response.url.includes("/api/login");
    if (response.status === 401 && this.stage.at === "inside" && !proving) {
      const { setup } = this.stage.shell;
      this.dialogs.close();
      this.proofs.close();
      this.open(new SignIn(this.door(setup)));
      this.say("You are signed out: the session has ended.");
    }
    return response;
  }

  private readonly signOut = async (): Promise<void> => {
    if (this.stage.at !== "inside") return;
    const { setup } = this.stage.shell;
    try {
      await this.api.logOut();
      history.replaceState(null, "", location.pathname); // whoever is next begins at the beginning
      this.open(new SignIn(this.door(setup)));
    } catch (error) {
      this.say(faultOf(error).message);
    }
  };

  // ---- where ----

  private arrive(): void {
    if (this.stage.at === "door" && parsePlace(location.hash).page === "invited") {
      location.reload();
      return;
    }
    if (this.stage.at !== "inside") return;
    const place = parsePlace(location.hash);
    const before = this.place;
    this.place = place;
    this.menuOpen = false;
    if (place.page === before.page && place.id === before.id && this.stage.page.moved?.(place)) {
      this.changed();
      return;
    }
    this.stage.page.leave?.();
    this.dialogs.close();
    this.stage = { ...this.stage, page: pageFor(this.stage.shell, place) };
    scrollTo(0, 0);
    this.named(true);
  }

  /** The window's title, and the focus on the page's, so that a screen reader reads where one is. */
  private named(focus: boolean): void {
    this.changed();
    if (!focus) return;
    queueMicrotask(() => {
      setTimeout(() => {
        const wanted = this.root.querySelector<HTMLElement>("[autofocus]") ?? this.root.querySelector<HTMLElement>("h1");
        wanted?.focus({ preventScroll: true });
      });
    });
  }

  private tick(): void {
    if (document.visibilityState !== "visible") return;
    if (this.stage.at === "failed" && this.stage.fault.kind === "offline") {
      void this.begin();
      return;
    }
    if (this.stage.at !== "inside") return;
    this.stage.page.tick?.();
    if (++this.ticks % APPROVALS_EVERY === 0) void this.countApprovals();
    this.changed(); // "3 min ago" grows older
  }

  private async countApprovals(): Promise<void> {
    if (this.stage.at !== "inside" || !(this.stage.shell.me.admin || this.stage.shell.me.operator)) return;
    try {
      const { items } = await this.api.approvals();
      const waiting = items.filter(({ state, decidable }) => state === "waiting" && decidable).length;
      if (this.waiting >= 0 && waiting > this.waiting && this.place.page !== "approvals") this.say(waiting === 1 ? "Somebody waits for an approval." : `${waiting} people wait for an approval.`);
      this.waiting = waiting;
      this.changed();
    } catch {
      // The pages say when the gateway is out of reach.
    }
  }

  // ---- what is seen ----

  readonly changed = (): void => {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      const title = this.title();
      document.title = title === "" ? "Farhand" : `${title} – Farhand`;
      render(this.view(), this.root);
    });
  };

  private readonly say = (text: string): void => {
    clearTimeout(this.saidTimer);
    this.said = text;
    this.saidTimer = setTimeout(() => {
      this.said = "";
      this.changed();
    }, SAID_FOR);
    this.changed();
  };

  private title(): string {
    return this.stage.at === "door" || this.stage.at === "inside" ? this.stage.page.title : "";
  }

  private view(): TemplateResult {
    return html`${this.body()}
      <div class="said" role="status" aria-live="polite">${this.said === "" ? nothing : html`<p>${this.said}</p>`}</div>
      ${this.dialogs.view()} ${this.proofs.view()}`;
  }

  private body(): TemplateResult {
    switch (this.stage.at) {
      case "starting":
        return sheet({ title: "One moment", body: html`<p role="status">Asking the gateway who you are…</p>` });
      case "failed":
        return sheet({
          title: this.stage.fault.kind === "offline" ? "The gateway is out of reach" : "That did not work",
          body: html`<p>${this.stage.fault.message}</p>
            <button type="button" class="primary" @click=${() => { void this.begin(); }}>Try again</button>`,
        });
      case "door":
        return this.stage.page.view();
      case "inside":
        return this.inside(this.stage.shell, this.stage.page);
    }
  }

  private inside({ me }: Shell, page: Page): TemplateResult {
    const section = this.place.page === "add" ? "hosts" : this.place.page;
    return html`<a class="skip" href="#title" @click=${this.skip}>To the content</a>
      <div class="frame ${this.menuOpen ? "open" : ""}">
        <header class="side">
          <a class="brand" href=${href("hosts")} aria-label="Farhand: computers">${mark()}<span>Farhand</span></a>
          <button type="button" class="quiet round opener" aria-expanded=${this.menuOpen ? "true" : "false"} aria-controls="nav" @click=${this.toggle}>
            ${icon(this.menuOpen ? "close" : "menu")}<span class="unseen">Menu</span>
            ${this.waiting > 0 && !this.menuOpen ? html`<span class="dot"></span>` : nothing}
          </button>
          <div id="nav" class="drawer">
            <nav aria-label="Console">
              ${ENTRIES.filter(({ may }) => may(me)).map(
                ({ page: to, label, icon: drawing }) =>
                  html`<a href=${href(to)} aria-current=${to === section ? "page" : nothing}>
                    ${icon(drawing)}<span>${label}</span>
                    ${to === "approvals" && this.waiting > 0
                      ? html`<span class="badge" aria-label="${this.waiting} waiting">${this.waiting}</span>`
                      : nothing}
                  </a>`,
              )}
            </nav>
            <div class="who">
              <p><bdi>${named(me.name)}</bdi><small>${me.admin ? "Administrator" : me.operator ? "Operator" : me.auditor ? "Auditor" : "No role yet"}</small></p>
              <button type="button" class="quiet round" aria-label="Sign out" title="Sign out" @click=${() => { void this.signOut(); }}>${icon("out")}</button>
            </div>
          </div>
        </header>
        <main id="main">${page.view()}</main>
      </div>`;
  }

  private readonly toggle = (): void => {
    this.menuOpen = !this.menuOpen;
    this.changed();
  };

  private readonly skip = (event: Event): void => {
    event.preventDefault();
    this.root.querySelector<HTMLElement>("h1")?.focus();
  };
}
