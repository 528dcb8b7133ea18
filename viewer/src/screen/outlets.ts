/**
 * Where a film layer's pictures go.
 *
 * Measured: film that fills the picture is best off as it is decoded, in a <video> of its own (20 against 28 ms). Film
 * inside a larger picture is better put into the framebuffer, so that it and what changes around it are one stream:
 * the rest is then seen 10 to 13 ms after it was drawn, and 14 to 15 beside a second stream.
 */
import type { FromWorker } from "../app/bridge";
import { afterFrames } from "./base";
import type { Framebuffer } from "./framebuffer";
import type { Rect } from "./rects";

/** A region up to this share of the picture is composited. */
const SHARE = 0.7;
/** Pictures of the display until the exact picture beneath a layer has surely been seen. */
const SETTLE_FRAMES = 2;

export interface Outlet {
  /** Whether its pictures end up in the framebuffer: what else belongs to the update is then shown with them. */
  readonly composites: boolean;
  /** Takes and closes a picture; gives the part of the framebuffer that it changed. */
  put(frame: VideoFrame): Promise<Rect | null>;
  /** Ends; gives the part of the framebuffer that must be painted again. */
  close(): Rect | null;
}

export function isComposited(rect: Rect, picture: Framebuffer): boolean {
  return rect[2] * rect[3] <= SHARE * picture.width * picture.height;
}

/** Into the framebuffer, and out of it again at the end. */
export class Composited implements Outlet {
  readonly composites = true;
  readonly #picture: Framebuffer;
  readonly #rect: Rect;
  /** What the host knows to be beneath. */
  readonly #beneath: Uint32Array;
  readonly #spoilt: () => void;
  #open = true;

  /** `spoilt` is called if a picture was still being written when the layer closed: what is there is then unknown. */
  constructor(picture: Framebuffer, rect: Rect, spoilt: () => void) {
    this.#picture = picture;
    this.#rect = rect;
    this.#spoilt = spoilt;
    this.#beneath = picture.read(rect);
  }

  /**
   * Straight into its place: nothing else reads or writes there while the layer is open. Chromium converts before
   * copyTo returns. Rejects where the browser cannot convert.
   */
  async put(frame: VideoFrame): Promise<Rect | null> {
    if (!this.#open) {
      frame.close();
      return null;
    }
    const [x, y] = this.#rect;
    const { pixels, width } = this.#picture;
    const copied = frame.copyTo(pixels, { format: "BGRX", layout: [{ offset: (y * width + x) * 4, stride: width * 4 }] });
    try {
      await copied;
    } finally {
      frame.close();
    }
    return this.#written();
  }

  #written(): Rect | null {
    if (this.#open) return this.#rect;
    this.#spoilt();
    return null;
  }

  close(): Rect | null {
    if (!this.#open) return null;
    this.#open = false;
    this.#picture.write(this.#rect, this.#beneath);
    return this.#rect;
  }
}

/** To a <video> of its own, above the picture. */
export class Element implements Outlet {
  readonly composites = false;
  readonly #writer: WritableStreamDefaultWriter<VideoFrame>;
  readonly #show: (rect: Rect | null) => void;
  readonly #rect: Rect;
  #shown = false;
  #open = true;

  /** `inUse` says whether another layer has the element by now. */
  constructor(
    writer: WritableStreamDefaultWriter<VideoFrame>,
    layer: number,
    rect: Rect,
    post: (message: FromWorker) => void,
    inUse: () => boolean,
  ) {
    this.#writer = writer;
    this.#rect = rect;
    this.#show = (place) => {
      if (place !== null || !inUse()) post({ kind: "layer", layer, rect: place });
    };
  }

  put(frame: VideoFrame): Promise<Rect | null> {
    if (this.#open) {
      this.#writer.write(frame).catch(() => {
        frame.close();
      });
      if (!this.#shown) this.#show(this.#rect);
      this.#shown = true;
    } else frame.close();
    return Promise.resolve(null);
  }

  /** The element goes once the exact picture beneath has surely been seen. */
  close(): null {
    this.#open = false;
    afterFrames(SETTLE_FRAMES, () => {
      this.#show(null);
    });
    return null;
  }
}

/** Onto the canvas, for browsers that have neither way. */
export class Drawn implements Outlet {
  readonly composites = false;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #rect: Rect;

  constructor(context: OffscreenCanvasRenderingContext2D, rect: Rect) {
    this.#context = context;
    this.#rect = rect;
  }

  put(frame: VideoFrame): Promise<Rect | null> {
    this.#context.drawImage(frame, this.#rect[0], this.#rect[1]);
    frame.close();
    return Promise.resolve(null);
  }

  close(): Rect {
    return this.#rect;
  }
}
