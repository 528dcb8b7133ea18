/** A session's bytes over a WebSocket. */
import type { Bytes } from "../protocol/bytes";
import { SUBPROTOCOL } from "../protocol/frames";

/** An ordered byte stream to somewhere; message boundaries mean nothing. */
export interface Line {
  /** Hand over bytes, which must not change afterwards. */
  send(data: Bytes): void;
  /** Bytes handed over that have not left yet. */
  readonly buffered: number;
  /** End it without a further event; safe to call twice. */
  close(): void;
}

/** What a line tells its owner: `opened` once at most, then `received` any number of times, then `closed` once. */
export interface LineEvents {
  opened(): void;
  received(data: Bytes): void;
  closed(): void;
}

/** Opens a line to an address. */
export type Dial = (url: string, events: LineEvents) => Line;

/** What of the browser's WebSocket is used here. */
interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(data: Bytes): void;
  close(): void;
}

/** Opens a WebSocket; `Kind` is the browser's own unless a test brings another. */
export function dialWebSocket(
  url: string,
  events: LineEvents,
  Kind: new (url: string, protocol: string) => unknown = WebSocket,
): Line {
  const socket = new Kind(url, SUBPROTOCOL) as Socket;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    events.opened();
  };
  socket.onmessage = ({ data }) => {
    // Only binary messages count.
    if (data instanceof ArrayBuffer) events.received(new Uint8Array(data));
  };
  socket.onclose = () => {
    events.closed();
  };
  return {
    send(data) {
      socket.send(data);
    },
    get buffered() {
      return socket.bufferedAmount;
    },
    close() {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    },
  };
}
