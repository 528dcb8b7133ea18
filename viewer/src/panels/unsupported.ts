/** The pages for browsers and addresses in which no session can be safe. */
import { type TemplateResult, html } from "lit/html.js";
import type { Lack } from "../app/support";
import { type Origin, page } from "./page";

export function unsupportedPage(lack: Lack, origin: Origin): TemplateResult {
  return lack === "secure-context" ? insecure(origin) : old(lack, origin);
}

function insecure(origin: Origin): TemplateResult {
  const body = html`<p>
      Browsers give a page the tools for encryption only if it came over <b>https</b> or from <b>localhost</b>. This one
      came over plain http from <bdi class="mono">${origin.server}</bdi>.
    </p>
    <p><b>Any of these cures it:</b></p>
    <ul>
      <li>Open the <b>https://</b> link that the host prints. With its own certificate the browser asks you once whether to go on.</li>
      <li>Start the host without <code>--plain</code>, or give it a certificate with <code>--cert</code> and <code>--key</code>.</li>
      <li>On the host itself, open the page at <b>http://localhost</b>.</li>
      <li>Forward the port: <code>ssh -L 8443:localhost:8443 host</code>, then open localhost here.</li>
    </ul>`;
  return page({ title: "This address is not secure enough", tone: "bad", body }, origin);
}

const MISSING: Readonly<Record<Exclude<Lack, "secure-context">, string>> = {
  webcrypto: "WebCrypto with AES-GCM",
  workers: "module workers and OffscreenCanvas",
  wasm: "WebAssembly",
};

function old(lack: Exclude<Lack, "secure-context">, origin: Origin): TemplateResult {
  const body = html`<p>
      It lacks <b>${MISSING[lack]}</b>, and without that a session can be neither encrypted nor shown.
    </p>
    <p><b>These browsers have all that is needed:</b></p>
    <ul class="browsers">
      <li><b>Chrome, Edge, Brave, Opera, Chromium</b> 110 or later</li>
      <li><b>Firefox</b> 115 or later</li>
      <li><b>Safari</b> 16.4 or later, iPhone and iPad included</li>
    </ul>
    <p class="hint">
      Video also needs WebCodecs: Chromium's browsers from 94, Firefox from 130, Safari from 16.4. Without it everything
      works, by exact tiles, and film is less smooth.
    </p>`;
  return page({ title: "This browser is too old", tone: "bad", body }, origin);
}
