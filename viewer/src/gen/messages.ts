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

/** What a name stands for. */
export const ENTRY_KINDS = [1, 2, 3, 4] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** One name in a folder; `path` is relative to the folder that was listed, `target` a link's. */
export interface Entry {
  readonly path: Bytes;
  readonly kind: EntryKind;
  readonly size: number;
  readonly mtime: number;
  readonly mode: number;
  readonly target: Bytes;
}

/**
 * From a host: files that were copied there; both empty: they are no longer.
 *
 * Each `path` is whole, as a viewer asks for it; `left_out`: so many more are in no folder that is open for
 * reading, cannot be read, or are too many.
 */
export interface ClipFiles {
  readonly type: "ClipFiles";
  readonly files: readonly Entry[];
  readonly leftOut: number;
}

/**
 * From a viewer: put these files of the host into its clipboard, for its programs; answered by FilesOffered.
 *
 * What a newer ClipText or OfferFiles overtakes is not answered.
 */
export interface OfferFiles {
  readonly type: "OfferFiles";
  readonly paths: readonly Bytes[];
}

/** From a host: so many are in its clipboard now, and so many are not; none of them: it is as it was. */
export interface FilesOffered {
  readonly type: "FilesOffered";
  readonly offered: number;
  readonly leftOut: number;
}

export type ClipboardMessage = ClipText | ClipFiles | OfferFiles | FilesOffered;

/** Ask for the folders that are open; answered by RootList. */
export interface Roots {
  readonly type: "Roots";
  readonly id: number;
}

/**
 * Ask for a name itself (`depth` 0), a folder's names (1), or its whole tree (255); answered by Entries.
 *
 * A tree comes in order: a folder before what is in it. Links are not followed, but for `path` itself if `follow`.
 */
export interface List {
  readonly type: "List";
  readonly id: number;
  readonly path: Bytes;
  readonly depth: number;
  readonly follow: boolean;
}

/**
 * Read a file: Opened, then its pieces, then Finish.
 *
 * From `offset`, if the digest of so many bytes is `prefix`; otherwise, and Opened says so, from the beginning.
 * With `basis` the viewer sends Signature of an older file that it has, and Reuse may refer to it.
 */
export interface Get {
  readonly type: "Get";
  readonly id: number;
  readonly path: Bytes;
  readonly offset: number;
  readonly prefix: Bytes;
  readonly basis: boolean;
}

/** Read small files of one folder; answered by Bundle, in order. A larger one comes with the fault TOO_LARGE. */
export interface GetMany {
  readonly type: "GetMany";
  readonly id: number;
  readonly folder: Bytes;
  readonly names: readonly Bytes[];
}

/** Ask for a file's digest; answered by Measured. */
export interface Measure {
  readonly type: "Measure";
  readonly id: number;
  readonly path: Bytes;
}

/** Ask how much room is where this path lies; answered by Free. */
export interface Space {
  readonly type: "Space";
  readonly id: number;
  readonly path: Bytes;
}

/** Pause what is being read, or go on. */
export interface Hold {
  readonly type: "Hold";
  readonly id: number;
  readonly on: boolean;
}

/** Give up an operation; answered by Failed with STOPPED, unless its last answer is under way. */
export interface StopReading {
  readonly type: "StopReading";
  readonly id: number;
}

/** An extended attribute. */
export interface Attribute {
  readonly name: Bytes;
  readonly value: Bytes;
}

/** What goes with a file's content; `mode` is the nine permission bits. */
export interface Meta {
  readonly mode: number;
  readonly mtime: number;
  readonly attributes: readonly Attribute[];
}

/** What to do where the name is taken already. */
export const CONFLICTS = [1, 2, 3, 4] as const;
export type Conflict = (typeof CONFLICTS)[number];

/**
 * Write a file; answered by Ready. The folder must be there.
 *
 * `key` names this version of this source, so that what was received of it before a cut line is found again. With
 * `basis` an older file under the same name may serve, if the viewer has files-read: Signature follows Ready.
 */
