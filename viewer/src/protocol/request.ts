/** Handshake message 3's payload: the request, of always the same length. */
import { type Request, decodeRequest, encodeRequest } from "../gen/messages";
import { type Bytes, isZero } from "./bytes";
import { MessageError } from "./errors";
import * as limits from "./limits";

/** Length, the request, zeros to 4096 bytes. Throws MessageError. */
export function encodeRequestPayload(request: Request): Bytes {
  const raw = encodeRequest(request);
  const out = new Uint8Array(limits.REQUEST);
  out.set([raw.length >> 8, raw.length & 0xff]);
  out.set(raw, 2);
  return out;
}

/** Read message 3's payload. Throws MessageError. */
export function decodeRequestPayload(payload: Bytes): Request {
  const [high = 0, low = 0] = payload;
  const end = 2 + ((high << 8) | low);
  if (payload.length !== limits.REQUEST || end > limits.REQUEST || !isZero(payload, end)) {
    throw new MessageError("a request that is malformed");
  }
  return decodeRequest(payload.slice(2, end));
}
