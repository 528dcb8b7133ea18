/** The gateway's API, one method a route. Every method raises Fault. */
import { Fault } from "./errors";
import type { Http, Query } from "./http";
import type {
  Approval, AuditEntry, Checkpoint, Device, EnrolToken, Host, HostDetail, HostGroup, Identity, Invitation, Listing, Login, Me,
  NewEnrolToken, Organisation, Passkey, PeopleGroup, Person, Roles, Rule, RuleDraft, Setup, TotpBegun,
} from "./types";

export interface HostChange {
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly groups?: readonly string[];
  readonly notes?: string;
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  readonly totp?: string;
}

/** Entries that one page of a short list holds at most. */
const ALL = 200;

export class Api {
  constructor(readonly http: Http) {}

  // ---- signing in ----

  setup(): Promise<Setup> {
    return this.http.get("setup");
  }
  setUp(token: string, name: string, password?: string): Promise<unknown> {
    return this.http.call("POST", "setup", { token, name, ...(password ? { password } : {}) });
  }
  me(): Promise<Me> {
    return this.http.get("me");
  }
  logIn(credentials: Credentials): Promise<unknown> {
    return this.http.call("POST", "login", credentials);
  }
  passkeyLoginOptions(name?: string): Promise<unknown> {
    return this.http.call("POST", "login/passkey/begin", name ? { name } : {});
  }
  passkeyLogin(answer: unknown): Promise<unknown> {
    return this.http.call("POST", "login/passkey/finish", answer);
  }
  recoveryLogin(name: string, code: string): Promise<unknown> {
    return this.http.call("POST", "login/recovery", { name, code });
  }
  inviteLogin(token: string): Promise<unknown> {
    return this.http.call("POST", "login/invite", { token });
  }
  logOut(): Promise<unknown> {
    return this.http.call("POST", "logout", {});
  }
  identities(): Promise<Listing<Identity>> {
    return this.http.get("identities");
  }
  /** Where to prove an account at the provider, which then signs in here. */
  async linkAddress(): Promise<string> {
    return (await this.http.call<{ url: string }>("POST", "oidc/link")).url;
  }
  unlink(id: string): Promise<unknown> {
    return this.http.call("DELETE", `identities/${encodeURIComponent(id)}`);
  }
  oidcAddress(): string {
    return this.http.address("login/oidc");
  }

  // ---- my account ----

  passkeys(): Promise<Listing<Passkey>> {
    return this.http.get("passkeys");
  }
  passkeyOptions(): Promise<unknown> {
    return this.http.call("POST", "passkeys/begin", {});
  }
  addPasskey(answer: unknown): Promise<unknown> {
    return this.http.call("POST", "passkeys/finish", answer);
  }
  removePasskey(id: string): Promise<unknown> {
    return this.http.call("DELETE", `passkeys/${encodeURIComponent(id)}`);
  }
  beginTotp(): Promise<TotpBegun> {
    return this.http.call("POST", "totp/begin", {});
  }
  finishTotp(code: string): Promise<unknown> {
    return this.http.call("POST", "totp/finish", { code });
  }
  removeTotp(): Promise<unknown> {
    return this.http.call("DELETE", "totp");
  }
  async newRecoveryCodes(): Promise<readonly string[]> {
    return (await this.http.call<{ codes: readonly string[] }>("POST", "recovery", {})).codes;
  }
  setPassword(password: string, old: string): Promise<unknown> {
    return this.http.call("POST", "password", { password, ...(old ? { old } : {}) });
  }
  /** @param person whose; left out: mine. */
  logins(person?: string): Promise<Listing<Login>> {
    return this.http.get("sessions", { limit: ALL, person });
  }
  endLogin(id: string): Promise<unknown> {
    return this.http.call("DELETE", `sessions/${encodeURIComponent(id)}`);
  }
  /** All of mine but this one. */
  endOtherLogins(): Promise<unknown> {
    return this.http.call("DELETE", "sessions");
  }
  approveDevice(user_code: string): Promise<unknown> {
    return this.http.call("POST", "device-login/approve", { user_code });
  }

  // ---- people ----

