/** CSS variables of one element, set from script: the page's policy rightly refuses style attributes. */
import { noChange } from "lit/html.js";
import { Directive, type ElementPart, directive } from "lit/directive.js";

class Vars extends Directive {
  override render(values: Readonly<Record<string, string>>): typeof noChange {
    void values; // update has them
    return noChange;
  }

  override update(part: ElementPart, [values]: [Readonly<Record<string, string>>]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(values)) {
      if (style.getPropertyValue(name) !== value) style.setProperty(name, value);
    }
    return noChange;
  }
}

export const vars = directive(Vars);
