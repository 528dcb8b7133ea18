/** What a screen reader and the window's title say of a state. */
import { REASONS } from "../panels/over";
import { plain } from "../panels/plain";
import { SHUT } from "../panels/visit";
import type { ConnectionState } from "./bridge";
import type { VisitState } from "./visit";

/** One sentence, empty where the page that gets the focus says it all. */
export function announcement(state: ConnectionState): string {
  switch (state.state) {
    case "idle":
      return "";
    case "connecting":
      return "Looking for the host.";
    case "securing":
      return "Agreeing on keys.";
    case "asking":
      return `Someone at the other computer is being asked. Silence for ${state.seconds} seconds counts as no.`;
    case "connected":
      return `Connected to ${plain(state.host.name, 64)}. Keys go to the desktop; press Control, Alt and Shift together for the bar.`;
    case "cut":
      return "The line is cut. The session is taken up again by itself.";
    case "over":
      return REASONS[state.reason].title;
  }
}

/** The window's title on the way to a host without a code. */
export function titleOfVisit(state: VisitState): string {
  switch (state.at) {
    case "approval":
      return "Waiting for approval – Farhand";
    case "reason":
      return "Say what it is for – Farhand";
    case "shut":
      return `${SHUT[state.why.why].title} – Farhand`;
    default:
      return "Opening – Farhand";
  }
}

export function titleOf(state: ConnectionState): string {
  switch (state.state) {
    case "connected":
      return `${plain(state.host.name, 40)} – Farhand`;
    case "cut":
      return "Line cut – Farhand";
    case "asking":
      return "Waiting for a yes – Farhand";
    case "over":
      return `${REASONS[state.reason].title} – Farhand`;
    default:
      return "Farhand";
  }
}
