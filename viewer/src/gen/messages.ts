/** Written by script/gen_messages.py from src/farhand/protocol/messages: change that and run it again. */
import type { Bytes } from "../protocol/bytes";
import { MessageError } from "../protocol/errors";
import * as s from "../protocol/shapes";

/** The multiplexed channels; a lower number is sent first (spec/protocol.md, section 3). */
export const Channel = {
  MUX: 1,
  CONTROL: 2,
  INPUT: 3,
  AUDIO: 4,
  CURSOR: 5,
  SCREEN: 6,
  CLIPBOARD: 7,
  TERMINAL: 8,
  SYSTEM: 9,
  FILES: 10,
} as const;
export type Channel = (typeof Channel)[keyof typeof Channel];

/** Bits of a key's `modifiers`, the state at the viewer after the event. */
export const SHIFT = 1;
export const CONTROL = 2;
export const ALT = 4;
export const META = 8;
export const ALTGR = 16;
export const CAPS_LOCK = 32;
export const NUM_LOCK = 64;

/** Host → viewer: a person is being asked; silence for `seconds` means no. */
export interface Asking {
  readonly type: "Asking";
  readonly seconds: number;
}

/** What a caller may do; each is granted, shown and revocable on its own (security.md, Rights). */
export const CAPABILITIES = ["view", "control", "clipboard", "files-read", "files-write", "shell", "manage", "record"] as const;
export type Capability = (typeof CAPABILITIES)[number];

/**
 * Host → viewer: what was granted; nothing granted means refused, and `reason` says why.
 *
 * `until` is as in Rights; `person` is the account that a grant names, empty where a person was asked.
 */
export interface Decision {
  readonly type: "Decision";
  readonly granted: readonly Capability[];
  readonly session: Bytes;
  readonly hostName: string;
  readonly system: string;
  readonly graceSeconds: number;
  readonly reason: string;
  readonly until: readonly number[];
  readonly person: string;
}

/**
 * Host → viewer: the capabilities that hold from now on.
 *
 * `until` says when each of `granted` ends, in Unix milliseconds by the host's clock, 0 for as long as the
 * session; it is as long as `granted`, or empty if none of them ends by itself.
 */
export interface Rights {
  readonly type: "Rights";
  readonly granted: readonly Capability[];
  readonly until: readonly number[];
  readonly reason: string;
}

/** Either way: answered at once with a Pong of the same `token`. */
export interface Ping {
  readonly type: "Ping";
  readonly token: number;
}

/** The answer to a Ping. */
export interface Pong {
  readonly type: "Pong";
  readonly token: number;
}

/** What the host has to say about the session in mid-course. */
export const NOTICE_CODES = ["display-gone", "display-back", "encoder-failed", "denied", "input-blocked"] as const;
export type NoticeCode = (typeof NOTICE_CODES)[number];

/** Host → viewer: something went wrong or was put right; `text` is for a person. */
export interface Notice {
  readonly type: "Notice";
  readonly code: NoticeCode;
  readonly text: string;
}

/** Host → viewer, at most once a second and only when asked (Watch): what the host's side of the picture costs. */
export interface HostStats {
  readonly type: "HostStats";
  readonly frames: number;
  readonly grabUs: number;
  readonly encodeUs: number;
  readonly rttUs: number;
  readonly queueUs: number;
  readonly videoKbit: number;
  readonly inFlight: number;
  readonly uptimeMs: number;
}

/** Viewer → host: send HostStats while `on`. */
export interface Watch {
  readonly type: "Watch";
  readonly on: boolean;
}

/**
 * Viewer → host: more rights, please, for `seconds` (0 = as long as the session).
 *
 * A session that a grant opened shows a new Credential in `grant`; in all others it is empty and the person at the
 * host is asked. Answered by Rights, or by Notice `denied`.
 */
export interface AskMore {
  readonly type: "AskMore";
  readonly capabilities: readonly Capability[];
  readonly seconds: number;
  readonly reason: string;
  readonly grant: Bytes;
}

