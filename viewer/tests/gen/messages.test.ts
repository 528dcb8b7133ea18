import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { type Channel, decode, encode, type Message } from "../../src/gen/messages";
import type { Bytes } from "../../src/protocol/bytes";
import { MessageError } from "../../src/protocol/errors";

interface Good { channel: Channel; bytes: string; message: unknown }
interface Broken { channel: Channel; bytes: string; why: string }
const path = new URL("../../../spec/vectors/messages.json", import.meta.url);
const vectors = JSON.parse(readFileSync(path, "utf8")) as { messages: Good[]; broken: Broken[] };

function unhex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** A message as the vectors write it: snake_case names, byte strings as {hex}. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [snake(name), plain(field)]));
}

describe("messages", () => {
  for (const vector of vectors.messages) {
    const { type } = vector.message as { type: string };
    it(`${type} both ways`, () => {
      const message = decode(vector.channel, unhex(vector.bytes));
      expect(plain(message)).toEqual(vector.message);
      const again = encode(vector.channel as 2, message as Message & { type: "Ping" });
      expect(Buffer.from(again).toString("hex")).toBe(vector.bytes);
    });
  }

  for (const vector of vectors.broken) {
    it(`refuses ${vector.why} (channel ${vector.channel})`, () => {
      expect(() => decode(vector.channel, unhex(vector.bytes))).toThrow(MessageError);
    });
  }

  it("refuses to write what the other end would refuse", () => {
    const ping = (token: number) => () => encode(2, { type: "Ping", token });
    expect(ping(7)).not.toThrow();
    for (const token of [-1, 1.5, NaN, 2 ** 32]) expect(ping(token)).toThrow(MessageError);
    expect(() => encode(7, { type: "ClipText", text: "\ud800" })).toThrow(MessageError);
    expect(() => encode(7, { type: "ClipText", text: "x".repeat(250_001) })).toThrow(MessageError);
    expect(encode(7, { type: "ClipText", text: "\u{1f600}".repeat(250_000) }).length).toBe(1_000_007);
  });
});
