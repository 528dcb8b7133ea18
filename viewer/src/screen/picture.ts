/**
 * The picture, in the worker: applies updates, shows them, and says what was shown.
 *
 * Beneath lies the framebuffer, exact; above it up to two video layers. Nothing here waits for the page.
 */
import type { FromWorker, Surfaces } from "../app/bridge";
import type { Layout, Operation, Shown, Update, VideoOpen } from "../gen/messages";
import { Base, afterFrames } from "./base";
import { PictureError } from "./errors";
import { Framebuffer } from "./framebuffer";
import type { Rect } from "./rects";
import { VideoLayer } from "./video";
import { Zstd } from "./zstd";

/** Elements 0 and 1 are the base's streams; video layer n appears in element FIRST_VIDEO + n. */
const FIRST_VIDEO = 2;
const MOST_LAYERS = 2;
const SETTLE_FRAMES = 2;

export interface PictureEvents {
  post(message: FromWorker): void;
  /** An update was shown: the host wants to know. */
  shown(shown: Shown): void;
  /** A decoder was lost: the whole picture is needed again, and video had better not be sent if it happens often. */
  lost(reason: string): void;
}

export interface Region {
  readonly kind: "tiles" | "stream" | "video";
  readonly rect: Rect;
  readonly codec: string;
}

interface Pending {
  parts: number;
  readonly arrivedAt: number;
}

export class Picture {
  readonly #events: PictureEvents;
  #zstd: Zstd | null = null;
  #base: Base | null = null;
  #writers: WritableStreamDefaultWriter<VideoFrame>[] = [];
  #buffer: Framebuffer | null = null;
  #generation = 0;
  readonly #layers = new Map<number, VideoLayer>();
  readonly #pending = new Map<number, Pending>();
  #frames = 0;

  constructor(events: PictureEvents) {
    this.#events = events;
  }

  /** Loads what decoding needs; before the first update. */
  async prepare(): Promise<void> {
    this.#zstd ??= await Zstd.load();
  }

  attach({ canvas, videos }: Surfaces): void {
    this.#writers = videos.map((stream) => stream.getWriter());
    this.#base = new Base(canvas, this.#writers.slice(0, FIRST_VIDEO), (message) => {
      this.#events.post(message);
    });
  }

  /** Updates shown so far. */
  get frames(): number {
    return this.#frames;
  }

  /** What carries the picture now. */
  regions(): Region[] {
    const buffer = this.#buffer;
    if (buffer === null) return [];
    const regions: Region[] = [{ kind: "tiles", rect: [0, 0, buffer.width, buffer.height], codec: "zstd" }];
    const streaming = this.#base?.streaming;
    if (streaming) regions.push({ kind: "stream", rect: streaming, codec: "zstd" });
    for (const layer of this.#layers.values()) regions.push({ kind: "video", rect: layer.rect, codec: layer.codec });
    return regions;
  }

  layout({ generation, width, height }: Layout): void {
    this.#closeLayers();
    this.#pending.clear();
    this.#buffer = new Framebuffer(width, height);
    this.#generation = generation;
    this.#base?.resize(width, height);
    this.#events.post({ kind: "layout", width, height });
  }

  /** The line is gone: what was under way will not come; the last picture stays. */
  reset(): void {
    this.#closeLayers();
    this.#pending.clear();
  }

  /** Throws PictureError for what no honest host sends. */
  update(update: Update, arrivedAt: number): void {
    const buffer = this.#buffer;
    if (buffer === null || update.generation !== this.#generation) throw new PictureError("an update without its layout");
    const pending: Pending = { parts: 1, arrivedAt };
    this.#pending.set(update.seq, pending);
    const changed: Rect[] = [];
    const closed: VideoLayer[] = [];
    for (const operation of update.operations) this.#apply(operation, buffer, update.seq, pending, changed, closed);
    this.#base?.show(buffer, changed);
    for (const layer of closed) if (this.#writers.length === 0) this.#base?.repaint(buffer, layer.rect);
    this.#part(update.seq);
  }

  #apply(
    operation: Operation,
    buffer: Framebuffer,
    seq: number,
    pending: Pending,
    changed: Rect[],
    closed: VideoLayer[],
  ): void {
    switch (operation.type) {
      case "Copy":
        changed.push(buffer.copy(operation));
        break;
      case "Fill":
        changed.push(buffer.fill(operation));
        break;
      case "Tiles":
        if (this.#zstd === null) throw new Error("prepare() comes first");
        buffer.tiles(operation, this.#zstd, (rect) => changed.push(rect));
        break;
      case "VideoOpen":
        this.#open(operation, buffer);
        break;
      case "VideoFrame": {
        const layer = this.#layers.get(operation.layer);
        if (layer === undefined) break; // it failed, and the host does not know yet
        pending.parts++;
        layer.decode(operation, seq);
        break;
      }
      case "VideoClose": {
        const layer = this.#layers.get(operation.layer);
        if (layer === undefined) break;
        this.#close(operation.layer, layer);
        closed.push(layer);
      }
    }
  }

  #open(open: VideoOpen, buffer: Framebuffer): void {
    if (open.layer >= MOST_LAYERS) throw new PictureError(`there is no layer ${open.layer}`);
    buffer.check(open.x, open.y, open.width, open.height);
    this.#layers.get(open.layer)?.close();
    const element = FIRST_VIDEO + open.layer;
    const writer = this.#writers[element];
    let shown = false;
    try {
      const layer: VideoLayer = new VideoLayer(open, {
        decoded: (frame) => {
          if (writer === undefined) {
            this.#base?.context.drawImage(frame, open.x, open.y);
            frame.close();
            return;
          }
          writer.write(frame).catch(() => {
            frame.close();
          });
          if (!shown) this.#events.post({ kind: "layer", layer: element, rect: layer.rect });
          shown = true;
        },
        done: (seq) => {
          this.#part(seq);
        },
        failed: (reason) => {
          if (this.#layers.get(open.layer) !== layer) return;
          this.#close(open.layer, layer);
          this.#events.lost(reason);
        },
      });
      this.#layers.set(open.layer, layer);
    } catch (error) {
      this.#events.lost(String(error));
    }
  }

  /** The element goes once the exact picture beneath has surely been seen. */
  #close(number: number, layer: VideoLayer): void {
    layer.close();
    this.#layers.delete(number);
    if (this.#writers.length === 0) return;
    afterFrames(SETTLE_FRAMES, () => {
      if (!this.#layers.has(number)) this.#events.post({ kind: "layer", layer: FIRST_VIDEO + number, rect: null });
    });
  }

  #closeLayers(): void {
    for (const [number, layer] of this.#layers) this.#close(number, layer);
  }

  #part(seq: number): void {
    const pending = this.#pending.get(seq);
    if (pending === undefined || --pending.parts > 0) return;
    this.#pending.delete(seq);
    this.#frames++;
    const tookUs = Math.max(0, Math.round((performance.now() - pending.arrivedAt) * 1000));
    this.#events.shown({ type: "Shown", seq, tookUs, waiting: Math.min(0xffff, this.#pending.size) });
  }
}
