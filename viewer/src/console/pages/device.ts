/** Letting a command line in: the code that it shows is confirmed here, in the browser that is signed in. */
import { type TemplateResult, html } from "lit/html.js";
import { faultOf } from "../api/errors";
import { field } from "../parts/fields";
import { heading, section } from "../parts/heading";
import { icon } from "../parts/icons";
import { type Place, href } from "../router";
import type { Page, Shell } from "../shell";
import { named } from "../words";

export class DevicePage implements Page {
  readonly title = "Let a command line in";
  private code: string;
  private busy = false;
  private problem = "";
  private done = false;

  constructor(private readonly shell: Shell, place: Place) {
    this.code = place.query.get("code") ?? place.id;
  }

  view(): TemplateResult {
    return html`${heading({ title: "Let a command line in" })}
      ${this.done
        ? section("It is signed in", html`<p class="verdict good">${icon("check")}<span>The command line goes on by itself. You can end it at any time among your sessions.</span></p>
            <a class="secondary" href=${href("settings")}>My sessions</a>`)
        : section(
            "Is this the code that you see there?",
            html`<form class="narrow" novalidate @submit=${this.approve}>
              ${field({ id: "user-code", label: "Code", value: this.code, code: true, longest: 24, focus: true, problem: this.problem, input: (text) => { this.code = text; }, hint: "As farhand login shows it." })}
              <p class="banner warn">${icon("warn")}<span>Only go on if you have just run <code>farhand login</code> yourself. Whoever sent you a code would be signed in as <strong><bdi>${named(this.shell.me.name)}</bdi></strong>.</span></p>
              <button type="submit" class="primary" ?disabled=${this.busy}>Yes, let it in</button>
            </form>`,
          )}`;
  }

  private readonly approve = (event: Event): void => {
    event.preventDefault();
    const code = this.code.trim().toUpperCase();
    if (code === "") {
      this.problem = "Enter the code that the command line shows.";
      this.shell.changed();
      return;
    }
    this.busy = true;
    this.problem = "";
    this.shell.changed();
    void this.shell.api
      .approveDevice(code)
      .then(
        () => { this.done = true; },
        (error: unknown) => { this.problem = faultOf(error).message; },
      )
      .finally(() => {
        this.busy = false;
        this.shell.changed();
      });
  };
}
