/**
 * MessagePack by shape: what a message may hold is said once, by `gen/messages.ts`, and reading refuses all else.
 *
 * Nothing is allocated from a length before it is held against the bound and against what has arrived, and nesting
 * cannot go deeper than the shape does.
 */
import type { Bytes } from "./bytes";
import { MessageError } from "./errors";

/** One value's reading and writing. Both throw MessageError. */
export interface Shape<T> {
  read(from: Reader): T;
  write(value: T, to: Writer): void;
}

/** A cursor over received bytes. */
export class Reader {
  readonly #bytes: Bytes;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether every byte was read. */
  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next byte, not taken. */
  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new MessageError("a message that is cut off");
    return byte;
  }

  /** The next `count` bytes, a view of what arrived. */
  take(count: number): Bytes {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new MessageError("a message that is cut off");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  /** An unsigned big-endian number of 1, 2 or 4 bytes. */
  unsigned(size: 1 | 2 | 4): number {
    const at = this.#skip(size);
    return size === 1 ? this.#view.getUint8(at) : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  integer(): number {
    const type = this.unsigned(1);
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    switch (type) {
      case 0xcc: return this.unsigned(1);
      case 0xcd: return this.unsigned(2);
      case 0xce: return this.unsigned(4);
      case 0xcf: return this.unsigned(4) * 2 ** 32 + this.unsigned(4);
      case 0xd0: return this.#view.getInt8(this.#skip(1));
      case 0xd1: return this.#view.getInt16(this.#skip(2));
      case 0xd2: return this.#view.getInt32(this.#skip(4));
      case 0xd3: return this.#view.getInt32(this.#skip(4)) * 2 ** 32 + this.unsigned(4);
      default: throw new MessageError("no integer where one belongs");
    }
  }

  /** An array's length. */
  array(): number {
    const type = this.unsigned(1);
    if (type >> 4 === 0x9) return type & 0x0f;
    if (type === 0xdc) return this.unsigned(2);
    if (type === 0xdd) return this.unsigned(4);
    throw new MessageError("no array where one belongs");
  }

  /** A string's length in bytes. */
  string(): number {
    const type = this.unsigned(1);
    if (type >> 5 === 0x5) return type & 0x1f;
    return this.#sized(type, 0xd9, "text");
  }

  /** A byte string's length. */
  binary(): number {
    return this.#sized(this.unsigned(1), 0xc4, "bytes");
  }

  #sized(type: number, first: number, what: string): number {
    if (type === first) return this.unsigned(1);
    if (type === first + 1) return this.unsigned(2);
    if (type === first + 2) return this.unsigned(4);
    throw new MessageError(`no ${what} where it belongs`);
  }

  #skip(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw new MessageError("a message that is cut off");
    this.#at = at + count;
    return at;
  }
}

/** Bytes in the making, each value in its shortest form. */
export class Writer {
  #bytes: Bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** What was written since the last call. */
  finish(): Bytes {
    const whole = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return whole;
  }

  /** Forget what was written. */
  reset(): void {
    this.#at = 0;
  }

  byte(value: number): void {
    // Growing changes where the bytes are: first that, then the writing.
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  bytes(part: Uint8Array): void {
    const at = this.#grow(part.length);
    this.#bytes.set(part, at);
  }

  integer(value: number): void {
    if (value >= 0) {
      if (value < 0x80) this.byte(value);
      else if (value <= 0xff) this.#sized(0xcc, 1, value);
      else if (value <= 0xffff) this.#sized(0xcd, 2, value);
      else if (value <= 0xffffffff) this.#sized(0xce, 4, value);
      else this.#long(0xcf, value);
    } else if (value >= -0x20) this.byte(value + 0x100);
    else if (value >= -0x80) this.#sized(0xd0, 1, value + 0x100);
    else if (value >= -0x8000) this.#sized(0xd1, 2, value + 0x10000);
    else if (value >= -0x80000000) this.#sized(0xd2, 4, value + 0x100000000);
    else this.#long(0xd3, value);
  }

  array(length: number): void {
    if (length < 16) this.byte(0x90 | length);
    else if (length <= 0xffff) this.#sized(0xdc, 2, length);
    else this.#sized(0xdd, 4, length);
  }

  string(length: number): void {
    if (length < 32) this.byte(0xa0 | length);
    else this.#length(0xd9, length);
  }

  binary(length: number): void {
    this.#length(0xc4, length);
  }

  #length(first: number, length: number): void {
    if (length <= 0xff) this.#sized(first, 1, length);
    else if (length <= 0xffff) this.#sized(first + 1, 2, length);
    else this.#sized(first + 2, 4, length);
  }

