/** Channels: many streams of messages in one stream of records, by credit and priority (spec/protocol.md, section 3). */
import { Channel } from "../gen/messages";
import { type Bytes, isZero } from "./bytes";
import { MuxError } from "./errors";
import * as limits from "./limits";

const END = 1;
const GRANT = 5;
const MOST_CREDIT = 2 ** 31 - 1;
const LAST = Channel.FILES;
/** A message goes on in the next record rather than leave a piece smaller than this at a record's end. */
const LEAST_PIECE = 512;
/** Channels whose records are padded to a multiple of 256 bytes. */
const SMALL: readonly number[] = [Channel.MUX, Channel.CONTROL, Channel.INPUT, Channel.CURSOR, Channel.CLIPBOARD];

/** What waits to be sent, by channel, and the credit that the other end has given. */
export class Outbox {
  readonly #credit = [...limits.CREDIT];
  readonly #queues: Bytes[][] = limits.CREDIT.map(() => []);
  readonly #waiting = limits.CREDIT.map(() => 0);

  /** Queue one encoded message. */
  put(channel: Channel, message: Bytes): void {
    this.#queues[channel]?.push(message);
    this.#waiting[channel] = this.waiting(channel) + message.length;
  }

  /** Bytes queued and not yet taken. */
  waiting(channel: Channel): number {
    return this.#waiting[channel] ?? 0;
  }

  /** Whether `fill` would find anything. */
  ready(): boolean {
    return this.#queues.some((queue, at) => queue.length > 0 && (this.#credit[at] ?? 0) > 0);
  }

  /** Forget what waits on all other channels. */
  keepOnly(kept: Channel): void {
    for (const [channel, queue] of this.#queues.entries()) {
      if (channel === kept) continue;
      queue.length = 0;
      this.#waiting[channel] = 0;
    }
  }

  /** Take a mux message of the other end. Throws MuxError. */
  addCredit(payload: Bytes): void {
    if (payload.length % GRANT !== 0) throw new MuxError("a credit message of odd length");
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    for (let at = 0; at < payload.length; at += GRANT) {
      const channel = view.getUint8(at);
      const amount = view.getUint32(at + 1);
      const had = this.#credit[channel];
      if (had === undefined || channel <= Channel.MUX) throw new MuxError(`credit for channel ${channel}`);
      if (amount === 0 || had + amount > MOST_CREDIT) throw new MuxError(`credit of ${amount} bytes on top of ${had}`);
      this.#credit[channel] = had + amount;
    }
  }

  /**
   * Append multiplexed frames of up to `space` bytes to `parts`: `grants`, then by urgency.
   *
   * Tells how many bytes they are and whether all are of the channels that are padded to 256.
   */
  fill(space: number, grants: Bytes, parts: Bytes[]): { length: number; small: boolean } {
    let left = space;
    let small = true;
    if (grants.length > 0) {
      parts.push(muxHeader(Channel.MUX, true, grants.length), grants);
      left -= limits.MUX_HEADER + grants.length;
    }
    for (const [channel, queue] of this.#queues.entries()) {
      const before = left;
      for (;;) {
        const data = queue[0];
        const credit = this.#credit[channel] ?? 0;
        if (data === undefined || credit === 0) break;
        const room = left - limits.MUX_HEADER;
        let size = Math.min(data.length, credit);
        if (size > room) {
          if (room < LEAST_PIECE && left < space) break;
          size = room;
        }
        if (size <= 0) break;
        const ends = size === data.length;
        parts.push(muxHeader(channel, ends, size), ends ? data : data.subarray(0, size));
        if (ends) queue.shift();
        else queue[0] = data.subarray(size);
        this.#credit[channel] = credit - size;
        this.#waiting[channel] = (this.#waiting[channel] ?? 0) - size;
        left -= limits.MUX_HEADER + size;
      }
      small &&= left === before || SMALL.includes(channel);
    }
    return { length: space - left, small };
  }
}

/** What arrives: checks credit and sizes, puts messages together and says what credit to give back. */
export class Inbox {
  readonly #outbox: Outbox;
  readonly #deliver: (channel: Channel, message: Bytes) => void;
  /** Bytes received on each channel for which no credit was given back. */
  readonly #owed = limits.CREDIT.map(() => 0);
  readonly #due = new Set<number>();
  readonly #withheld = new Set<number>();
  readonly #partial: (Assembly | undefined)[] = limits.CREDIT.map(() => undefined);

