import { setImmediate } from 'node:timers/promises';

/** About 10 ms of simple work per band. */
const SAMPLES_PER_BAND = 1 << 21;

/**
 * Calls `work(first, end)` for consecutive bands of 0..rows, letting the event loop breathe in between, so that work over a
 * large picture neither blocks other requests nor outlives its abort signal.
 */
export async function forBands(
  rows: number,
  samplesPerRow: number,
  work: (first: number, end: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const step = Math.max(1, Math.floor(SAMPLES_PER_BAND / Math.max(1, samplesPerRow)));
  for (let first = 0; first < rows; first += step) {
    signal?.throwIfAborted();
    work(first, Math.min(rows, first + step));
    if (first + step < rows) await setImmediate();
  }
  signal?.throwIfAborted();
}
