import { describe, expect, test, vi } from "vitest";
import { base64, hex } from "../../src/app/doors/asking";
import { DoorShut, type Why } from "../../src/app/doors/door";
import { GatewayDoor } from "../../src/app/doors/gateway";
import { ProgramDoor } from "../../src/app/doors/program";
import { type VisitState, Visit } from "../../src/app/visit";
import { utf8 } from "../../src/protocol/bytes";
import { fingerprint } from "../../src/protocol/grants";
import { Kind, decodeCertificate } from "../../src/protocol/identity";
import { Answers, MemoryStore, NOW, Organisation, gatewayOf } from "../support/doors";
import { entropy } from "../support/pair";
import { ManualClock, settle } from "../support/world";

const WISH = { capabilities: ["view"], seconds: 0, reason: "updates" } as const;

class Browser {
  readonly organisation = new Organisation();
  readonly store = new MemoryStore();
  answers = gatewayOf(this.organisation);

  get id(): string {
    return hex(this.organisation.hostId);
  }

  gateway(): GatewayDoor {
    const { hostId } = this.organisation;
    const { send } = this.answers;
    return new GatewayDoor({ page: "https://gw.test/#host=x", hostId, store: this.store, send, device: "Chromium on Linux", now: () => NOW });
  }

  program(): ProgramDoor {
    const { send } = this.answers;
    return new ProgramDoor({ page: "http://fh-0123456789abcdef.localhost:1/#local", store: this.store, send, entropy, now: () => NOW });
  }
}

async function shut(run: Promise<unknown>): Promise<DoorShut> {
  const error: unknown = await run.then(
    () => new Error("it went on"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DoorShut)) throw error;
  return error;
}

describe("known hosts", () => {
  test("are known by the root's signature, and met once for the first time", async () => {
    const browser = new Browser();
    const met = await browser.gateway().meet();
    expect(met).toMatchObject({ name: "workshop", static: browser.organisation.host.static, first: true });
    expect(await browser.gateway().meet()).toMatchObject({ first: false });
  });

  test("stop everything when their key changes, even by the root's word", async () => {
    const browser = new Browser();
    await browser.gateway().meet();
    const other = entropy(32);
    const proof = base64(browser.organisation.proof(other));
    browser.answers.on(`GET /api/hosts/${browser.id}/proof`, 200, { name: "workshop", proof });
    for (let time = 0; time < 2; time += 1) {
      const error = await shut(browser.gateway().meet());
      expect(error.why).toBe("host-changed");
      expect(error.keys).toEqual({ expected: fingerprint(browser.organisation.host.static), found: fingerprint(other) });
    }
  });

  test("stop everything when their name leads to another host", async () => {
    const browser = new Browser();
    await browser.gateway().meet();
    const known = browser.organisation.host.identity;
    browser.organisation.replaceHost();
    browser.answers = gatewayOf(browser.organisation);
    const error = await shut(browser.gateway().meet());
    expect(error.why).toBe("host-changed");
    expect(error.keys).toEqual({ expected: fingerprint(known), found: fingerprint(browser.organisation.host.identity) });
    // Under a name of its own it is a new host.
    const proof = base64(browser.organisation.proof());
    browser.answers.on(`GET /api/hosts/${browser.id}/proof`, 200, { name: "another", proof });
    expect(await browser.gateway().meet()).toMatchObject({ first: true });
  });

  test("stop everything when the gateway names another root", async () => {
    const browser = new Browser();
    await browser.gateway().meet();
    const before = browser.organisation.root;
    browser.organisation.replaceRoot();
    browser.answers = gatewayOf(browser.organisation);
    const error = await shut(browser.gateway().meet());
    expect(error.why).toBe("root-changed");
    expect(error.keys).toEqual({ expected: fingerprint(before), found: fingerprint(browser.organisation.root) });
  });

  test.each([
    ["nobody signed its keys", null],
    ["the gateway made the proof up", (own: Organisation) => (own.replaceRoot(), own.proof())],
    ["the proof is another host's", () => new Organisation().proof()],
    ["the proof is from the future", (own: Organisation) => own.proof(own.host.static, NOW / 1000 + 90_000)],
  ] as const)("are not believed in where %s, and nothing is pinned", async (_, make) => {
    const browser = new Browser();
    const proof = make === null ? null : base64(make(browser.organisation));
    browser.answers.on(`GET /api/hosts/${browser.id}/proof`, 200, { name: "workshop", proof });
    expect((await shut(browser.gateway().meet())).why).toBe("unproven");
    expect(await browser.store.get("hosts", browser.id)).toBeUndefined();
    expect(await browser.store.get("roots", "root")).toBeUndefined();
  });
});

