/** Why there is no session, or no longer, in the words that the page has panels for. */
import { ByeCode, FailureCode } from "../protocol/errors";
import type { EndReason } from "./bridge";

const OF_FAILURE: Readonly<Record<FailureCode, EndReason>> = {
  [FailureCode.UNKNOWN_ROUTE]: "unknown-code",
  [FailureCode.WRONG_CODE]: "wrong-code",
  [FailureCode.LOCKED]: "locked",
  [FailureCode.HOST_GONE]: "host-gone",
  [FailureCode.VERSION]: "version",
  [FailureCode.BUSY]: "busy",
  [FailureCode.PROTOCOL]: "protocol",
  [FailureCode.REJOIN_REFUSED]: "rejoin-refused",
  [FailureCode.POLICY]: "policy",
  [FailureCode.TIMEOUT]: "timeout",
  [FailureCode.IDENTITY]: "identity",
};

const OF_BYE: Readonly<Record<ByeCode, EndReason>> = {
  [ByeCode.ENDED]: "ended-by-host",
  [ByeCode.SHUTDOWN]: "host-gone",
  [ByeCode.PROTOCOL]: "protocol",
  [ByeCode.RIGHTS]: "ended-by-host",
  [ByeCode.REPLACED]: "replaced",
  [ByeCode.INTERNAL]: "host-gone",
  [ByeCode.REVOKED]: "revoked",
  [ByeCode.EXPIRED]: "expired",
  [ByeCode.IDLE]: "idle",
};

/** Failures that may pass while a cut session is taken up again: the host or the gateway comes back as well. */
const PASSING: readonly FailureCode[] = [
  FailureCode.UNKNOWN_ROUTE,
  FailureCode.HOST_GONE,
  FailureCode.BUSY,
  FailureCode.TIMEOUT,
];

export function reasonOfFailure(failure: FailureCode): EndReason {
  return OF_FAILURE[failure];
}

export function reasonOfBye(code: ByeCode): EndReason {
  return OF_BYE[code];
}

export function mayPass(failure: FailureCode): boolean {
  return PASSING.includes(failure);
}
