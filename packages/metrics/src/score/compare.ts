import type { Metric } from '@ir/core';
import { meanOf } from '../pictures.js';
import { intervalOf } from './aggregate.js';
import { type FilePair, pairFiles, stemOf } from './pairs.js';
import { holm, signFlipTest } from './permutation.js';
import { type ScoredItem, type ScoreOptions, scoreFiles } from './score.js';

/** Two folders of outputs over the same references. */
export interface ComparisonRequest {
  readonly reference?: string | undefined;
  readonly a: string;
  readonly b: string;
  readonly input?: string | undefined;
}

export type Verdict = 'a' | 'b' | 'not distinguishable' | 'too few pictures';

/** How A and B differ by one metric, over the pictures for which both have a value. */
export interface PairedComparison {
  readonly id: string;
  readonly direction: 'higher' | 'lower';
  readonly n: number;
  readonly meanA: number | null;
  readonly meanB: number | null;
  /** Mean over pictures of A's value less B's, and its 95 % interval. */
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Of the sign-flip permutation test, and after Holm's correction over the metrics compared. */
  readonly p: number | null;
  readonly holm: number | null;
  /** Which is better, where the corrected p-value is at most 0.05. */
  readonly verdict: Verdict;
}

/** What `ir score --ab --json` prints. */
export interface ComparisonReport {
  readonly schema: 'ir.score-ab/1';
  readonly a: string;
  readonly b: string;
  readonly items: readonly {
    readonly stem: string;
    readonly reference: string | null;
    readonly a: Pick<ScoredItem, 'output' | 'scores'>;
    readonly b: Pick<ScoredItem, 'output' | 'scores'>;
  }[];
  readonly comparisons: Readonly<Record<string, PairedComparison>>;
}

const LEVEL = 0.05;

/** With five pictures even the clearest outcome has p = 2 / 2^5 > 0.05. */
const FEWEST = 6;

type Values = readonly (readonly [number, number])[];

function compareValues(values: Values, { id, direction }: Metric): Omit<PairedComparison, 'holm' | 'verdict'> {
  const differences = values.map(([a, b]) => a - b);
  const n = values.length;
  const mean = (of: readonly number[]) => (n === 0 ? null : meanOf(of));
  const { low, high } = intervalOf(differences) ?? { low: null, high: null };
  return {
    id,
    direction,
    n,
    meanA: mean(values.map(([a]) => a)),
    meanB: mean(values.map(([, b]) => b)),
    difference: mean(differences),
    low,
    high,
    p: signFlipTest(differences),
  };
}

function verdictOf(
  { n, difference, direction }: Omit<PairedComparison, 'holm' | 'verdict'>,
  corrected: number,
): Verdict {
  if (n < FEWEST) return 'too few pictures';
  if (corrected > LEVEL) return 'not distinguishable';
  return difference! > 0 === (direction === 'higher') ? 'a' : 'b';
}

/** The statistics of paired values, by metric; `values` in the order of `metrics`. */
export function comparePaired(
  metrics: readonly Metric[],
  values: readonly Values[],
): Readonly<Record<string, PairedComparison>> {
  const compared = metrics.map((metric, i) => compareValues(values[i]!, metric));
  const tested = compared.filter(({ p }) => p !== null);
  const corrected = holm(tested.map(({ p }) => p!));
  const entries = compared.map((one, i) => {
    const at = tested.indexOf(one);
    const p = at < 0 ? null : corrected[at]!;
    return [metrics[i]!.alias, { ...one, holm: p, verdict: verdictOf(one, p ?? 1) }] as const;
  });
  return Object.fromEntries(entries);
}

/** B's files in the order of A's, which has the same stems or the same references. */
function matched(as: readonly FilePair[], bs: readonly FilePair[]): FilePair[] {
  const keyOf = (pair: FilePair) => pair.reference ?? stemOf(pair.output);
  const byKey = new Map(bs.map((pair) => [keyOf(pair), pair]));
  return as.map((pair) => byKey.get(keyOf(pair))!);
}

async function bothPairs({ reference, a, b, input }: ComparisonRequest): Promise<[FilePair[], FilePair[]]> {
  if (reference === undefined) await pairFiles({ reference: a, output: b }); // the same stems, or an error that names the one missing
  const as = await pairFiles({ reference, output: a, input });
  return [as, matched(as, await pairFiles({ reference, output: b, input }))];
}

/**
 * Scores two folders of outputs over the same references and tells by paired statistics which is better, metric by metric: mean difference with its 95 %
 * bootstrap interval, sign-flip permutation test, Holm's correction over the metrics. Progress counts the pictures of both.
 * @throws as `pairFiles` and `scoreFiles`
 */
export async function scoreComparison(
  request: ComparisonRequest,
  metrics: readonly Metric[],
  options: ScoreOptions = {},
): Promise<ComparisonReport> {
  const [as, bs] = await bothPairs(request);
  const { items } = await scoreFiles([...as, ...bs], metrics, options);
  const pairs = as.map((_, i) => [items[i]!, items[as.length + i]!] as const);
  const values = metrics.map(({ alias }) =>
    pairs.flatMap(([a, b]) => {
      const [x, y] = [a.scores[alias]!.value, b.scores[alias]!.value];
      return x === null || y === null ? [] : [[x, y] as const];
    }),
  );
  return {
    schema: 'ir.score-ab/1',
    a: request.a,
    b: request.b,
    items: pairs.map(([a, b]) => ({
      stem: stemOf(a.output),
      reference: a.reference,
      a: { output: a.output, scores: a.scores },
      b: { output: b.output, scores: b.scores },
    })),
    comparisons: comparePaired(metrics, values),
  };
}
