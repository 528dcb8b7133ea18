/** The console's places, as the part of the address that stays in the browser. */

export interface Place {
  /** The first word: which page. */
  readonly page: string;
  /** What it is about; `""` for the page's list. */
  readonly id: string;
  readonly query: URLSearchParams;
}

/** Where an address without a place leads. */
const FIRST = "hosts";

/** `#/hosts/abc?q=x` is page `hosts`, id `abc`. */
export function parsePlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [page = "", id = ""] = path.split("/", 2).map(decoded);
  return { page: page === "" ? FIRST : page, id, query: new URLSearchParams(query) };
}

/** The address of a place, for `href`. */
export function href(page: string, id = "", query: Readonly<Record<string, string>> = {}): string {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${encodeURIComponent(page)}${id === "" ? "" : `/${encodeURIComponent(id)}`}${words === "" ? "" : `?${words}`}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return ""; // a damaged link leads to the list
  }
}