/** Viewer → host: these rights are given back; answered by Rights. */
export interface LetGo {
  readonly type: "LetGo";
  readonly capabilities: readonly Capability[];
}

/** Host → viewer: the person at the host paused the session, or goes on: nothing is shown or accepted meanwhile. */
export interface Paused {
  readonly type: "Paused";
  readonly on: boolean;
  readonly text: string;
}

/** Host → viewer, just before bye: the signed checkpoint of the host's audit (protocol/merkle.py), to be kept. */
export interface Checkpoint {
  readonly type: "Checkpoint";
  readonly data: Bytes;
}

export type ControlMessage =
  | Asking
  | Decision
  | Rights
  | Ping
  | Pong
  | Notice
  | HostStats
  | Watch
  | AskMore
  | LetGo
  | Paused
  | Checkpoint;

/**
 * A key went down or up.
 *
 * `code` is the physical key (UI Events `KeyboardEvent.code`, as `KeyA`), empty where the viewer cannot say;
 * `key` is what it means to the viewer's layout (UI Events `KeyboardEvent.key`: `ß`, `Enter`, `Dead`).
 * `seq` comes back in `Update.input_seq` of the first picture grabbed after it was injected.
 */
export interface Key {
  readonly type: "Key";
  readonly down: boolean;
  readonly code: string;
  readonly key: string;
  readonly modifiers: number;
  readonly repeat: boolean;
  readonly seq: number;
}

/** Characters without keys: an input method's result, a phone's keyboard, pasted as typing. */
export interface TypedText {
  readonly type: "TypedText";
  readonly text: string;
  readonly seq: number;
}

/**
 * The pointer's place in pixels of the host's layout, and the buttons that are down (bit 0 left, 1 middle,
 * 2 right, 3 back, 4 forward).
 */
export interface Pointer {
  readonly type: "Pointer";
  readonly x: number;
  readonly y: number;
  readonly buttons: number;
  readonly seq: number;
}

/** Scrolling in 1/120 of a notch; positive `dy` is down, positive `dx` right. */
export interface Wheel {
  readonly type: "Wheel";
  readonly dx: number;
  readonly dy: number;
  readonly seq: number;
}

/** Every key and button up: the viewer lost its focus. */
export interface ReleaseAll {
  readonly type: "ReleaseAll";
}

export type InputMessage = Key | TypedText | Pointer | Wheel | ReleaseAll;

/** The pointer's picture: `width` × `height` pixels, RGBA, not premultiplied, 4 bytes each. */
export interface Shape {
  readonly type: "Shape";
  readonly hotX: number;
  readonly hotY: number;
  readonly width: number;
  readonly height: number;
  readonly rgba: Bytes;
}

/** The host shows no pointer. */
export interface Hidden {
  readonly type: "Hidden";
}

/** The pointer was moved at the host by something else than this viewer. */
export interface Moved {
  readonly type: "Moved";
  readonly x: number;
  readonly y: number;
}

export type CursorMessage = Shape | Hidden | Moved;

