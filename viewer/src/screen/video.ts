/** One video layer: decodes its pictures and hands each on as it is, to a <video> element or, without one, a canvas. */
import type { VideoFrame as Encoded, VideoOpen } from "../gen/messages";
import type { Rect } from "./rects";

/** More pictures than this waiting in the decoder mean that it does not keep up. */
const MOST_WAITING = 8;

export interface LayerEvents {
  /** Picture number `seq` (as given to `decode`) was decoded; whoever takes it closes it. */
  decoded(frame: VideoFrame, seq: number): void;
  /** Picture number `seq` will not be shown. */
  dropped(seq: number): void;
  /** The decoder gave up; the layer is of no further use. */
  failed(reason: string): void;
}

export class VideoLayer {
  readonly rect: Rect;
  readonly codec: string;
  readonly #decoder: VideoDecoder;
  readonly #events: LayerEvents;
  readonly #decoding: number[] = [];
  #needsKey = true;

  /** Throws what VideoDecoder.configure throws for a codec string that makes no sense. */
  constructor(open: VideoOpen, events: LayerEvents) {
    this.rect = [open.x, open.y, open.width, open.height];
    this.codec = open.codec;
    this.#events = events;
    this.#decoder = new VideoDecoder({
      output: (frame) => {
        this.#output(frame);
      },
      error: (error) => {
        events.failed(error.message);
      },
    });
    this.#decoder.configure({ codec: open.codec, optimizeForLatency: true, hardwareAcceleration: "no-preference" });
  }

  decode(picture: Encoded, seq: number): void {
    if (this.#decoder.state !== "configured" || (this.#needsKey && !picture.key)) {
      this.#events.dropped(seq);
      return;
    }
    if (this.#decoder.decodeQueueSize > MOST_WAITING) {
      this.#events.dropped(seq);
      this.#events.failed("the decoder does not keep up");
      return;
    }
    this.#needsKey = false;
    this.#decoding.push(seq);
    const chunk = new EncodedVideoChunk({ type: picture.key ? "key" : "delta", timestamp: seq, data: picture.data });
    try {
      this.#decoder.decode(chunk);
    } catch (error) {
      this.#events.failed(String(error)); // key pictures are looked into at once
    }
  }

  #output(frame: VideoFrame): void {
    const seq = frame.timestamp;
    if (frame.codedWidth > 16384 || frame.displayWidth !== this.rect[2] || frame.displayHeight !== this.rect[3]) {
      frame.close();
      this.#events.failed("the video is not of its layer's size");
      return;
    }
    this.#decoding.shift();
    this.#events.decoded(frame, seq);
  }

  /** What is still in the decoder counts as done: it will not be shown. */
  close(): void {
    for (const seq of this.#decoding.splice(0)) this.#events.dropped(seq);
    if (this.#decoder.state !== "closed") this.#decoder.close();
  }
}
