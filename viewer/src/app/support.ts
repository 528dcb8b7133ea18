/** What this browser and this address can do. */

/** What is missing for any session at all. */
export type Lack = "secure-context" | "webcrypto" | "workers" | "wasm";

/** The first thing that is missing, or null where a session can run. */
export async function lacking(scope: typeof globalThis = globalThis): Promise<Lack | null> {
  if (!scope.isSecureContext) return "secure-context";
  if (!(await hasSealing(scope.crypto))) return "webcrypto";
  if (!("Worker" in scope && "OffscreenCanvas" in scope && "transferControlToOffscreen" in HTMLCanvasElement.prototype)) {
    return "workers";
  }
  return "WebAssembly" in scope ? null : "wasm";
}

/** Whether video can be decoded; without it the picture comes by tiles alone. */
export function hasWebCodecs(scope: object = globalThis): boolean {
  return "VideoDecoder" in scope && "VideoFrame" in scope;
}

async function hasSealing(crypto: Crypto | undefined): Promise<boolean> {
  // Absent where the page is not secure, and in old browsers, whatever the DOM's types say.
  const subtle = (crypto as Partial<Crypto> | undefined)?.subtle;
  if (subtle === undefined) return false;
  try {
    await subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    return true;
  } catch {
    return false;
  }
}
