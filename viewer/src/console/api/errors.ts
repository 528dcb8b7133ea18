/** What can go wrong with a request, in the few kinds that the pages treat differently. */

export type FaultKind = "offline" | "signed-out" | "forbidden" | "gone" | "busy" | "refused" | "broken";

/** A request that was not done. `message` is the gateway's own sentence where it gave one. */
export class Fault extends Error {
  override readonly name = "Fault";

  constructor(
    readonly kind: FaultKind,
    message: string,
    /** The gateway's code for it, `""` where none came. */
    readonly code = "",
    /** Seconds until another try makes sense; 0 where that is unknown. */
    readonly retrySeconds = 0,
  ) {
    super(message);
  }
}

const KINDS: Partial<Record<number, FaultKind>> = {
  401: "signed-out",
  403: "forbidden",
  404: "gone",
  410: "gone",
  429: "busy",
  503: "busy",
};

export function kindOf(status: number): FaultKind {
  return KINDS[status] ?? (status >= 500 ? "broken" : "refused");
}

/** Any error as one that a page can show. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault("broken", error instanceof Error ? error.message : String(error));
}