export interface Put {
  readonly type: "Put";
  readonly id: number;
  readonly path: Bytes;
  readonly size: number;
  readonly meta: Meta;
  readonly conflict: Conflict;
  readonly key: Bytes;
  readonly basis: boolean;
}

/** The first piece follows, for this offset: Ready's, if the prefix is the source's too, otherwise 0. */
export interface Begin {
  readonly type: "Begin";
  readonly id: number;
  readonly offset: number;
}

/** A whole file, folder or link. `fault` is 0, or why a reader got nothing; `packed`: zstd. */
export interface SmallFile {
  readonly path: Bytes;
  readonly kind: EntryKind;
  readonly meta: Meta;
  readonly packed: boolean;
  readonly data: Bytes;
  readonly digest: Bytes;
  readonly fault: number;
}

/** Write small files, folders and links beneath a folder, in order; answered by Results. */
export interface PutMany {
  readonly type: "PutMany";
  readonly id: number;
  readonly folder: Bytes;
  readonly conflict: Conflict;
  readonly files: readonly SmallFile[];
}

/** Make a folder (with `parents`: and those above it, and it may be there), or a link to `target`. */
export interface Make {
  readonly type: "Make";
  readonly id: number;
  readonly path: Bytes;
  readonly kind: EntryKind;
  readonly target: Bytes;
  readonly mode: number;
  readonly parents: boolean;
}

/** Give a name another, also in another folder. */
export interface Rename {
  readonly type: "Rename";
  readonly id: number;
  readonly path: Bytes;
  readonly to: Bytes;
  readonly conflict: Conflict;
}

/** Take a name away: to the trash, or for good; a folder that is not empty only with `recursive`. */
export interface Delete {
  readonly type: "Delete";
  readonly id: number;
  readonly path: Bytes;
  readonly recursive: boolean;
  readonly trash: boolean;
}

/** Set a name's permissions, time and attributes. */
export interface Alter {
  readonly type: "Alter";
  readonly id: number;
  readonly path: Bytes;
  readonly meta: Meta;
}

/** Give up an operation; what was received of a file stays to go on from, unless `drop`. */
export interface StopWriting {
  readonly type: "StopWriting";
  readonly id: number;
  readonly drop: boolean;
}

/** The next bytes; `packed`: as one zstd frame of at most PIECE bytes of content. */
export interface Data {
  readonly type: "Data";
  readonly id: number;
  readonly packed: boolean;
  readonly data: Bytes;
}

/** The next bytes are these of the older file. */
export interface Reuse {
  readonly type: "Reuse";
  readonly id: number;
  readonly offset: number;
  readonly length: number;
}

/** The next bytes are zeros: a hole, where the receiver's system has such. */
export interface Zeros {
  readonly type: "Zeros";
  readonly id: number;
  readonly length: number;
}

/** That was all of it; the whole file's size and digest. From a host it is a reading's last message. */
export interface Finish {
  readonly type: "Finish";
  readonly id: number;
  readonly size: number;
  readonly digest: Bytes;
}

/**
 * Blocks of an older file, in order: of each the rolling checksum and `strong` bytes of its XXH3 with `seed`.
 *
 * `size` is that of the older file and, as all but `data` and `last`, the same in all of them. The last block
 * may be shorter than `block`.
 */
export interface Signature {
  readonly type: "Signature";
  readonly id: number;
  readonly size: number;
  readonly block: number;
  readonly strong: number;
  readonly seed: number;
  readonly data: Bytes;
  readonly last: boolean;
}

/** A folder that the host's owner has opened. */
export interface Root {
  readonly path: Bytes;
  readonly name: string;
  readonly writable: boolean;
}

/** The folders that are open, the one that relative paths begin at first. The last answer. */
export interface RootList {
  readonly type: "RootList";
  readonly id: number;
  readonly roots: readonly Root[];
}

/** Names; `last`: the last answer. `skipped` names in this message could not be read. */
export interface Entries {
  readonly type: "Entries";
  readonly id: number;
  readonly entries: readonly Entry[];
  readonly skipped: number;
  readonly last: boolean;
}

/** A file's content follows from `offset`. */
export interface Opened {
  readonly type: "Opened";
  readonly id: number;
  readonly size: number;
  readonly meta: Meta;
  readonly offset: number;
}

