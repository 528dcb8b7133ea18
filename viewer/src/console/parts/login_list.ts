/** Where somebody is signed in: browsers and command lines. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import { faultOf } from "../api/errors";
import type { Login } from "../api/types";
import type { Resource } from "../resource";
import type { Shell } from "../shell";
import { ago, named } from "../words";
import { whole } from "./states";

/** A browser's own words, as people know it: `Firefox on Linux`. */
export function browserWords(agent: string): string {
  const has = (word: RegExp): boolean => word.test(agent);
  const program = has(/Edg\//) ? "Edge" : has(/OPR\//) ? "Opera" : has(/Firefox\//) ? "Firefox" : has(/Chrom(e|ium)\//) ? "Chrome" : has(/Safari\//) ? "Safari" : "";
  if (program === "") return named(agent, "A browser");
  const system = has(/Android/) ? "Android" : has(/iPhone|iPad/) ? "iOS" : has(/Windows/) ? "Windows" : has(/Mac OS X/) ? "macOS" : has(/CrOS/) ? "ChromeOS" : has(/Linux/) ? "Linux" : "";
  return system === "" ? program : `${program} on ${system}`;
}

export function loginList(shell: Shell, logins: Resource<readonly Login[]>): TemplateResult {
  return whole(
    logins,
    (all) =>
      all.length === 0
        ? html`<p class="hint">Nowhere.</p>`
        : html`<ul class="lines">
            ${all.map((login) => {
              const name = login.browser ? browserWords(login.name) : `Command line on ${named(login.name, "a computer")}`;
              return html`<li>
                <span class="grow"
                  ><bdi>${name}</bdi>${login.current ? html` <span class="chip strong">This one</span>` : nothing}
                  <small>From ${named(login.address)}, by ${named(login.method)}, seen ${ago(login.seen_ms, shell.now())}</small></span
                >
                ${login.current ? nothing : html`<button type="button" class="quiet danger" @click=${() => { void end(shell, login, logins); }}>End<span class="unseen"> ${name}</span></button>`}
              </li>`;
            })}
          </ul>`,
    2,
  );
}

async function end(shell: Shell, login: Login, logins: Resource<readonly Login[]>): Promise<void> {
  try {
    await shell.api.endLogin(login.id);
    shell.say("Ended.");
  } catch (error) {
    shell.say(faultOf(error).message);
  }
  await logins.load();
}
