/** Time as the connection sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since some moment, never going back. */
  now(): number;
  /** What `now` counts from, in milliseconds since the epoch. */
  readonly origin: number;
  /** Call `what` after so many milliseconds, unless the returned function is called first. */
  after(ms: number, what: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  origin: performance.timeOrigin,
  after(ms, what) {
    const timer = setTimeout(what, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
