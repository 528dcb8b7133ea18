/** Rules as sentences that people read: who may do what, where, when, and under which conditions. */
import type { AtEnd, Capability, Conditions, Right, RuleDraft, Window } from "./api/types";
import { and, clock, or, span } from "./words";

/** What each capability lets one do, after "may". */
export const DOES: Record<Capability, string> = {
  view: "see the screen",
  control: "use mouse and keyboard",
  clipboard: "share the clipboard",
  "files-read": "copy files from there",
  "files-write": "copy files to there",
  shell: "use a terminal",
  manage: "manage the system",
  record: "record the session",
};

/** The verb alone, for sentences and badges. */
export const VERB: Record<Capability, string> = {
  view: "view",
  control: "control",
  clipboard: "share the clipboard",
  "files-read": "fetch files",
  "files-write": "send files",
  shell: "use a terminal",
  manage: "manage",
  record: "record",
};

export const AT_END: Record<AtEnd, string> = {
  nothing: "nothing happens",
  lock: "the screen is locked",
  "log-off": "the person there is logged off",
};

export const ANYTHING: Conditions = {
  networks: [],
  windows: [],
  ask: false,
  reason: false,
  approval: false,
  max_seconds: 0,
  idle_seconds: 0,
  at_end: "nothing",
};

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] as const;
export const DAY_NAMES: readonly string[] = DAYS;

/** The days of a window: `Monday to Friday`, `Saturday and Sunday`, `every day`. */
export function days(bits: number): string {
  const chosen = DAYS.map((_, index) => index).filter((index) => bits & (1 << index));
  if (chosen.length === 7) return "every day";
  if (chosen.length === 0) return "never";
  const runs: [number, number][] = [];
  for (const day of chosen) {
    const last = runs.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return and(
    runs.flatMap(([from, to]) => {
      if (to === from) return [DAYS[from] ?? ""];
      if (to === from + 1) return [DAYS[from] ?? "", DAYS[to] ?? ""];
      return [`${DAYS[from] ?? ""} to ${DAYS[to] ?? ""}`];
    }),
  );
}

export function windowWords({ days: bits, start, end }: Window): string {
  const whole = start === 0 && end >= 1440;
  return `${days(bits)}${whole ? "" : ` ${clock(start)}–${clock(end)}${end < start ? " of the next day" : ""}`}`;
}

/** `view and control (5 min at a time)`. */
export function rightsWords(rights: readonly Right[]): string {
  if (rights.length === 0) return "do nothing";
  return and(rights.map(({ capability, seconds }) => VERB[capability] + (seconds > 0 ? ` (${span(seconds)} at a time)` : "")));
}

/** What somebody asks for: `view and control for 5 min`. */
export function askedWords(rights: readonly Right[]): string {
  const [first] = rights;
  const same = first !== undefined && rights.every(({ seconds }) => seconds === first.seconds);
  if (!same) return rightsWords(rights);
  return and(rights.map(({ capability }) => VERB[capability])) + (first.seconds > 0 ? ` for ${span(first.seconds)}` : "");
}

/** The conditions after "may … in …": a part that goes on with the sentence, and sentences of their own. */
export function conditionWords(conditions: Conditions): { readonly on: string; readonly then: readonly string[] } {
  const parts: string[] = [];
  if (conditions.windows.length > 0) parts.push(conditions.windows.map(windowWords).join(", or "));
  if (conditions.networks.length > 0) parts.push(`from ${or(conditions.networks)}`);
  if (conditions.ask) parts.push("when somebody there agrees");
  if (conditions.approval) parts.push("after a second person approves");
  const then: string[] = [];
  if (conditions.reason) then.push("They must give a reason.");
  const ends = [
    ...(conditions.max_seconds > 0 ? [`after ${span(conditions.max_seconds)}`] : []),
    ...(conditions.idle_seconds > 0 ? [`after ${span(conditions.idle_seconds)} without use`] : []),
  ];
  if (ends.length > 0) then.push(`The session ends ${or(ends)}.`);
  if (conditions.at_end !== "nothing") then.push(`At its end ${AT_END[conditions.at_end]}.`);
  return { on: parts.join(", "), then };
}

/** The whole rule as plain text: what a screen reader or a confirmation says. */
export function sentence(who: string, where: string, rights: readonly Right[], conditions: Conditions): string {
  const { on, then } = conditionWords(conditions);
  return [`${who} may ${rightsWords(rights)} on ${where}${on === "" ? "" : `, ${on}`}.`, ...then].join(" ");
}

/** Why this is no address range, or "" if it is one: `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`. */
export function networkProblem(text: string): string {
  const [address = "", bits, ...rest] = text.trim().split("/");
  if (rest.length > 0) return `${text} has more than one slash.`;
  const four = /^\d{1,3}(\.\d{1,3}){3}$/.test(address);
  const six = !four && /^[0-9a-f:.]+$/i.test(address) && address.includes(":") && validSix(address);
  if (!four && !six) return `${text} is no address: write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32.`;
  if (four && address.split(".").some((part) => Number(part) > 255)) return `${text} has a number above 255.`;
  const most = four ? 32 : 128;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most)) return `After the slash stands 0 to ${most}.`;
  return "";
}

function validSix(address: string): boolean {
  try {
    return new URL(`http://[${address}]/`).hostname !== "";
  } catch {
    return false;
  }
}

/** The ranges of a text with one on each line, or commas between them. */
export function networksOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== "");
}

/** Why the draft cannot be saved, or "". */
export function draftProblem(draft: RuleDraft): string {
  if (draft.person === null && draft.people_group === null) return "Choose who the rule is about.";
  if (draft.host === null && draft.host_group === null) return "Choose where it holds.";
  if (draft.rights.length === 0) return "Choose at least one thing that they may do.";
  const { networks, windows } = draft.conditions;
  for (const { days: bits, start, end } of windows) {
    if (bits === 0) return "Choose at least one day for the hours, or remove them.";
    if (Number.isNaN(start) || Number.isNaN(end)) return "Enter from when to when, such as 08:00 to 18:00.";
    if (end === start) return "Hours that end when they begin are none: for the whole day, 00:00 to 24:00.";
  }
  return networks.map(networkProblem).find((problem) => problem !== "") ?? "";
}
