/**
 * The page's side of the picture: the elements that it appears in, where they stand, and what is under the pointer.
 *
 * The worker draws (screen/picture.ts); here nothing happens per picture. At scale 1 every element is on whole device
 * pixels and nothing is smoothed, so what the host shows is what this screen shows.
 */
import type { Surfaces } from "../app/bridge";
import { type Shape, cursorStyle, drawShape } from "./cursor";
import { type Extent, START, type ScaleMode, type View, type Wish, hostPixel, place, zoomAround } from "./view";

/** Video elements that stand ready: two for the moving picture, two for film (picture.ts). */
const LAYERS = 4;

/** The least time between two shapes of the pointer that are drawn: the newest counts, and a flood of them costs little. */
const SHAPE_MS = 15;

/** How long the host's own pointer stays on the picture after it moved by another hand. */
const GHOST_MS = 3000;

/** Chromium's way to feed a <video> from another thread; not in the DOM's types. */
interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
type TrackGeneratorMaker = new (options: { kind: "video" }) => TrackGenerator;

type Rect = readonly [number, number, number, number];

/** What the stage tells the page. */
export interface StageEvents {
  /** Scale or place changed. */
  viewed(view: View, mode: ScaleMode): void;
  /** The window's size in device pixels changed. */
  resized(extent: Extent): void;
}

export class Stage {
  readonly element: HTMLElement;
  readonly #picture: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #videos: HTMLVideoElement[] = [];
  readonly #rects: (Rect | null)[] = [];
  readonly #ghost: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  readonly #events: StageEvents;
  #window: Extent = { width: 1, height: 1 };
  #layout: Extent | null = null;
  #wish: Wish = START;
  #view: View = { scale: 1, left: 0, top: 0 };
  #covered = 0;
  #shape: Shape | null = null;
  #shapeScale = 0;
  #shapeAt = -Infinity;
  #shapeTimer: ReturnType<typeof setTimeout> | undefined;
  #ghostAt: readonly [number, number] | null = null;
  #ghostTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the host's pointer is always shown: where this page has none to show, because it may only look. */
  #watching = false;

