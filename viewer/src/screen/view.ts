/**
 * Where the picture stands in the window: pure geometry, in device pixels.
 *
 * A *host pixel* is one pixel of the host's layout, a *device pixel* one of this screen; `scale` is device pixels per
 * host pixel. The corner of the picture is always on a whole device pixel, so that scale 1 is exact.
 */

/** Fit shows all of it and never enlarges; one is pixel for pixel; fill enlarges too. */
export type ScaleMode = "fit" | "one" | "fill";

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** What the person asked for. */
export interface Wish {
  readonly mode: ScaleMode;
  /** Times what the mode gives; 1 unless the person pinched. */
  readonly zoom: number;
  /** Where the picture's corner is wanted, in device pixels; bounded to what the window allows. */
  readonly left: number;
  readonly top: number;
}

/** Where the picture stands. */
export interface View {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** A window that lacks this many device pixels at most still shows the picture 1:1, its last ones cut off. */
const SLACK = 4;

/** How far the wheel or fingers may enlarge, in device pixels per host pixel, and how far beyond fit they may shrink. */
const LARGEST = 8;

export const START: Wish = { mode: "fit", zoom: 1, left: 0, top: 0 };

function baseScale(window: Extent, picture: Extent, mode: ScaleMode): number {
  if (mode === "one") return 1;
  const lacks = Math.max(picture.width - window.width, picture.height - window.height);
  const whole = Math.min(window.width / picture.width, window.height / picture.height);
  if (lacks <= SLACK && (mode === "fit" || lacks >= 0)) return 1;
  return mode === "fit" ? Math.min(1, whole) : whole;
}

function corner(window: number, side: number, wanted: number): number {
  if (side <= window) return Math.floor((window - side) / 2);
  return Math.round(Math.min(0, Math.max(window - side, wanted)));
}

/**
 * The view for a window (device pixels), a picture (host pixels) and a wish.
 *
 * `hidden` device pixels at the window's lower edge are covered (a phone's keyboard): the scale stays as it is and
 * the picture may be moved up by as much.
 */
export function place(window: Extent, picture: Extent, wish: Wish, hidden = 0): View {
  const scale = Math.min(Math.max(baseScale(window, picture, wish.mode) * wish.zoom, 1 / 64), 64);
  const width = picture.width * scale;
  const height = picture.height * scale;
  const left = corner(window.width, width, wish.left);
  let top = corner(window.height, height, wish.top);
  if (hidden > 0) {
    const seen = window.height - hidden;
    top = height <= seen ? Math.floor((seen - height) / 2) : Math.round(Math.min(0, Math.max(seen - height, wish.top)));
  }
  return { scale, left, top };
}

/** The wish that enlarges by `factor` around a device pixel, which stays over the same host pixel. */
export function zoomAround(window: Extent, picture: Extent, wish: Wish, x: number, y: number, factor: number): Wish {
  const before = place(window, picture, wish);
  const base = before.scale / wish.zoom;
  const zoom = Math.min(Math.max(wish.zoom * factor, Math.min(1, 1 / base)), Math.max(1, LARGEST / base));
  const grown = (base * zoom) / before.scale;
  return { ...wish, zoom, left: x - (x - before.left) * grown, top: y - (y - before.top) * grown };
}

/** The host pixel under a place in the window (device pixels, fractions allowed); null outside unless `bound`. */
export function hostPixel(view: View, picture: Extent, x: number, y: number, bound: boolean): [number, number] | null {
  const column = Math.floor((middle(x) - view.left) / view.scale);
  const row = Math.floor((middle(y) - view.top) / view.scale);
  if (column >= 0 && row >= 0 && column < picture.width && row < picture.height) return [column, row];
  if (!bound) return null;
  return [Math.min(Math.max(column, 0), picture.width - 1), Math.min(Math.max(row, 0), picture.height - 1)];
}

/** Mice report the upper left corner of the device pixel that they are in: what is meant is its middle. */
function middle(position: number): number {
  const whole = Math.round(position);
  return Math.abs(position - whole) < 1e-3 ? whole + 0.5 : position;
}
