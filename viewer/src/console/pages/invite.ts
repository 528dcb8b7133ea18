/** Codes: how one looks over somebody's shoulder once, on a computer that is in no list. */
import { type TemplateResult, html } from "lit/html.js";
import { copyable } from "../parts/codes";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import type { Page } from "../shell";

export class InvitePage implements Page {
  readonly title = "One-time codes";

  view(): TemplateResult {
    return html`${heading({ title: "One-time codes", lead: "For a computer that is in no list, with somebody in front of it. The code is made there, so only they can invite you." })}
      <div class="halves">
        ${section("They need your help", html`<ol class="steps">
            <li><p>Ask them to run this on their computer:</p>${copyable(`farhand host --gateway ${location.origin}`, "Command that shares their computer")}
              <p class="hint">It asks for the gateway’s registration token: whoever runs the gateway has it. On a computer that is in the list already, <code>farhand host --codes</code> shows codes, too.</p></li>
            <li><p>It shows a code like <code>4821-739 204 615</code>, and a link. They tell you one of the two, by telephone or in a chat that you both trust.</p></li>
            <li><p>Enter the code here. They are asked before you see anything.</p></li>
          </ol>
          <a class="primary" href="./" target="_blank" rel="noopener">${icon("open")}<span>Enter a code<span class="unseen"> in a new window</span></span></a>`)}
        ${section("What a code is", html`<ul class="points">
            <li>It works once, for one person, and dies when it was wrong once.</li>
            <li>This gateway never learns it: it only leads you to the computer.</li>
            <li>They see your name, what you may do, and can end it at any moment.</li>
            <li>For a computer that you look after again and again, add it instead: then it is in the list, and rules say who may reach it.</li>
          </ul>`)}
      </div>`;
  }
}
