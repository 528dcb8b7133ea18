/** An organisation, its gateway's answers and a browser's store, for tests of the doors. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { base64, hex } from "../../src/app/doors/asking";
import type { Store, Table } from "../../src/app/doors/store";
import { encodeEndorsement, encodeHostProof } from "../../src/gen/statements";
import { type Bytes, concat, own, utf8 } from "../../src/protocol/bytes";
import { decodeCertificate, hostId } from "../../src/protocol/identity";
import { entropy, hostKeys } from "./pair";

export const NOW = 1_800_000_000_000;

export class MemoryStore implements Store {
  readonly #kept = new Map<string, unknown>();

  get(table: Table, key: string): Promise<unknown> {
    return Promise.resolve(structuredClone(this.#kept.get(`${table} ${key}`)));
  }

  put(table: Table, key: string, value: unknown): Promise<void> {
    this.#kept.set(`${table} ${key}`, structuredClone(value));
    return Promise.resolve();
  }
}

/** A root, a host, and what the root signed about it. */
export class Organisation {
  #secret = entropy(32);
  host = decodeCertificate(hostKeys().certificate);

  get root(): Bytes {
    return own(ed25519.getPublicKey(this.#secret));
  }

  get hostId(): Bytes {
    return hostId(this.host.identity);
  }

  /** Another host from now on. */
  replaceHost(): void {
    this.host = decodeCertificate(hostKeys().certificate);
  }

  /** Another root from now on. */
  replaceRoot(): void {
    this.#secret = entropy(32);
  }

  proof(noise: Bytes = this.host.static, issued = NOW / 1000): Bytes {
    const { identity } = this.host;
    const body = encodeEndorsement({ version: 1, hostId: this.hostId, identity, static: noise, name: "büro", issued });
    const signature = ed25519.sign(concat(utf8("farhand endorsement v1"), body), this.#secret);
    return encodeHostProof({ endorsement: concat(body, signature), delegation: new Uint8Array(0) });
  }
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who answers requests: by `METHOD /path`, a status and a body, or an error for no answer at all. */
export class Answers {
  readonly asked: Asked[] = [];
  readonly #rows = new Map<string, (body: unknown) => readonly [number, unknown]>();

  on(request: string, status: number, body: unknown = {}): this {
    this.#rows.set(request, () => [status, body]);
    return this;
  }

  readonly send = (address: string, init: RequestInit): Promise<Response> => {
    const { pathname } = new URL(address);
    const method = init.method ?? "";
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
    this.asked.push({ method, path: pathname, body, headers: init.headers as Record<string, string> });
    const row = this.#rows.get(`${method} ${pathname}`);
    if (row === undefined) return Promise.reject(new TypeError("no answer"));
    const [status, answer] = row(body);
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return Promise.resolve(new Response(status === 204 ? null : text, { status }));
  };
}

/** What an honest gateway answers about a host. */
export function gatewayOf(organisation: Organisation): Answers {
  const id = hex(organisation.hostId);
  const proof = base64(organisation.proof());
  return new Answers()
    .on("GET /api/org", 200, { root: base64(organisation.root), name: "Example" })
    .on(`GET /api/hosts/${id}/proof`, 200, { host_id: id, name: "workshop", online: true, proof })
    .on("POST /api/devices", 201, {})
    .on(`POST /api/hosts/${id}/grant`, 200, { credential: base64(utf8("a credential")), proof });
}