  #sized(type: number, size: 1 | 2 | 4, value: number): void {
    this.byte(type);
    const at = this.#grow(size);
    if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setUint16(at, value);
    else this.#view.setUint32(at, value);
  }

  #long(type: number, value: number): void {
    this.byte(type);
    const at = this.#grow(8);
    this.#view.setInt32(at, Math.floor(value / 2 ** 32) | 0);
    this.#view.setUint32(at + 4, value >>> 0);
  }

  #grow(count: number): number {
    const at = this.#at;
    this.#at = at + count;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A whole number within bounds. */
export function integer(min: number, max: number): Shape<number> {
  const check = (value: number): number => {
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new MessageError(`a number that is not a whole one of ${min} to ${max}`);
    }
    return value;
  };
  return {
    read: (from) => check(from.integer()),
    write: (value, to) => { to.integer(check(value)); },
  };
}

/** Text of at most `max` characters (Unicode code points). */
export function text(max: number): Shape<string> {
  const check = (value: string): string => {
    if (value.length <= max) return value;
    if (value.length > 2 * max || Array.from(value).length > max) throw new MessageError(`text above ${max} characters`);
    return value;
  };
  return {
    read(from) {
      const length = from.string();
      if (length > 4 * max) throw new MessageError(`text above ${max} characters`);
      try {
        return check(decoder.decode(from.take(length)));
      } catch (error) {
        if (error instanceof TypeError) throw new MessageError("text that is not UTF-8");
        throw error;
      }
    },
    write(value, to) {
      if (LONE_SURROGATE.test(check(value))) throw new MessageError("text with half a character");
      const raw = encoder.encode(value);
      to.string(raw.length);
      to.bytes(raw);
    },
  };
}

/** Bytes, `min` to `max` of them; reading gives a view of what arrived. */
export function bytes(min: number, max: number): Shape<Bytes> {
  const check = (length: number): number => {
    if (length < min || length > max) throw new MessageError(`${length} bytes where ${min} to ${max} belong`);
    return length;
  };
  return {
    read: (from) => from.take(check(from.binary())),
    write(value, to) {
      to.binary(check(value.length));
      to.bytes(value);
    },
  };
}

/** true or false. */
export const flag: Shape<boolean> = {
  read(from) {
    const type = from.unsigned(1);
    if (type !== 0xc2 && type !== 0xc3) throw new MessageError("neither true nor false where one belongs");
    return type === 0xc3;
  },
  write: (value, to) => { to.byte(value ? 0xc3 : 0xc2); },
};

/** One of a few values. */
export function oneOf<T extends string | number>(base: Shape<string> | Shape<number>, values: readonly T[]): Shape<T> {
  const known = base as Shape<string | number>;
  const check = (value: string | number): T => {
    const found = values.find((one) => one === value);
    if (found === undefined) throw new MessageError("a value that is none of those known");
    return found;
  };
  return {
    read: (from) => check(known.read(from)),
    write: (value, to) => { known.write(check(value), to); },
  };
}