  constructor(parent: HTMLElement, events: StageEvents) {
    this.#events = events;
    this.element = document.createElement("div");
    this.element.className = "stage";
    this.#picture = document.createElement("div");
    this.#picture.className = "picture";
    this.#canvas = document.createElement("canvas");
    this.#ghost = document.createElement("canvas");
    this.#ghost.className = "ghost";
    this.#ghost.hidden = true;
    this.#picture.append(this.#canvas);
    this.element.append(this.#picture);
    parent.append(this.element);
    this.#observer = new ResizeObserver((entries) => {
      const boxes: readonly ResizeObserverSize[] | undefined = entries[0]?.devicePixelContentBoxSize;
      const box = boxes?.[0];
      this.#measure(box === undefined ? null : { width: box.inlineSize, height: box.blockSize });
    });
    try {
      this.#observer.observe(this.element, { box: "device-pixel-content-box" });
    } catch {
      this.#observer.observe(this.element); // Safari: the CSS size times the ratio has to do
    }
    this.#measure(null);
  }

  /** The far ends for the worker, to be transferred; once in a stage's life. */
  surfaces(): { surfaces: Surfaces; transfer: Transferable[] } {
    const canvas = this.#canvas.transferControlToOffscreen();
    const videos: WritableStream<VideoFrame>[] = [];
    const scope = globalThis as { MediaStreamTrackGenerator?: TrackGeneratorMaker };
    // Without WebCodecs there are no frames to feed them with.
    const Maker = "VideoFrame" in scope ? scope.MediaStreamTrackGenerator : undefined;
    for (let layer = 0; Maker !== undefined && layer < LAYERS; layer++) {
      const track = new Maker({ kind: "video" });
      this.#videos.push(this.#makeVideo(track));
      this.#rects.push(null);
      videos.push(track.writable);
    }
    this.#picture.append(this.#ghost);
    return { surfaces: { canvas, videos }, transfer: [canvas, ...videos] };
  }

  #makeVideo(track: MediaStreamTrack): HTMLVideoElement {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    video.tabIndex = -1;
    video.ariaHidden = "true";
    this.#picture.append(video);
    afterLoad(() => {
      video.srcObject = new MediaStream([track]);
      video.play().catch(() => undefined); // a muted stream may always play; a stage that closes meanwhile rejects
    });
    return video;
  }

  /** The picture's size in host pixels, null before the first one. */
  get layout(): Extent | null {
    return this.#layout;
  }

  /** The window in device pixels. */
  get window(): Extent {
    return this.#window;
  }

  get view(): View {
    return this.#view;
  }

  get mode(): ScaleMode {
    return this.#wish.mode;
  }

  /** Whether the picture is larger than the window, so that it can be moved. */
  get movable(): boolean {
    const layout = this.#layout;
    if (layout === null) return false;
    const { width, height } = this.#window;
    return layout.width * this.#view.scale > width + 4 || layout.height * this.#view.scale > height - this.#covered + 4;
  }

  setLayout(width: number, height: number): void {
    this.#layout = { width, height };
    this.#place();
  }

  /**
   * Where a video layer stands in host pixels; null hides it.
   *
   * It is seen from its first new picture on, never with an old one; transparent rather than without a box, because a
   * box-less video tells of no pictures. Hidden ones cost nothing: nothing feeds them.
   */
  setLayer(layer: number, rect: Rect | null): void {
    const video = this.#videos[layer];
    if (video === undefined) return;
    this.#rects[layer] = rect;
    if (rect === null) {
      video.classList.remove("live");
      return;
    }
    this.#placeVideo(video, rect);
    if (video.paused) video.play().catch(() => undefined);
    video.requestVideoFrameCallback(() => {
      if (this.#rects[layer] === rect) video.classList.add("live");
    });
  }

  setCursor(shape: Shape): void {
    this.#shape = shape;
    this.#drawCursorSoon();
  }

  #drawCursorSoon(): void {
    this.#shapeTimer ??= setTimeout(
      () => {
        this.#shapeTimer = undefined;
        this.#drawCursor();
      },
      Math.max(0, this.#shapeAt + SHAPE_MS - performance.now()),
    );
  }

  #drawCursor(): void {
    this.#shapeAt = performance.now();
    if (this.#shape !== null) drawShape(this.#ghost, this.#shape);
    this.#showCursor(true);
    this.#placeGhost();
  }

  /** The host's pointer was moved there by another hand. */
  setPointer(x: number, y: number): void {
    this.#ghostAt = [x, y];
    this.#placeGhost();
    clearTimeout(this.#ghostTimer);
    if (!this.#watching) {
      this.#ghostTimer = setTimeout(() => {
        this.hideGhost();
      }, GHOST_MS);
    }
  }

  /** This page's own pointer leads again. */
  hideGhost(): void {
    if (this.#watching || this.#ghostAt === null) return;
    clearTimeout(this.#ghostTimer);
    this.#ghostAt = null;
    this.#ghost.hidden = true;
  }

  /** Looking only: the host's pointer is shown where it is, and this page's is the plain arrow. */
  setWatching(watching: boolean): void {
    this.#watching = watching;
    clearTimeout(this.#ghostTimer);
    if (!watching) this.hideGhost();
    this.#drawCursorSoon();
  }

  setMode(mode: ScaleMode): void {
    this.#wish = { ...START, mode };
    this.#place();
  }

  /** Enlarges around a place in the window, in CSS pixels. */
  zoom(clientX: number, clientY: number, factor: number): void {
    if (this.#layout === null) return;
    const ratio = devicePixelRatio;
    this.#wish = zoomAround(this.#window, this.#layout, this.#wish, clientX * ratio, clientY * ratio, factor);
    this.#place();
  }

  /** Moves the picture by CSS pixels, as far as it is larger than the window; says whether it moved. */
  pan(dx: number, dy: number): boolean {
    const before = this.#view;
    const ratio = devicePixelRatio;
    this.#wish = { ...this.#wish, left: before.left + dx * ratio, top: before.top + dy * ratio };
    this.#place();
    this.#wish = { ...this.#wish, left: this.#view.left, top: this.#view.top };
    return this.#view.left !== before.left || this.#view.top !== before.top;
  }

  /** `height` CSS pixels at the lower edge are covered (a phone's keyboard); `clientY` is to stay in sight. */
  setCovered(height: number, clientY: number): void {
    const ratio = devicePixelRatio;
    this.#covered = Math.round(height * ratio);
    const wanted = clientY * ratio - (this.#window.height - this.#covered) / 2;
    if (this.#covered > 0) this.#wish = { ...this.#wish, top: this.#view.top - wanted };
    this.#place();
  }

  /** The host pixel under a place in the window (CSS pixels); null beside the picture unless `bound`. */
  hostPixel(clientX: number, clientY: number, bound: boolean): [number, number] | null {
    if (this.#layout === null) return null;
    return hostPixel(this.#view, this.#layout, clientX * devicePixelRatio, clientY * devicePixelRatio, bound);
  }

  close(): void {
    clearTimeout(this.#ghostTimer);
    clearTimeout(this.#shapeTimer);
    this.#observer.disconnect();
    for (const video of this.#videos) {
      for (const track of (video.srcObject as MediaStream | null)?.getTracks() ?? []) track.stop();
      video.srcObject = null;
    }
    this.element.remove();
  }

  #measure(exact: Extent | null): void {
    const ratio = devicePixelRatio;
    const box = this.element.getBoundingClientRect();
    const rough: Extent = { width: Math.round(box.width * ratio), height: Math.round(box.height * ratio) };
    // Emulated screens (developer tools) report the exact size of the real one.
    const honest = exact !== null && Math.abs(exact.width - rough.width) + Math.abs(exact.height - rough.height) <= 4;
    const extent = honest ? exact : rough;
    if (extent.width < 1 || extent.height < 1) return;
    this.#window = extent;
    this.#place();
    this.#events.resized(extent);
  }

  #place(): void {
    const layout = this.#layout;
    if (layout === null) return;
    const view = place(this.#window, layout, this.#wish, this.#covered);
    this.#view = view;
    const ratio = devicePixelRatio;
    const { style } = this.#picture;
    style.left = px(view.left / ratio);
    style.top = px(view.top / ratio);
    style.width = px((layout.width * view.scale) / ratio);
    style.height = px((layout.height * view.scale) / ratio);
    this.#picture.classList.toggle("whole", Number.isInteger(view.scale));
    this.#videos.forEach((video, layer) => {
      const rect = this.#rects[layer];
      if (rect) this.#placeVideo(video, rect);
    });
    this.#placeGhost();
    this.#showCursor(false);
    this.#events.viewed(view, this.#wish.mode);
  }

  #placeVideo(video: HTMLVideoElement, [x, y, width, height]: Rect): void {
    const size = this.#view.scale / devicePixelRatio;
    const { style } = video;
    style.left = px(x * size);
    style.top = px(y * size);
    style.width = px(width * size);
    style.height = px(height * size);
  }

  #placeGhost(): void {
    const shape = this.#shape;
    const at = this.#ghostAt;
    this.#ghost.hidden = at === null || shape?.rgba == null;
    if (at === null || shape === null || this.#ghost.hidden) return;
    const size = this.#view.scale / devicePixelRatio;
    const { style } = this.#ghost;
    style.left = px((at[0] - shape.hotX) * size);
    style.top = px((at[1] - shape.hotY) * size);
    style.width = px(shape.width * size);
    style.height = px(shape.height * size);
  }

  #showCursor(changed: boolean): void {
    const size = this.#view.scale;
    if (!changed && size === this.#shapeScale) return;
    this.#shapeScale = size;
    const own = this.#watching || this.#shape === null;
    this.element.style.cursor = own || this.#shape === null ? "" : cursorStyle(this.#shape, size, devicePixelRatio);
  }
}

/** A stream that has shown nothing yet holds up the page's load event, and the browser shows it as loading for ever. */
function afterLoad(then: () => void): void {
  if (document.readyState === "complete") then();
  else addEventListener("load", then, { once: true });
}

function px(value: number): string {
  return `${value}px`;
}
