import type { Bytes } from "../../src/protocol/bytes";

/** The bytes of a hexadecimal string. Throws Error for anything else. */
export function bytes(hex: string): Bytes {
  if (!/^([0-9a-fA-F]{2})*$/.test(hex)) throw new Error("not hexadecimal");
  const out = new Uint8Array(hex.length / 2);
  for (let at = 0; at < out.length; at += 1) out[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return out;
}

/** Lower-case hexadecimal. */
export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
