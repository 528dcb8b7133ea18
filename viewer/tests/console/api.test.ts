import { describe, expect, it, vi } from "vitest";
import { Api } from "../../src/console/api/client";
import { Fault } from "../../src/console/api/errors";
import { Http, asSentence } from "../../src/console/api/http";
import type { Listing } from "../../src/console/api/types";
import { Paged } from "../../src/console/paged";
import { decodeOptions, toBase64url } from "../../src/console/passkey";
import { Resource } from "../../src/console/resource";

type Asked = { readonly url: string; readonly init: RequestInit };

/** A gateway that answers from a list, and what it was asked. */
function gateway(...answers: (Response | Error)[]): { http: Http; asked: Asked[] } {
  const asked: Asked[] = [];
  const http = new Http("https://gateway.example/x/console#/hosts", (input, init) => {
    asked.push({ url: input as string, init: init ?? {} });
    const answer = answers.shift() ?? new Error("asked once too often");
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  return { http, asked };
}

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

describe("requests", () => {
  it("go beside the page, with the mark that other sites cannot send, and follow nowhere", async () => {
    const { http, asked } = gateway(json({ items: [], total: 0, next: null }), json({ ok: true }));
    const api = new Api(http);
    await api.hosts({ q: "a b", group: "", cursor: undefined });
    await api.decide("approval_1/../x", true);
    expect(asked[0]?.url).toBe("https://gateway.example/x/api/hosts?q=a+b");
    expect(asked[1]?.url).toBe("https://gateway.example/x/api/approvals/approval_1%2F..%2Fx");
    expect(asked[1]?.init).toMatchObject({ method: "POST", credentials: "same-origin", redirect: "error", cache: "no-store", body: '{"approve":true}' });
    expect(asked[1]?.init.headers).toMatchObject({ "x-farhand": "1" });
  });

  it.each([
    [401, "signed-out"],
    [403, "forbidden"],
    [404, "gone"],
    [429, "busy"],
    [409, "refused"],
    [500, "broken"],
  ] as const)("that are answered with %i say what the gateway says", async (status, kind) => {
    const { http } = gateway(json({ error: { code: "some-code", message: "it is so: do that" } }, status));
    await expect(http.get("me")).rejects.toMatchObject({ kind, code: "some-code", message: "It is so: do that." });
  });

  it("say so when nobody answers, or something else does", async () => {
    await expect(gateway(new TypeError("Failed to fetch")).http.get("me")).rejects.toMatchObject({ kind: "offline" });
    const page = new Response("<b>proxy</b>", { status: 502, headers: { "content-type": "text/html" } });
    await expect(gateway(page).http.get("me")).rejects.toMatchObject({ kind: "broken", message: "The gateway answered 502." });
    const broken = new Response("{", { headers: { "content-type": "application/json" } });
    await expect(gateway(broken).http.get("me")).rejects.toMatchObject({ kind: "broken" });
    expect(asSentence("")).toBe(".");
  });

  it("are sent again once, after the person proved again who they are", async () => {
    const again = (): Response => json({ error: { code: "step-up-needed", message: "it is a while" } }, 403);
    const first = gateway(again(), json({ codes: ["a"] }));
    first.http.prove = vi.fn(() => Promise.resolve(true));
    expect(await new Api(first.http).newRecoveryCodes()).toEqual(["a"]);
    expect(first.http.prove).toHaveBeenCalledOnce();
    const second = gateway(again());
    second.http.prove = () => Promise.resolve(false);
    await expect(new Api(second.http).newRecoveryCodes()).rejects.toMatchObject({ code: "step-up-needed" });
    expect(second.asked.length).toBe(1);
  });
});

describe("a list in pages", () => {
  function source(total: number): (cursor: string | null, limit: number) => Promise<Listing<number>> {
    return (cursor, limit) => {
      const first = Number(cursor ?? 0);
      const items = Array.from({ length: Math.max(0, Math.min(limit, total - first)) }, (_, n) => first + n);
      return Promise.resolve({ items, total, next: first + limit < total ? String(first + limit) : null });
    };
  }

  it("loads as far as it is looked at, and no further", async () => {
    const fetch = vi.fn(source(1000));
    const list = new Paged(fetch, () => undefined, 100);
    await list.restart();
    expect([list.total, list.loaded.length, fetch.mock.calls.length]).toEqual([1000, 100, 1]);
    list.want(350);
    await vi.waitFor(() => { expect(list.loaded.length).toBe(400); });
    expect(list.at(399)).toBe(399);
    expect(fetch.mock.calls.length).toBe(4);
  });

  it("reads again what is seen, and takes a list that has become shorter", async () => {
    let total = 250;
    const list = new Paged<number>((cursor, limit) => source(total)(cursor, limit), () => undefined, 100);
    await list.restart();
    list.want(250);
    await vi.waitFor(() => { expect(list.loaded.length).toBe(250); });
    total = 120;
    await list.refresh(110, 130);
    expect([list.total, list.loaded.length]).toEqual([120, 120]);
  });

  it("keeps nothing of what was looked for before", async () => {
    let answer: (listing: Listing<string>) => void = () => undefined;
    const slow = new Promise<Listing<string>>((resolve) => { answer = resolve; });
    const answers = [slow, Promise.resolve({ items: ["new"], total: 1, next: null })];
    const list = new Paged<string>(() => answers.shift() ?? slow, () => undefined);
    const first = list.restart();
    await list.restart();
    answer({ items: ["old"], total: 1, next: null });
    await first;
    expect(list.loaded).toEqual(["new"]);
  });

  it("says what went wrong, and goes on after it", async () => {
    let good = false;
    const list = new Paged<number>((cursor, limit) => (good ? source(5)(cursor, limit) : Promise.reject(new Fault("offline", "gone"))), () => undefined);
    await list.restart();
    expect([list.total, list.fault?.kind]).toEqual([-1, "offline"]);
    good = true;
    await list.restart();
    expect([list.total, list.fault]).toEqual([5, null]);
  });
});

describe("a resource", () => {
  it("keeps what it has when it cannot be read again, and takes the newest answer only", async () => {
    const answers: (() => Promise<number>)[] = [() => Promise.resolve(1), () => Promise.reject(new Fault("offline", "gone"))];
    const one = new Resource(() => (answers.shift() ?? (() => Promise.resolve(2)))(), () => undefined);
    await one.load();
    await one.load();
    expect([one.value, one.fault?.kind]).toEqual([1, "offline"]);
    await one.load();
    expect([one.value, one.fault]).toEqual([2, null]);
  });
});

describe("passkey options", () => {
  it("have their bytes as bytes, and names as names", () => {
    const bytes = toBase64url(new Uint8Array([251, 255, 0]));
    expect(bytes).toBe("-_8A");
    const options = { rp: { id: "gateway.example", name: "x" }, challenge: bytes, user: { id: bytes, name: "Ada" }, excludeCredentials: [{ id: bytes, type: "public-key" }], hints: null };
    const read = decodeOptions(options) as typeof options;
    expect(read.rp.id).toBe("gateway.example");
    expect(read.challenge).toEqual(new Uint8Array([251, 255, 0]));
    expect(read.user.id).toEqual(new Uint8Array([251, 255, 0]));
    expect(read.user.name).toBe("Ada");
    expect(read.excludeCredentials[0]?.id).toEqual(new Uint8Array([251, 255, 0]));
    expect("hints" in read).toBe(false);
  });
});
