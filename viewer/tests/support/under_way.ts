/** What was asked of WebCrypto and is not answered yet: its threads take their time on a busy machine. */

const METHODS = ["importKey", "exportKey", "generateKey", "encrypt", "decrypt", "sign", "verify", "deriveBits", "digest"] as const;

let pending = 0;

const subtle = crypto.subtle as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
for (const name of METHODS) {
  const asked = subtle[name]?.bind(crypto.subtle);
  if (asked === undefined) continue;
  const counted = (...given: unknown[]): Promise<unknown> => {
    pending += 1;
    return asked(...given).finally(() => {
      pending -= 1;
    });
  };
  Object.defineProperty(crypto.subtle, name, { value: counted, configurable: true });
}

/** Let everything that was begun come to its end. */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 12; quiet += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (pending > 0) quiet = -1;
  }
}
