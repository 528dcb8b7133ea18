/** In through the gateway that served this page, by its person's log-in and this browser profile's keys. */
import { type Bytes } from "../../protocol/bytes";
import { FIRST } from "../rights";
import { type Send, type Told, ask, base64, bytesOf, errorOf, hex, textOf } from "./asking";
import { type Answer, type Door, DoorShut, type Host, type Pass, type Why, type Wish } from "./door";
import { prove } from "./known";
import { type Profile, profileOf } from "./profile";
import type { Store } from "./store";

/** What a gateway's errors are here; the rest go by their status. */
const CODES: Readonly<Partial<Record<string, Why>>> = {
  "reason-needed": "reason-needed",
  "device-revoked": "device-revoked",
  "no-device": "device-revoked",
  "host-not-signed": "unproven",
  forbidden: "forbidden",
};
const STATUSES: Readonly<Partial<Record<number, Why>>> = { 401: "signed-out", 403: "forbidden", 404: "no-host" };

export interface GatewayDoorOptions {
  /** This page's address: the gateway's API is beside it. */
  readonly page: string;
  readonly hostId: Bytes;
  readonly store: Store;
  readonly send: Send;
  /** What this browser is called in lists of devices. */
  readonly device: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class GatewayDoor implements Door {
  readonly #options: GatewayDoorOptions;
  readonly #host: string;
  #profile: Profile | null = null;

  constructor(options: GatewayDoorOptions) {
    this.#options = options;
    this.#host = hex(options.hostId);
  }

  async meet(): Promise<Host> {
    const { store, hostId, now } = this.#options;
    const [org, shown] = await Promise.all([this.#ask("GET", "org"), this.#ask("GET", `hosts/${this.#host}/proof`)]);
    const name = textOf(shown.body, "name");
    if (textOf(org.body, "root") === "" || textOf(shown.body, "proof") === "") {
      throw new DoorShut("unproven", "The organisation has not signed this host's keys yet.", null, name);
    }
    const root = bytesOf(org.body, "root");
    if (root.length !== 32) throw new DoorShut("failed", "The organisation's root, as the gateway tells it, is no key.");
    const proof = bytesOf(shown.body, "proof");
    const { endorsement, first } = await prove(store, { hostId, name, root, proof, now: now() });
    return {
      id: hostId,
      name: name === "" ? endorsement.name : name,
      identity: endorsement.identity,
      static: endorsement.static,
      first,
      capabilities: FIRST,
      reason: "",
    };
  }

  async enter(wish: Wish): Promise<Answer<Pass>> {
    const profile = await this.#device();
    return this.#passed(await this.#wish(profile, wish), profile);
  }

  async entered(approval: string): Promise<Answer<Pass>> {
    return this.#passed(await this.#decided(approval), await this.#device());
  }

  async more(wish: Wish): Promise<Answer<Bytes>> {
    return this.#wish(await this.#device(), wish);
  }

  moreDecided(approval: string): Promise<Answer<Bytes>> {
    return this.#decided(approval);
  }

  async keep(hostId: Bytes, checkpoint: Bytes): Promise<void> {
    await this.#options.store.put("checkpoints", hex(hostId), checkpoint);
  }

  /** This profile's keys, entered among the person's devices. */
  async #device(): Promise<Profile> {
    if (this.#profile !== null) return this.#profile;
    const { store, device, now } = this.#options;
    const profile = await profileOf(store, device, now() / 1000);
    await this.#ask("POST", "devices", { certificate: base64(profile.certificate) });
    this.#profile = profile;
    return profile;
  }

  async #wish(profile: Profile, { capabilities, seconds, reason }: Wish): Promise<Answer<Bytes>> {
    const wanted = { device: base64(profile.identity), capabilities, reason, ...(seconds > 0 ? { seconds } : {}) };
    const { status, body } = await this.#ask("POST", `hosts/${this.#host}/grant`, wanted);
    if (status !== 202) return { kind: "given", given: bytesOf(body, "credential") };
    return { kind: "waiting", approval: textOf(body, "approval") };
  }

  async #decided(approval: string): Promise<Answer<Bytes>> {
    const { body } = await this.#ask("GET", `approvals/${encodeURIComponent(approval)}`);
    const by = textOf(body, "decided_by");
    switch (textOf(body, "state")) {
      case "approved":
        return { kind: "given", given: bytesOf((body["grant"] ?? {}) as Told["body"], "credential") };
      case "refused":
        throw new DoorShut("declined", by === "" ? "The second person said no." : `${by} said no.`);
      case "expired":
        throw new DoorShut("declined", "Nobody answered in time.");
      default:
        return { kind: "waiting", approval };
    }
  }

  #passed(answer: Answer<Bytes>, { key, certificate }: Profile): Answer<Pass> {
    return answer.kind === "given" ? { kind: "given", given: { key, certificate, credential: answer.given } } : answer;
  }

  async #ask(method: "GET" | "POST", path: string, body?: unknown): Promise<Told> {
    const address = new URL(`api/${path}`, this.#options.page);
    address.hash = "";
    const told = await ask(this.#options.send, method, address.href, body);
    if (told.status < 300) return told;
    const { code, message } = errorOf(told.body);
    throw new DoorShut(CODES[code] ?? STATUSES[told.status] ?? "failed", message || `The gateway answered ${told.status}.`);
  }
}
