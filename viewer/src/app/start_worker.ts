/** The session's worker, started in the one way that Trusted Types let this page start code. */
import workerUrl from "./worker.ts?worker&url";

interface ScriptPolicy {
  createScriptURL(url: string): unknown;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptPolicy;
}

/** The page's header names this policy and lit's (`trusted-types farhand lit-html`) and no other. */
let policy: ScriptPolicy | null = null;

export function startWorker(): Worker {
  const url = new URL(workerUrl, import.meta.url).href;
  const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
  if (factory === undefined) return new Worker(url, { type: "module" });
  policy ??= factory.createPolicy("farhand", {
    createScriptURL: (wanted) => {
      if (wanted !== url) throw new TypeError("only the session's worker may be started");
      return wanted;
    },
  });
  return new Worker(policy.createScriptURL(url) as string, { type: "module" });
}