describe("the gateway's door", () => {
  test("registers keys that nobody can read, and asks with them", async () => {
    const browser = new Browser();
    const answer = await browser.gateway().enter(WISH);
    if (answer.kind !== "given") throw new Error("not given");
    const { key, certificate, credential } = answer.given;
    expect(credential).toEqual(utf8("a credential"));
    const read = decodeCertificate(certificate);
    expect(read).toMatchObject({ kind: Kind.BROWSER, name: "Chromium on Linux" });
    if (!("handle" in key)) throw new Error("a key that can be read");
    expect(key.publicKey).toEqual(read.static);
    expect(key.handle.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("pkcs8", key.handle)).rejects.toThrow();
    const [device, grant] = browser.answers.asked;
    expect(device).toMatchObject({ path: "/api/devices", body: { certificate: base64(certificate) }, headers: { "x-farhand": "1" } });
    expect(grant?.body).toEqual({ device: base64(read.identity), capabilities: ["view"], reason: "updates" });
    // The same keys at the next visit.
    const again = await browser.gateway().enter(WISH);
    expect(again).toMatchObject({ given: { certificate } });
  });

  test.each([
    [401, "signed-out", "signed-out"],
    [403, "forbidden", "forbidden"],
    [404, "not-found", "no-host"],
    [422, "reason-needed", "reason-needed"],
    [409, "device-revoked", "device-revoked"],
    [500, "internal", "failed"],
    [429, "too-often", "failed"],
  ] as const)("says why it is shut: %i %s", async (status, code, why) => {
    const browser = new Browser();
    browser.answers.on(`POST /api/hosts/${browser.id}/grant`, status, { error: { code, message: "cause: cure" } });
    expect(await shut(browser.gateway().enter(WISH))).toMatchObject({ why, message: "cause: cure" });
  });

  test.each([["not JSON", "<html>"], ["no fields", {}], ["no base64", { credential: "%" }], ["a list", []], ["a flood", "[".repeat(70_000)]])(
    "takes no answer that is %s",
    async (_, body) => {
      const browser = new Browser();
      browser.answers.on(`POST /api/hosts/${browser.id}/grant`, 200, body);
      expect((await shut(browser.gateway().enter(WISH))).why).toBe("failed");
    },
  );

  test("tells a gateway that is not there from one that says no", async () => {
    const browser = new Browser();
    browser.answers = new Answers();
    expect((await shut(browser.gateway().meet())).why).toBe("unreachable");
  });
});

describe("the program's door", () => {
  function programOf(browser: Browser): Answers {
    const { organisation } = browser;
    return new Answers()
      .on("GET /local/session", 200, {
        trusted: true, client: "farhand 0.1.0 on laptop", hostId: browser.id, hostStatic: base64(organisation.host.static),
        hostIdentity: base64(organisation.host.identity), name: "workshop", gateway: "https://gw.test",
        root: base64(organisation.root), proof: base64(organisation.proof()), capabilities: ["view", "shell", "fly"], reason: "updates",
      })
      .on("POST /local/certify", 200, { certificate: base64(utf8("a certificate")), credential: base64(utf8("a credential")) });
  }

  test("has its own key certified by the program", async () => {
    const browser = new Browser();
    browser.answers = programOf(browser);
    const door = browser.program();
    expect(await door.meet()).toMatchObject({ name: "workshop", capabilities: ["view", "shell"], reason: "updates", first: false });
    const answer = await door.enter({ ...WISH, reason: "" });
    expect(answer).toMatchObject({ kind: "given", given: { certificate: utf8("a certificate"), credential: utf8("a credential") } });
    expect(browser.answers.asked.at(-1)).toMatchObject({ path: "/local/certify", headers: { "x-farhand": "1" } });
    expect(Object.keys(browser.answers.asked.at(-1)?.body as object)).toEqual(["static"]);
  });

  test("checks the proof itself", async () => {
    const browser = new Browser();
    browser.answers = programOf(browser);
    const session = { hostId: browser.id, hostStatic: base64(entropy(32)), root: base64(browser.organisation.root), proof: base64(browser.organisation.proof()) };
    browser.answers.on("GET /local/session", 200, session);
    expect((await shut(browser.program().meet())).why).toBe("unproven");
  });

  test.each([
    [409, { error: { code: "host-changed", message: "" }, before: "aaaa", now: "bbbb" }, "host-changed"],
    [409, { error: { code: "root-changed", message: "" }, before: "aaaa", now: "bbbb" }, "root-changed"],
  ] as const)("passes on what the program found changed: %i %j", async (status, body, why: Why) => {
    const browser = new Browser();
    browser.answers.on("GET /local/session", status, body);
    expect(await shut(browser.program().meet())).toMatchObject({ why, keys: { expected: "aaaa", found: "bbbb" } });
  });

  test("waits for a second person, and hears both answers", async () => {
    const browser = new Browser();
    browser.answers = programOf(browser).on("POST /local/certify", 202, { approval: "a1" });
    const door = browser.program();
    expect(await door.enter(WISH)).toEqual({ kind: "waiting", approval: "a1" });
    browser.answers.on("GET /local/approvals/a1", 200, { state: "pending" });
    expect(await door.entered("a1")).toEqual({ kind: "waiting", approval: "a1" });
    const given = { state: "approved", certificate: base64(utf8("c")), credential: base64(utf8("g")) };
    browser.answers.on("GET /local/approvals/a1", 200, given);
    expect(await door.entered("a1")).toMatchObject({ kind: "given", given: { credential: utf8("g") } });
    browser.answers.on("GET /local/approvals/a1", 200, { state: "denied", message: "Grace did not approve it" });
    expect(await shut(door.entered("a1"))).toMatchObject({ why: "declined", message: "Grace did not approve it" });
  });

  test("hands checkpoints over and keeps them", async () => {
    const browser = new Browser();
    browser.answers.on("POST /local/checkpoint", 204);
    await browser.program().keep(browser.organisation.hostId, utf8("signed"));
    expect(browser.answers.asked[0]?.body).toEqual({ hostId: browser.id, checkpoint: base64(utf8("signed")) });
    expect(await browser.store.get("checkpoints", browser.id)).toEqual(utf8("signed"));
  });
});

