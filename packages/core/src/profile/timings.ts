import type { NetworkCall } from '../network/index.js';
import type { Latency, Sampling } from './schema.js';

/** The q-quantile by nearest rank: a value that was measured. Of fewer than 20 values the 95 % one is the largest. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}

/** The middle value, or the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return Number.isInteger(half) ? (sorted[half - 1]! + sorted[half]!) / 2 : sorted[Math.floor(half)]!;
}

export const latencyOf = (runs: readonly number[]): Latency => ({
  median: median(runs),
  p95: quantile(runs, 0.95),
  least: Math.min(...runs),
  runs: [...runs],
});

/** One restoration: its passes, and when its last step was done. */
export interface TimedRun {
  readonly milliseconds: number;
  readonly calls: readonly NetworkCall[];
  /** Of restorers that sample; `performance.now()`. */
  readonly sampled?: number;
}

/** How many forward passes each part made, in the order of their first. */
export function countByPart(
  calls: readonly NetworkCall[],
  partOf: (network: string) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { network, passes } of calls) {
    const part = partOf(network);
    counts[part] = (counts[part] ?? 0) + passes;
  }
  return counts;
}

/** The sampling of one run in milliseconds. */
interface Span {
  readonly whole: number;
  readonly inside: number;
  readonly transfer: number;
}

const STEPPING = new Set(['control', 'denoiser']);

/**
 * From the end of what precedes the first step (encoders, text) to the end of the last: drawing the start counts, decoding does not.
 * `transfer`: what of a pass was not spent in the runtime; undefined where nothing was sampled.
 */
function spanOf({ calls, sampled }: TimedRun, partOf: (network: string) => string): Span | undefined {
  const first = calls.findIndex(({ network }) => STEPPING.has(partOf(network)));
  if (first < 0 || sampled === undefined) return undefined;
  const steps = calls.slice(first).filter(({ ended }) => ended <= sampled);
  const from = calls[first - 1]?.ended ?? calls[first]!.started;
  const inside = steps.reduce((sum, call) => sum + call.inside, 0);
  const asked = steps.reduce((sum, { started, ended }) => sum + ended - started, 0);
  return { whole: sampled - from, inside, transfer: asked - inside };
}

/** What of the sampling time is spent outside the networks; null where a run sampled nothing. */
export function samplingOf(runs: readonly TimedRun[], partOf: (network: string) => string): Sampling | null {
  const spans = runs.flatMap((run) => spanOf(run, partOf) ?? []);
  if (spans.length === 0) return null;
  const middle = (read: (span: Span) => number) => median(spans.map(read));
  return {
    milliseconds: middle(({ whole }) => whole),
    networks: middle(({ inside }) => inside),
    transfer: middle(({ transfer }) => transfer),
    rest: middle(({ whole, inside, transfer }) => whole - inside - transfer),
    outside: middle(({ whole, inside }) => (whole - inside) / whole),
  };
}
