/** What is in a file, looked at without trusting it: a text as text, an image only where its size is known and bearable. */

/** The most pixels of an image that is drawn: a small file may claim to be a huge picture. */
const MOST_PIXELS = 50_000_000;

export type Looked =
  | { readonly as: "text"; readonly text: string; readonly whole: boolean }
  | { readonly as: "image"; readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string; readonly width: number; readonly height: number }
  | { readonly as: "nothing"; readonly why: string };

/** Everything that could turn or hide the rest of a text; line ends and tabs may stay. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cs}\p{Co}\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/gu;

/** The bytes as a text; `whole`: these are all of the file's. */
export function lookAtText(bytes: Uint8Array, whole: boolean): Looked {
  const decoded = decode(bytes, whole);
  if (decoded === null) return { as: "nothing", why: "This is no text, and nothing else that is shown here." };
  const text = decoded.replace(/\r\n?/g, "\n").replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
  return { as: "text", text, whole };
}

/** The bytes as an image of this type; its size is read from its head, before any decoder sees it. */
export function lookAtImage(bytes: Uint8Array<ArrayBuffer>, type: string, whole: boolean): Looked {
  if (!whole) return { as: "nothing", why: "The image is too large to be looked at here: fetch it." };
  const found = dimensions(bytes);
  if (found === null) return { as: "nothing", why: "This does not begin as such an image does, so it is not drawn." };
  const [width, height] = found;
  if (width * height > MOST_PIXELS) return { as: "nothing", why: `An image of ${width} × ${height} pixels is too large to be drawn here: fetch it.` };
  return { as: "image", bytes, type, width, height };
}

function decode(bytes: Uint8Array, whole: boolean): string | null {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.includes(0)) return null;
  try {
    // The last character may be cut where the file goes on.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: !whole });
  } catch {
    const odd = bytes.reduce((sum, byte) => sum + (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) ? 1 : 0), 0);
    return odd * 100 > bytes.length ? null : new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Width and height; null if the bytes are of none of the formats. */
export function dimensions(bytes: Uint8Array): readonly [number, number] | null {
  if (bytes.length < 16) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    for (const format of FORMATS) {
      const found = format(view);
      if (found !== null) return found[0] > 0 && found[1] > 0 ? found : null;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // its head goes on beyond its end
  }
  return null;
}

type Format = (view: DataView) => readonly [number, number] | null;

const FORMATS: readonly Format[] = [png, gif, jpeg, webp, bmp, avif, icon];

function ascii(view: DataView, at: number, text: string): boolean {
  return Array.from(text).every((character, n) => view.getUint8(at + n) === character.charCodeAt(0));
}

function png(view: DataView): readonly [number, number] | null {
  return view.getUint32(0) === 0x89504e47 && ascii(view, 12, "IHDR") ? [view.getUint32(16), view.getUint32(20)] : null;
}

function gif(view: DataView): readonly [number, number] | null {
  return ascii(view, 0, "GIF8") ? [view.getUint16(6, true), view.getUint16(8, true)] : null;
}

function bmp(view: DataView): readonly [number, number] | null {
  return ascii(view, 0, "BM") ? [Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true))] : null;
}

/** The frame header, after any number of other segments (ITU T.81, B.2.2). */
function jpeg(view: DataView): readonly [number, number] | null {
  if (view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    const alone = marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    at += alone ? (marker === 0xff ? 1 : 2) : 2 + view.getUint16(at + 2);
  }
}

/** Lossy, lossless or extended (RFC 9649, section 2). */
function webp(view: DataView): readonly [number, number] | null {
  if (!ascii(view, 0, "RIFF") || !ascii(view, 8, "WEBP")) return null;
  if (ascii(view, 12, "VP8X")) return [1 + (view.getUint32(24, true) & 0xffffff), 1 + (view.getUint32(26, true) >>> 8)];
  if (ascii(view, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
  }
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}

/** The largest spatial extents box near the beginning (ISO/IEC 23008-12, 6.5.3). */
function avif(view: DataView): readonly [number, number] | null {
  if (!ascii(view, 4, "ftypavif") && !ascii(view, 4, "ftypavis")) return null;
  let largest: readonly [number, number] | null = null;
  for (let at = 16; at < Math.min(view.byteLength - 16, 65_536); at++) {
    if (view.getUint8(at) !== 0x69 || !ascii(view, at, "ispe")) continue;
    const found = [view.getUint32(at + 8), view.getUint32(at + 12)] as const;
    if (largest === null || found[0] * found[1] > largest[0] * largest[1]) largest = found;
  }
  return largest;
}

/** Several small ones, none beyond 256 a side unless it is a PNG, which says so itself. */
function icon(view: DataView): readonly [number, number] | null {
  if (view.getUint32(0) !== 0x00000100) return null;
  const offset = view.getUint32(18, true);
  const inside = view.getUint32(offset) === 0x89504e47 ? ([view.getUint32(offset + 16), view.getUint32(offset + 20)] as const) : null;
  return inside ?? [view.getUint8(6) || 256, view.getUint8(7) || 256];
}