describe("a visit", () => {
  function visiting(browser: Browser): { visit: Visit; clock: ManualClock; seen: VisitState["at"][]; ready: ReturnType<typeof vi.fn> } {
    const clock = new ManualClock();
    const seen: VisitState["at"][] = [];
    const ready = vi.fn();
    const visit: Visit = new Visit(browser.gateway(), clock, {
      changed: () => {
        seen.push(visit.state.at);
      },
      ready,
    });
    return { visit, clock, seen, ready };
  }

  test("leads from the keys to the call", async () => {
    const { visit, seen, ready } = visiting(new Browser());
    await visit.start();
    expect(seen).toEqual(["meeting", "asking-for-leave", "in"]);
    expect(ready).toHaveBeenCalledOnce();
  });

  test("asks for the reason that a rule wants", async () => {
    const browser = new Browser();
    const { visit, seen, ready } = visiting(browser);
    const grant = `POST /api/hosts/${browser.id}/grant`;
    browser.answers.on(grant, 422, { error: { code: "reason-needed", message: "" } });
    await visit.start();
    expect(seen.at(-1)).toBe("reason");
    browser.answers.on(grant, 200, { credential: base64(utf8("a credential")) });
    await visit.give("the printer");
    expect(browser.answers.asked.at(-1)?.body).toMatchObject({ reason: "the printer" });
    expect(ready.mock.calls[0]?.[2]).toBe("the printer");
  });

  test("waits for a second person, through a gateway that is away for a moment", async () => {
    const browser = new Browser();
    const { visit, clock, seen, ready } = visiting(browser);
    browser.answers.on(`POST /api/hosts/${browser.id}/grant`, 202, { approval: "a1", expires_ms: 0 });
    void visit.start();
    await settle();
    expect(seen.at(-1)).toBe("approval");
    await clock.advance(2000); // no answer at all
    expect(seen.at(-1)).toBe("approval");
    browser.answers.on("GET /api/approvals/a1", 200, { state: "waiting" });
    await clock.advance(2000);
    browser.answers.on("GET /api/approvals/a1", 200, { state: "approved", grant: { credential: base64(utf8("yes")) } });
    await clock.advance(2000);
    expect(ready.mock.calls[0]?.[1]).toMatchObject({ credential: utf8("yes") });
  });

  test.each([
    ["refused", "Grace said no."],
    ["expired", "Nobody answered in time."],
  ])("is shut by an approval that is %s", async (state, message) => {
    const browser = new Browser();
    const { visit, clock } = visiting(browser);
    browser.answers.on(`POST /api/hosts/${browser.id}/grant`, 202, { approval: "a1" });
    browser.answers.on("GET /api/approvals/a1", 200, { state, decided_by: "Grace" });
    void visit.start();
    await settle();
    await clock.advance(2000);
    expect(visit.state).toMatchObject({ at: "shut", why: { why: "declined", message }, name: "workshop" });
  });

  test("waits no longer than makes sense", async () => {
    const browser = new Browser();
    const { visit, clock } = visiting(browser);
    browser.answers.on(`POST /api/hosts/${browser.id}/grant`, 202, { approval: "a1" });
    void visit.start();
    await settle();
    await clock.advance(16 * 60_000);
    expect(visit.state).toMatchObject({ at: "shut", why: { why: "declined" } });
  });

  test("that was left says nothing more", async () => {
    const browser = new Browser();
    const { visit, seen, ready } = visiting(browser);
    const done = visit.start();
    visit.close();
    await done;
    expect(seen).toEqual(["meeting"]);
    expect(ready).not.toHaveBeenCalled();
  });
});
