import { z } from 'zod';
import { describeValue, explain, UsageError, unknownName } from '../errors.js';
import type { Skipped, StudyClaim, StudyDegradation, StudyMetric, StudyRestorer } from './contract.js';
import { seriesOf } from './sweeps.js';

const name = z.string().min(1).max(100);
const margin = z.number().min(0).optional();

export const claimSchema = z.strictObject({
  text: z.string().min(1).max(1000),
  metrics: z.array(name).min(1).max(100),
  degradations: z.array(name).min(1).max(1000).optional(),
  test: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.enum(['better', 'not-better']), restorer: name, than: name, thanAt: name.optional() }),
    z.strictObject({
      kind: z.literal('trend'),
      series: name,
      trend: z.enum(['improves', 'worsens', 'does-not-improve', 'hardly-changes']),
      margin,
    }),
    z.strictObject({ kind: z.literal('best-at'), series: name, x: z.number(), margin }),
  ]),
});

type Given = z.output<typeof claimSchema>;

/** What claims may speak of. */
export interface Subjects {
  readonly degradations: readonly StudyDegradation[];
  readonly restorers: readonly StudyRestorer[];
  readonly metrics: readonly StudyMetric[];
}

const refuse = (at: string, expected: string, got: string) =>
  new UsageError('IR_E_SCHEMA', explain({ name: at, expected, got }));

function assertKnown(asked: readonly string[], known: readonly string[], at: string): void {
  const unknown = asked.find((one) => !known.includes(one));
  if (unknown !== undefined) throw new UsageError('IR_E_UNKNOWN_NAME', unknownName(at, unknown, [...new Set(known)]));
}

function assertTest(
  { test, degradations }: Given,
  restorers: readonly StudyRestorer[],
  names: readonly string[],
  at: string,
): void {
  if ('than' in test) {
    if (test.thanAt !== undefined) assertKnown([test.thanAt], names, `${at}.thanAt`);
    const labels = restorers.map(({ label }) => label);
    assertKnown([test.restorer], labels, `${at}.restorer`);
    assertKnown([test.than], labels, `${at}.than`);
    const others = (degradations ?? names).filter((one) => one !== (test.thanAt ?? one));
    if (test.restorer === test.than && others.length === 0)
      throw refuse(`${at}.than`, 'another restorer, or another degradation in thanAt', describeValue(test.than));
    return;
  }
  const curves = seriesOf(restorers);
  assertKnown([test.series], [...curves.keys()], `${at}.series`);
  const places = curves.get(test.series)!.map(({ x }) => x!);
  if (test.kind === 'best-at' && !places.includes(test.x))
    throw refuse(`${at}.x`, `a place of the series: ${places.join(', ')}`, String(test.x));
  if (test.kind !== 'trend') return;
  if (places.length < 2) throw refuse(`${at}.series`, 'one of two places or more', '1');
  assertMargin(test, at);
}

/** Only within a margin can something hardly change; the other trends are judged against none. */
function assertMargin({ trend, margin = 0 }: Extract<Given['test'], { kind: 'trend' }>, at: string): void {
  if (trend === 'hardly-changes' && margin === 0)
    throw refuse(`${at}.margin`, 'a number above 0 in the metric’s units, since hardly-changes is judged by it', '0');
  if (trend !== 'hardly-changes' && margin > 0) throw refuse(`${at}.margin`, `none for ${trend}`, String(margin));
}

/** Claims whose every name is one of the study's. @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion, `IR_E_SCHEMA` */
export function claimsOf(given: readonly Given[], subjects: Subjects, name: string): readonly StudyClaim[] {
  for (const [i, claim] of given.entries()) {
    const { metrics, degradations = [] } = claim;
    const at = `${name}.claims[${i}]`;
    const aliases = subjects.metrics.map(({ alias }) => alias);
    assertKnown(metrics, aliases, `${at}.metrics`);
    const names = subjects.degradations.map((one) => one.name);
    assertKnown(degradations, names, `${at}.degradations`);
    assertTest(claim, subjects.restorers, names, `${at}.test`);
  }
  return given as readonly StudyClaim[];
}

/** Can it still be tested by these restorers? */
function isAbout({ test }: StudyClaim, restorers: readonly StudyRestorer[]): boolean {
  if ('than' in test) return [test.restorer, test.than].every((one) => restorers.some(({ label }) => label === one));
  const points = seriesOf(restorers).get(test.series) ?? [];
  return test.kind === 'trend' ? points.length > 1 : points.some(({ x }) => x === test.x);
}

/** The claims as far as what is left of restorers and metrics can tell, and those of which nothing remains. */
export function remainingClaims(
  claims: readonly StudyClaim[],
  { restorers, metrics }: Omit<Subjects, 'degradations'>,
): { readonly claims: readonly StudyClaim[]; readonly skipped: readonly Skipped[] } {
  const remaining: StudyClaim[] = [];
  const skipped: Skipped[] = [];
  for (const claim of claims) {
    const name = `claim ${describeValue(claim.text)}`;
    const left = claim.metrics.filter((one) => metrics.some(({ alias }) => alias === one));
    if (!isAbout(claim, restorers)) skipped.push({ name, reason: 'the restorers it speaks of are left out' });
    else if (left.length === 0) skipped.push({ name, reason: 'the metrics it speaks of are left out' });
    else remaining.push({ ...claim, metrics: left });
  }
  return { claims: remaining, skipped };
}
