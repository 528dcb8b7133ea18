/** Why a session is over or never began: one page a reason, each with its cause and its cure. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { EndReason, KeysDiffer } from "../app/bridge";
import { icon } from "./icons";
import { keysDiffer } from "./keys_differ";
import { type Line, type Origin, page } from "./page";
import { plain, seconds } from "./plain";

interface Words {
  readonly title: string;
  readonly cause: string;
  readonly cure: string;
  /** The cure where the computer was opened without a code. */
  readonly opened?: string;
  readonly line: Line;
  readonly tone?: "plain" | "bad";
}

const DARK: Line = { near: "idle", far: "idle", host: "nothing" };
const NO: Line = { near: "open", far: "open", host: "no" };
const FAR_BROKEN: Line = { near: "open", far: "broken", host: "nothing" };

const NEW_CODE = "Ask for a new code: the old one cannot be used again.";

/** What each reason is called, comes from and needs. */
export const REASONS: Readonly<Record<EndReason, Words>> = {
  "ended-by-host": {
    title: "The host ended the session",
    cause: "The person at the other computer ended it, or Farhand was shut down there.",
    cure: "To go on, ask for a new code.",
    opened: "To go on, open it again.",
    line: DARK,
    tone: "plain",
  },
  "ended-by-viewer": {
    title: "You ended the session",
    cause: "Nothing of it stays on this page.",
    cure: "The code is used up: to connect again, ask for a new one.",
    opened: "You can open it again at any time, as the rules allow.",
    line: DARK,
    tone: "plain",
  },
  "wrong-code": {
    title: "That was the wrong code",
    cause: "A computer was found, but the digits after the hyphen are not the ones that it shows. Every code has one try only, so that nobody can guess.",
    cure: NEW_CODE,
    line: NO,
  },
  "unknown-code": {
    title: "No computer waits under this code",
    cause: "It was mistyped, has expired, or was used before: every code works once.",
    cure: "Compare the digits before the hyphen. If they are right, ask for a new code.",
    line: { near: "open", far: "idle", host: "no" },
  },
  locked: {
    title: "The host accepts no codes for now",
    cause: "Three codes in a row were wrong, so it has locked itself against guessing.",
    cure: "It unlocks itself, or when Farhand is started anew there. Then ask for a new code.",
    line: NO,
  },
  refused: {
    title: "The answer was no",
    cause: "Someone at the other computer declined to let you in.",
    cure: "Talk to them, then ask for a new code. Giving your name helps them to know who asks.",
    opened: "Talk to them, then open it again.",
    line: NO,
  },
  "no-answer": {
    title: "Nobody answered",
    cause: "The other computer asked, and nobody there said yes in time. Silence counts as no.",
    cure: "Make sure that somebody sits there, then ask for a new code.",
    opened: "Make sure that somebody sits there, then open it again.",
    line: NO,
  },
  "host-gone": {
    title: "The host is not there",
    cause: "The gateway answers, but the other computer is no longer connected to it: it sleeps, is switched off, lost its network, or Farhand was stopped there.",
    cure: "Wake it, see that Farhand runs there, and ask for a new code.",
    opened: "Wake it, see that Farhand runs there, and open it again.",
    line: FAR_BROKEN,
  },
  unreachable: {
    title: "The gateway cannot be reached",
    cause: "No answer came from the server of this page: this computer may be offline, or a firewall or proxy may stop WebSocket connections.",
    cure: "Check the network, then try again. The code was not used up.",
    line: { near: "broken", far: "idle", host: "nothing" },
  },
  version: {
    title: "The two versions do not fit",
    cause: "This page and the host have no version of the protocol in common: one of them is too old.",
    cure: "Reload this page to get its newest version. If that does not help, update Farhand on the host.",
    line: NO,
  },
  busy: {
    title: "Too much is going on there",
    cause: "The gateway or the host has reached its limit of connections.",
    cure: "Wait a little, then try again.",
    line: { near: "open", far: "open", host: "no" },
  },
  policy: {
    title: "The host does not allow this",
    cause: "A rule of the host or a security advisory for one of the two versions forbids the session.",
    cure: "Update Farhand on both sides, or ask the host's owner about its rules.",
    opened: "Ask an administrator about the rules of this computer. If they should let you in, compare the clocks of both ends: a grant is good for minutes.",
    line: NO,
  },
  "rejoin-refused": {
    title: "The session could not be taken up again",
    cause: "The line was cut, and by the time it came back the host had closed the session: it waits two minutes, unless it was told otherwise.",
    cure: NEW_CODE,
    opened: "Open it again.",
    line: NO,
  },
  replaced: {
    title: "The session goes on elsewhere",
    cause: "It was taken up again by a newer connection, so this one was closed.",
    cure: "Use the other window, or ask for a new code.",
    opened: "Use the other window, or open it again.",
    line: DARK,
    tone: "plain",
  },
  protocol: {
    title: "The session was stopped for safety",
    cause: "Something arrived that does not belong into a session: it was damaged on its way, or one end has a fault.",
    cure: "Ask for a new code. If it happens again, something between the two ends may be altering what they send.",
    opened: "Open it again. If it happens again, something between the two ends may be altering what they send.",
    line: FAR_BROKEN,
  },
  revoked: {
    title: "Your access was taken away",
    cause: "This device, your account or the host itself was taken off the list while the session ran. The host ended it at once.",
    cure: "Ask an administrator of the gateway. If you did this yourself, for a device that was lost, it has worked.",
    line: NO,
  },
  expired: {
    title: "Your time is up",
    cause: "The session was allowed for a limited time, and that time is over.",
    cure: "If you need longer, ask for a new code.",
    opened: "If you need longer, open it again, as far as the rules allow.",
    line: DARK,
    tone: "plain",
  },
  idle: {
    title: "The session ended because nothing was done",
    cause: "Nothing was typed or clicked for longer than the rules of this host allow.",
    cure: "If you still need it, ask for a new code.",
    opened: "If you still need it, open it again.",
    line: DARK,
    tone: "plain",
  },
  identity: {
    title: "This is not the computer that you know",
    cause: "Whoever answered has other keys than the host that you called. Nothing was sent to it, and there is no way on from here.",
    cure: "Ask the host’s owner whether it was set up anew. If it was not, somebody stands in between.",
    line: NO,
  },
  timeout: {
    title: "The other side took too long",
    cause: "The line is open, but no answer came in time: the host may be overloaded or the network very slow.",
    cure: "Ask for a new code and try again.",
    opened: "Open it again.",
    line: FAR_BROKEN,
  },
};

