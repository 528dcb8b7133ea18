/**
 * Who may do what: statements signed by the organisation's root, or by a key to which it delegated that
 * (spec/protocol.md, section 6). The viewer reads them to know a host's keys and what it was given; the host decides.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { CAPABILITIES, type Capability } from "../gen/messages";
import {
  type Credential,
  type Delegation,
  type Endorsement,
  type Grant,
  type HostProof,
  type Use,
  decodeCredential,
  decodeDelegation,
  decodeEndorsement,
  decodeGrant,
  decodeHostProof,
  encodeCredential,
  encodeDelegation,
  encodeEndorsement,
  encodeGrant,
  encodeHostProof,
} from "../gen/statements";
import { type Bytes, concat, equal, utf8 } from "./bytes";
import { GrantRefused, MessageError } from "./errors";
import { hostId as idOf, verifies } from "./identity";
import * as limits from "./limits";
import { isNetwork } from "./network";

const SIGNATURE = 64;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** How one kind of statement is read. */
interface Kind<T> {
  readonly name: string;
  readonly label: Bytes;
  readonly most: number;
  readonly encode: (value: T) => Bytes;
  readonly decode: (raw: Bytes) => T;
  /** Whether what it says can be meant. */
  readonly sound: (value: T) => boolean;
}

const DELEGATION: Kind<Delegation> = {
  name: "delegation",
  label: utf8("farhand delegation v1"),
  most: limits.DELEGATION,
  encode: encodeDelegation,
  decode: decodeDelegation,
  sound: ({ ceiling, notBefore, notAfter }) => inOrder(ceiling) && notBefore <= notAfter,
};

const ENDORSEMENT: Kind<Endorsement> = {
  name: "endorsement",
  label: utf8("farhand endorsement v1"),
  most: limits.ENDORSEMENT,
  encode: encodeEndorsement,
  decode: decodeEndorsement,
  sound: ({ hostId, identity }) => equal(hostId, idOf(identity)),
};

const GRANT: Kind<Grant> = {
  name: "grant",
  label: utf8("farhand grant v1"),
  most: limits.GRANT,
  encode: encodeGrant,
  decode: decodeGrant,
  sound: ({ rights, notBefore, notAfter, conditions }) =>
    inOrder(rights.map((right) => right.capability)) &&
    notBefore <= notAfter &&
    conditions.networks.every(isNetwork) &&
    conditions.windows.every((window) => window.start !== window.end),
};

/** What people compare to know a key: 160 bits of its SHA-256, base32, in eight groups of four. */
export function fingerprint(key: Bytes): string {
  let [bits, held, out] = [0, 0, ""];
  for (const byte of sha256(key).subarray(0, 20)) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += BASE32.charAt((held >> bits) & 31);
    }
    held &= 0xff;
  }
  return (out.match(/.{4}/g) ?? []).join(" ");
}

/** A credential that holds. */
export interface Verified {
  readonly grant: Grant;
  /** Seconds of each right; 0 = as long as the session. */
  readonly rights: ReadonlyMap<Capability, number>;
  /** Who signed it. */
  readonly issuer: Bytes;
}

/** What this credential lets the device with this identity key do on this host now (Unix seconds). Throws GrantRefused. */
export function verifyCredential(
  data: Bytes, { root, hostId, viewer, now }: { root: Bytes; hostId: Bytes; viewer: Bytes; now: number },
): Verified {
  const credential = strict<Credential>(data, "credential", limits.CREDENTIAL, decodeCredential, encodeCredential);
  let issuer = root;
  let ceiling: readonly Capability[] = CAPABILITIES;
  if (credential.delegation.length > 0) {
    const delegation = delegated(credential.delegation, root, "grants");
    checkTime(delegation.notBefore, delegation.notAfter, now, "the delegation");
    issuer = delegation.key;
    ({ ceiling } = delegation);
  }
  const grant = read(credential.grant, GRANT, issuer);
  if (!equal(grant.hostId, hostId)) throw new GrantRefused("other-host", "the grant is for another host");
  if (!equal(grant.viewer, viewer)) throw new GrantRefused("other-viewer", "the grant is for another device");
  if (grant.notAfter - grant.notBefore > limits.GRANT_SECONDS) {
    throw new GrantRefused("too-long", `a grant may be used for ${limits.GRANT_SECONDS} s at most`);
  }
  checkTime(grant.notBefore, grant.notAfter, now, "the grant");
  const rights = new Map(grant.rights.map((right) => [right.capability, right.seconds]));
  const beyond = [...rights.keys()].filter((capability) => !ceiling.includes(capability));
  if (beyond.length > 0) throw new GrantRefused("ceiling", `the signer may not give ${beyond.join(", ")}`);
  return { grant, rights, issuer };
}

