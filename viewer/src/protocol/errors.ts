/** What can go wrong in a session: the codes that cross the wire and the errors that carry them. */

/** Why a session never began, or was cut off without a word (spec/protocol.md, section 1). */
export const FailureCode = {
  UNKNOWN_ROUTE: 1,
  WRONG_CODE: 2,
  LOCKED: 3,
  HOST_GONE: 4,
  VERSION: 5,
  BUSY: 6,
  PROTOCOL: 7,
  REJOIN_REFUSED: 8,
  POLICY: 9,
  TIMEOUT: 10,
  /** Never sent: an end says to its own user that the other's keys are not the expected ones. */
  IDENTITY: 11,
} as const;
export type FailureCode = (typeof FailureCode)[keyof typeof FailureCode];

/** Why an authenticated session ended (spec/protocol.md, section 3). */
export const ByeCode = {
  ENDED: 0,
  SHUTDOWN: 1,
  PROTOCOL: 2,
  RIGHTS: 3,
  REPLACED: 4,
  INTERNAL: 5,
  /** The device, the person or the host was shut out while the session ran. */
  REVOKED: 6,
  /** The time that was granted is over. */
  EXPIRED: 7,
  /** Nothing came from the viewer's person for longer than the grant allows. */
  IDLE: 8,
} as const;
export type ByeCode = (typeof ByeCode)[keyof typeof ByeCode];

/** The other end broke the protocol; the connection is of no further use. `failure` tells it on the wire. */
export class ProtocolError extends Error {
  readonly failure: FailureCode = FailureCode.PROTOCOL;
  override readonly name: string = "ProtocolError";
}

/** A frame of the wrong type, length or content arrived. */
export class MalformedFrame extends ProtocolError {
  override readonly name = "MalformedFrame";
}

/** No version or suite in common: update the older end. */
export class VersionMismatch extends ProtocolError {
  override readonly name = "VersionMismatch";
  override readonly failure = FailureCode.VERSION;
}

/** A handshake message did not open, or held a key that no honest end sends. */
export class HandshakeFailed extends ProtocolError {
  override readonly name = "HandshakeFailed";
}

/** The other end's keys are not the ones expected: someone stands between, or the host was set up anew. */
export class IdentityMismatch extends ProtocolError {
  override readonly name = "IdentityMismatch";
  override readonly failure = FailureCode.IDENTITY;

  /** @param keys the key that was expected and the one that came, where both are known. */
  constructor(
    message: string,
    readonly keys: { readonly expected: Uint8Array; readonly found: Uint8Array } | null = null,
  ) {
    super(message);
  }
}

/** A record did not open: altered, repeated, dropped or out of order. Nothing is answered to it. */
export class RecordError extends ProtocolError {
  override readonly name = "RecordError";
}

/** An authenticated peer broke the rules of channels: credit, sizes, flags or padding. */
export class MuxError extends ProtocolError {
  override readonly name = "MuxError";
}

/** A message that its channel's schema does not allow. */
export class MessageError extends ProtocolError {
  override readonly name = "MessageError";
}

/** Why a signed statement does not let anyone in. */
export type GrantFault =
  | "malformed" | "signature" | "not-yet" | "expired" | "too-long" | "other-host" | "other-viewer" | "ceiling" | "not-delegated";

/** A grant, delegation or endorsement that does not hold; `why` says which rule it breaks. */
export class GrantRefused extends Error {
  override readonly name = "GrantRefused";
  readonly why: GrantFault;

  constructor(why: GrantFault, text: string) {
    super(text);
    this.why = why;
  }
}

/** The session is over: nothing can be sent any more. Connect again. */
export class SessionEnded extends Error {
  override readonly name = "SessionEnded";
}

/** Sent too early: wait for the authenticated event. */
export class NotAuthenticated extends Error {
  override readonly name = "NotAuthenticated";
}
