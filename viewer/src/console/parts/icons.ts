/** The console's drawings: strokes in the colour of the text beside them. */
import { type TemplateResult, html, svg } from "lit/html.js";

const PATHS = {
  add: "M10 4v12M4 10h12",
  audit: "M5 2.5h7l3 3v12H5zM12 2.5v3h3M7.5 9h5M7.5 11.5h5M7.5 14h3",
  back: "M12 4.5L6.5 10l5.5 5.5",
  bell: "M10 3a4.5 4.5 0 0 0-4.5 4.5c0 4-1.5 5-1.5 5h12s-1.5-1-1.5-5A4.5 4.5 0 0 0 10 3zM8.5 15.5a1.5 1.5 0 0 0 3 0",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  close: "M5 5l10 10M15 5L5 15",
  copy: "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
  desktop: "M2.5 3.5h15v10h-15zM7 16.5h6M10 13.5v3",
  down: "M6 8.5l4 4 4-4",
  edit: "M4 16l.8-3.2L13 4.6l2.4 2.4-8.2 8.2z",
  export: "M10 3v9M6.5 8.5L10 12l3.5-3.5M3.5 13v3.5h13V13",
  group: "M2.5 5h5l1.5 2h8.5v9h-15z",
  invite: "M2.5 5h15v10.5h-15zM2.5 5.5L10 11l7.5-5.5",
  key: "M12.5 3a4.5 4.5 0 1 1-3.2 7.7L3 17v-3.5l4.8-4.8A4.5 4.5 0 0 1 12.5 3zM13.5 6.5h.01",
  lock: "M5 9.5h10v7H5zM7 9.5V6.8a3 3 0 0 1 6 0v2.7",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  offline: "M3 3l14 14M6 13a5.5 5.5 0 0 1 3-2M4 10a9 9 0 0 1 3-2M10 5a10 10 0 0 1 7 3M12.5 8.8A8 8 0 0 1 16 10M10 15.5h.01",
  open: "M11.5 3.5h5v5M16.5 3.5L9 11M13.5 11v5.5h-10v-10H9",
  out: "M8 3.5H3.5v13H8M8.5 10H17M13.5 6.5L17 10l-3.5 3.5",
  people: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-3 2.5-4.5 5.5-4.5s5.5 1.5 5.5 4.5M13 3.8a3 3 0 0 1 0 5.4M15 12.4c1.8.6 3 2 3 4.1",
  phone: "M6 2.5h8v15H6zM9.5 15h1",
  rights: "M10 2.5l6.5 2.5v4.5c0 4-2.7 6.8-6.5 8-3.8-1.2-6.5-4-6.5-8V5zM7 10l2.2 2.2L13.2 8",
  search: "M8.8 14.2a5.4 5.4 0 1 0 0-10.8 5.4 5.4 0 0 0 0 10.8zM12.8 12.8l4 4",
  settings: "M3 6h7M14 6h3M3 14h3M10 14h7M12 4v4M8 12v4",
  tag: "M3 3h6.5l7.5 7.5-6.5 6.5L3 9.5zM6.5 6.5h.01",
  terminal: "M2.5 4h15v12h-15zM5.5 8l2.5 2-2.5 2M10 12.5h4",
  trash: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  warn: "M10 3l7.5 13.5h-15zM10 8v4M10 14.3h.01",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing; never the only name of what it stands on. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${svg`<path d=${PATHS[name]} />`}</svg>`;
}
