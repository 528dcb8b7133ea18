/** Devices and browsers that hold access, each of which can be revoked. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Device } from "../api/types";
import type { Resource } from "../resource";
import type { Shell } from "../shell";
import { ago, named } from "../words";
import { whole } from "./states";

/** @param whose whether each says whose it is. */
export function deviceList(shell: Shell, devices: Resource<readonly Device[]>, none: string, whose = false): TemplateResult {
  return whole(
    devices,
    (all) =>
      all.length === 0
        ? html`<p class="hint">${none}</p>`
        : html`<ul class="lines">
            ${all.map(
              (device) => html`<li>
                <span class="grow"
                  ><bdi>${named(device.name)}</bdi> <span class="chip">${device.kind === "client" ? "Installed client" : "Browser"}</span>
                  <small>${whose ? html`<bdi>${named(device.person.name, "Of somebody who was removed")}</bdi> · ` : nothing}Added ${ago(device.created_ms, shell.now())}${device.seen_ms > 0 ? `, used ${ago(device.seen_ms, shell.now())}` : ""}</small>
                  ${device.fingerprint === "" ? nothing : html`<small class="mono">${device.fingerprint}</small>`}</span
                >
                <button type="button" class="quiet danger" @click=${() => { revoke(shell, device, devices); }}>Revoke<span class="unseen"> ${named(device.name)}</span></button>
              </li>`,
            )}
          </ul>`,
    2,
  );
}

function revoke(shell: Shell, device: Device, devices: Resource<readonly Device[]>): void {
  shell.dialogs.open(() => ({
    title: "Revoke this device?",
    yes: "Revoke it",
    danger: true,
    body: html`<p><strong><bdi>${named(device.name)}</bdi></strong> is thrown out of every session within two seconds, and its key is never accepted again.</p>`,
    act: async () => {
      await shell.api.removeDevice(device.id);
      await devices.load();
      shell.say("Revoked: every computer has been told.");
    },
  }));
}
