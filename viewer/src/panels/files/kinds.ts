/** What a name's ending says of a file: a word for it, a drawing, and whether it can be looked at here. */

/** The families that have a drawing of their own. */
export type Family = "folder" | "link" | "other" | "text" | "image" | "film" | "sound" | "archive" | "document" | "program" | "file";

interface Ending {
  readonly word: string;
  readonly family: Family;
}

/** Words by ending; those that belong together share a line. */
const WORDS: readonly (readonly [endings: string, word: string, family: Family])[] = [
  ["txt text log nfo", "Text", "text"],
  ["md markdown rst adoc", "Text with marks", "text"],
  ["csv tsv", "Table", "text"],
  ["json jsonl yaml yml toml ini cfg conf env properties xml lock", "Settings", "text"],
  ["py js mjs ts tsx jsx c h cc cpp hpp rs go java kt swift rb php pl lua sh bash zsh fish ps1 bat cmd sql r jl hs ml css scss less vue gradle cmake diff patch", "Source text", "text"],
  ["html htm xhtml mhtml", "Web page", "text"],
  ["png jpg jpeg gif webp avif bmp ico", "Image", "image"],
  ["svg tif tiff heic heif psd xcf raw cr2 nef dng jxl", "Image", "image"],
  ["mp4 mkv webm mov avi m4v mpg mpeg wmv", "Film", "film"],
  ["mp3 wav flac ogg opus m4a aac wma aiff", "Sound", "sound"],
  ["zip tar gz tgz bz2 xz zst 7z rar lz4 cab iso img dmg", "Archive", "archive"],
  ["pdf", "PDF", "document"],
  ["doc docx odt rtf pages", "Document", "document"],
  ["xls xlsx ods numbers", "Spreadsheet", "document"],
  ["ppt pptx odp key", "Slides", "document"],
  ["exe msi deb rpm appimage apk jar bin so dll", "Program", "program"],
];

const ENDINGS: ReadonlyMap<string, Ending> = new Map(
  WORDS.flatMap(([endings, word, family]) => endings.split(" ").map((ending) => [ending, { word, family }] as const)),
);

const OWN = { folder: "Folder", link: "Link", other: "Special" } as const;

/** The word for a kind: `Folder`, `Image`, `QXD file`. */
export function kindOf(kind: "file" | "folder" | "link" | "other", ending: string): string {
  if (kind !== "file") return OWN[kind];
  const known = ENDINGS.get(ending);
  if (known !== undefined) return known.word;
  return /^[a-z0-9]{1,6}$/.test(ending) ? `${ending.toUpperCase()} file` : "File";
}

/** Which drawing stands before the name. */
export function familyOf(kind: "file" | "folder" | "link" | "other", ending: string): Family {
  return kind === "file" ? (ENDINGS.get(ending)?.family ?? "file") : kind;
}

/** Images that browsers draw without running or fetching anything; a drawing in SVG is a document, and is shown as its text. */
const IMAGES: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["avif", "image/avif"],
  ["bmp", "image/bmp"],
  ["ico", "image/x-icon"],
]);

/** The most of a file that is fetched to be looked at, in bytes. */
export const LOOK_TEXT = 256 * 1024;
export const LOOK_IMAGE = 4 * 1024 * 1024;

export type Look = { readonly as: "image"; readonly type: string } | { readonly as: "text" };

/** How a file can be looked at; what has an ending that nobody knows is tried as a text. */
export function lookOf(ending: string): Look | null {
  const type = IMAGES.get(ending);
  if (type !== undefined) return { as: "image", type };
  if (ending === "svg") return { as: "text" };
  const known = ENDINGS.get(ending);
  return known === undefined || known.family === "text" ? { as: "text" } : null;
}
