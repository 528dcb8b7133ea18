/** CSS variables of one element, set from script: the page's policy rightly refuses style attributes. */
import { noChange } from "lit/html.js";
import { Directive, type ElementPart, directive } from "lit/directive.js";

type Values = Readonly<Record<string, string>>;

class Vars extends Directive {
  private style: CSSStyleDeclaration | null = null;

  override update(part: ElementPart, [values]: [Values]): typeof noChange {
    this.style = (part.element as HTMLElement).style;
    return this.render(values);
  }

  override render(values: Values): typeof noChange {
    for (const [name, value] of Object.entries(values)) {
      if (this.style?.getPropertyValue(name) !== value) this.style?.setProperty(name, value);
    }
    return noChange;
  }
}

export const vars = directive(Vars);