/** The keys of this host, by the word of this root (Unix seconds). Throws GrantRefused. */
export function verifyHost(
  data: Bytes, { root, hostId, now }: { root: Bytes; hostId: Bytes; now: number },
): Endorsement {
  const proof = strict<HostProof>(data, "proof", limits.HOST_PROOF, decodeHostProof, encodeHostProof);
  const delegation = proof.delegation.length > 0 ? delegated(proof.delegation, root, "enrol") : null;
  const endorsement = read(proof.endorsement, ENDORSEMENT, delegation?.key ?? root);
  if (!equal(endorsement.hostId, hostId)) throw new GrantRefused("other-host", "the endorsement is for another host");
  if (delegation !== null) {
    // An enrolment key counts for what it signed while it was in force.
    checkTime(delegation.notBefore, delegation.notAfter, endorsement.issued, "the enrolment key");
  }
  if (endorsement.issued > now + limits.EARLY_SECONDS) {
    throw new GrantRefused("not-yet", "the endorsement is from the future: look at this computer's clock");
  }
  return endorsement;
}

function delegated(data: Bytes, root: Bytes, use: Use): Delegation {
  const delegation = read(data, DELEGATION, root);
  if (delegation.use !== use) {
    throw new GrantRefused("not-delegated", `the key was made to sign ${delegation.use}, not ${use}`);
  }
  return delegation;
}

function checkTime(notBefore: number, notAfter: number, now: number, what: string): void {
  if (now < notBefore) throw new GrantRefused("not-yet", `${what} does not hold yet: look at both clocks`);
  if (now > notAfter) throw new GrantRefused("expired", `${what} has expired: get a new one, and look at both clocks`);
}

/** The statement that `signer` signed; the signature comes first, so that strangers reach no parser. */
function read<T>(data: Bytes, kind: Kind<T>, signer: Bytes): T {
  const end = data.length - SIGNATURE;
  if (end <= 0 || data.length > kind.most) {
    throw new GrantRefused("malformed", `a ${kind.name} of ${data.length} bytes`);
  }
  const body = data.slice(0, end);
  if (!verifies(data.slice(end), concat(kind.label, body), signer)) {
    throw new GrantRefused("signature", `the ${kind.name} is not signed by who had to`);
  }
  const value = strict(body, kind.name, kind.most - SIGNATURE, kind.decode, kind.encode);
  if (!kind.sound(value)) throw new GrantRefused("malformed", `a ${kind.name} that says nothing sound`);
  return value;
}

/** The one value that encodes to exactly `data`. */
function strict<T>(data: Bytes, name: string, most: number, decode: (raw: Bytes) => T, encode: (value: T) => Bytes): T {
  try {
    if (data.length <= most) {
      const value = decode(data.slice());
      if (equal(encode(value), data)) return value;
    }
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
  }
  throw new GrantRefused("malformed", `a ${name} that is malformed`);
}

function inOrder(capabilities: readonly Capability[]): boolean {
  return capabilities.every((one, at) => at === 0 || CAPABILITIES.indexOf(one) > CAPABILITIES.indexOf(capabilities[at - 1] ?? one));
}
