/**
 * What the page and the session's worker say to each other.
 *
 * The worker owns the line, the keys, the session, the decoders and the picture; the page owns the DOM: panels,
 * input events, the elements that pictures appear in. Neither waits for the other.
 */
import type { InputMessage, Quality, Capability, NoticeCode } from "../gen/messages";

/** Where and how to connect; the secret never leaves the worker once it is there. */
export interface Target {
  /** WebSocket address of the gateway's viewer leg. */
  readonly url: string;
  /** The code's route part: digits. */
  readonly route: string;
  /** The code's secret part: digits. */
  readonly secret: string;
  /** What the caller calls themselves, for the person who is asked; may be empty. */
  readonly name: string;
  readonly capabilities: readonly Capability[];
}

/** The elements' far ends, transferred once at start. */
export interface Surfaces {
  /** The picture at rest. */
  readonly canvas: OffscreenCanvas;
  /** Feeds of the <video> elements, by layer number; empty where the browser has no MediaStreamTrackGenerator. */
  readonly videos: readonly WritableStream<VideoFrame>[];
}

export type ToWorker =
  | { kind: "surfaces"; surfaces: Surfaces }
  | { kind: "connect"; target: Target }
  | { kind: "input"; message: InputMessage; at: number }
  | { kind: "want"; quality: Quality; visible: boolean; refreshHz: number }
  | { kind: "resize"; width: number; height: number }
  | { kind: "clipboard"; text: string }
  | { kind: "watch"; on: boolean }
  | { kind: "online" } // the browser says that the network is back: try at once
  | { kind: "end" };

/** Why a session is over or never began; the page has a panel for each. */
export type EndReason =
  | "ended-by-host" | "ended-by-viewer" | "wrong-code" | "unknown-code" | "locked" | "refused" | "no-answer"
  | "host-gone" | "unreachable" | "version" | "busy" | "policy" | "rejoin-refused" | "replaced" | "protocol" | "timeout"
  | "revoked" | "expired" | "idle" | "identity";

export type ConnectionState =
  | { state: "idle" }
  | { state: "connecting" }
  | { state: "securing" }
  | { state: "asking"; seconds: number }
  | { state: "connected"; hostName: string; system: string; granted: readonly Capability[] }
  | { state: "cut"; attempt: number; nextTryMs: number; graceLeftMs: number }
  | { state: "over"; reason: EndReason; text: string; retrySeconds: number };

/** One second of measurement. */
export interface Statistics {
  readonly roundTripMs: number;
  /** From a key or button press to the first picture that can contain its effect: median and 95th of recent ones. */
  readonly pressToPictureMs: { p50: number; p95: number; count: number };
  readonly framesPerSecond: number;
  readonly kilobitPerSecond: number;
  /** What carries the picture now. */
  readonly regions: readonly { kind: "tiles" | "stream" | "video"; rect: readonly [number, number, number, number]; codec: string }[];
  readonly host: { grabUs: number; encodeUs: number; queueUs: number; videoKbit: number } | null;
}

export type FromWorker =
  | { kind: "state"; state: ConnectionState }
  | { kind: "rights"; granted: readonly Capability[]; reason: string }
  | { kind: "notice"; code: NoticeCode; text: string }
  | { kind: "layout"; width: number; height: number }
  /** Place, show or hide video layer `layer`; `rect` in host pixels, null hides it. */
  | { kind: "layer"; layer: number; rect: readonly [number, number, number, number] | null }
  | { kind: "cursor"; hotX: number; hotY: number; width: number; height: number; rgba: Uint8Array | null }
  | { kind: "pointer"; x: number; y: number }
  | { kind: "clipboard"; text: string }
  | { kind: "statistics"; statistics: Statistics };
