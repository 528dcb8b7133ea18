/** Texts from the other side are data: shown as text, without what could rearrange or hide the rest of the page. */

/** Control characters, and the marks that turn the direction of what follows. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]+/gu;

/** `text` on one line, at most `longest` characters of it. */
export function plain(text: string, longest = 200): string {
  const characters = Array.from(text.replace(UNSEEN, " ").replace(/\s+/g, " ").trim());
  return characters.length > longest ? `${characters.slice(0, longest - 1).join("")}…` : characters.join("");
}

/** Seconds as people say them: `8 s`, `1:05 min`. */
export function seconds(value: number): string {
  const whole = Math.max(0, Math.ceil(value));
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}
