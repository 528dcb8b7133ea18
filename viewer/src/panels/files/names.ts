/** Names of files come from the other computer: shown so that nothing in them hides, moves or turns what stands around. */

/** A stretch of a name; `odd`: the visible form of characters that could not be seen. */
export interface Stretch {
  readonly text: string;
  readonly odd: boolean;
}

/** Control and format characters, private ones, halves of pairs, separators, and spaces that look like none or like another. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0\ufffd]|^ | $/gu;
/** Joiners mean something between pictures, and in scripts that join. */
const JOINED = /[\p{Extended_Pictographic}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\ufe0f\p{M}]/u;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;
const MARK = /^\p{M}/u;

/** The name in stretches, of which the odd ones stand for what could not be seen. */
export function stretches(name: string): readonly Stretch[] {
  const found: Stretch[] = [];
  let from = 0;
  for (const match of name.matchAll(UNSEEN)) {
    const at = match.index;
    const [character] = match;
    if (joins(name, at, character)) continue;
    if (at > from) found.push({ text: name.slice(from, at), odd: false });
    const last = found.at(-1);
    const text = escaped(character);
    if (last?.odd === true && at === from) found[found.length - 1] = { text: last.text + text, odd: true };
    else found.push({ text, odd: true });
    from = at + character.length;
  }
  if (from < name.length) found.push({ text: name.slice(from), odd: false });
  return found;
}

/** The same as one text, for titles and for reading aloud. */
export function visible(name: string): string {
  return stretches(name)
    .map(({ text }) => text)
    .join("");
}

/** A name in its two parts: the end stays in sight where there is no room for all of it. */
export interface Cut {
  readonly head: readonly Stretch[];
  readonly tail: readonly Stretch[];
}

/** How many characters of the end stay, and from which length on. */
const TAIL = 10;
const LONG = 22;

/** Long names are cut in the middle: how they begin and how they end tells them apart. One that is written from right to left stays whole. */
export function cut(name: string): Cut {
  const whole = stretches(name);
  if (name.length <= LONG || RIGHT_TO_LEFT.test(name)) return { head: whole, tail: [] };
  const characters = Array.from(name);
  let at = characters.length - TAIL;
  while (at > 0 && (MARK.test(characters[at] ?? "") || characters[at - 1] === "\u200d" || characters[at] === "\u200d")) at--;
  if (at <= TAIL) return { head: whole, tail: [] };
  const head = characters.slice(0, at).join("");
  return { head: stretches(`${head}.`).flatMap(dropLast), tail: stretches(`.${characters.slice(at).join("")}`).flatMap(dropFirst) };
}

/** A full stop keeps a space at the cut from being taken for one at the name's end; it goes again here. */
function dropLast(stretch: Stretch, index: number, all: readonly Stretch[]): Stretch[] {
  if (index < all.length - 1) return [stretch];
  return stretch.text.length > 1 ? [{ ...stretch, text: stretch.text.slice(0, -1) }] : [];
}

function dropFirst(stretch: Stretch, index: number): Stretch[] {
  if (index > 0) return [stretch];
  return stretch.text.length > 1 ? [{ ...stretch, text: stretch.text.slice(1) }] : [];
}

/** As files/names.ts has it: `\x0a`, `\u{202e}`, and for bytes that are no UTF-8 `\xff`. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

function joins(name: string, at: number, character: string): boolean {
  if (character !== "\u200d" && character !== "\u200c") return false;
  const before = Array.from(name.slice(Math.max(0, at - 2), at)).at(-1) ?? "";
  const after = Array.from(name.slice(at + 1, at + 3))[0] ?? "";
  return JOINED.test(before) && JOINED.test(after);
}

/** What stands after the last full stop, in small letters; empty where there is nothing or a hidden file's whole name. */
export function extension(name: string): string {
  const at = name.lastIndexOf(".");
  return at > 0 && at < name.length - 1 ? name.slice(at + 1).toLowerCase() : "";
}

/** How much of a name is chosen when it is about to be changed: all but the extension. */
export function stem(name: string): number {
  const { length } = extension(name);
  return length === 0 || length > 8 ? name.length : name.length - length - 1;
}

/** What is wrong with a name that a person gives to a file; empty if nothing is. */
export function nameProblem(name: string, taken: (name: string) => boolean): string {
  if (name === "") return "A name is needed.";
  if (name === "." || name === "..") return "This name means a folder already.";
  if (name.includes("/")) return "A name cannot hold a slash (/).";
  if (name.includes("\0")) return "A name cannot hold a null character.";
  if (new TextEncoder().encode(name).length > 255) return "This name is too long: 255 bytes are the most.";
  return taken(name) ? "Something here has this name already." : "";
}
