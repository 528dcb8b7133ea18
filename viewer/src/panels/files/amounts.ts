/** Sizes, speeds and times as people read them. */

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Bytes, in three digits: `812 B`, `4.1 kB`, `36 MB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? ""}`;
}

/** The same with every byte: `4,096 bytes`. */
export function exact(bytes: number): string {
  return `${bytes.toLocaleString("en")} ${bytes === 1 ? "byte" : "bytes"}`;
}

/** Bytes a second. */
export function speed(rate: number): string {
  return `${size(rate)}/s`;
}

/** Time left, no finer than it can be known: `8 s`, `4 min`, `2 h 10 min`; empty if nobody can tell. */
export function span(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

const TODAY = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const THIS_YEAR = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const EVER = new Intl.DateTimeFormat([], { day: "numeric", month: "short", year: "numeric" });
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });
const SECONDS = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });
const DAY_MS = 86_400_000;
/** Years beyond these are damage rather than dates, and formatters refuse some of them. */
const EARLIEST = -6e13;
const LATEST = 6e13;

/** When, as short as it can be told from others; `now` in milliseconds since the epoch as `time`. */
export function when(time: number, now: number): string {
  if (!(time > EARLIEST && time < LATEST)) return "–";
  const [date, today] = [new Date(time), new Date(now)];
  if (Math.abs(now - time) < DAY_MS && date.getDate() === today.getDate()) return TODAY.format(time);
  return (date.getFullYear() === today.getFullYear() ? THIS_YEAR : EVER).format(time);
}

/** As exactly as two files of the same day are told apart. */
export function whenInSeconds(time: number): string {
  return time > EARLIEST && time < LATEST ? SECONDS.format(time) : "unknown";
}

export function whenExactly(time: number): string {
  return time > EARLIEST && time < LATEST ? FULL.format(time) : "unknown";
}

/** `1 file`, `1,204 files`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
