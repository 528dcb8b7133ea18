/** Which rows of a long list are in the document: those in sight, and some more on either side. */

export interface Range {
  readonly first: number;
  /** One past the last. */
  readonly last: number;
}

/** Rows kept ready above and below; the range moves in steps of so many, so that most scrolling changes nothing in the document. */
const SPARE = 12;
const STEP = 6;

/** `top` and `height` of what is seen and `row` in pixels. */
export function inSight(top: number, height: number, row: number, total: number): Range {
  const first = Math.floor(Math.max(0, top) / row) - SPARE;
  const last = Math.ceil((Math.max(0, top) + height) / row) + SPARE;
  const from = Math.max(0, Math.floor(first / STEP) * STEP);
  return { first: Math.min(from, total), last: Math.min(total, Math.ceil(last / STEP) * STEP) };
}

/** Where to scroll so that a row is wholly seen; null if it is. */
export function reveal(index: number, top: number, height: number, row: number): number | null {
  const above = index * row;
  if (above < top) return above;
  const below = above + row - height;
  return below > top ? below : null;
}
