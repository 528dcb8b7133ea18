/** Where what a person does goes, whatever it was done with; times are `performance.now()`'s. */
export interface InputSink {
  /** A key went down or up; see the protocol's message Key. */
  key(down: boolean, code: string, key: string, modifiers: number, repeat: boolean, at: number): void;
  /** Characters without keys. */
  text(text: string, at: number): void;
  /** The pointer's place in host pixels and the buttons that are down (bit 0 left, 1 middle, 2 right, 3 back, 4 forward). */
  pointer(x: number, y: number, buttons: number, at: number): void;
  /** Scrolling in 1/120 of a notch; positive is down and right. */
  wheel(dx: number, dy: number, at: number): void;
  /** Every key and button up. */
  releaseAll(at: number): void;
}

/** Bits of the pointer's buttons. */
export const LEFT = 1;
export const MIDDLE = 2;
export const RIGHT = 4;
export const BACK = 8;
export const FORWARD = 16;
