/** The pages on the way to a host without a code: proving its keys, asking for leave, and what stands in the way. */
import { type TemplateResult, html, nothing } from "lit/html.js";
import type { Why } from "../app/doors/door";
import type { VisitState } from "../app/visit";
import { keysDiffer } from "./keys_differ";
import { type Line, type Origin, page } from "./page";
import { plain, seconds } from "./plain";

export interface VisitActions {
  readonly cancel: () => void;
  readonly again: () => void;
  readonly reason: (text: string) => void;
  /** The gateway's console, where one signs in. */
  readonly console: string;
}

interface Words {
  readonly title: string;
  readonly cause: string;
  readonly cure: string;
  readonly line: Line;
  /** Whether another try may come to something. */
  readonly again?: boolean;
}

const TRYING: Line = { near: "trying", far: "idle", host: "nothing" };
const AT_GATEWAY: Line = { near: "open", far: "idle", host: "nothing" };
const NO: Line = { near: "open", far: "open", host: "no" };
const STOPPED: Line = { near: "open", far: "broken", host: "nothing" };

/** What each reason is called, comes from and needs; `cause` is left out where the gateway says its own. */
export const SHUT: Readonly<Record<Why, Words>> = {
  "signed-out": {
    title: "Sign in first",
    cause: "The gateway does not know who you are: your log-in has ended, or was ended.",
    cure: "Sign in, then open the computer again.",
    line: AT_GATEWAY,
    again: true,
  },
  "reason-needed": {
    title: "A reason is needed",
    cause: "A rule of this computer wants to know what the session is for.",
    cure: "Say it, and try again.",
    line: AT_GATEWAY,
    again: true,
  },
  forbidden: {
    title: "No rule lets you in",
    cause: "Nobody has given your account rights on this computer, or not from this network or at this hour.",
    cure: "Ask an administrator of the gateway.",
    line: NO,
  },
  declined: {
    title: "It was not approved",
    cause: "A second person has to approve this session, and did not.",
    cure: "Talk to them, then ask again.",
    line: NO,
    again: true,
  },
  "no-host": {
    title: "There is no such computer",
    cause: "It was removed from the list, or the address is wrong, or its window has ended.",
    cure: "Open it from the list of computers.",
    line: AT_GATEWAY,
  },
  unproven: {
    title: "Nobody vouches for this computer yet",
    cause: "Its keys are not signed by the organisation’s root. Without that nobody can tell it from one that a gateway made up, so nothing was sent to it.",
    cure: "An administrator runs farhand org sign, where the root key is kept.",
    line: STOPPED,
    again: true,
  },
  "host-changed": {
    title: "This computer has another key than before",
    cause: "It was set up anew, or the name leads to another computer now, or somebody stands between. Nothing was sent to it, and there is no way on from here.",
    cure: "Ask whoever looks after that computer, on another way, whether it was set up anew, and have them read out the key that farhand host prints there when it starts.",
    line: STOPPED,
  },
  "root-changed": {
    title: "The organisation has another root key than before",
    cause: "All computers are known by the organisation’s root key, and the gateway names another one than at your first visit. Nothing was sent, and there is no way on from here.",
    cure: "Ask whoever keeps the root key, on another way, whether it was replaced. If it was not, do not trust this gateway.",
    line: STOPPED,
  },
  "device-revoked": {
    title: "This device was shut out",
    cause: "Somebody revoked this browser’s access, or it is entered for another person.",
    cure: "Ask an administrator. If it was you, for a device that was lost, it has worked.",
    line: NO,
  },
  browser: {
    title: "This browser keeps no keys",
    cause: "To be known at the computer, a browser needs keys of its own (Ed25519 and X25519), kept where nothing can read them. This one cannot make or keep them.",
    cure: "Leave private browsing, or use a newer one: Chrome, Edge 137, Firefox 130, Safari 17. With a code from the computer any browser will do.",
    line: AT_GATEWAY,
  },
  unreachable: {
    title: "The gateway cannot be reached",
    cause: "No answer came from the server of this page: this computer may be offline, or the server has stopped.",
    cure: "Check the network, then try again.",
    line: { near: "broken", far: "idle", host: "nothing" },
    again: true,
  },
  failed: {
    title: "That did not work",
    cause: "The answer was not what it should be.",
    cure: "Try again. If it happens again, the two versions may not fit.",
    line: STOPPED,
    again: true,
  },
};

