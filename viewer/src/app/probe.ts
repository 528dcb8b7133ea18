/** Whether the gateway is in reach, asked in a way that browsers do not slow down. */

/** True if anything answers at the WebSocket address's origin within `ms` milliseconds. */
export async function probe(url: string, ms: number): Promise<boolean> {
  const address = new URL("/healthz", url);
  address.protocol = address.protocol === "wss:" ? "https:" : "http:";
  try {
    await fetch(address, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(ms) });
    return true;
  } catch {
    return false;
  }
}