/** The host's signed word on its audit, which this viewer keeps. */
export interface KeptCheckpoint {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export interface Over {
  readonly reason: EndReason;
  /** The host's own words; untrusted. */
  readonly text: string;
  /** Seconds until a retry makes sense, 0 if unknown. */
  readonly left: number;
  /** Of `identity`: what was expected and what came. */
  readonly keys: KeysDiffer | null;
  readonly checkpoint: KeptCheckpoint | null;
  /** The computer that can be opened again without a code; null: a code is needed. */
  readonly host: string | null;
}

export interface OverActions {
  readonly again: () => void;
  /** Save the checkpoint as a file. */
  readonly save: () => void;
  readonly reload: () => void;
}

export function overPage(over: Over, actions: OverActions, origin: Origin): TemplateResult {
  const words = REASONS[over.reason];
  // What this end found out about keys is no word of the host's.
  const said = over.reason === "identity" ? "" : plain(over.text);
  const cure = over.host !== null && words.opened !== undefined ? words.opened : words.cure;
  // The code that brings about the lock is refused as a wrong one, with the time that the lock lasts.
  const locks = over.reason === "wrong-code" && over.left > 0;
  const body = html`<p>${words.cause}</p>
    ${locks ? html`<p>It was one wrong code too many in a row: the host accepts no codes for now.</p>` : nothing}
    ${over.keys === null ? nothing : keysDiffer(over.keys)}
    ${said === "" ? nothing : html`<blockquote><span class="who">The host says:</span> <bdi>${said}</bdi></blockquote>`}
    <p class="cure">${cure}</p>
    ${over.left > 0 ? html`<p class="hint" role="timer">Trying again makes sense in ${seconds(over.left)}.</p>` : nothing}
    ${over.checkpoint === null ? nothing : kept(over.checkpoint, actions.save)}`;
  const again = over.host === null ? "Enter a code" : "Open it again";
  const buttons = html`${over.reason === "version"
      ? html`<button type="button" class="primary" @click=${actions.reload}>Reload this page</button>`
      : nothing}
    ${over.reason === "identity"
      ? nothing
      : html`<button type="button" class=${over.reason === "version" ? "secondary" : "primary"} @click=${actions.again}>${again}</button>`}`;
  return page({ title: words.title, line: words.line, tone: words.tone ?? "bad", body, actions: buttons }, origin);
}

function kept(checkpoint: KeptCheckpoint, save: () => void): TemplateResult {
  const { size, time } = checkpoint;
  const when = new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return html`<div class="kept">
    <p>
      ${icon("shield")} The host signed how its record stood: <b>${size} ${size === 1 ? "entry" : "entries"}</b>, ${when}.
      This browser keeps that, so that nothing in it can be changed unnoticed.
    </p>
    <button type="button" class="secondary small" @click=${save}>Save it as a file</button>
  </div>`;
}
