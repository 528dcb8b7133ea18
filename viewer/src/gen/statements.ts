/** Written by script/gen_messages.py from src/farhand/protocol/grants.py: change that and run it again. */
import type { Bytes } from "../protocol/bytes";
import * as s from "../protocol/shapes";
import { type Capability, CAPABILITY_SHAPE } from "./messages";

/** What a delegated key may sign. */
export const USES = ["grants", "enrol"] as const;
export type Use = (typeof USES)[number];

/** The root's word that `key` (Ed25519) may sign for it: grants up to `ceiling`, or endorsements of hosts. */
export interface Delegation {
  readonly version: number;
  readonly use: Use;
  readonly key: Bytes;
  readonly ceiling: readonly Capability[];
  readonly notBefore: number;
  readonly notAfter: number;
  readonly name: string;
}

/** The organisation's word that the host of this id has these two keys; signed by the root or an enrolment key. */
export interface Endorsement {
  readonly version: number;
  readonly hostId: Bytes;
  readonly identity: Bytes;
  readonly static: Bytes;
  readonly name: string;
  readonly issued: number;
}

/** One capability, for so many seconds from its use on (0 = as long as the session). */
export interface Right {
  readonly capability: Capability;
  readonly seconds: number;
}

/**
 * When a grant may be used: `days` (bit 0 = Monday) from minute `start` to `end` of the host's local day.
 *
 * `end` before `start` reaches into the next day.
 */
export interface Window {
  readonly days: number;
  readonly start: number;
  readonly end: number;
}

/** What the host does with its desktop when the session is over. */
export const AT_ENDS = ["nothing", "lock", "log-off"] as const;
export type AtEnd = (typeof AT_ENDS)[number];

/**
 * Under which conditions a grant holds; the host sees to them.
 *
 * `networks` are CIDR in its one form (`192.0.2.0/24`, `192.0.2.7/32`, `2001:db8::/32`); they and `windows`
 * are empty where any will do, `max_seconds` and `idle_seconds` are 0 for no end. `ask`: a person at the host
 * must agree. `reason`: the grant must give one. `approval`: it must name who else agreed.
 */
export interface Conditions {
  readonly networks: readonly string[];
  readonly windows: readonly Window[];
  readonly ask: boolean;
  readonly reason: boolean;
  readonly approval: boolean;
  readonly maxSeconds: number;
  readonly idleSeconds: number;
  readonly atEnd: AtEnd;
}

/**
 * What the device with the identity key `viewer` may do on one host, if it begins before `not_after`.
 *
 * `person` and `device` are names for people. A `nonce` serves once: the host remembers it until `not_after`.
 */
export interface Grant {
  readonly version: number;
  readonly hostId: Bytes;
  readonly viewer: Bytes;
  readonly person: string;
  readonly device: string;
  readonly rights: readonly Right[];
  readonly notBefore: number;
  readonly notAfter: number;
  readonly nonce: Bytes;
  readonly conditions: Conditions;
  readonly reason: string;
  readonly approver: string;
}

/**
 * What a viewer shows a host (Request.grant): a signed grant and what lets its signer sign it, empty for the root.
 *
 * At most 2048 bytes encoded.
 */
export interface Credential {
  readonly delegation: Bytes;
  readonly grant: Bytes;
}

/** How a viewer learns a host's keys: a signed endorsement and what lets its signer sign it, empty for the root. */
export interface HostProof {
  readonly endorsement: Bytes;
  readonly delegation: Bytes;
}

const USE_SHAPE = s.oneOf(s.text(6), USES);
const DELEGATION_SHAPE = s.struct<Delegation>([
  ["version", s.integer(1, 1)],
  ["use", USE_SHAPE],
  ["key", s.bytes(32, 32)],
  ["ceiling", s.list(CAPABILITY_SHAPE, 0, 8)],
  ["notBefore", s.integer(0, 9007199254740991)],
  ["notAfter", s.integer(0, 9007199254740991)],
  ["name", s.text(64)],
]);
const ENDORSEMENT_SHAPE = s.struct<Endorsement>([
  ["version", s.integer(1, 1)],
  ["hostId", s.bytes(16, 16)],
  ["identity", s.bytes(32, 32)],
  ["static", s.bytes(32, 32)],
  ["name", s.text(64)],
  ["issued", s.integer(0, 9007199254740991)],
]);
const RIGHT_SHAPE = s.struct<Right>([
  ["capability", CAPABILITY_SHAPE],
  ["seconds", s.integer(0, 4294967295)],
]);
const WINDOW_SHAPE = s.struct<Window>([
  ["days", s.integer(1, 127)],
  ["start", s.integer(0, 1440)],
  ["end", s.integer(0, 1440)],
]);
const AT_END_SHAPE = s.oneOf(s.text(7), AT_ENDS);
const CONDITIONS_SHAPE = s.struct<Conditions>([
  ["networks", s.list(s.text(43), 0, 8)],
  ["windows", s.list(WINDOW_SHAPE, 0, 14)],
  ["ask", s.flag],
  ["reason", s.flag],
  ["approval", s.flag],
  ["maxSeconds", s.integer(0, 4294967295)],
  ["idleSeconds", s.integer(0, 4294967295)],
  ["atEnd", AT_END_SHAPE],
]);
const GRANT_SHAPE = s.struct<Grant>([
  ["version", s.integer(1, 1)],
  ["hostId", s.bytes(16, 16)],
  ["viewer", s.bytes(32, 32)],
  ["person", s.text(64)],
  ["device", s.text(64)],
  ["rights", s.list(RIGHT_SHAPE, 0, 8)],
  ["notBefore", s.integer(0, 9007199254740991)],
  ["notAfter", s.integer(0, 9007199254740991)],
  ["nonce", s.bytes(16, 16)],
  ["conditions", CONDITIONS_SHAPE],
  ["reason", s.text(200)],
  ["approver", s.text(64)],
]);
const CREDENTIAL_SHAPE = s.struct<Credential>([
  ["delegation", s.bytes(0, 512)],
  ["grant", s.bytes(0, 1528)],
]);
const HOST_PROOF_SHAPE = s.struct<HostProof>([
  ["endorsement", s.bytes(0, 512)],
  ["delegation", s.bytes(0, 512)],
]);

export function encodeDelegation(message: Delegation): Bytes {
  return s.encode(DELEGATION_SHAPE, 512, message);
}
export function decodeDelegation(raw: Bytes): Delegation {
  return s.decode(DELEGATION_SHAPE, 512, raw);
}

export function encodeEndorsement(message: Endorsement): Bytes {
  return s.encode(ENDORSEMENT_SHAPE, 512, message);
}
export function decodeEndorsement(raw: Bytes): Endorsement {
  return s.decode(ENDORSEMENT_SHAPE, 512, raw);
}

export function encodeGrant(message: Grant): Bytes {
  return s.encode(GRANT_SHAPE, 1528, message);
}
export function decodeGrant(raw: Bytes): Grant {
  return s.decode(GRANT_SHAPE, 1528, raw);
}

export function encodeCredential(message: Credential): Bytes {
  return s.encode(CREDENTIAL_SHAPE, 2048, message);
}
export function decodeCredential(raw: Bytes): Credential {
  return s.decode(CREDENTIAL_SHAPE, 2048, raw);
}

export function encodeHostProof(message: HostProof): Bytes {
  return s.encode(HOST_PROOF_SHAPE, 1040, message);
}
export function decodeHostProof(raw: Bytes): HostProof {
  return s.decode(HOST_PROOF_SHAPE, 1040, raw);
}
