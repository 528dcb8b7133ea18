/** Requests to the gateway that served this page: JSON both ways, the session in a cookie that no script reads. */
import { Fault, kindOf } from "./errors";

export type Query = Readonly<Record<string, string | number | undefined>>;
export type Method = "POST" | "PUT" | "PATCH" | "DELETE";

/** Milliseconds after which an answer is no longer awaited. */
const PATIENCE = 30_000;

/** The gateway's code for a change that needs a fresh proof of who one is. */
const STEP_UP = "step-up-needed";

interface ErrorBody {
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

export class Http {
  /** @param base the page's own address: the API is beside it. @param send the browser's `fetch`. */
  /** Has the person prove again who they are; whether they did. */
  prove: (() => Promise<boolean>) | null = null;

  constructor(
    private readonly base: string,
    private readonly send: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  address(path: string, query: Query = {}): string {
    const url = new URL(`api/${path}`, this.base);
    url.hash = "";
    url.search = "";
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== "") url.searchParams.set(name, String(value));
    }
    return url.href;
  }

  /** Raises Fault. */
  get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return this.ask<T>("GET", path, query, undefined, signal);
  }

  /** Raises Fault. Where the gateway wants the person to prove again who they are, they are asked, once. */
  async call<T = void>(method: Method, path: string, body?: unknown): Promise<T> {
    try {
      return await this.ask<T>(method, path, {}, body);
    } catch (error) {
      const again = error instanceof Fault && error.code === STEP_UP && this.prove !== null && (await this.prove());
      if (!again) throw error;
      return this.ask<T>(method, path, {}, body);
    }
  }

  private async ask<T>(method: string, path: string, query: Query, body: unknown, signal?: AbortSignal): Promise<T> {
    const headers: Record<string, string> = { accept: "application/json" };
    // No other site's page can send this one without asking first: see the gateway's check of it.
    if (method !== "GET") headers["x-farhand"] = "1";
    if (body !== undefined) headers["content-type"] = "application/json";
    const limit = AbortSignal.timeout(PATIENCE);
    let response: Response;
    try {
      response = await this.send(this.address(path, query), {
        method,
        headers,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: signal ? either(signal, limit) : limit,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Fault("offline", "The gateway cannot be reached. Check this computer’s network; it is tried again by itself.");
    }
    const text = await response.text();
    const data = parse(text, response.headers.get("content-type") ?? "");
    if (!response.ok) throw faultFrom(response, data);
    return data as T;
  }
}

/** `AbortSignal.any`, which the oldest browsers that this runs in do not have. */
function either(a: AbortSignal, b: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [a, b]) {
    if (signal.aborted) both.abort(signal.reason);
    signal.addEventListener("abort", () => { both.abort(signal.reason); }, { once: true });
  }
  return both.signal;
}

function parse(text: string, type: string): unknown {
  if (text === "" || !type.includes("json")) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Fault("broken", "The gateway’s answer is not JSON: something between it and this page alters what it says.");
  }
}

/** The gateway's messages begin small and end without a stop: they stand in programs' output, too. */
export function asSentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

function faultFrom(response: Response, data: unknown): Fault {
  const { code, message } = (data as ErrorBody | undefined)?.error ?? {};
  const said = typeof message === "string" && message !== "" ? message : `The gateway answered ${response.status}.`;
  const retry = Number(response.headers.get("retry-after"));
  return new Fault(
    kindOf(response.status),
    asSentence(said),
    typeof code === "string" ? code : "",
    Number.isFinite(retry) ? retry : 0,
  );
}
