/** Requests to whoever served this page: JSON both ways, bounded, never redirected. */
import type { Bytes } from "../../protocol/bytes";
import { DoorShut } from "./door";

/** Milliseconds after which an answer is no longer awaited. */
const PATIENCE_MS = 20_000;
/** The longest answer that is read, in characters: a proof or a credential has three thousand. */
const LONGEST = 64 * 1024;

export type Send = (address: string, init: RequestInit) => Promise<Response>;

/** An answer: fields of unknown kinds, none where there was no JSON object. */
export interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One request to this page's own origin; any status is an answer. Rejects with DoorShut `unreachable`. */
export async function ask(send: Send, method: "GET" | "POST", address: string, body?: unknown): Promise<Told> {
  const headers: Record<string, string> = { accept: "application/json" };
  // No other site's page can send this one without asking first.
  if (method !== "GET") headers["x-farhand"] = "1";
  if (body !== undefined) headers["content-type"] = "application/json";
  let status: number;
  let text: string;
  try {
    const response = await send(address, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    ({ status } = response);
    text = await response.text();
  } catch {
    throw new DoorShut("unreachable", "");
  }
  return { status, body: text.length > LONGEST ? {} : objectOf(text) };
}

function objectOf(text: string): Told["body"] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Told["body"]) : {};
  } catch {
    return {};
  }
}

/** A text field, empty where there is none. */
export function textOf(body: Told["body"], name: string): string {
  const value = body[name];
  return typeof value === "string" ? value : "";
}

/** The `{"error": {"code", "message"}}` of a refusal. */
export function errorOf(body: Told["body"]): { readonly code: string; readonly message: string } {
  const error = (typeof body["error"] === "object" && body["error"] !== null ? body["error"] : {}) as Told["body"];
  return { code: textOf(error, "code"), message: textOf(error, "message") };
}

/** A base64 field's bytes. Throws DoorShut where it is none. */
export function bytesOf(body: Told["body"], name: string): Bytes {
  const text = textOf(body, name);
  try {
    if (text !== "") return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    // Told below, as what is missing is.
  }
  throw new DoorShut("failed", `The answer to this page holds no ${name}.`);
}

export function base64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of hexadecimal digits, null where they are none. */
export function fromHex(text: string): Bytes | null {
  if (!/^([0-9a-f]{2})*$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
