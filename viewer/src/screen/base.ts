/**
 * How the framebuffer gets onto the screen: the canvas for single changes, one of two <video> streams while it moves.
 *
 * The stream lies above the canvas, which meanwhile grows stale beneath it; before it is taken away the canvas is
 * painted and given time to be seen. A stream that must cover more is followed by the other one, so that no element
 * ever shows a frame of another size than its own.
 */
import type { FromWorker } from "../app/bridge";
import type { Framebuffer } from "./framebuffer";
import { Motion, REST_MS } from "./motion";
import { type Rect, contains, union } from "./rects";

/** Pictures of the display that a hidden change below needs to be surely seen. */
const SETTLE_FRAMES = 2;
/** While a stream begins, the canvas is painted too: its element is seen after 20 ms, on a busy machine after 170. */
const BEGIN_MS = 250;

/** Changes within a box of so many pixels are painted as one. */
const TOGETHER = 64 * 1024;

interface Stream {
  readonly layer: number;
  readonly rect: Rect;
  readonly since: number;
}

export class Base {
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #writers: readonly WritableStreamDefaultWriter<VideoFrame>[];
  readonly #post: (message: FromWorker) => void;
  readonly #motion = new Motion();
  #stream: Stream | null = null;
  #stale: Rect | null = null;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #lastUpdate = 0;

  /** `writers` feed the elements of layers 0 and 1; none where the browser cannot. */
  constructor(
    canvas: OffscreenCanvas,
    writers: readonly WritableStreamDefaultWriter<VideoFrame>[],
    post: (message: FromWorker) => void,
  ) {
    const context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    if (context === null) throw new Error("this browser has no 2D canvas in workers");
    this.#canvas = canvas;
    this.#context = context;
    this.#writers = writers;
    this.#post = post;
  }

  /** The context, for layers that have no element of their own. */
  get context(): OffscreenCanvasRenderingContext2D {
    return this.#context;
  }

  /** What streams now. */
  get streaming(): Rect | null {
    return this.#stream?.rect ?? null;
  }

  resize(width: number, height: number): void {
    this.#endStream(0);
    this.#motion.rest();
    this.#stale = null;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#context.fillStyle = "#000";
    this.#context.fillRect(0, 0, width, height);
  }

  /** Shows that `rects` of the framebuffer changed. */
  show(picture: Framebuffer, rects: readonly Rect[]): void {
    const changed = rects.reduce<Rect | null>((sum, r) => union(sum, r), null);
    if (changed === null) return;
    const now = performance.now();
    this.#lastUpdate = now;
    const whole: Rect = [0, 0, picture.width, picture.height];
    const wanted = this.#writers.length >= 2 ? this.#motion.note(changed, now, whole) : null;
    if (wanted === null && this.#stream === null) {
      this.#paint(picture, rects);
      return;
    }
    this.#follow(wanted ?? changed, whole, now, picture);
    const stream = this.#stream;
    if (stream === null || !contains(stream.rect, changed)) {
      this.#paint(picture, rects);
      return;
    }
    this.#write(stream, picture.frame(stream.rect, now * 1000));
    if (now - stream.since < BEGIN_MS) this.#paint(picture, rects);
    else this.#stale = union(this.#stale, changed);
    this.#rest ??= setTimeout(() => {
      this.#atRest(picture);
    }, REST_MS);
  }

  /** Begins a stream, or replaces one that is too small. */
  #follow(wanted: Rect, whole: Rect, now: number, picture: Framebuffer): void {
    const old = this.#stream;
    if (old !== null && contains(old.rect, wanted)) return;
    const rect = old === null ? wanted : Motion.grow(old.rect, wanted, whole);
    this.#freshen(picture);
    if (old !== null) this.#hideLater(old.layer);
    this.#stream = { layer: old?.layer === 0 ? 1 : 0, rect, since: now };
    this.#post({ kind: "layer", layer: this.#stream.layer, rect });
  }

  #write(stream: Stream, frame: VideoFrame): void {
    this.#writers[stream.layer]?.write(frame).catch(() => {
      frame.close();
    });
  }

  #paint(picture: Framebuffer, rects: readonly Rect[]): void {
    for (const rect of together(rects)) this.#context.putImageData(picture.image(rect), rect[0], rect[1]);
  }

  /** Paints what the canvas has missed. */
  #freshen(picture: Framebuffer): void {
    if (this.#stale !== null) this.#paint(picture, [this.#stale]);
    this.#stale = null;
  }

  #atRest(picture: Framebuffer): void {
    this.#rest = undefined;
    const left = this.#lastUpdate + REST_MS - performance.now();
    if (left > 1) {
      this.#rest = setTimeout(() => {
        this.#atRest(picture);
      }, left);
      return;
    }
    this.#freshen(picture);
    this.#endStream(SETTLE_FRAMES);
    this.#motion.rest();
  }

  #endStream(settle: number): void {
    clearTimeout(this.#rest);
    this.#rest = undefined;
    const stream = this.#stream;
    this.#stream = null;
    if (stream === null) return;
    if (settle > 0) this.#hideLater(stream.layer);
    else this.#post({ kind: "layer", layer: stream.layer, rect: null });
  }

  #hideLater(layer: number): void {
    afterFrames(SETTLE_FRAMES, () => {
      if (this.#stream?.layer !== layer) this.#post({ kind: "layer", layer, rect: null });
    });
  }
}

/** Small rectangles near each other as one: a call for each costs more than the pixels between them. */
function together(rects: readonly Rect[]): readonly Rect[] {
  const box = rects.reduce<Rect | null>((sum, r) => union(sum, r), null);
  return rects.length > 1 && box !== null && box[2] * box[3] <= TOGETHER ? [box] : rects;
}

/** Runs `then` after that many pictures of the display. */
export function afterFrames(frames: number, then: () => void): void {
  if (frames === 0) then();
  else
    requestAnimationFrame(() => {
      afterFrames(frames - 1, then);
    });
}
