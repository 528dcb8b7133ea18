/**
 * The picture, in the worker: applies updates, shows them, and says what was shown.
 *
 * Beneath lies the framebuffer, exact; above it up to two video layers. Nothing here waits for the page.
 */
import type { FromWorker, Surfaces } from "../app/bridge";
import type { Layout, Operation, Shown, Update, VideoOpen } from "../gen/messages";
import { Base } from "./base";
import { PictureError } from "./errors";
import { Framebuffer } from "./framebuffer";
import { Composited, Drawn, Element, type Outlet, isComposited } from "./outlets";
import type { Rect } from "./rects";
import { VideoLayer } from "./video";
import { Zstd } from "./zstd";

/** Elements 0 and 1 are the base's streams; video layer n appears in element FIRST_VIDEO + n. */
const FIRST_VIDEO = 2;
const MOST_LAYERS = 2;

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

/** An update that is not wholly shown yet. */
interface Pending {
  parts: number;
  readonly arrivedAt: number;
  readonly changed: Rect[];
  /** Shown once its film has been put into the framebuffer. */
  composited?: boolean;
}

interface Layer {
  readonly video: VideoLayer;
  readonly outlet: Outlet;
}

export class Picture {
  readonly #events: PictureEvents;
  #zstd: Zstd | null = null;
  #base: Base | null = null;
  #writers: WritableStreamDefaultWriter<VideoFrame>[] = [];
  #buffer: Framebuffer | null = null;
  #generation = 0;
  readonly #layers = new Map<number, Layer>();
  readonly #pending = new Map<number, Pending>();
  #frames = 0;
  /** Whether this browser converts decoded pictures to pixels. */
  #converts = true;

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
    for (const layer of this.#layers.values()) regions.push({ kind: "video", rect: layer.video.rect, codec: layer.video.codec });
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
    const pending: Pending = { parts: 1, arrivedAt, changed: [] };
    this.#pending.set(update.seq, pending);
    // What lay beneath a layer comes back before anything is drawn on it.
    for (const operation of update.operations) {
      if (operation.type === "VideoClose") pending.changed.push(...this.#close(operation.layer));
    }
    for (const operation of update.operations) this.#apply(operation, buffer, update.seq, pending);
    if (!pending.composited) this.#show(pending);
    this.#part(update.seq);
  }

  #apply(operation: Operation, buffer: Framebuffer, seq: number, pending: Pending): void {
    switch (operation.type) {
      case "Copy":
        pending.changed.push(buffer.copy(operation));
        break;
      case "Fill":
        pending.changed.push(buffer.fill(operation));
        break;
      case "Tiles":
        if (this.#zstd === null) throw new Error("prepare() comes first");
        buffer.tiles(operation, this.#zstd, (rect) => pending.changed.push(rect));
        break;
      case "VideoOpen":
        this.#open(operation, buffer);
        break;
      case "VideoFrame": {
        const layer = this.#layers.get(operation.layer);
        if (layer === undefined) break; // it failed, and the host does not know yet
        pending.parts++;
        pending.composited ||= layer.outlet.composites;
        layer.video.decode(operation, seq);
        break;
      }
      case "VideoClose":
        break;
    }
  }

  #open(open: VideoOpen, buffer: Framebuffer): void {
    if (open.layer >= MOST_LAYERS) throw new PictureError(`there is no layer ${open.layer}`);
    buffer.check(open.x, open.y, open.width, open.height);
    this.#close(open.layer);
    const rect: Rect = [open.x, open.y, open.width, open.height];
    try {
      const layer: Layer = {
        outlet: this.#outlet(open.layer, rect, buffer),
        video: new VideoLayer(open, {
          decoded: (frame, seq) => {
            this.#put(layer, frame, seq);
          },
          dropped: (seq) => {
            this.#part(seq);
          },
          failed: (reason) => {
            if (this.#layers.get(open.layer) === layer) this.#lose(open.layer, reason);
          },
        }),
      };
      this.#layers.set(open.layer, layer);
    } catch (error) {
      this.#events.lost(String(error));
    }
  }

  #outlet(number: number, rect: Rect, buffer: Framebuffer): Outlet {
    if (isComposited(rect, buffer) && this.#converts) {
      return new Composited(buffer, rect, () => {
        if (this.#buffer === buffer) this.#events.lost("film was written after its layer closed");
      });
    }
    const element = FIRST_VIDEO + number;
    const writer = this.#writers[element];
    if (writer !== undefined) {
      const post = (message: FromWorker): void => {
        this.#events.post(message);
      };
      return new Element(writer, element, rect, post, () => this.#layers.get(number)?.outlet instanceof Element);
    }
    if (this.#base === null) throw new Error("attach() comes first");
    return new Drawn(this.#base.context, rect);
  }

  #put(layer: Layer, frame: VideoFrame, seq: number): void {
    layer.outlet.put(frame).then(
      (changed) => {
        if (changed !== null) this.#pending.get(seq)?.changed.push(changed);
        this.#part(seq);
      },
      (error: unknown) => {
        this.#converts = false;
        for (const [number, other] of this.#layers) if (other === layer) this.#lose(number, String(error));
        this.#part(seq);
      },
    );
  }

  #lose(number: number, reason: string): void {
    this.#close(number);
    this.#events.lost(reason);
  }

  /** Gives what must be painted again. */
  #close(number: number): Rect[] {
    const layer = this.#layers.get(number);
    if (layer === undefined) return [];
    this.#layers.delete(number);
    layer.video.close();
    const beneath = layer.outlet.close();
    return beneath === null ? [] : [beneath];
  }

  #closeLayers(): void {
    for (const number of [...this.#layers.keys()]) this.#close(number);
  }

  #show({ changed }: Pending): void {
    if (this.#buffer !== null) this.#base?.show(this.#buffer, changed);
  }

  #part(seq: number): void {
    const pending = this.#pending.get(seq);
    if (pending === undefined || --pending.parts > 0) return;
    this.#pending.delete(seq);
    if (pending.composited) this.#show(pending);
    this.#frames++;
    const tookUs = Math.max(0, Math.round((performance.now() - pending.arrivedAt) * 1000));
    this.#events.shown({ type: "Shown", seq, tookUs, waiting: Math.min(0xffff, this.#pending.size) });
  }
}