/** Small files; `last`: the last answer. */
export interface Bundle {
  readonly type: "Bundle";
  readonly id: number;
  readonly files: readonly SmallFile[];
  readonly last: boolean;
}

/** A file's size and digest. The last answer. */
export interface Measured {
  readonly type: "Measured";
  readonly id: number;
  readonly size: number;
  readonly digest: Bytes;
}

/** Bytes that are free and bytes in all. The last answer. */
export interface Free {
  readonly type: "Free";
  readonly id: number;
  readonly free: number;
  readonly total: number;
}

/** A file may be written: from `offset`, if its first bytes have the digest `prefix`; `basis`: with it. */
export interface Ready {
  readonly type: "Ready";
  readonly id: number;
  readonly offset: number;
  readonly prefix: Bytes;
  readonly basis: boolean;
}

/** What a host is doing with a file for longer than a moment. */
export const STEPS = [1, 2, 3] as const;
export type Step = (typeof STEPS)[number];

/** The host is busy with this, `done` bytes of `total`. */
export interface Working {
  readonly type: "Working";
  readonly id: number;
  readonly step: Step;
  readonly done: number;
  readonly total: number;
}

/** How one of many went: `fault` 0 is well. */
export interface Result {
  readonly fault: number;
  readonly text: string;
}

/** How each of PutMany's went, in order. The last answer. */
export interface Results {
  readonly type: "Results";
  readonly id: number;
  readonly results: readonly Result[];
}

/** It is done, and `path` is what the file is called now. The last answer. */
export interface Done {
  readonly type: "Done";
  readonly id: number;
  readonly path: Bytes;
}

/** Why an operation failed; what was received of a file is kept to go on from, unless it says otherwise. */
export const FILE_FAULTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20] as const;
export type FileFault = (typeof FILE_FAULTS)[number];

/** It is not done. The last answer. `text` is for people. */
export interface Failed {
  readonly type: "Failed";
  readonly id: number;
  readonly fault: FileFault;
  readonly text: string;
}

