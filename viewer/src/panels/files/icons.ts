/** The drawings of the file manager: strokes in the colour of the text beside them. */
import { type TemplateResult, html, svg } from "lit/html.js";
import type { Family } from "./kinds";

const SHEET = "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15";

const PATHS = {
  add: "M2.5 5h5l1.5 2h8.5v9h-15zM10 9v5M7.5 11.5h5",
  again: "M15.8 8A6.2 6.2 0 1 0 16 12M16 4v4h-4",
  back: "M12 4.5L6.5 10l5.5 5.5",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  close: "M5 5l10 10M15 5L5 15",
  down: "M6 8.5l4 4 4-4",
  edit: "M4 16l.8-3.2L13 4.6l2.4 2.4-8.2 8.2z",
  eye: "M1.8 10S4.8 4.8 10 4.8 18.2 10 18.2 10 15.2 15.2 10 15.2 1.8 10 1.8 10zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  fetch: "M10 3v9.5M6 8.8l4 4 4-4M3.5 13.5v3h13v-3",
  go: "M8 4.5l5.5 5.5L8 15.5",
  here: "M4 4.5h12v8.5H4zM2 16h16",
  hidden: "M5 4.5V3h1.5M9 3h2M13.5 3H15v1.5M15 7.5v2M15 12.5v2M15 17h-1.5M11 17H9M6.5 17H5v-1.5M5 12.5v-2M5 7.5v-1",
  host: "M2.5 3.5h15v10h-15zM7 16.5h6M10 13.5v3",
  info: "M10 17.2a7.2 7.2 0 1 0 0-14.4 7.2 7.2 0 0 0 0 14.4zM10 9.2V14M10 6.2h.01",
  list: "M3 5.5h14M3 10h14M3 14.5h9",
  pause: "M7 4v12M13 4v12",
  play: "M6.5 4l9 6-9 6z",
  search: "M8.8 14.2a5.4 5.4 0 1 0 0-10.8 5.4 5.4 0 0 0 0 10.8zM12.8 12.8l4 4",
  send: "M10 12.5V3M6 6.8l4-4 4 4M3.5 13.5v3h13v-3",
  shield: "M10 2.2l6.2 2.3v4.8c0 4-2.6 7-6.2 8.5-3.6-1.5-6.2-4.5-6.2-8.5V4.5zM10 6.5v4M10 13.2h.01",
  tree: "M2.5 5h5l1.5 2h8.5v9h-15zM10 14V9.5M8 11.2l2-1.9 2 1.9",
  trash: "M4 5.5h12M8 5.5v-2h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  up: "M6 11.5l4-4 4 4",
  warn: "M10 3l7.5 13.5h-15zM10 8v4M10 14.3h.01",
} as const;

const FAMILIES: Readonly<Record<Family, string>> = {
  folder: "M2.5 5h5l1.5 2h8.5v9h-15z",
  link: "M8.5 11.5l3-3M7 9.5L5 11.5a2.6 2.6 0 0 0 3.5 3.5l2-2M13 10.5l2-2A2.6 2.6 0 0 0 11.5 5l-2 2",
  other: "M10 2.5l6.5 3.7v7.6L10 17.5l-6.5-3.7V6.2zM3.5 6.2L10 10l6.5-3.8M10 10v7.5",
  text: `${SHEET}M7.5 9h5M7.5 11.5h5M7.5 14h3`,
  image: "M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13 7.5h.01",
  film: "M3 4.5h14v11H3zM8.5 7.8l3.5 2.2-3.5 2.2z",
  sound: "M8 14.5V5l7-1.5v9.5M8 14.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM15 13a2 2 0 1 1-4 0 2 2 0 0 1 4 0z",
  archive: `${SHEET}M9 5h2M9 7.5h2M9 10h2M9 12.5h2V15H9z`,
  document: `${SHEET}M7.5 9h5M7.5 11.5h5M7.5 14h5`,
  program: "M3 4h14v12H3zM6 8l2.5 2L6 12M10.5 12.5h3.5",
  file: SHEET,
};

export type FilesIcon = keyof typeof PATHS;

/** A drawing; never the only name of what it stands on. */
export function icon(name: FilesIcon): TemplateResult {
  return draw(PATHS[name], "icon");
}

/** What stands before a name. */
export function familyIcon(family: Family): TemplateResult {
  return draw(FAMILIES[family], `icon family ${family}`);
}

function draw(path: string, classes: string): TemplateResult {
  return html`<svg class=${classes} viewBox="0 0 20 20" aria-hidden="true" focusable="false">${svg`<path d=${path} />`}</svg>`;
}
