/** Proving again who one is, before something that must not be done by whoever finds the browser open. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Api } from "../api/client";
import { Fault } from "../api/errors";
import type { Me } from "../api/types";
import { passkeyProblem, passkeysHere, usePasskey } from "../passkey";
import type { Dialogs } from "./dialog";
import { field } from "./fields";

/** True once they did; false where they gave it up. */
export function prove(api: Api, dialogs: Dialogs, me: Me, changed: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    let [password, totp, proven] = ["", "", false];
    let way: "passkey" | "password" = me.passkeys > 0 && passkeysHere() ? "passkey" : "password";
    const other = way === "passkey" && me.has_password;
    const body = (): TemplateResult =>
      way === "passkey"
        ? html`<p>It is a while since you signed in, and this changes who gets in. Use your passkey once more.</p>
            ${other ? html`<p><button type="button" class="link" @click=${() => { way = "password"; changed(); }}>Use the password instead</button></p>` : nothing}`
        : html`<p>It is a while since you signed in, and this changes who gets in.${me.has_password ? "" : " Sign out and in again to go on."}</p>
            ${me.has_password
              ? html`${field({ id: "prove-password", label: "Password", value: password, type: "password", complete: "current-password", longest: 1024, focus: true, input: (text) => { password = text; } })}
                  ${me.has_totp ? field({ id: "prove-totp", label: "Code of the authenticator app", value: totp, code: true, mode: "numeric", complete: "one-time-code", longest: 12, input: (text) => { totp = text; } }) : nothing}`
              : nothing}`;
    dialogs.open(() => ({
      title: "Is it still you?",
      ...(way === "passkey" || me.has_password ? { yes: way === "passkey" ? "Use the passkey" : "Go on" } : {}),
      body: body(),
      act: async () => {
        try {
          if (way === "passkey") await api.passkeyLogin(await usePasskey(await api.passkeyLoginOptions()));
          else await api.logIn({ name: me.name, password, ...(me.has_totp ? { totp: totp.replace(/\D/g, "") } : {}) });
        } catch (error) {
          const problem = passkeyProblem(error);
          throw problem === null ? error : new Fault("refused", problem);
        }
        const now = await api.me();
        if (now.id !== me.id) throw new Fault("refused", "That is somebody else’s passkey: reload the page to go on as them.");
        proven = true;
      },
      closed: () => { resolve(proven); },
    }));
  });
}
