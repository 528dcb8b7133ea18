/** One-time codes as people type, paste and send them: `4821-739 204 615`, a link that holds one, digits alone. */

/** A code's two parts, digits only: the gateway sees the route, the secret never leaves the two ends. */
export interface Code {
  readonly route: string;
  readonly secret: string;
}

const ROUTE_LEAST = 4;
const ROUTE_MOST = 9;
const SECRET_LENGTH = 9;

/** Dashes that keyboards, word processors and messengers put where a hyphen was typed. */
const DASHES = /[‐-―−﹘﹣-]/g;

/**
 * The code in `text`, or null where there is no whole one.
 *
 * A hyphen parts route and secret; without one the last nine digits are the secret. Of a link only the fragment
 * counts: what stands before it belongs to the address.
 */
export function parseCode(text: string): Code | null {
  const fragment = text.includes("#") ? text.slice(text.indexOf("#") + 1) : text;
  let plain: string;
  try {
    plain = decodeURIComponent(fragment.replaceAll("+", " "));
  } catch {
    return null;
  }
  plain = plain.normalize("NFKC").replace(DASHES, "-").replace(/^\s*(?:code\s*[=:]\s*)?/i, "").trim();
  if (!/^[\d\s-]+$/.test(plain)) return null;
  const cut = plain.indexOf("-");
  const digits = plain.replace(/\D/g, "");
  const length = cut < 0 ? digits.length - SECRET_LENGTH : plain.slice(0, cut).replace(/\D/g, "").length;
  const route = digits.slice(0, Math.max(0, length));
  const secret = digits.slice(Math.max(0, length));
  if (route.length < ROUTE_LEAST || route.length > ROUTE_MOST || secret.length !== SECRET_LENGTH) return null;
  return { route, secret };
}

/** What a person has typed so far, in the groups in which codes are read out; caret and text stay theirs if unsure. */
export function formatCode(text: string): string {
  const code = parseCode(text);
  if (code === null) return text;
  return `${code.route}-${code.secret.replace(/(\d{3})(?=\d)/g, "$1 ")}`;
}