/** These have sentences of the gateway's own. */
const TOLD: readonly Why[] = ["forbidden", "declined", "failed", "device-revoked", "unproven", "no-host"];

export function visitPage(state: VisitState, actions: VisitActions, origin: Origin): TemplateResult {
  switch (state.at) {
    case "in":
    case "meeting":
      return waiting("Looking for the computer", "Its keys are checked against the organisation’s root.", TRYING, actions, origin);
    case "asking-for-leave":
      return waiting(`Opening ${called(state.host.name)}`, "Its keys are the right ones. Now the rules are asked.", AT_GATEWAY, actions, origin);
    case "approval":
      return approval(state, actions, origin);
    case "reason":
      return reason(called(state.host.name), actions, origin);
    case "shut":
      return shut(state, actions, origin);
  }
}

function waiting(title: string, text: string, line: Line, actions: VisitActions, origin: Origin): TemplateResult {
  const buttons = html`<button type="button" class="secondary" @click=${actions.cancel}>Cancel</button>`;
  return page({ title, line, body: html`<p>${text}</p>`, actions: buttons }, origin);
}

function approval(state: VisitState & { at: "approval" }, actions: VisitActions, origin: Origin): TemplateResult {
  const body = html`<p>
      A rule of <bdi>${called(state.host.name)}</bdi> wants a second person’s approval. They have been asked, and this page
      goes on by itself once they agree.
    </p>
    <p class="hint" role="timer"><span class="pulse wait" aria-hidden="true"></span> Waiting, for ${seconds(state.leftMs / 1000)} at most.</p>`;
  const buttons = html`<button type="button" class="secondary" @click=${actions.cancel}>Cancel</button>`;
  return page({ title: "Waiting for approval", line: { near: "open", far: "idle", host: "asked" }, body, actions: buttons }, origin);
}

function reason(name: string, actions: VisitActions, origin: Origin): TemplateResult {
  const submit = (event: Event): void => {
    event.preventDefault();
    const text = new FormData(event.target as HTMLFormElement).get("reason");
    if (typeof text === "string" && text.trim() !== "") actions.reason(text.trim());
  };
  const body = html`<p>A rule of <bdi>${name}</bdi> wants a reason. It stands in the record of both sides.</p>
    <form @submit=${submit}>
      <label for="reason">What is it for?</label>
      <input id="reason" name="reason" maxlength="200" required autocomplete="off" />
      <p class="hint">For example: updates of this week.</p>
      <button class="primary wide" type="submit">Open</button>
    </form>`;
  return page({ title: "Say what it is for", line: AT_GATEWAY, body }, origin);
}

function shut({ why, name }: VisitState & { at: "shut" }, actions: VisitActions, origin: Origin): TemplateResult {
  const words = SHUT[why.why];
  const said = TOLD.includes(why.why) ? plain(why.message, 400) : "";
  const who = origin.kind === "program" ? "The program says:" : "The gateway says:";
  const body = html`${name === "" ? nothing : html`<p class="subject"><bdi>${plain(name, 64)}</bdi></p>`}
    <p>${words.cause}</p>
    ${said === "" ? nothing : html`<blockquote><span class="who">${who}</span> <bdi>${said}</bdi></blockquote>`}
    ${why.keys === null ? nothing : keysDiffer(why.keys)}
    <p class="cure">${words.cure}</p>
    ${changed(why.why) ? html`<p class="hint">${forget(origin)}</p>` : nothing}`;
  const buttons = html`${why.why === "signed-out"
    ? html`<a class="button primary" href=${actions.console}>Sign in</a>`
    : nothing}
  ${words.again
    ? html`<button type="button" class=${why.why === "signed-out" ? "secondary" : "primary"} @click=${actions.again}>Try again</button>`
    : nothing}`;
  return page({ title: words.title, line: words.line, tone: why.why === "signed-out" ? "plain" : "bad", body, actions: buttons }, origin);
}

function changed(why: Why): boolean {
  return why === "host-changed" || why === "root-changed";
}

/** How the old key is forgotten, deliberately and not from here. */
function forget(origin: Origin): string {
  return origin.kind === "program"
    ? "Only if it was: take the old entry out of known_hosts.json in Farhand’s folder on this computer, and open it again."
    : "Only if it was: delete this site’s data in the browser’s settings. This browser is then a new device, and meets everything for the first time.";
}

function called(name: string): string {
  return plain(name, 64) || "the computer";
}
