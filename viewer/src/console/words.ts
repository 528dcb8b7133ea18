/** Numbers, times and names as people say them. */
import { plain } from "../panels/plain";

/** A name that a person or a computer gave: on one line, without what could turn or hide the text around it. */
export function named(text: string | null | undefined, otherwise = "unnamed"): string {
  const name = plain(text ?? "", 80);
  return name === "" ? otherwise : name;
}

/** Longer text of theirs, such as a reason. */
export function said(text: string | null | undefined, longest = 400): string {
  return plain(text ?? "", longest);
}

const LIST = new Intl.ListFormat("en-GB", { type: "conjunction" });
const EITHER = new Intl.ListFormat("en-GB", { type: "disjunction" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });
const STAMP = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

export function and(words: readonly string[]): string {
  return LIST.format(words);
}

export function or(words: readonly string[]): string {
  return EITHER.format(words);
}

/** Its first letter as one that begins a sentence. */
export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** `1 computer`, `2 computers`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
}

/** How long ago `at` was, in Unix milliseconds. */
export function ago(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 90 * 60) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 22 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 6.5 * 86400) return DAY.format(at);
  return DATE.format(at);
}

/** How long it is until `at`, in Unix milliseconds. */
export function until(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (seconds <= 0) return "over";
  if (seconds < 90) return `in ${Math.ceil(seconds)} s`;
  if (seconds < 90 * 60) return `in ${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `in ${Math.round(seconds / 3600)} h`;
  return `on ${DATE.format(at)}`;
}

/** Day and time, to the second. */
export function stamp(at: number): string {
  return STAMP.format(at);
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Bytes in the decimal units that disks are sold in. */
export function bytes(number: number): string {
  let value = Math.max(0, number);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}

/** A span as people set one: `45 s`, `5 min`, `2 h`. */
export function span(seconds: number): string {
  if (seconds % 3600 === 0 && seconds > 0) return `${seconds / 3600} h`;
  if (seconds % 60 === 0 && seconds > 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

/** Minutes of a day as a clock shows them. */
export function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The minutes of a clock's `HH:MM`; NaN for anything else. */
export function minutesOf(text: string): number {
  const found = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  if (!found) return Number.NaN;
  const [hours, minutes] = [Number(found[1]), Number(found[2])];
  const all = hours * 60 + minutes;
  return minutes < 60 && all <= 24 * 60 ? all : Number.NaN;
}
