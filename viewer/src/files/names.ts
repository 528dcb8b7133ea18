/** Names on the host: bytes there, strings that lose nothing here, escapes on the screen, and harmless on this disk. */
import type { Bytes } from "../protocol/bytes";
import type { HostPath } from "./api";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
/** A byte that is not UTF-8 is this much above itself (Python's surrogateescape). */
const ESCAPE = 0xdc00;
const ESCAPED = /\p{Cs}/u;
/** What may not be shown: controls, directions, halves of characters, other people's private ones. The joiners may. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Co}\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/gu;
/** What some system refuses in a name, or takes for something else. */
const UNKEPT = /[/\\:*?"<>|]/g;
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?=\.|\s|$)/i;
/** Of a name that is kept here, in UTF-8; numbers for copies still fit behind it. */
const LONGEST = 200;
const MOST_PATH = 4096;

/** The string of a path's bytes. */
export function fromHost(bytes: Uint8Array): HostPath {
  try {
    return STRICT.decode(bytes);
  } catch {
    return loose(bytes);
  }
}

/** The bytes of a path. Throws RangeError where the host could not take it: too long, or half a character in it. */
export function toHost(path: HostPath): Bytes {
  const bytes = ESCAPED.test(path) ? escaped(path) : ENCODER.encode(path);
  if (bytes.length > MOST_PATH) throw new RangeError(`a path of ${bytes.length} bytes`);
  return bytes;
}

/** `text` with everything that could rearrange or hide something as a visible escape. */
export function showable(text: string): string {
  return text.replace(UNSHOWABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) return `\\x${(code - ESCAPE).toString(16)}`;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
    return `\\u{${code.toString(16)}}`;
  });
}

/** The path of `name` in `folder`. */
export function join(folder: HostPath, name: HostPath): HostPath {
  if (folder === "" || name === "") return folder + name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** The last part; of the root, the root. */
export function lastPart(path: HostPath): HostPath {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.at(-1) ?? path;
}

/** The folder that a path is in. */
export function parent(path: HostPath): HostPath {
  const end = path.replace(/\/+$/, "").lastIndexOf("/");
  return end < 0 ? "" : end === 0 ? "/" : path.slice(0, end);
}

/** Whether a host may name something in a folder so: one part, or `null` for parts that lead nowhere else. */
export function innerParts(path: HostPath): readonly HostPath[] | null {
  const parts = path.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0"));
  return bad ? null : parts;
}

/** A name for this side's disk, whatever the host calls it: never a path, a device, or something else than it looks. */
export function localName(name: HostPath): string {
  const plain = name.normalize("NFC").replace(UNSHOWABLE, "_").replace(UNKEPT, "_").replace(/[. ]+$/, "").trimStart();
  const kept = shorten(plain === "" || /^\.+$/.test(plain) ? "_" : plain);
  return DEVICE.test(kept) ? `_${kept}` : kept;
}

/** `name (2).txt` for `name.txt`. */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  const at = dot > 0 ? dot : name.length;
  return `${name.slice(0, at)} (${number})${name.slice(at)}`;
}

/** Not longer than a disk takes, with its ending kept. */
function shorten(name: string): string {
  if (ENCODER.encode(name).length <= LONGEST) return name;
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : "";
  const characters = Array.from(name.slice(0, name.length - ending.length));
  let length = ENCODER.encode(ending).length;
  let kept = "";
  for (const character of characters) {
    length += ENCODER.encode(character).length;
    if (length > LONGEST) break;
    kept += character;
  }
  return kept + ending;
}

function loose(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = characterAt(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(ESCAPE + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += STRICT.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** How many bytes the character at `at` has; 0: it is none. */
function characterAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    STRICT.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

function escaped(path: string): Bytes {
  const out: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) out.push(code - ESCAPE);
    else if (code >= 0xd800 && code <= 0xdfff) throw new RangeError("half a character in a path");
    else out.push(...ENCODER.encode(character));
  }
  return Uint8Array.from(out);
}
