/** Rectangles in host pixels: left, top, width, height. */
export type Rect = readonly [x: number, y: number, width: number, height: number];

/** The smallest rectangle around both. */
export function union(a: Rect | null, b: Rect): Rect {
  if (a === null) return b;
  const x = Math.min(a[0], b[0]);
  const y = Math.min(a[1], b[1]);
  return [x, y, Math.max(a[0] + a[2], b[0] + b[2]) - x, Math.max(a[1] + a[3], b[1] + b[3]) - y];
}

/** Whether `inner` lies wholly in `outer`. */
export function contains(outer: Rect, inner: Rect): boolean {
  return (
    inner[0] >= outer[0] &&
    inner[1] >= outer[1] &&
    inner[0] + inner[2] <= outer[0] + outer[2] &&
    inner[1] + inner[3] <= outer[1] + outer[3]
  );
}
