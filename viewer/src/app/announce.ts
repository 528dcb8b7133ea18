/** What a screen reader and the window's title say of a state. */
import { REASONS } from "../panels/over";
import { plain } from "../panels/plain";
import type { ConnectionState } from "./bridge";

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
      return `Connected to ${plain(state.hostName, 64)}. Keys go to the desktop; press Control, Alt and Shift together for the bar.`;
    case "cut":
      return "The line is cut. The session is taken up again by itself.";
    case "over":
      return REASONS[state.reason].title;
  }
}

export function titleOf(state: ConnectionState): string {
  switch (state.state) {
    case "connected":
      return `${plain(state.hostName, 40)} – Farhand`;
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