/** Several values of one shape, `min` to `max` of them. */
export function list<T>(item: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  const check = (length: number): number => {
    if (length < min || length > max) throw new MessageError(`${length} values where ${min} to ${max} belong`);
    return length;
  };
  return {
    read(from) {
      const values: T[] = [];
      for (let left = check(from.array()); left > 0; left -= 1) values.push(item.read(from));
      return values;
    },
    write(values, to) {
      to.array(check(values.length));
      for (const value of values) item.write(value, to);
    },
  };
}

/** A value or null. */
export function optional<T>(shape: Shape<T>): Shape<T | null> {
  return {
    read(from) {
      if (from.peek() !== 0xc0) return shape.read(from);
      from.take(1);
      return null;
    },
    write(value, to) {
      if (value === null) to.byte(0xc0);
      else shape.write(value, to);
    },
  };
}

/** The fields of an object of type `T` in the order of the wire. */
export type Fields<T> = readonly { readonly [K in keyof T]: readonly [name: K, shape: Shape<T[K]>] }[keyof T][];

function readFields<T extends object>(fields: Fields<T>, start: Partial<T>, from: Reader): T {
  for (const [name, shape] of fields) start[name] = shape.read(from);
  return start as T;
}

function writeFields<T extends object>(fields: Fields<T>, value: T, to: Writer): void {
  for (const [name, shape] of fields) shape.write(value[name], to);
}

/** An object without a tag: an array of its fields. */
export function struct<T extends object>(fields: Fields<T>): Shape<T> {
  return {
    read(from) {
      if (from.array() !== fields.length) throw new MessageError("fields missing or too many");
      return readFields(fields, {}, from);
    },
    write(value, to) {
      to.array(fields.length);
      writeFields(fields, value, to);
    },
  };
}

/** What is known of one member of a union: its tag on the wire, its `type` in the program, its fields. */
export interface Variant {
  readonly tag: number;
  readonly type: string;
  readonly fields: readonly (readonly [string, Shape<unknown>])[];
}

/** A member of a union; the compiler holds the fields to the type. */
export function variant<T extends { readonly type: string }>(
  tag: number, type: T["type"], fields: Fields<Omit<T, "type">>,
): Variant {
  return { tag, type, fields: fields as unknown as Variant["fields"] };
}

/** One of several objects, told apart by their tags: `[tag, field, …]`. */
export function union<T extends { readonly type: string }>(...variants: readonly Variant[]): Shape<T> {
  const byTag = new Map(variants.map((one) => [one.tag, one]));
  const byType = new Map(variants.map((one) => [one.type, one]));
  return {
    read(from) {
      const length = from.array();
      const one = length > 0 ? byTag.get(from.integer()) : undefined;
      if (!one) throw new MessageError("a message of unknown tag");
      if (length !== 1 + one.fields.length) throw new MessageError(`${one.type} with fields missing or too many`);
      return readFields<Record<string, unknown>>(one.fields, { type: one.type }, from) as unknown as T;
    },
    write(value, to) {
      const one = byType.get(value.type);
      if (!one) throw new MessageError(`${value.type} does not belong on this channel`);
      to.array(1 + one.fields.length);
      to.integer(one.tag);
      writeFields<Record<string, unknown>>(one.fields, value, to);
    },
  };
}

const writer = new Writer();

/** The bytes of one message. Throws MessageError where its shape or `most` does not allow it. */
export function encode<T>(shape: Shape<T>, most: number, value: T): Bytes {
  writer.reset();
  shape.write(value, writer);
  const whole = writer.finish();
  if (whole.length > most) throw new MessageError(`a message of ${whole.length} bytes, the channel carries ${most}`);
  return whole;
}

/** The one message that `raw` is. Throws MessageError. */
export function decode<T>(shape: Shape<T>, most: number, raw: Bytes): T {
  if (raw.length > most) throw new MessageError(`a message of ${raw.length} bytes, the channel carries ${most}`);
  const from = new Reader(raw);
  if (from.peek() >> 4 !== 0x9) throw new MessageError("a message that is no short array");
  const value = shape.read(from);
  if (!from.done) throw new MessageError("bytes after a message");
  return value;
}