export type FilesMessage =
  | Roots
  | List
  | Get
  | GetMany
  | Measure
  | Space
  | Hold
  | StopReading
  | Put
  | Begin
  | PutMany
  | Make
  | Rename
  | Delete
  | Alter
  | StopWriting
  | Data
  | Reuse
  | Zeros
  | Finish
  | Signature
  | RootList
  | Entries
  | Opened
  | Bundle
  | Measured
  | Free
  | Ready
  | Working
  | Results
  | Done
  | Failed;

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
  [Channel.FILES]: FilesMessage;
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
const ENTRY_KIND_SHAPE = s.oneOf(s.integer(0, 4), ENTRY_KINDS);
const ENTRY_SHAPE = s.struct<Entry>([
  ["path", s.bytes(0, 4096)],
  ["kind", ENTRY_KIND_SHAPE],
  ["size", s.integer(0, 9007199254740991)],
  ["mtime", s.integer(-9007199254740991, 9007199254740991)],
  ["mode", s.integer(0, 65535)],
  ["target", s.bytes(0, 4096)],
]);
const CLIPBOARD_MESSAGE_SHAPE = s.union<ClipboardMessage>(
  s.variant<ClipText>(1, "ClipText", [
    ["text", s.text(250000)],
  ]),
  s.variant<ClipFiles>(2, "ClipFiles", [
    ["files", s.list(ENTRY_SHAPE, 0, 4096)],
    ["leftOut", s.integer(0, 4294967295)],
  ]),
  s.variant<OfferFiles>(3, "OfferFiles", [
    ["paths", s.list(s.bytes(0, 4096), 0, 4096)],
  ]),
  s.variant<FilesOffered>(4, "FilesOffered", [
    ["offered", s.integer(0, 4294967295)],
    ["leftOut", s.integer(0, 4294967295)],
  ]),
);
const ATTRIBUTE_SHAPE = s.struct<Attribute>([
  ["name", s.bytes(1, 255)],
  ["value", s.bytes(0, 4096)],
]);
const META_SHAPE = s.struct<Meta>([
  ["mode", s.integer(0, 65535)],
  ["mtime", s.integer(-9007199254740991, 9007199254740991)],
  ["attributes", s.list(ATTRIBUTE_SHAPE, 0, 16)],
]);
const CONFLICT_SHAPE = s.oneOf(s.integer(0, 4), CONFLICTS);
const SMALL_FILE_SHAPE = s.struct<SmallFile>([
  ["path", s.bytes(0, 4096)],
  ["kind", ENTRY_KIND_SHAPE],
  ["meta", META_SHAPE],
  ["packed", s.flag],
  ["data", s.bytes(0, 66560)],
  ["digest", s.bytes(0, 32)],
  ["fault", s.integer(0, 255)],
]);
const ROOT_SHAPE = s.struct<Root>([
  ["path", s.bytes(0, 4096)],
  ["name", s.text(255)],
  ["writable", s.flag],
]);
const STEP_SHAPE = s.oneOf(s.integer(0, 3), STEPS);
const RESULT_SHAPE = s.struct<Result>([
  ["fault", s.integer(0, 255)],
  ["text", s.text(1000)],
]);
const FILE_FAULT_SHAPE = s.oneOf(s.integer(0, 20), FILE_FAULTS);
const FILES_MESSAGE_SHAPE = s.union<FilesMessage>(
  s.variant<Roots>(1, "Roots", [
    ["id", s.integer(0, 4294967295)],
  ]),
  s.variant<List>(2, "List", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["depth", s.integer(0, 255)],
    ["follow", s.flag],
  ]),
  s.variant<Get>(3, "Get", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["offset", s.integer(0, 9007199254740991)],
    ["prefix", s.bytes(0, 32)],
    ["basis", s.flag],
  ]),
  s.variant<GetMany>(4, "GetMany", [
    ["id", s.integer(0, 4294967295)],
    ["folder", s.bytes(0, 4096)],
    ["names", s.list(s.bytes(0, 4096), 0, 4096)],
  ]),
  s.variant<Measure>(5, "Measure", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
  ]),
  s.variant<Space>(6, "Space", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
  ]),
  s.variant<Hold>(7, "Hold", [
    ["id", s.integer(0, 4294967295)],
    ["on", s.flag],
  ]),
  s.variant<StopReading>(8, "StopReading", [
    ["id", s.integer(0, 4294967295)],
  ]),
  s.variant<Put>(16, "Put", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["size", s.integer(0, 9007199254740991)],
    ["meta", META_SHAPE],
    ["conflict", CONFLICT_SHAPE],
    ["key", s.bytes(16, 16)],
    ["basis", s.flag],
  ]),
  s.variant<Begin>(17, "Begin", [
    ["id", s.integer(0, 4294967295)],
    ["offset", s.integer(0, 9007199254740991)],
  ]),
  s.variant<PutMany>(18, "PutMany", [
    ["id", s.integer(0, 4294967295)],
    ["folder", s.bytes(0, 4096)],
    ["conflict", CONFLICT_SHAPE],
    ["files", s.list(SMALL_FILE_SHAPE, 0, 4096)],
  ]),
  s.variant<Make>(19, "Make", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["kind", ENTRY_KIND_SHAPE],
    ["target", s.bytes(0, 4096)],
    ["mode", s.integer(0, 65535)],
    ["parents", s.flag],
  ]),
  s.variant<Rename>(20, "Rename", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["to", s.bytes(0, 4096)],
    ["conflict", CONFLICT_SHAPE],
  ]),
  s.variant<Delete>(21, "Delete", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["recursive", s.flag],
    ["trash", s.flag],
  ]),
  s.variant<Alter>(22, "Alter", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
    ["meta", META_SHAPE],
  ]),
  s.variant<StopWriting>(23, "StopWriting", [
    ["id", s.integer(0, 4294967295)],
    ["drop", s.flag],
  ]),
  s.variant<Data>(32, "Data", [
    ["id", s.integer(0, 4294967295)],
    ["packed", s.flag],
    ["data", s.bytes(0, 261888)],
  ]),
  s.variant<Reuse>(33, "Reuse", [
    ["id", s.integer(0, 4294967295)],
    ["offset", s.integer(0, 9007199254740991)],
    ["length", s.integer(0, 9007199254740991)],
  ]),
  s.variant<Zeros>(34, "Zeros", [
    ["id", s.integer(0, 4294967295)],
    ["length", s.integer(0, 9007199254740991)],
  ]),
  s.variant<Finish>(35, "Finish", [
    ["id", s.integer(0, 4294967295)],
    ["size", s.integer(0, 9007199254740991)],
    ["digest", s.bytes(32, 32)],
  ]),
  s.variant<Signature>(36, "Signature", [
    ["id", s.integer(0, 4294967295)],
    ["size", s.integer(0, 9007199254740991)],
    ["block", s.integer(0, 4294967295)],
    ["strong", s.integer(0, 255)],
    ["seed", s.integer(0, 9007199254740991)],
    ["data", s.bytes(0, 261888)],
    ["last", s.flag],
  ]),
  s.variant<RootList>(48, "RootList", [
    ["id", s.integer(0, 4294967295)],
    ["roots", s.list(ROOT_SHAPE, 0, 256)],
  ]),
  s.variant<Entries>(49, "Entries", [
    ["id", s.integer(0, 4294967295)],
    ["entries", s.list(ENTRY_SHAPE, 0, 4096)],
    ["skipped", s.integer(0, 4294967295)],
    ["last", s.flag],
  ]),
  s.variant<Opened>(50, "Opened", [
    ["id", s.integer(0, 4294967295)],
    ["size", s.integer(0, 9007199254740991)],
    ["meta", META_SHAPE],
    ["offset", s.integer(0, 9007199254740991)],
  ]),
  s.variant<Bundle>(51, "Bundle", [
    ["id", s.integer(0, 4294967295)],
    ["files", s.list(SMALL_FILE_SHAPE, 0, 4096)],
    ["last", s.flag],
  ]),
  s.variant<Measured>(52, "Measured", [
    ["id", s.integer(0, 4294967295)],
    ["size", s.integer(0, 9007199254740991)],
    ["digest", s.bytes(32, 32)],
  ]),
  s.variant<Free>(53, "Free", [
    ["id", s.integer(0, 4294967295)],
    ["free", s.integer(0, 9007199254740991)],
    ["total", s.integer(0, 9007199254740991)],
  ]),
  s.variant<Ready>(54, "Ready", [
    ["id", s.integer(0, 4294967295)],
    ["offset", s.integer(0, 9007199254740991)],
    ["prefix", s.bytes(0, 32)],
    ["basis", s.flag],
  ]),
  s.variant<Working>(55, "Working", [
    ["id", s.integer(0, 4294967295)],
    ["step", STEP_SHAPE],
    ["done", s.integer(0, 9007199254740991)],
    ["total", s.integer(0, 9007199254740991)],
  ]),
  s.variant<Results>(56, "Results", [
    ["id", s.integer(0, 4294967295)],
    ["results", s.list(RESULT_SHAPE, 0, 4096)],
  ]),
  s.variant<Done>(57, "Done", [
    ["id", s.integer(0, 4294967295)],
    ["path", s.bytes(0, 4096)],
  ]),
  s.variant<Failed>(58, "Failed", [
    ["id", s.integer(0, 4294967295)],
    ["fault", FILE_FAULT_SHAPE],
    ["text", s.text(1000)],
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
  [Channel.FILES, [FILES_MESSAGE_SHAPE, 262144]],
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

export function encodeFiles(message: FilesMessage): Bytes {
  return s.encode(FILES_MESSAGE_SHAPE, 262144, message);
}
export function decodeFiles(raw: Bytes): FilesMessage {
  return s.decode(FILES_MESSAGE_SHAPE, 262144, raw);
}

export function encodeRequest(message: RequestMessage): Bytes {
  return s.encode(REQUEST_MESSAGE_SHAPE, 4094, message);
}
export function decodeRequest(raw: Bytes): RequestMessage {
  return s.decode(REQUEST_MESSAGE_SHAPE, 4094, raw);
}
