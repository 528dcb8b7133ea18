/** Signing in: a passkey first; a password with a code, a provider, a recovery code as the other ways. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Api } from "../api/client";
import { faultOf } from "../api/errors";
import type { Setup } from "../api/types";
import { field } from "../parts/fields";
import { icon } from "../parts/icons";
import { passkeyProblem, passkeysHere, usePasskey } from "../passkey";
import { named } from "../words";
import { sheet } from "./sheet";

export interface Door {
  readonly api: Api;
  readonly setup: Setup;
  readonly changed: () => void;
  /** The gateway knows the browser now. */
  readonly entered: () => Promise<void>;
}

/** The gateway's codes for a password that was right, where a second proof is missing or wrong. */
const NEEDS_TOTP = new Set(["totp-needed", "totp-required", "totp"]);

export class SignIn {
  readonly title = "Sign in";
  private name = "";
  private password = "";
  private totp = "";
  private recovery = "";
  private way: "password" | "totp" | "recovery" = "password";
  private busy = false;
  private problem = "";

  constructor(private readonly door: Door) {}

  view(): TemplateResult {
    return this.way === "recovery" ? this.recoveryView() : this.usualView();
  }

  private usualView(): TemplateResult {
    const { oidc } = this.door.setup;
    const totp = this.way === "totp";
    const others = passkeysHere() || oidc !== null;
    return sheet({
      title: totp ? "One code more" : "Sign in",
      body: html`${totp
          ? html`<p>Your password is right. Your authenticator app shows the code that goes with it.</p>`
          : html`${passkeysHere()
              ? html`<button type="button" class="primary wide" ?disabled=${this.busy} @click=${this.byPasskey}>${icon("key")}Sign in with a passkey</button>`
              : nothing}
            ${oidc === null
              ? nothing
              : html`<a class="secondary wide" href=${this.door.api.oidcAddress()}>${icon("open")}<span>Sign in with <bdi>${named(oidc, "your organisation")}</bdi></span></a>`}
            ${others ? html`<p class="or"><span>or with a password</span></p>` : nothing}`}
        <form novalidate @submit=${this.byPassword}>
          ${totp
            ? field({
                id: "totp", label: "Code", value: this.totp, code: true, mode: "numeric", complete: "one-time-code", longest: 12, focus: true,
                input: (text) => { this.totp = text; },
                hint: "Six digits; a new one every 30 seconds.",
                problem: this.problem,
              })
            : html`${field({
                id: "name", label: "Name", value: this.name, complete: "username webauthn", longest: 64,
                input: (text) => { this.name = text; },
              })}
              ${field({
                id: "password", label: "Password", value: this.password, type: "password", complete: "current-password", longest: 1024,
                input: (text) => { this.password = text; },
              })}
              ${this.problemLine()}`}
          <button type="submit" class="${totp || !others ? "primary" : "secondary"} wide" ?disabled=${this.busy}>
            ${this.busy ? "One moment…" : totp ? "Sign in" : "Sign in with the password"}
          </button>
        </form>
        <p class="aside">
          ${totp
            ? html`<button type="button" class="link" @click=${() => { this.turn("password"); }}>Back</button>`
            : nothing}
          <button type="button" class="link" @click=${() => { this.turn("recovery"); }}>Use a recovery code</button>
        </p>`,
    });
  }

  private recoveryView(): TemplateResult {
    return sheet({
      title: "Sign in with a recovery code",
      body: html`<p>You got a list of codes when you set up your account. Each works once.</p>
        <form novalidate @submit=${this.byRecovery}>
          ${field({
            id: "name", label: "Name", value: this.name, complete: "username", longest: 64, focus: true,
            input: (text) => { this.name = text; },
          })}
          ${field({
            id: "recovery", label: "Recovery code", value: this.recovery, code: true, longest: 64,
            input: (text) => { this.recovery = text; },
            hint: "No code left? An administrator can invite you anew.",
          })}
          ${this.problemLine()}
          <button type="submit" class="primary wide" ?disabled=${this.busy}>Sign in</button>
        </form>
        <p class="aside"><button type="button" class="link" @click=${() => { this.turn("password"); }}>Back</button></p>`,
    });
  }

  private problemLine(): TemplateResult {
    return html`<p class="problem" role="alert">${this.problem}</p>`;
  }

  private turn(way: "password" | "totp" | "recovery"): void {
    this.way = way;
    this.problem = "";
    this.door.changed();
  }

  private readonly byPasskey = (): void => {
    void this.attempt(async () => {
      const { api } = this.door;
      await api.passkeyLogin(await usePasskey(await api.passkeyLoginOptions()));
    });
  };

  private readonly byPassword = (event: Event): void => {
    event.preventDefault();
    if (this.name.trim() === "" || this.password === "") {
      this.say("Enter your name and your password.");
      return;
    }
    const totp = this.totp.replace(/\D/g, "");
    void this.attempt(() => this.door.api.logIn({ name: this.name.trim(), password: this.password, ...(this.way === "totp" ? { totp } : {}) }));
  };

  private readonly byRecovery = (event: Event): void => {
    event.preventDefault();
    void this.attempt(() => this.door.api.recoveryLogin(this.name.trim(), this.recovery.trim()));
  };

  private say(problem: string): void {
    this.problem = problem;
    this.door.changed();
  }

  private async attempt(act: () => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.say("");
    try {
      await act();
      await this.door.entered();
    } catch (error) {
      const fault = faultOf(error);
      if (this.way === "password" && NEEDS_TOTP.has(fault.code)) this.way = "totp";
      else this.problem = passkeyProblem(error) ?? fault.message;
    }
    this.busy = false;
    this.door.changed();
  }
}
