/** All rules, as sentences. */
import { type TemplateResult, html } from "lit/html.js";
import type { Rule } from "../api/types";
import { heading } from "../parts/heading";
import { icon } from "../parts/icons";
import { ruleSentence, ruleWhere, ruleWho } from "../parts/rule_words";
import { empty, whole } from "../parts/states";
import { Resource } from "../resource";
import { href } from "../router";
import type { Page, Shell } from "../shell";

export class RightsPage implements Page {
  readonly title = "Rights";
  private readonly rules: Resource<readonly Rule[]>;

  constructor(shell: Shell) {
    this.rules = new Resource(async () => (await shell.api.rules()).items, shell.changed);
    void this.rules.load();
  }

  view(): TemplateResult {
    return html`${heading({
        title: "Rights",
        lead: "What no rule allows, nobody may do. Each computer checks every right itself, at every step.",
        actions: html`<a class="primary" href=${href("rights", "new")}>${icon("add")}New rule</a>`,
      })}
      ${whole(this.rules, (rules) =>
        rules.length === 0
          ? empty("rights", "No rules yet", "So nobody may open any computer unattended. Begin with one rule for your help desk.", html`<a class="primary" href=${href("rights", "new")}>${icon("add")}New rule</a>`)
          : html`<ul class="sentences panel">
              ${rules.map((rule) => html`<li><a href=${href("rights", rule.id)} aria-label="Rule for ${ruleWho(rule)} on ${ruleWhere(rule)}">${ruleSentence(rule)}</a></li>`)}
            </ul>`)}`;
  }
}
