/** What the gateway's API speaks of. Every string in it may be a stranger's: shown as text, and tamed (words.ts). */
import type { Capability } from "../../gen/messages";
import type { AtEnd, Right, Window } from "../../gen/statements";

export type { AtEnd, Capability, Right, Window };

/** One page of a list. */
export interface Listing<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** Where the next page begins; null after the last. */
  readonly next: string | null;
}

export const CAPABILITIES = [
  "view", "control", "clipboard", "files-read", "files-write", "shell", "manage", "record",
] as const satisfies readonly Capability[];

/** Something with an id and a name. */
export interface Named {
  readonly id: string;
  readonly name: string;
}

// ---- accounts -------------------------------------------------------------------------------------------------------

export interface Roles {
  /** Sets up everything. */
  readonly admin: boolean;
  /** Uses computers, as the rules allow. */
  readonly operator: boolean;
  /** Reads the audit. */
  readonly auditor: boolean;
}

export interface Me extends Named, Roles {
  readonly groups: readonly Named[];
  readonly has_password: boolean;
  readonly has_totp: boolean;
  readonly passkeys: number;
  readonly recovery_codes: number;
}

export interface Setup {
  /** There is no administrator yet. */
  readonly needed: boolean;
  /** The name of the provider with which one can sign in; null: none. */
  readonly oidc: string | null;
}

export interface Passkey extends Named {
  readonly created_ms: number;
  /** 0: never. */
  readonly used_ms: number;
}

/** An account at the provider that signs in here. */
export interface Identity extends Named {
  readonly issuer: string;
  readonly created_ms: number;
}

export interface Login {
  readonly id: string;
  /** A browser; otherwise a command line with a token. */
  readonly browser: boolean;
  readonly method: string;
  readonly name: string;
  readonly address: string;
  readonly created_ms: number;
  readonly seen_ms: number;
  readonly current: boolean;
}

export interface Person extends Named, Roles {
  readonly groups: readonly Named[];
  readonly disabled: boolean;
  /** Has signed in, or could: otherwise only an invitation leads in. */
  readonly invited: boolean;
  readonly seen_ms: number;
  readonly created_ms: number;
}

export interface PeopleGroup extends Named {
  readonly members: number;
}

export interface Invitation {
  readonly url: string;
  readonly expires_ms: number;
}

export interface TotpBegun {
  readonly secret: string;
  readonly uri: string;
}

// ---- hosts ----------------------------------------------------------------------------------------------------------

export interface Host extends Named {
  readonly online: boolean;
  /** 0: never. */
  readonly last_seen_ms: number;
  readonly system: string;
  readonly version: string;
  readonly screens: readonly string[];
  readonly enrolled_ms: number;
  /** Of the last minute for each processor: 1 is all busy. */
  readonly load: number | null;
  readonly disk_free: number | null;
  readonly disk_total: number | null;
  /** How many are connected to it now. */
  readonly callers: number;
  readonly tags: readonly string[];
  readonly groups: readonly Named[];
  /** The organisation has signed its keys. */
  readonly endorsed: boolean;
}

export interface HostDetail extends Host {
  readonly notes: string;
  readonly fingerprint: string;
  /** Entries of its audit that the gateway keeps. */
  readonly audit_size: number;
  /** What is wrong with its audit; empty: nothing. */
  readonly audit_fault: string;
}

export interface HostGroup extends Named {
  readonly hosts: number;
}

export interface EnrolToken extends Named {
  readonly group: string | null;
  readonly created_ms: number;
  readonly expires_ms: number;
  /** 0: not yet. */
  readonly used_ms: number;
  /** The host that has used it. */
  readonly host_id: string | null;
}

export interface NewEnrolToken extends EnrolToken {
  /** Shown once. */
  readonly token: string;
}

export interface Device extends Named {
  readonly person: Named;
  readonly kind: "browser" | "client";
  readonly fingerprint: string;
  readonly created_ms: number;
  readonly seen_ms: number;
}

export interface Organisation {
  /** The root's public key as base64; null: there is none yet. */
  readonly root: string | null;
  readonly fingerprint: string | null;
  readonly delegation: Delegation | null;
  readonly name: string;
  readonly gateway_fingerprint: string;
}

export interface Delegation {
  readonly ceiling: readonly Capability[];
  readonly not_before_ms: number;
  readonly not_after_ms: number;
  readonly name: string;
  readonly state: "valid" | "not-yet" | "expired";
}

// ---- rights ---------------------------------------------------------------------------------------------------------

export interface Conditions {
  readonly networks: readonly string[];
  readonly windows: readonly Window[];
  readonly ask: boolean;
  readonly reason: boolean;
  readonly approval: boolean;
  /** 0: no limit. */
  readonly max_seconds: number;
  readonly idle_seconds: number;
  readonly at_end: AtEnd;
}

/** Whom a rule is about and which hosts: one of each pair is set. */
export interface Rule {
  readonly id: string;
  readonly person: Named | null;
  readonly people_group: Named | null;
  readonly host: Named | null;
  readonly host_group: Named | null;
  readonly rights: readonly Right[];
  readonly conditions: Conditions;
  /** Whose members may approve, besides administrators. */
  readonly approvers: Named | null;
}

/** A rule as it is stored: by ids. */
export interface RuleDraft {
  readonly person: string | null;
  readonly people_group: string | null;
  readonly host: string | null;
  readonly host_group: string | null;
  readonly rights: readonly Right[];
  readonly conditions: Conditions;
  readonly approvers: string | null;
}

export type ApprovalState = "waiting" | "approved" | "refused" | "expired";

export interface Approval {
  readonly id: string;
  readonly person: Named;
  readonly device: string;
  readonly host: Named;
  readonly rights: readonly Right[];
  readonly reason: string;
  readonly created_ms: number;
  readonly expires_ms: number;
  readonly state: ApprovalState;
  /** May be decided by the person who is signed in. */
  readonly decidable: boolean;
}

// ---- audit ----------------------------------------------------------------------------------------------------------

export interface AuditEntry {
  readonly id: string;
  readonly time_ms: number;
  readonly kind: string;
  readonly person: string;
  readonly address: string;
  readonly device: string;
  readonly host: Named | null;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Checkpoint {
  readonly size: number;
  readonly time_ms: number;
  readonly root: string;
}
