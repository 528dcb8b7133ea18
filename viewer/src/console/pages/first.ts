/** The first time: the set-up token or an invitation, then a proof of one's own, then codes for a bad day. */
import { type TemplateResult, html } from "lit/html.js";
import { faultOf } from "../api/errors";
import { codesView } from "../parts/codes";
import { field } from "../parts/fields";
import { icon } from "../parts/icons";
import { makePasskey, passkeyProblem, passkeysHere } from "../passkey";
import type { Door } from "./sign_in";
import { sheet } from "./sheet";

/** Characters that a password has at least; the gateway asks for as many. */
export const PASSWORD_MIN = 12;

export class First {
  readonly title: string;
  private step: "who" | "proof" | "codes" = "who";
  private name = "";
  private password = "";
  private withPassword = !passkeysHere();
  private codes: readonly string[] = [];
  private busy = false;
  private problem = "";

  /** @param token out of the link; `""` where it has to be typed. */
  constructor(
    private readonly door: Door,
    private readonly kind: "setup" | "invited",
    private token: string,
  ) {
    this.title = kind === "setup" ? "Set up this gateway" : "Welcome";
  }

  view(): TemplateResult {
    switch (this.step) {
      case "who":
        return this.kind === "setup" ? this.setupView() : this.invitedView();
      case "proof":
        return this.proofView();
      case "codes":
        return this.codesView();
    }
  }

  private setupView(): TemplateResult {
    return sheet({
      title: "Set up this gateway",
      step: "Step 1 of 3",
      body: html`<p>You make the first administrator: the person who adds computers and people, and says who may do what.</p>
        <form novalidate @submit=${this.begin}>
          ${field({
            id: "token", label: "Set-up token", value: this.token, code: true, longest: 200, focus: this.token === "",
            input: (text) => { this.token = text; },
            hint: "The gateway printed it once, when it was first started.",
          })}
          ${field({
            id: "name", label: "Your name", value: this.name, complete: "username", longest: 64, focus: this.token !== "",
            input: (text) => { this.name = text; },
            hint: "You sign in with it, and it stands in the audit.",
          })}
          ${this.problemLine()}
          <button type="submit" class="primary wide" ?disabled=${this.busy}>Continue</button>
        </form>`,
    });
  }

  private invitedView(): TemplateResult {
    return sheet({
      title: "You are invited",
      step: "Step 1 of 3",
      body: html`<p>Somebody has made an account for you at ${location.host}. The link works once, from this browser on.</p>
        <form novalidate @submit=${this.begin}>
          ${this.problemLine()}
          <button type="submit" class="primary wide" ?disabled=${this.busy}>Accept the invitation</button>
        </form>`,
    });
  }

  private proofView(): TemplateResult {
    const passkeys = passkeysHere();
    return sheet({
      title: this.withPassword ? "Choose a password" : "Make a passkey",
      step: "Step 2 of 3",
      body: this.withPassword
        ? html`${passkeys ? html`` : html`<p>This browser offers no passkeys at this address: they need https with a host name, or localhost.</p>`}
            <form novalidate @submit=${this.byPassword}>
              ${field({
                id: "password", label: "Password", value: this.password, type: "password", complete: "new-password", longest: 1024, focus: true,
                input: (text) => { this.password = text; },
                hint: `At least ${PASSWORD_MIN} characters. Add an authenticator app afterwards, in Settings.`,
              })}
              ${this.problemLine()}
              <button type="submit" class="primary wide" ?disabled=${this.busy}>Set the password</button>
            </form>
            ${passkeys ? html`<p class="aside"><button type="button" class="link" @click=${() => { this.turn(false); }}>Make a passkey instead</button></p>` : html``}`
        : html`<p>A passkey signs you in with this device’s fingerprint, face or PIN, or with a security key. Nobody can guess it, and no other site can ask for it.</p>
            ${this.problemLine()}
            <button type="button" class="primary wide" ?disabled=${this.busy} @click=${this.byPasskey}>${icon("key")}${this.busy ? "One moment…" : "Make a passkey"}</button>
            <p class="aside"><button type="button" class="link" @click=${() => { this.turn(true); }}>Use a password instead</button></p>`,
    });
  }

  private codesView(): TemplateResult {
    return sheet({
      title: "Keep these codes",
      step: "Step 3 of 3",
      body: html`<p>If you lose your device, each of them signs you in once. Print them, or put them into a password manager. They are not shown again.</p>
        ${codesView(this.codes)}
        <button type="button" class="primary wide" @click=${() => { void this.door.entered(); }}>I have kept them</button>`,
    });
  }

  private problemLine(): TemplateResult {
    return html`<p class="problem" role="alert">${this.problem}</p>`;
  }

  private turn(withPassword: boolean): void {
    this.withPassword = withPassword;
    this.problem = "";
    this.door.changed();
  }

  private readonly begin = (event: Event): void => {
    event.preventDefault();
    void this.attempt(async () => {
      const { api } = this.door;
      if (this.kind === "invited") {
        await api.inviteLogin(this.token);
      } else {
        if (this.token.trim() === "" || this.name.trim() === "") throw new Error("Enter the token and your name.");
        await api.setUp(this.token.trim(), this.name.trim());
      }
      this.step = "proof";
    });
  };

  private readonly byPasskey = (): void => {
    void this.attempt(async () => {
      const { api } = this.door;
      await api.addPasskey(await makePasskey(await api.passkeyOptions()));
      await this.makeCodes();
    });
  };

  private readonly byPassword = (event: Event): void => {
    event.preventDefault();
    void this.attempt(async () => {
      if (this.password.length < PASSWORD_MIN) throw new Error(`A password has at least ${PASSWORD_MIN} characters.`);
      await this.door.api.setPassword(this.password, "");
      await this.makeCodes();
    });
  };

  private async makeCodes(): Promise<void> {
    this.codes = await this.door.api.newRecoveryCodes();
    this.step = "codes";
  }

  private async attempt(act: () => Promise<unknown>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.problem = "";
    this.door.changed();
    try {
      await act();
    } catch (error) {
      this.problem = passkeyProblem(error) ?? faultOf(error).message;
    }
    this.busy = false;
    this.door.changed();
  }
}
