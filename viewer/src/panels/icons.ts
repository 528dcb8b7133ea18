/** The page's few drawings: strokes in the colour of the text beside them. */
import { type TemplateResult, svg, html } from "lit/html.js";

const PATHS = {
  fit: "M3 8V4h4M17 8V4h-4M3 12v4h4M17 12v4h-4M7 8h6v4H7z",
  full: "M3 7V3h4M17 7V3h-4M3 13v4h4M17 13v4h-4",
  keys: "M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7",
  quality: "M3 6h7M14 6h3M3 14h3M10 14h7M12 4v4M8 12v4",
  window: "M2.5 4h15v12h-15zM2.5 7.5h15M12 10.5l2.5 2.5M14.5 10.5V13H12",
  chart: "M3 16.5h14M4.5 13l3.5-4 3 2.5L16 5",
  end: "M10 2.5v7M5.6 5.4a6.2 6.2 0 1 0 8.8 0",
  close: "M5 5l10 10M15 5L5 15",
  down: "M6 8.5l4 4 4-4",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  eye: "M1.8 10S4.8 4.8 10 4.8 18.2 10 18.2 10 15.2 15.2 10 15.2 1.8 10 1.8 10zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  lock: "M5 9.5h10v7H5zM7 9.5V6.8a3 3 0 0 1 6 0v2.7",
  shield: "M10 2.2l6.2 2.3v4.8c0 4-2.6 7-6.2 8.5-3.6-1.5-6.2-4.5-6.2-8.5V4.5zM7.2 10l2 2 3.8-4",
  key: "M12.6 10.6a3.9 3.9 0 1 0-3.2-3.2L3 13.8V17h3.2v-2h2v-2h2zM13.6 6.4h.01",
  pause: "M7 4v12M13 4v12",
  folder: "M2.5 5h5l1.5 2h8.5v9h-15z",
  copied: "M7 6.5h9.5v10H7zM4 13.5h-.5v-10h9V4",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing; never the only name of what it stands on. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${svg`<path d=${PATHS[name]} />`}</svg>`;
}

/** Farhand's mark: a line from a near dot to a far window. */
export function mark(): TemplateResult {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <circle cx="6" cy="24" r="3.5" fill="currentColor" />
    <path d="M8.5 21.5 17 13" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linecap="round" />
    <path d="M13 5h14v14h-5.5M13 5v5.5" fill="none" stroke="currentColor" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round" />
  </svg>`;
}