  constructor(outbox: Outbox, deliver: (channel: Channel, message: Bytes) => void) {
    this.#outbox = outbox;
    this.#deliver = deliver;
  }

  /** Whether `takeGrants` has something to give. */
  grantsDue(): boolean {
    return this.#due.size > 0;
  }

  /** Give no more credit for a channel whose messages this end cannot take any faster, or go on giving it. */
  withhold(channel: Channel, on: boolean): void {
    if (on) {
      this.#withheld.add(channel);
      this.#due.delete(channel);
    } else {
      this.#withheld.delete(channel);
      if ((this.#owed[channel] ?? 0) >= (limits.CREDIT[channel] ?? 0) / 2) this.#due.add(channel);
    }
  }

  /** The mux message to send now, empty if none is due: half of a channel's first credit was used. */
  takeGrants(): Bytes {
    const message = new Uint8Array(GRANT * this.#due.size);
    const view = new DataView(message.buffer);
    let at = 0;
    for (const channel of this.#due) {
      view.setUint8(at, channel);
      view.setUint32(at + 1, this.#owed[channel] ?? 0);
      this.#owed[channel] = 0;
      at += GRANT;
    }
    this.#due.clear();
    return message;
  }

  /** Take a data record's plaintext; delivers every message that is complete. Throws MuxError. */
  accept(plaintext: Bytes): void {
    const end = plaintext.length;
    let at = 1;
    while (at < end) {
      const channel = plaintext[at] ?? 0;
      if (channel === 0) {
        if (!isZero(plaintext, at)) throw new MuxError("padding that is not zeros");
        return;
      }
      if (end - at <= limits.MUX_HEADER) throw new MuxError("a multiplexed frame that is cut off");
      const flags = plaintext[at + 1] ?? 0;
      const size = ((plaintext[at + 2] ?? 0) << 8) | (plaintext[at + 3] ?? 0);
      at += limits.MUX_HEADER;
      if (flags > END || size === 0 || size > end - at) {
        throw new MuxError("a multiplexed frame with unknown flags or a wrong length");
      }
      const payload = plaintext.subarray(at, at + size);
      at += size;
      if (channel !== Channel.MUX) {
        this.#take(channel, payload, flags === END);
      } else {
        if (flags !== END || size > (limits.MESSAGE_MAX[Channel.MUX] ?? 0)) {
          throw new MuxError("a credit message in pieces or too large");
        }
        this.#outbox.addCredit(payload);
      }
    }
  }

  #take(number: number, payload: Bytes, ends: boolean): void {
    if (number > LAST) throw new MuxError(`an unknown channel ${number}`);
    const channel = number as Channel;
    const first = limits.CREDIT[channel] ?? 0;
    const owed = (this.#owed[channel] ?? 0) + payload.length;
    if (owed > first) throw new MuxError(`more on channel ${channel} than there was credit for`);
    this.#owed[channel] = owed;
    if (owed >= first / 2 && !this.#withheld.has(channel)) this.#due.add(channel);
    const partial = this.#partial[channel];
    const most = limits.MESSAGE_MAX[channel] ?? 0;
    if ((partial?.length ?? 0) + payload.length > most) {
      throw new MuxError(`a message on channel ${channel} that is too large`);
    }
    if (ends && partial === undefined) {
      this.#deliver(channel, payload);
    } else if (partial === undefined) {
      // Pieces of files are as long as messages may be: they get that much at once, and are not moved again and again.
      this.#partial[channel] = new Assembly(payload, channel === Channel.FILES ? most : 4 * payload.length);
    } else {
      partial.append(payload);
      if (!ends) return;
      this.#partial[channel] = undefined;
      this.#deliver(channel, partial.bytes());
    }
  }
}

/** A message in the making. Its memory is `first` bytes, and more follows what has arrived, however small the pieces are. */
class Assembly {
  length: number;
  #buffer: Bytes;

  constructor(piece: Bytes, first: number) {
    this.#buffer = new Uint8Array(Math.max(first, piece.length));
    this.#buffer.set(piece);
    this.length = piece.length;
  }

  append(piece: Bytes): void {
    const end = this.length + piece.length;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#buffer.subarray(0, this.length));
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.length);
    this.length = end;
  }

  bytes(): Bytes {
    return this.#buffer.subarray(0, this.length);
  }
}

function muxHeader(channel: number, ends: boolean, size: number): Bytes {
  return Uint8Array.of(channel, ends ? END : 0, size >> 8, size & 0xff);
}
