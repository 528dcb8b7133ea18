/**
 * What the page and the session's worker say to each other.
 *
 * The worker owns the line, the keys, the session, the decoders and the picture; the page owns the DOM: panels,
 * input events, the elements that pictures appear in. Neither waits for the other.
 */
import type { InputMessage, Quality, Capability, NoticeCode } from "../gen/messages";
import type { HostEntry, HostPath } from "../files/api";
import type { FromFiles, ToFiles } from "../files/wire";
import type { Bytes } from "../protocol/bytes";

/** By a one-time code, of which both parts are digits; the secret never leaves the worker once it is there. */
export interface ByCode {
  readonly route: string;
  readonly secret: string;
}

/** By a grant, where no person need be asked. */
export interface ByGrant {
  /** 16 bytes. */
  readonly hostId: Bytes;
  /** The host's Noise key, which has been proven: nobody else hears who calls. */
  readonly pin: Bytes;
  /** This end's Noise key: its 32 bytes, or a browser profile's own, which cannot be read. */
  readonly key: Bytes | { readonly handle: CryptoKey; readonly publicKey: Bytes };
  readonly certificate: Bytes;
  readonly credential: Bytes;
}

/** Where and how to connect. */
export interface Target {
  /** WebSocket address of the gateway's viewer leg. */
  readonly url: string;
  /** What the caller calls themselves, for the person who is asked; may be empty. */
  readonly name: string;
  readonly reason: string;
  readonly capabilities: readonly Capability[];
  readonly by: ByCode | ByGrant;
}

/** A right that is held. */
export interface Held {
  readonly capability: Capability;
  /** When it ends, in milliseconds since the epoch by the host's clock; 0: with the session. */
  readonly until: number;
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
  /** These of its files into the host's clipboard. */
  | { kind: "offer"; paths: readonly HostPath[] }
  | { kind: "watch"; on: boolean }
  /** More rights, please, for so many seconds (0: as long as the session); `grant` where a grant opened the session. */
  | { kind: "ask"; capabilities: readonly Capability[]; seconds: number; reason: string; grant: Bytes }
  /** Rights that are given back. */
  | { kind: "let-go"; capabilities: readonly Capability[] }
  /** For the files engine, which is loaded with the first of them. */
  | { kind: "files"; message: ToFiles }
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
  | { state: "connected"; host: HostFacts; rights: readonly Held[] }
  | { state: "cut"; attempt: number; nextTryMs: number; graceLeftMs: number }
  | { state: "over"; reason: EndReason; text: string; retrySeconds: number; keys?: KeysDiffer };

/** Fingerprints of the key that was expected and of the one that came. */
export interface KeysDiffer {
  readonly expected: string;
  readonly found: string;
}

/** What is known of the host; names are its own words. */
export interface HostFacts {
  readonly name: string;
  readonly system: string;
  /** Of its identity key. */
  readonly fingerprint: string;
  /** The account by which it let us in, empty where a person was asked. */
  readonly person: string;
}

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
  | { kind: "rights"; rights: readonly Held[]; reason: string }
  /** The person at the host paused the session, or goes on. */
  | { kind: "paused"; on: boolean; text: string }
  /** The host's signed word on its audit, to be kept; checked. `size` entries at `time` (Unix milliseconds). */
  | { kind: "checkpoint"; hostId: Bytes; data: Bytes; size: number; time: number }
  | { kind: "notice"; code: NoticeCode; text: string }
  | { kind: "layout"; width: number; height: number }
  /** Place, show or hide video layer `layer`; `rect` in host pixels, null hides it. */
  | { kind: "layer"; layer: number; rect: readonly [number, number, number, number] | null }
  | { kind: "cursor"; hotX: number; hotY: number; width: number; height: number; rgba: Uint8Array | null }
  | { kind: "pointer"; x: number; y: number }
  | { kind: "clipboard"; text: string }
  /** Files that were copied on the host, and how many more; neither: none are any longer. */
  | { kind: "copied"; entries: readonly HostEntry[]; leftOut: number }
  /** So many of those that were to be offered are in the host's clipboard now, and so many are not. */
  | { kind: "offered"; offered: number; leftOut: number }
  | { kind: "files"; message: FromFiles }
  | { kind: "statistics"; statistics: Statistics };