/** One monitor's rectangle in the layout. */
export interface Monitor {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Host → viewer: the picture's size from now on; its pixels are black until updates fill them. */
export interface Layout {
  readonly type: "Layout";
  readonly generation: number;
  readonly width: number;
  readonly height: number;
  readonly monitors: readonly Monitor[];
}

/** A rectangle of the picture appears elsewhere too (scrolling, moved windows); source and target may overlap. */
export interface Copy {
  readonly type: "Copy";
  readonly fromX: number;
  readonly fromY: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle of one colour; `bgrx` is the pixel's four bytes read as a little-endian number. */
export interface Fill {
  readonly type: "Fill";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly bgrx: number;
}

/** How the pixels of Tiles are carried: as they are, or as one zstd frame of declared size. */
export const TILE_CODECS = [0, 1] as const;
export type TileCodec = (typeof TILE_CODECS)[number];

/**
 * Exact pixels of some rectangles, BGRX, rows top to bottom, one rectangle after the other.
 *
 * `rects` is flat: x, y, width, height, x, y, …, of TILES_PIXELS at most in all. Once decoded, `data` is exactly 4
 * bytes for every pixel.
 */
export interface Tiles {
  readonly type: "Tiles";
  readonly rects: readonly number[];
  readonly codec: TileCodec;
  readonly data: Bytes;
}

/**
 * From its first frame on `layer` (0 or 1) covers this rectangle; `codec` is a WebCodecs codec string.
 *
 * The picture beneath stays as it is: until the close, no other operation reads or writes any of it.
 */
export interface VideoOpen {
  readonly type: "VideoOpen";
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly codec: string;
}

/** One encoded picture of a layer (H.264: Annex B); `key` if it needs no other. */
export interface VideoFrame {
  readonly type: "VideoFrame";
  readonly layer: number;
  readonly key: boolean;
  readonly data: Bytes;
}

/** The layer is gone, and the picture beneath is back as it was, before the update's other operations. */
export interface VideoClose {
  readonly type: "VideoClose";
  readonly layer: number;
}

export type Operation = Copy | Fill | Tiles | VideoOpen | VideoFrame | VideoClose;

/**
 * Host → viewer: operations that take effect together, in order.
 *
 * `seq` counts from 1; `input_seq` is the newest input injected before the grab; `exact` says that after this
 * update the viewer's picture equals the host's bit for bit.
 */
export interface Update {
  readonly type: "Update";
  readonly seq: number;
  readonly generation: number;
  readonly inputSeq: number;
  readonly exact: boolean;
  readonly operations: readonly Operation[];
}

/**
 * Viewer → host: update `seq` was decoded and handed to the display; this was said `took_us` after
 * its last byte arrived; `waiting` updates are still queued behind it.
 */
export interface Shown {
  readonly type: "Shown";
  readonly seq: number;
  readonly tookUs: number;
  readonly waiting: number;
}

/** The viewer's wish: decided by the host, exact at the price of pictures, or fluent at the price of detail. */
export const QUALITIES = ["automatic", "sharp", "smooth"] as const;
export type Quality = (typeof QUALITIES)[number];

/**
 * Viewer → host: what it can show and would like; the newest counts.
 *
 * `codecs` are the WebCodecs codec strings that it decodes, best first, empty for tiles only; `visible` false
 * stops the pictures. `refresh_hz` is its display's.
 */
export interface Want {
  readonly type: "Want";
  readonly quality: Quality;
  readonly codecs: readonly string[];
  readonly visible: boolean;
  readonly refreshHz: number;
}

/** Viewer → host: send the whole picture again (a decoder was lost). */
export interface Refresh {
  readonly type: "Refresh";
}

/** Viewer → host: please make the desktop this large; a host that cannot goes on as it is. */
export interface Resize {
  readonly type: "Resize";
  readonly width: number;
  readonly height: number;
}

export type ScreenMessage = Layout | Update | Shown | Want | Refresh | Resize;

/** The sender's clipboard holds this text now. */
export interface ClipText {
  readonly type: "ClipText";
  readonly text: string;
}

export type ClipboardMessage = ClipText;

/**
 * What the viewer asks for, in handshake message 3; `name` and `reason` are the caller's own words.
 *
 * `grant` is a Credential (protocol/grants.py) where no person is to be asked, else empty.
 */
export interface Request {
  readonly type: "Request";
  readonly name: string;
  readonly agent: string;
  readonly capabilities: readonly Capability[];
  readonly certificate: Bytes;
  readonly grant: Bytes;
  readonly rejoin: Bytes | null;
  readonly reason: string;
}

export type RequestMessage = Request;

/** What each channel carries. */
export interface Messages {
  [Channel.CONTROL]: ControlMessage;
  [Channel.INPUT]: InputMessage;
  [Channel.CURSOR]: CursorMessage;
  [Channel.SCREEN]: ScreenMessage;
  [Channel.CLIPBOARD]: ClipboardMessage;
}
export type CarryingChannel = keyof Messages;
export type Message = Messages[CarryingChannel];

export const CAPABILITY_SHAPE = s.oneOf(s.text(11), CAPABILITIES);
const NOTICE_CODE_SHAPE = s.oneOf(s.text(14), NOTICE_CODES);
const CONTROL_MESSAGE_SHAPE = s.union<ControlMessage>(
  s.variant<Asking>(1, "Asking", [
    ["seconds", s.integer(0, 65535)],
  ]),
  s.variant<Decision>(2, "Decision", [
    ["granted", s.list(CAPABILITY_SHAPE, 0, 8)],
    ["session", s.bytes(16, 16)],
    ["hostName", s.text(64)],
    ["system", s.text(64)],
    ["graceSeconds", s.integer(0, 65535)],
    ["reason", s.text(1000)],
    ["until", s.list(s.integer(0, 9007199254740991), 0, 8)],
    ["person", s.text(64)],
  ]),
  s.variant<Rights>(3, "Rights", [
    ["granted", s.list(CAPABILITY_SHAPE, 0, 8)],
    ["until", s.list(s.integer(0, 9007199254740991), 0, 8)],
    ["reason", s.text(1000)],
  ]),
  s.variant<Ping>(4, "Ping", [
    ["token", s.integer(0, 4294967295)],
  ]),
  s.variant<Pong>(5, "Pong", [
    ["token", s.integer(0, 4294967295)],
  ]),
  s.variant<Notice>(6, "Notice", [
    ["code", NOTICE_CODE_SHAPE],
    ["text", s.text(1000)],
  ]),
  s.variant<HostStats>(7, "HostStats", [
    ["frames", s.integer(0, 4294967295)],
    ["grabUs", s.integer(0, 4294967295)],
    ["encodeUs", s.integer(0, 4294967295)],
    ["rttUs", s.integer(0, 4294967295)],
    ["queueUs", s.integer(0, 4294967295)],
    ["videoKbit", s.integer(0, 4294967295)],
    ["inFlight", s.integer(0, 255)],
    ["uptimeMs", s.integer(0, 9007199254740991)],
  ]),
  s.variant<Watch>(8, "Watch", [
    ["on", s.flag],
  ]),
  s.variant<AskMore>(9, "AskMore", [
    ["capabilities", s.list(CAPABILITY_SHAPE, 0, 8)],
    ["seconds", s.integer(0, 4294967295)],
    ["reason", s.text(1000)],
    ["grant", s.bytes(0, 2048)],
  ]),
  s.variant<LetGo>(10, "LetGo", [
    ["capabilities", s.list(CAPABILITY_SHAPE, 0, 8)],
  ]),
  s.variant<Paused>(11, "Paused", [
    ["on", s.flag],
    ["text", s.text(1000)],
  ]),
  s.variant<Checkpoint>(12, "Checkpoint", [
    ["data", s.bytes(0, 512)],
  ]),
);
const INPUT_MESSAGE_SHAPE = s.union<InputMessage>(
  s.variant<Key>(1, "Key", [
    ["down", s.flag],
    ["code", s.text(32)],
    ["key", s.text(32)],
    ["modifiers", s.integer(0, 255)],
    ["repeat", s.flag],
    ["seq", s.integer(0, 4294967295)],
  ]),
  s.variant<TypedText>(2, "TypedText", [
    ["text", s.text(2000)],
    ["seq", s.integer(0, 4294967295)],
  ]),
  s.variant<Pointer>(3, "Pointer", [
    ["x", s.integer(0, 65535)],
    ["y", s.integer(0, 65535)],
    ["buttons", s.integer(0, 255)],
    ["seq", s.integer(0, 4294967295)],
  ]),
  s.variant<Wheel>(4, "Wheel", [
    ["dx", s.integer(-2147483648, 2147483647)],
    ["dy", s.integer(-2147483648, 2147483647)],
    ["seq", s.integer(0, 4294967295)],
  ]),
  s.variant<ReleaseAll>(5, "ReleaseAll", []),
);
const CURSOR_MESSAGE_SHAPE = s.union<CursorMessage>(
  s.variant<Shape>(1, "Shape", [
    ["hotX", s.integer(0, 65535)],
    ["hotY", s.integer(0, 65535)],
    ["width", s.integer(1, 256)],
    ["height", s.integer(1, 256)],
    ["rgba", s.bytes(0, 262144)],
  ]),
  s.variant<Hidden>(2, "Hidden", []),
  s.variant<Moved>(3, "Moved", [
    ["x", s.integer(0, 65535)],
    ["y", s.integer(0, 65535)],
  ]),
);
const MONITOR_SHAPE = s.struct<Monitor>([
  ["name", s.text(64)],
  ["x", s.integer(0, 16383)],
  ["y", s.integer(0, 16383)],
  ["width", s.integer(1, 16384)],
  ["height", s.integer(1, 16384)],
]);
const TILE_CODEC_SHAPE = s.oneOf(s.integer(0, 1), TILE_CODECS);
const OPERATION_SHAPE = s.union<Operation>(
  s.variant<Copy>(1, "Copy", [
    ["fromX", s.integer(0, 16383)],
    ["fromY", s.integer(0, 16383)],
    ["x", s.integer(0, 16383)],
    ["y", s.integer(0, 16383)],
    ["width", s.integer(1, 16384)],
    ["height", s.integer(1, 16384)],
  ]),
  s.variant<Fill>(2, "Fill", [
    ["x", s.integer(0, 16383)],
    ["y", s.integer(0, 16383)],
    ["width", s.integer(1, 16384)],
    ["height", s.integer(1, 16384)],
    ["bgrx", s.integer(0, 4294967295)],
  ]),
  s.variant<Tiles>(3, "Tiles", [
    ["rects", s.list(s.integer(0, 65535), 4, 16384)],
    ["codec", TILE_CODEC_SHAPE],
    ["data", s.bytes(0, 8388608)],
  ]),
  s.variant<VideoOpen>(4, "VideoOpen", [
    ["layer", s.integer(0, 255)],
    ["x", s.integer(0, 16383)],
    ["y", s.integer(0, 16383)],
    ["width", s.integer(1, 16384)],
    ["height", s.integer(1, 16384)],
    ["codec", s.text(32)],
  ]),
  s.variant<VideoFrame>(5, "VideoFrame", [
    ["layer", s.integer(0, 255)],
    ["key", s.flag],
    ["data", s.bytes(0, 8388608)],
  ]),
  s.variant<VideoClose>(6, "VideoClose", [
    ["layer", s.integer(0, 255)],
  ]),
);
const QUALITY_SHAPE = s.oneOf(s.text(9), QUALITIES);
const SCREEN_MESSAGE_SHAPE = s.union<ScreenMessage>(
  s.variant<Layout>(1, "Layout", [
    ["generation", s.integer(0, 4294967295)],
    ["width", s.integer(1, 16384)],
    ["height", s.integer(1, 16384)],
    ["monitors", s.list(MONITOR_SHAPE, 0, 16)],
  ]),
  s.variant<Update>(2, "Update", [
    ["seq", s.integer(0, 4294967295)],
    ["generation", s.integer(0, 4294967295)],
    ["inputSeq", s.integer(0, 4294967295)],
    ["exact", s.flag],
    ["operations", s.list(OPERATION_SHAPE, 0, 4096)],
  ]),
  s.variant<Shown>(3, "Shown", [
    ["seq", s.integer(0, 4294967295)],
    ["tookUs", s.integer(0, 4294967295)],
    ["waiting", s.integer(0, 65535)],
  ]),
  s.variant<Want>(4, "Want", [
    ["quality", QUALITY_SHAPE],
    ["codecs", s.list(s.text(32), 0, 16)],
    ["visible", s.flag],
    ["refreshHz", s.integer(1, 1000)],
  ]),
  s.variant<Refresh>(5, "Refresh", []),
  s.variant<Resize>(6, "Resize", [
    ["width", s.integer(1, 16384)],
    ["height", s.integer(1, 16384)],
  ]),
);
const CLIPBOARD_MESSAGE_SHAPE = s.union<ClipboardMessage>(
  s.variant<ClipText>(1, "ClipText", [
    ["text", s.text(250000)],
  ]),
);
const REQUEST_MESSAGE_SHAPE = s.union<RequestMessage>(
  s.variant<Request>(0, "Request", [
    ["name", s.text(64)],
    ["agent", s.text(128)],
    ["capabilities", s.list(CAPABILITY_SHAPE, 0, 8)],
    ["certificate", s.bytes(0, 210)],
    ["grant", s.bytes(0, 2048)],
    ["rejoin", s.optional(s.bytes(16, 16))],
    ["reason", s.text(1000)],
  ]),
);

const BY_CHANNEL = new Map<Channel, readonly [shape: unknown, most: number]>([
  [Channel.CONTROL, [CONTROL_MESSAGE_SHAPE, 65536]],
  [Channel.INPUT, [INPUT_MESSAGE_SHAPE, 16384]],
  [Channel.CURSOR, [CURSOR_MESSAGE_SHAPE, 524288]],
  [Channel.SCREEN, [SCREEN_MESSAGE_SHAPE, 8388608]],
  [Channel.CLIPBOARD, [CLIPBOARD_MESSAGE_SHAPE, 1048576]],
]);

function of(channel: Channel): readonly [s.Shape<Message>, number] {
  const found = BY_CHANNEL.get(channel);
  if (!found) throw new MessageError(`channel ${channel} carries no messages in this version`);
  return found as readonly [s.Shape<Message>, number];
}

/** The bytes of a message of `channel`. Throws MessageError. */
export function encode<C extends CarryingChannel>(channel: C, message: Messages[C]): Bytes {
  const [shape, most] = of(channel);
  return s.encode(shape, most, message);
}

/** The one message of `channel` that `raw` is; its byte strings are views of `raw`. Throws MessageError. */
export function decode(channel: Channel, raw: Bytes): Message {
  const [shape, most] = of(channel);
  return s.decode(shape, most, raw);
}

export function encodeControl(message: ControlMessage): Bytes {
  return s.encode(CONTROL_MESSAGE_SHAPE, 65536, message);
}
export function decodeControl(raw: Bytes): ControlMessage {
  return s.decode(CONTROL_MESSAGE_SHAPE, 65536, raw);
}

export function encodeInput(message: InputMessage): Bytes {
  return s.encode(INPUT_MESSAGE_SHAPE, 16384, message);
}
export function decodeInput(raw: Bytes): InputMessage {
  return s.decode(INPUT_MESSAGE_SHAPE, 16384, raw);
}

export function encodeCursor(message: CursorMessage): Bytes {
  return s.encode(CURSOR_MESSAGE_SHAPE, 524288, message);
}
export function decodeCursor(raw: Bytes): CursorMessage {
  return s.decode(CURSOR_MESSAGE_SHAPE, 524288, raw);
}

export function encodeScreen(message: ScreenMessage): Bytes {
  return s.encode(SCREEN_MESSAGE_SHAPE, 8388608, message);
}
export function decodeScreen(raw: Bytes): ScreenMessage {
  return s.decode(SCREEN_MESSAGE_SHAPE, 8388608, raw);
}

export function encodeClipboard(message: ClipboardMessage): Bytes {
  return s.encode(CLIPBOARD_MESSAGE_SHAPE, 1048576, message);
}
export function decodeClipboard(raw: Bytes): ClipboardMessage {
  return s.decode(CLIPBOARD_MESSAGE_SHAPE, 1048576, raw);
}

export function encodeRequest(message: RequestMessage): Bytes {
  return s.encode(REQUEST_MESSAGE_SHAPE, 4094, message);
}
export function decodeRequest(raw: Bytes): RequestMessage {
  return s.decode(REQUEST_MESSAGE_SHAPE, 4094, raw);
}
