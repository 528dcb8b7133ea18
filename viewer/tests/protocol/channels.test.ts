import { describe, expect, test } from "vitest";
import { Channel } from "../../src/gen/messages";
import type { Bytes } from "../../src/protocol/bytes";
import { Inbox, Outbox } from "../../src/protocol/channels";
import * as limits from "../../src/protocol/limits";

const PIECE = 16_384;

function record(channel: Channel, size: number): Bytes {
  const plaintext = new Uint8Array(5 + size);
  plaintext.set([0, channel, 1, size >> 8, size & 0xff]);
  return plaintext;
}

/** Half of a channel's first credit arrives. */
function half(inbox: Inbox, channel: Channel): void {
  for (let left = (limits.CREDIT[channel] ?? 0) / 2; left > 0; left -= PIECE) inbox.accept(record(channel, PIECE));
}

function grant(channel: Channel, amount: number): Bytes {
  const bytes = new Uint8Array(5);
  new DataView(bytes.buffer).setUint8(0, channel);
  new DataView(bytes.buffer).setUint32(1, amount);
  return bytes;
}

describe("credit that is withheld", () => {
  test("comes later, and for that channel alone", () => {
    const inbox = new Inbox(new Outbox(), () => undefined);
    inbox.withhold(Channel.FILES, true);
    half(inbox, Channel.FILES);
    expect(inbox.grantsDue()).toBe(false);
    half(inbox, Channel.INPUT);
    expect(inbox.takeGrants()).toEqual(grant(Channel.INPUT, 128 << 10));
    inbox.withhold(Channel.FILES, false);
    expect(inbox.takeGrants()).toEqual(grant(Channel.FILES, 1 << 20));
    half(inbox, Channel.FILES);
    inbox.withhold(Channel.FILES, true); // also what was due already
    expect(inbox.grantsDue()).toBe(false);
  });

  test("is not given for little once it is let go", () => {
    const inbox = new Inbox(new Outbox(), () => undefined);
    inbox.withhold(Channel.FILES, true);
    inbox.accept(record(Channel.FILES, 1000));
    inbox.withhold(Channel.FILES, false);
    expect(inbox.grantsDue()).toBe(false);
  });
});
