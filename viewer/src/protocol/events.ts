/** What a session tells its owner, oldest first. Every session ends with exactly one Ended or Failed. */
import type { Channel, Message, Request } from "../gen/messages";
import type { Bytes } from "./bytes";
import type { ByeCode, FailureCode, IdentityMismatch } from "./errors";
import type { Hello, Mode } from "./frames";
import type { Certificate } from "./identity";

/** Host: a caller dialled. */
export interface HelloReceived {
  readonly event: "hello";
  readonly hello: Hello;
}

/**
 * Both ends hold the same keys: messages may be sent.
 *
 * `peerStatic` is the other end's Noise key (32 bytes); `certificate` is checked and names that key, null where a
 * viewer showed none; `handshakeHash` (32 bytes) is unique to this session; `feed` is the version of the host's
 * advisory feed.
 */
export interface Authenticated {
  readonly event: "authenticated";
  readonly peerStatic: Bytes;
  readonly certificate: Certificate | null;
  readonly request: Request;
  readonly mode: Mode;
  readonly hostId: Bytes;
  readonly handshakeHash: Bytes;
  readonly feed: bigint;
}

/** A whole message of a channel. Byte fields are views of what arrived; nobody else writes to them. */
export interface MessageReceived {
  readonly event: "message";
  readonly channel: Channel;
  readonly message: Message;
}

/** An authenticated session was ended with a bye; `text` is the ending side's, for people, up to 200 bytes. */
export interface Ended {
  readonly event: "ended";
  readonly byPeer: boolean;
  readonly code: ByeCode;
  readonly text: string;
}

/**
 * There is no session, or no longer: a failure frame (`byPeer`), or what this end found wrong.
 *
 * `retry` in seconds, 0 if another try makes no sense. `reason` is for logs and holds no secret.
 */
export interface Failed {
  readonly event: "failed";
  readonly failure: FailureCode;
  readonly byPeer: boolean;
  readonly retry: number;
  readonly reason: string;
  /** Of FailureCode.IDENTITY: the key that was expected and the one that came, where both are known. */
  readonly keys?: IdentityMismatch["keys"];
}

export type SessionEvent = HelloReceived | Authenticated | MessageReceived | Ended | Failed;
