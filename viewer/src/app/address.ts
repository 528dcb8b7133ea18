/** What this page's address asks for: a one-time code, a host by its id, the window of the installed program. */
import type { Bytes } from "../protocol/bytes";
import { type Code, parseCode } from "./code";
import { fromHex } from "./doors/asking";

export type Destination =
  | { readonly to: "nowhere" }
  | { readonly to: "broken" }
  | { readonly to: "code"; readonly code: Code }
  | { readonly to: "host"; readonly hostId: Bytes }
  | { readonly to: "program" };

const HOST = /^#host=([0-9a-f]{32})$/i;

/**
 * Read the fragment.
 *
 * A code, and whatever might have been meant as one, is taken out of the address bar and the history at once; a host's
 * id is no secret, and stays for those who load the page anew.
 */
export function takeDestination(location: Pick<Location, "hash" | "pathname" | "search">, history: Pick<History, "replaceState">): Destination {
  const fragment = location.hash;
  if (fragment.length <= 1) return { to: "nowhere" };
  if (fragment === "#local") return { to: "program" };
  const hostId = fromHex(HOST.exec(fragment)?.[1] ?? "");
  if (hostId?.length === 16) return { to: "host", hostId };
  history.replaceState(null, "", location.pathname + location.search);
  const code = parseCode(fragment);
  return code === null ? { to: "broken" } : { to: "code", code };
}