  people(query: Query, signal?: AbortSignal): Promise<Listing<Person>> {
    return this.http.get("people", query, signal);
  }
  person(id: string): Promise<Person> {
    return this.http.get(`people/${encodeURIComponent(id)}`);
  }
  addPerson(name: string, roles: Roles): Promise<Person> {
    return this.http.call("POST", "people", { name, ...roles });
  }
  changePerson(id: string, change: Partial<Roles> & { name?: string; disabled?: boolean }): Promise<Person> {
    return this.http.call("PATCH", `people/${encodeURIComponent(id)}`, change);
  }
  removePerson(id: string): Promise<unknown> {
    return this.http.call("DELETE", `people/${encodeURIComponent(id)}`);
  }
  invite(id: string): Promise<Invitation> {
    return this.http.call("POST", `people/${encodeURIComponent(id)}/invite`, {});
  }
  async groups(): Promise<readonly PeopleGroup[]> {
    return (await this.http.get<Listing<PeopleGroup>>("groups", { limit: ALL })).items;
  }
  addGroup(name: string): Promise<PeopleGroup> {
    return this.http.call("POST", "groups", { name });
  }
  renameGroup(id: string, name: string): Promise<PeopleGroup> {
    return this.http.call("PATCH", `groups/${encodeURIComponent(id)}`, { name });
  }
  removeGroup(id: string): Promise<unknown> {
    return this.http.call("DELETE", `groups/${encodeURIComponent(id)}`);
  }
  /** Put somebody into a group of people, or take them out. */
  async setMember(group: string, person: string, member: boolean): Promise<void> {
    const { items } = await this.people({ group, limit: ALL });
    const others = items.map(({ id }) => id).filter((id) => id !== person);
    await this.http.call("PUT", `groups/${encodeURIComponent(group)}/members`, { people: member ? [...others, person] : others });
  }

  // ---- hosts ----

  hosts(query: Query, signal?: AbortSignal): Promise<Listing<Host>> {
    return this.http.get("hosts", query, signal);
  }
  host(id: string): Promise<HostDetail> {
    return this.http.get(`hosts/${encodeURIComponent(id)}`);
  }
  changeHost(id: string, change: HostChange): Promise<HostDetail> {
    return this.http.call("PATCH", `hosts/${encodeURIComponent(id)}`, change);
  }
  removeHost(id: string): Promise<unknown> {
    return this.http.call("DELETE", `hosts/${encodeURIComponent(id)}`);
  }
  checkpoints(id: string): Promise<Listing<Checkpoint>> {
    return this.http.get(`hosts/${encodeURIComponent(id)}/checkpoints`, { limit: 10 });
  }
  async hostGroups(): Promise<readonly HostGroup[]> {
    return (await this.http.get<Listing<HostGroup>>("host-groups", { limit: ALL })).items;
  }
  addHostGroup(name: string): Promise<HostGroup> {
    return this.http.call("POST", "host-groups", { name });
  }
  renameHostGroup(id: string, name: string): Promise<HostGroup> {
    return this.http.call("PATCH", `host-groups/${encodeURIComponent(id)}`, { name });
  }
  removeHostGroup(id: string): Promise<unknown> {
    return this.http.call("DELETE", `host-groups/${encodeURIComponent(id)}`);
  }
  enrolTokens(): Promise<Listing<EnrolToken>> {
    return this.http.get("enrol-tokens", { limit: ALL });
  }
  addEnrolToken(name: string, group: string, hours: number): Promise<NewEnrolToken> {
    return this.http.call("POST", "enrol-tokens", { hours, ...(name ? { name } : {}), ...(group ? { group } : {}) });
  }
  removeEnrolToken(id: string): Promise<unknown> {
    return this.http.call("DELETE", `enrol-tokens/${encodeURIComponent(id)}`);
  }
  organisation(): Promise<Organisation> {
    return this.http.get("org");
  }

  // ---- devices, rights, audit ----

  devices(query: Query = {}): Promise<Listing<Device>> {
    return this.http.get("devices", { limit: ALL, ...query });
  }
  removeDevice(id: string): Promise<unknown> {
    return this.http.call("DELETE", `devices/${encodeURIComponent(id)}`);
  }
  /** All of them, page by page. */
  async rules(): Promise<Listing<Rule>> {
    const items: Rule[] = [];
    let cursor: string | null = null;
    do {
      const page: Listing<Rule> = await this.http.get("rules", { limit: ALL, cursor: cursor ?? undefined });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return { items, total: items.length, next: null };
  }
  /** Raises Fault where it is gone. */
  async rule(id: string): Promise<Rule> {
    const found = (await this.rules()).items.find((rule) => rule.id === id);
    if (!found) throw new Fault("gone", "This rule was removed meanwhile.");
    return found;
  }
  addRule(rule: RuleDraft): Promise<Rule> {
    return this.http.call("POST", "rules", rule);
  }
  changeRule(id: string, rule: RuleDraft): Promise<Rule> {
    return this.http.call("PATCH", `rules/${encodeURIComponent(id)}`, rule);
  }
  removeRule(id: string): Promise<unknown> {
    return this.http.call("DELETE", `rules/${encodeURIComponent(id)}`);
  }
  approvals(): Promise<Listing<Approval>> {
    return this.http.get("approvals", { limit: ALL });
  }
  decide(id: string, approve: boolean): Promise<unknown> {
    return this.http.call("POST", `approvals/${encodeURIComponent(id)}`, { approve });
  }
  audit(query: Query, signal?: AbortSignal): Promise<Listing<AuditEntry>> {
    return this.http.get("audit", query, signal);
  }
}
