/** The host's pointer as this page's own: the browser moves it, so it is never behind. */

/** The pointer's shape; `rgba` null where the host shows none. */
export interface Shape {
  readonly hotX: number;
  readonly hotY: number;
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array | null;
}

/** Browsers ignore larger pointers. */
const LARGEST = 128;

/**
 * The value of the CSS property `cursor` for a shape at `scale` device pixels per host pixel.
 *
 * A shape that is not what it says, or a browser that refuses, gives the system's own arrow.
 */
export function cursorStyle(shape: Shape, scale: number, devicePixels: number): string {
  const { rgba, width, height } = shape;
  if (rgba === null) return "none";
  if (width < 1 || height < 1 || rgba.byteLength !== width * height * 4) return "default";
  const most = LARGEST * devicePixels;
  const size = Math.min(scale, most / width, most / height);
  const wide = Math.max(1, Math.round(width * size));
  const high = Math.max(1, Math.round(height * size));
  const source = canvas(width, height);
  const target = canvas(wide, high);
  const from = source.getContext("2d");
  const to = target.getContext("2d");
  if (from === null || to === null) return "default";
  from.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
  to.imageSmoothingEnabled = !Number.isInteger(size);
  to.drawImage(source, 0, 0, wide, high);
  const url = target.toDataURL("image/png");
  const hotX = Math.min(Math.floor((shape.hotX * size) / devicePixels), LARGEST - 1);
  const hotY = Math.min(Math.floor((shape.hotY * size) / devicePixels), LARGEST - 1);
  const image = devicePixels === 1 ? `url(${url})` : `image-set(url(${url}) ${devicePixels}x)`;
  return `${image} ${hotX} ${hotY}, default`;
}

/** The shape on a canvas of its own size, to be shown where the host's own pointer is. */
export function drawShape(target: HTMLCanvasElement, shape: Shape): void {
  if (shape.rgba === null || shape.rgba.byteLength !== shape.width * shape.height * 4) return;
  target.width = shape.width;
  target.height = shape.height;
  const pixels = new ImageData(new Uint8ClampedArray(shape.rgba), shape.width, shape.height);
  target.getContext("2d")?.putImageData(pixels, 0, 0);
}

function canvas(width: number, height: number): HTMLCanvasElement {
  const element = document.createElement("canvas");
  element.width = width;
  element.height = height;
  return element;
}
