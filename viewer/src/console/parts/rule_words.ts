/** A rule as a readable sentence, its parts told apart by weight. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Conditions, Named, Right, Rule } from "../api/types";
import { conditionWords, rightsWords } from "../rules";
import { named } from "../words";

export function ruleWho(rule: { readonly person: Named | null; readonly people_group: Named | null }): string {
  return named((rule.person ?? rule.people_group)?.name, "Nobody");
}

export function ruleWhere(rule: { readonly host: Named | null; readonly host_group: Named | null }): string {
  return named((rule.host ?? rule.host_group)?.name, "no computer");
}

export function ruleSentence(rule: Rule): TemplateResult {
  return sentenceOf(ruleWho(rule), ruleWhere(rule), rule.rights, rule.conditions);
}

export function sentenceOf(who: string, where: string, rights: readonly Right[], conditions: Conditions): TemplateResult {
  const { on, then } = conditionWords(conditions);
  return html`<span class="sentence"
    ><strong><bdi>${who}</bdi></strong> may <strong>${rightsWords(rights)}</strong> on <strong><bdi>${where}</bdi></strong>${on === "" ? nothing : html`, ${on}`}.
    ${then.join(" ")}</span
  >`;
}
