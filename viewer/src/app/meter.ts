/** What the session costs and gives, gathered once a second while somebody looks. */
import type { HostStats } from "../gen/messages";
import type { Statistics } from "./bridge";
import type { Clock } from "./clock";
import type { Link } from "./link";
import { Presses } from "./presses";

const PERIOD_MS = 1000;
/** Updates on their way to the display; a host that sends more than this unshown gets no figures for them. */
const MOST_UNDER_WAY = 256;

export interface Watched {
  readonly frames: number;
  regions(): Statistics["regions"];
}

export class Meter {
  readonly presses = new Presses();
  roundTripMs = 0;
  host: HostStats | null = null;
  link: Link | null = null;
  readonly #clock: Clock;
  readonly #picture: Watched;
  readonly #post: (statistics: Statistics) => void;
  /** The newest input that each update under way can show, by the update's number. */
  readonly #inputSeqs = new Map<number, number>();
  #frames = 0;
  #bytes = 0;
  #at = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock, picture: Watched, post: (statistics: Statistics) => void) {
    this.#clock = clock;
    this.#picture = picture;
    this.#post = post;
  }

  /** An update arrived and will be shown. */
  arrived(seq: number, inputSeq: number): void {
    if (this.#inputSeqs.size < MOST_UNDER_WAY) this.#inputSeqs.set(seq, inputSeq);
  }

  /** It was shown. */
  shown(seq: number): void {
    const inputSeq = this.#inputSeqs.get(seq);
    if (inputSeq === undefined) return;
    this.#inputSeqs.delete(seq);
    this.presses.shown(inputSeq, this.#clock.now());
  }

  /** The line is gone. */
  unlink(): void {
    this.link = null;
    this.host = null;
    this.#bytes = 0;
    this.#inputSeqs.clear();
    this.presses.forget();
  }

  start(): void {
    this.stop();
    this.#mark();
    this.#arm();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(): void {
    this.#cancel = this.#clock.after(PERIOD_MS, () => {
      this.#tell();
      this.#arm();
    });
  }

  #mark(): void {
    this.#frames = this.#picture.frames;
    this.#bytes = this.link?.received ?? 0;
    this.#at = this.#clock.now();
  }

  #tell(): void {
    const seconds = Math.max(0.001, (this.#clock.now() - this.#at) / 1000);
    const { host } = this;
    this.#post({
      roundTripMs: this.roundTripMs,
      pressToPictureMs: this.presses.figures(),
      framesPerSecond: (this.#picture.frames - this.#frames) / seconds,
      kilobitPerSecond: (Math.max(0, (this.link?.received ?? 0) - this.#bytes) * 8) / 1000 / seconds,
      regions: this.#picture.regions(),
      host: host && {
        grabUs: host.grabUs,
        encodeUs: host.encodeUs,
        queueUs: host.queueUs,
        videoKbit: host.videoKbit,
      },
    });
    this.#mark();
  }
}
