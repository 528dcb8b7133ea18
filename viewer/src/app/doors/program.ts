/** In through the installed program that served this page from this computer: its keys, its known hosts. */
import { CAPABILITIES, type Capability } from "../../gen/messages";
import { type Bytes, equal, type Entropy } from "../../protocol/bytes";
import { GrantRefused } from "../../protocol/errors";
import { verifyHost } from "../../protocol/grants";
import { privateKey } from "../../protocol/keys";
import { type Send, type Told, ask, base64, bytesOf, errorOf, fromHex, hex, textOf } from "./asking";
import { type Answer, type Door, DoorShut, type Host, type Pass, type Why, type Wish } from "./door";
import type { Store } from "./store";

/** What the program's errors are here; the rest go by their status. */
const CODES: Readonly<Partial<Record<string, Why>>> = {
  "host-changed": "host-changed",
  "root-changed": "root-changed",
  "reason-needed": "reason-needed",
  "device-revoked": "device-revoked",
  unproven: "unproven",
  forbidden: "forbidden",
};
const STATUSES: Readonly<Partial<Record<number, Why>>> = { 401: "signed-out", 403: "forbidden", 404: "no-host", 410: "no-host" };

export interface ProgramDoorOptions {
  /** This page's address: the program's own paths are on the same origin. */
  readonly page: string;
  readonly store: Store;
  readonly send: Send;
  readonly entropy: Entropy;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class ProgramDoor implements Door {
  readonly #options: ProgramDoorOptions;
  /** The page's own Noise key; it ends with the page, and the program's word for it within hours. */
  readonly #scalar: Bytes;

  constructor(options: ProgramDoorOptions) {
    this.#options = options;
    this.#scalar = options.entropy(32);
  }

  async meet(): Promise<Host> {
    const { body } = await this.#ask("GET", "session");
    const name = textOf(body, "name");
    const id = fromHex(textOf(body, "hostId"));
    if (id?.length !== 16) throw new DoorShut("failed", "The program names no host.");
    try {
      const [proof, root] = [bytesOf(body, "proof"), bytesOf(body, "root")];
      const { identity, static: noise } = verifyHost(proof, { root, hostId: id, now: this.#options.now() / 1000 });
      // The program has compared them with the first contact's: those are the ones to expect.
      if (!equal(noise, bytesOf(body, "hostStatic"))) throw new DoorShut("unproven", "The proof is for other keys.", null, name);
      const wanted = Array.isArray(body["capabilities"]) ? (body["capabilities"] as unknown[]) : [];
      const capabilities = CAPABILITIES.filter((one: Capability) => wanted.includes(one));
      return { id, name, identity, static: noise, first: false, capabilities, reason: textOf(body, "reason") };
    } catch (error) {
      if (!(error instanceof GrantRefused)) throw error;
      throw new DoorShut("unproven", `${error.message} (${error.why}).`, null, name);
    }
  }

  async enter(wish: Wish): Promise<Answer<Pass>> {
    // What to ask for is the program's to say: it was told on its command line.
    const told = await this.#ask("POST", "certify", {
      static: base64(privateKey(this.#scalar).publicKey),
      ...(wish.reason === "" ? {} : { reason: wish.reason }),
    });
    return answered(told, this.#pass);
  }

  async entered(approval: string): Promise<Answer<Pass>> {
    return decided(await this.#ask("GET", `approvals/${encodeURIComponent(approval)}`), approval, this.#pass);
  }

  async more(wish: Wish): Promise<Answer<Bytes>> {
    const { capabilities, seconds, reason } = wish;
    return answered(await this.#ask("POST", "grant", { capabilities, seconds, reason }), credential);
  }

  async moreDecided(approval: string): Promise<Answer<Bytes>> {
    return decided(await this.#ask("GET", `approvals/${encodeURIComponent(approval)}`), approval, credential);
  }

  async keep(hostId: Bytes, checkpoint: Bytes): Promise<void> {
    await this.#options.store.put("checkpoints", hex(hostId), checkpoint);
    await this.#ask("POST", "checkpoint", { hostId: hex(hostId), checkpoint: base64(checkpoint) });
  }

  readonly #pass = (body: Told["body"]): Pass => ({
    key: this.#scalar,
    certificate: bytesOf(body, "certificate"),
    credential: credential(body),
  });

  async #ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Told> {
    const told = await ask(this.#options.send, method, new URL(`/local/${path}`, this.#options.page).href, body);
    if (told.status < 300) return told;
    const { code, message } = errorOf(told.body);
    const [expected, found] = [textOf(told.body, "before"), textOf(told.body, "now")];
    const keys = expected === "" && found === "" ? null : { expected, found };
    throw new DoorShut(CODES[code] ?? STATUSES[told.status] ?? "failed", message || `The program answered ${told.status}.`, keys);
  }
}

function credential(body: Told["body"]): Bytes {
  return bytesOf(body, "credential");
}

function answered<T>({ status, body }: Told, take: (body: Told["body"]) => T): Answer<T> {
  return status === 202 ? { kind: "waiting", approval: textOf(body, "approval") } : { kind: "given", given: take(body) };
}

function decided<T>({ body }: Told, approval: string, take: (body: Told["body"]) => T): Answer<T> {
  const state = textOf(body, "state");
  if (state === "denied") throw new DoorShut("declined", textOf(body, "message"));
  return state === "approved" ? { kind: "given", given: take(body) } : { kind: "waiting", approval };
}
