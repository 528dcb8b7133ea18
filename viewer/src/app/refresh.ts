/** How often this display shows a new picture. */

const SAMPLES = 12;
const USUAL = 60;

/** Pictures a second, measured over a dozen of them; 60 where it cannot be measured (a hidden page). */
export async function measureRefresh(): Promise<number> {
  if (document.hidden) return USUAL;
  return new Promise((resolve) => {
    const gaps: number[] = [];
    let last = 0;
    const give = setTimeout(() => {
      resolve(USUAL);
    }, 1000);
    const sample = (now: number): void => {
      if (last !== 0) gaps.push(now - last);
      last = now;
      if (gaps.length < SAMPLES) requestAnimationFrame(sample);
      else {
        clearTimeout(give);
        resolve(rateOf(gaps));
      }
    };
    requestAnimationFrame(sample);
  });
}

/** The rate of the median gap (milliseconds), within what the protocol allows. */
export function rateOf(gaps: readonly number[]): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return median > 0 ? Math.min(1000, Math.max(1, Math.round(1000 / median))) : USUAL;
}
