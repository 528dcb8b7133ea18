/** My account, and the organisation's keys. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { faultOf } from "../api/errors";
import type { Device, Identity, Login, Organisation, Passkey, TotpBegun } from "../api/types";
import { codesView, copyable } from "../parts/codes";
import { deviceList } from "../parts/device_list";
import { field } from "../parts/fields";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { loginList } from "../parts/login_list";
import { qrCode } from "../parts/qr";
import { whole } from "../parts/states";
import { makePasskey, passkeyProblem, passkeysHere } from "../passkey";
import { Resource } from "../resource";
import { DOES } from "../rules";
import type { Page, Shell } from "../shell";
import { ago, count, named, stamp } from "../words";
import { PASSWORD_MIN } from "./first";

export class SettingsPage implements Page {
  readonly title = "Settings";
  private readonly passkeys: Resource<readonly Passkey[]>;
  private readonly identities: Resource<readonly Identity[]>;
  private readonly logins: Resource<readonly Login[]>;
  private readonly devices: Resource<readonly Device[]>;
  private readonly organisation: Resource<Organisation>;

  constructor(private readonly shell: Shell) {
    const { api, changed, me } = shell;
    this.passkeys = new Resource(async () => (await api.passkeys()).items, changed);
    this.identities = new Resource(async () => (await api.identities()).items, changed);
    this.logins = new Resource(async () => (await api.logins()).items, changed);
    this.devices = new Resource(async () => (await api.devices({ person: me.id })).items, changed);
    this.organisation = new Resource(() => api.organisation(), changed);
    for (const one of [this.passkeys, this.identities, this.logins, this.devices, this.organisation]) void one.load();
  }

  view(): TemplateResult {
    const { me } = this.shell;
    return html`${heading({ title: "Settings", lead: html`Signed in as <strong><bdi>${named(me.name)}</bdi></strong>.` })}
      <div class="columns-two">
        <div>
          <h2 class="part">My account</h2>
          ${this.passkeyPart()} ${this.identityPart()} ${this.passwordPart()} ${this.recoveryPart()}
          ${section("My devices and browsers", deviceList(this.shell, this.devices, "None yet: one is added when you first open a computer with it."), { lead: "Each holds a key with which it may open computers." })}
          ${section("Where I am signed in", loginList(this.shell, this.logins), { actions: html`<a class="secondary" href="#/device">${icon("terminal")}Let a command line in</a>${(this.logins.value?.length ?? 0) > 1
              ? html`<button type="button" class="secondary danger" @click=${() => { void this.endOthers(); }}>End all others</button>`
              : nothing}` })}
        </div>
        <div>
          <h2 class="part">The organisation</h2>
          ${whole(this.organisation, (org) => this.organisationPart(org), 3)}
        </div>
      </div>`;
  }

  private async endOthers(): Promise<void> {
    const { api, say } = this.shell;
    try {
      await api.endOtherLogins();
      say("You are signed in nowhere else any more.");
    } catch (error) {
      say(faultOf(error).message);
    }
    await this.logins.load();
  }

  // ---- passkeys ----

  private passkeyPart(): TemplateResult {
    return section(
      "Passkeys",
      whole(this.passkeys, (all) =>
        all.length === 0
          ? html`<p class="hint">None yet. A passkey is the safest way in, and the quickest.</p>`
          : html`<ul class="lines">
              ${all.map((one) => html`<li>
                <span class="grow"><bdi>${named(one.name, "Passkey")}</bdi> <small>Made ${ago(one.created_ms, this.shell.now())}${one.used_ms > 0 ? `, used ${ago(one.used_ms, this.shell.now())}` : ""}</small></span>
                <button type="button" class="quiet danger" @click=${() => { this.removePasskey(one, all.length); }}>Remove<span class="unseen"> ${named(one.name, "the passkey")}</span></button>
              </li>`)}
            </ul>`, 2),
      passkeysHere() ? { actions: html`<button type="button" class="secondary" @click=${() => { void this.addPasskey(); }}>${icon("add")}Add a passkey</button>` } : { lead: "This browser offers none at this address: they need https with a host name, or localhost." },
    );
  }

  private async addPasskey(): Promise<void> {
    const { api, say, reload } = this.shell;
    try {
      await api.addPasskey(await makePasskey(await api.passkeyOptions()));
      say("The passkey was added.");
      await Promise.all([this.passkeys.load(), reload()]);
    } catch (error) {
      say(passkeyProblem(error) ?? faultOf(error).message);
    }
  }

  private removePasskey(one: Passkey, number: number): void {
    const { api, dialogs, me, reload } = this.shell;
    dialogs.open(() => ({
      title: "Remove this passkey?",
      yes: "Remove it",
      danger: true,
      body: html`<p><bdi>${named(one.name, "The passkey")}</bdi> signs you in no more.${number === 1 && !me.has_password ? " It is your last one: without a password only recovery codes are left." : ""}</p>`,
      act: async () => {
        await api.removePasskey(one.id);
        await Promise.all([this.passkeys.load(), reload()]);
      },
    }));
  }

  // ---- accounts at a provider ----

  private identityPart(): TemplateResult | typeof nothing {
    const provider = this.shell.setup.oidc;
    if (provider === null) return nothing;
    return section(
      named(provider, "Single sign-on"),
      whole(this.identities, (all) =>
        all.length === 0
          ? html`<p class="hint">Not linked: only your account here signs you in.</p>`
          : html`<ul class="lines">
              ${all.map((one) => html`<li>
                <span class="grow"><bdi>${named(one.name, "An account")}</bdi> <small>Linked ${ago(one.created_ms, this.shell.now())}</small></span>
                <button type="button" class="quiet danger" @click=${() => { this.unlink(one); }}>Unlink<span class="unseen"> ${named(one.name, "the account")}</span></button>
              </li>`)}
            </ul>`, 1),
      { actions: html`<button type="button" class="secondary" @click=${() => { void this.link(); }}>${icon("open")}Link an account</button>` },
    );
  }

  private async link(): Promise<void> {
    try {
      location.assign(await this.shell.api.linkAddress());
    } catch (error) {
      this.shell.say(faultOf(error).message);
    }
  }

  private unlink(one: Identity): void {
    const { api, dialogs } = this.shell;
    dialogs.open(() => ({
      title: "Unlink this account?",
      yes: "Unlink it",
      danger: true,
      body: html`<p><bdi>${named(one.name, "It")}</bdi> signs you in no more.</p>`,
      act: async () => {
        await api.unlink(one.id);
        await this.identities.load();
      },
    }));
  }

  // ---- password and one-time codes ----

  private passwordPart(): TemplateResult {
    const { me } = this.shell;
    return section(
      "Password",
      html`<ul class="lines">
        <li><span class="grow">Password <small>${me.has_password ? "Set" : "None: you sign in by other ways"}</small></span>
          <button type="button" class="quiet" @click=${this.changePassword}>${me.has_password ? "Change" : "Set one"}</button></li>
        <li><span class="grow">Authenticator app <small>${me.has_totp ? "A code is asked for with the password" : "Off: the password alone lets one in"}</small></span>
          ${me.has_totp
            ? html`<button type="button" class="quiet danger" @click=${this.removeTotp}>Switch off</button>`
            : html`<button type="button" class="quiet" @click=${() => { void this.beginTotp(); }}>Set up</button>`}</li>
      </ul>`,
    );
  }

  private readonly changePassword = (): void => {
    let [old, fresh] = ["", ""];
    const { api, dialogs, me, say, reload } = this.shell;
    dialogs.open(() => ({
      title: me.has_password ? "Change the password" : "Set a password",
      yes: "Save",
      body: html`${me.has_password ? field({ id: "old", label: "Password until now", value: old, type: "password", complete: "current-password", longest: 1024, focus: true, input: (text) => { old = text; } }) : nothing}
        ${field({ id: "fresh", label: "New password", value: fresh, type: "password", complete: "new-password", longest: 1024, focus: !me.has_password, input: (text) => { fresh = text; }, hint: `At least ${PASSWORD_MIN} characters. You stay signed in here; everywhere else you are signed out.` })}`,
      act: async () => {
        if (fresh.length < PASSWORD_MIN) throw new Error(`A password has at least ${PASSWORD_MIN} characters.`);
        await api.setPassword(fresh, old);
        await Promise.all([reload(), this.logins.load()]);
        say("The password was changed.");
      },
    }));
  };

  private async beginTotp(): Promise<void> {
    const { api, dialogs, say, reload } = this.shell;
    let begun: TotpBegun;
    try {
      begun = await api.beginTotp();
    } catch (error) {
      say(faultOf(error).message);
      return;
    }
    let code = "";
    dialogs.open(() => ({
      title: "Set up an authenticator app",
      yes: "Switch it on",
      body: html`<p>Scan this with an authenticator app, or type the key into it. Then enter the code that it shows.</p>
        ${qrCode(begun.uri, "QR code for the authenticator app; the key is below as text")}
        ${copyable(begun.secret, "Key for the authenticator app")}
        ${field({ id: "code", label: "Code", value: code, code: true, mode: "numeric", complete: "one-time-code", longest: 8, focus: true, input: (text) => { code = text; } })}`,
      act: async () => {
        await api.finishTotp(code.replace(/\D/g, ""));
        await reload();
        say("From now on a code is asked for with the password.");
      },
    }));
  }

  private readonly removeTotp = (): void => {
    const { api, dialogs, say, reload } = this.shell;
    dialogs.open(() => ({
      title: "Switch the codes off?",
      yes: "Switch them off",
      danger: true,
      body: html`<p>Then the password alone lets anyone in who knows it.</p>`,
      act: async () => {
        await api.removeTotp();
        await reload();
        say("The password alone is enough now.");
      },
    }));
  };

  private recoveryPart(): TemplateResult {
    const left = this.shell.me.recovery_codes;
    return section(
      "Recovery codes",
      html`<p class=${left < 3 ? "verdict warn" : "hint"}>${left < 3 ? icon("warn") : nothing}<span>${left === 0 ? "You have none: if you lose your device, only an administrator can let you in." : `${count(left, "code")} left. Each signs you in once.`}</span></p>`,
      { actions: html`<button type="button" class="secondary" @click=${this.newCodes}>Make new codes</button>` },
    );
  }

  private readonly newCodes = (): void => {
    const { api, dialogs, reload } = this.shell;
    dialogs.open(() => ({
      title: "Make new recovery codes?",
      yes: "Make them",
      body: html`<p>Those that you had stop working.</p>`,
      act: async () => {
        const codes = await api.newRecoveryCodes();
        await reload();
        dialogs.open(() => ({
          title: "Keep these codes",
          body: html`<p>Print them, or put them into a password manager. They are not shown again.</p>${codesView(codes)}`,
        }));
      },
    }));
  };

  // ---- the organisation ----

  private organisationPart(org: Organisation): TemplateResult {
    return html`${section(
        "Root key",
        org.fingerprint === null
          ? html`<p class="verdict warn">${icon("warn")}<span>There is none yet. Make it on your own computer, not here: who holds it decides which computers and which gateway are trusted.</span></p>
              ${copyable("farhand org init", "Command that makes the root key")}`
          : html`<p class="fingerprint mono" aria-label="Fingerprint of the root key">${org.fingerprint}</p>
              <p class="hint">Everybody in the organisation should see the same. It signs every computer’s key, and is never on this gateway.</p>`,
      )}
      ${section("What this gateway may sign", this.delegationPart(org), { lead: "At most this, whatever its rules say and whoever breaks into it." })}`;
  }

  private delegationPart({ delegation, gateway_fingerprint }: Organisation): TemplateResult {
    if (delegation === null) {
      return html`<p class="verdict warn">${icon("warn")}<span>Nothing: nobody can be given rights until the root key delegates to it.</span></p>
        ${copyable(`farhand login ${location.origin}`, "Command that signs the command line in")}
        ${copyable(`farhand org delegate --gateway ${location.origin}`, "Command that lets this gateway sign rights")}
        <p class="hint">This gateway’s own key: <span class="mono">${gateway_fingerprint}</span></p>`;
    }
    const now = this.shell.now();
    return html`<ul class="points">${delegation.ceiling.map((capability) => html`<li>To ${DOES[capability]}</li>`)}</ul>
      <p class=${delegation.state === "valid" ? "hint" : "verdict warn"}>${delegation.state === "valid" ? nothing : icon("warn")}<span>${delegation.state === "expired" ? "It has ended " : delegation.state === "not-yet" ? "It begins later; until " : "Until "}${delegation.state === "expired" ? ago(delegation.not_after_ms, now) : stamp(delegation.not_after_ms)}. Renew it with <code>farhand org delegate</code>.</span></p>
      <p class="hint">This gateway’s own key: <span class="mono">${gateway_fingerprint}</span></p>`;
  }
}
