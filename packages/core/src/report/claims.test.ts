import { describe, expect, test } from '@jest/globals';
import type { StudyClaim, StudySpec } from '../study/contract.js';
import { slopeOf, type TestedClaim, testClaims } from './claims.js';
import { claimsJson } from './claims-file.js';
import { sentenceOf } from './page/claims.js';
import { FEWEST_PICTURES, statisticsOf } from './statistics.js';
import { type Asked, madeUpResults, SWEEP_SPEC } from './testing/results.js';

const PLACES = [1, 10, 100];
const point = (x: number) => ({ id: 'ldm-s', label: `S ${x}`, settings: { steps: x }, x, series: 'S' });
const RESTORERS = [{ id: 'a', label: 'A', settings: {} }, { id: 'b', label: 'B', settings: {} }, ...PLACES.map(point)];
const names = (n: number) => Array.from({ length: n }, (_, i) => `picture-${i}`);

/** What a restorer adds to a picture's own value: `i` counts pictures; null: no value. */
type Shift = (restorer: string, i: number, degradation: string, metric: string, seed: number) => number | null;

interface Setting {
  readonly pictures?: number;
  readonly figure?: StudySpec['figure'];
  readonly seeds?: readonly number[];
}

/** Tests claims on values made of pictures that lie 5 apart, and a shift. */
function tested(
  claims: readonly StudyClaim[],
  shift: Shift,
  { pictures = 8, figure = { x: 'steps', scale: 'log', over: 'restorers' }, seeds = [0] }: Setting = {},
): readonly TestedClaim[] {
  const score: Asked['score'] = (_, { image, restorer, degradation, seed }, metric) => {
    const i = Number(image.name.split('-')[1]);
    const own = shift(restorer.label, i, degradation.name, metric, seed);
    return own === null ? { value: null, reason: 'not-finite' } : { value: 20 + 5 * i + own };
  };
  const spec = { ...SWEEP_SPEC, restorers: RESTORERS, claims, figure, seeds };
  const results = madeUpResults({ spec, images: names(pictures), score });
  return testClaims(results, statisticsOf(results));
}

const claim = (test: StudyClaim['test'], rest: Partial<StudyClaim> = {}): StudyClaim => ({
  text: 'as the paper has it',
  metrics: ['psnr'],
  degradations: ['SR4'],
  test,
  ...rest,
});

/** The only line of the only claim. */
const line = (test: StudyClaim['test'], shift: Shift, setting?: Setting, rest?: Partial<StudyClaim>) =>
  tested([claim(test, rest)], shift, setting)[0]!.lines[0]!;

/** Differences that scatter a little around what they are said to be. */
const about = (value: number, i: number) => value + 0.02 * ((i % 3) - 1);
/** Differences of both signs. */
const torn = (i: number) => (i % 2 ? 1 : -0.9);

describe('comparisons', () => {
  const better = { kind: 'better', restorer: 'A', than: 'B' } as const;
  const notBetter = { kind: 'not-better', restorer: 'A', than: 'B' } as const;
  const gain =
    (value: number): Shift =>
    (label, i) =>
      label === 'A' ? about(value, i) : 0;
  const even: Shift = (label, i) => (label === 'A' ? torn(i) : 0);

  test.each([
    ['better', better, gain(0.5), 'holds', 'better'],
    ['better, the opposite planted', better, gain(-0.5), 'refuted', 'worse'],
    ['better, nothing to see', better, even, 'undecided', 'not distinguishable'],
    ['not better, being worse', notBetter, gain(-0.5), 'holds', 'worse'],
    ['not better, nothing to see', notBetter, even, 'holds', 'not distinguishable'],
    ['not better, the opposite planted', notBetter, gain(0.5), 'refuted', 'better'],
  ] as const)('%s', (_, test, shift, verdict, seen) => {
    expect(line(test, shift)).toMatchObject({ verdict, seen, n: 8 });
  });

  test('the difference is that of a less b, in the metric’s direction', () => {
    const found = line(better, gain(0.5));
    expect(found.difference).toBeCloseTo(0.5 + (0.02 * (-1 + 0 + 1 - 1 + 0 + 1 - 1 + 0)) / 8, 12);
    expect(found.interval!.low).toBeGreaterThan(0.47);
    const lower = line(better, gain(0.5), {}, { metrics: ['niqe'] });
    expect(lower).toMatchObject({ verdict: 'refuted', seen: 'worse', difference: found.difference });
  });

  test('below the fewest pictures nothing is claimed, of either kind', () => {
    for (const test of [better, notBetter]) {
      const few = line(test, gain(3), { pictures: FEWEST_PICTURES - 1 });
      expect(few).toMatchObject({ verdict: 'too few pictures', seen: null, n: FEWEST_PICTURES - 1 });
      expect(line(test, gain(3), { pictures: FEWEST_PICTURES }).seen).toBe('better');
    }
  });

  test('the other may stand at another degradation', () => {
    const shift: Shift = (label, i, degradation) => (label === 'B' && degradation === 'SR2' ? about(1, i) : 0);
    expect(line(better, shift).verdict).toBe('undecided');
    expect(line({ ...better, thanAt: 'SR2' }, shift)).toMatchObject({ verdict: 'refuted', n: 8 });
    const [one] = tested([claim({ ...better, thanAt: 'SR2' })], shift);
    expect(sentenceOf(one!, 8)).toContain('A is worse than B at SR2 by PSNR at SR4.');
  });
});

describe('trends', () => {
  const trend = (kind: 'improves' | 'worsens' | 'does-not-improve' | 'hardly-changes', margin?: number) =>
    ({ kind: 'trend', series: 'S', trend: kind, ...(margin === undefined ? {} : { margin }) }) as const;
  const xOf = (label: string) => Number(label.split(' ')[1]);
  /** Change of `rise` over the axis' two decades, straight over the logarithm. */
  const rising =
    (rise: number): Shift =>
    (label, i) =>
      label.startsWith('S') ? (about(rise, i) * Math.log10(xOf(label))) / 2 : 0;
  /** Up and down again: no straight change. */
  const hump: Shift = (label, i) => (label === 'S 10' ? 2 : 0) + 0.05 * torn(i) * xOf(label) * 0.01;

  test('slopes are those of least squares', () => {
    expect(slopeOf([0, 1, 2], [1, 3, 5])).toBeCloseTo(2, 14);
    expect(slopeOf([0, 1, 2, 4], [1, 0, 4, 3])).toBeCloseTo(6 / 8.75, 14); // by hand: Sxy 6, Sxx 8.75
  });

  test.each([
    ['improves', trend('improves'), rising(0.6), 'holds', 'better'],
    ['improves, the opposite planted', trend('improves'), rising(-0.6), 'refuted', 'worse'],
    ['improves, up and down again', trend('improves'), hump, 'undecided', 'not distinguishable'],
    ['worsens', trend('worsens'), rising(-0.6), 'holds', 'worse'],
    ['worsens, the opposite planted', trend('worsens'), rising(0.6), 'refuted', 'better'],
    ['does not improve, worsening', trend('does-not-improve'), rising(-0.6), 'holds', 'worse'],
    ['does not improve, nothing to see', trend('does-not-improve'), hump, 'holds', 'not distinguishable'],
    ['does not improve, the opposite planted', trend('does-not-improve'), rising(0.6), 'refuted', 'better'],
    ['hardly changes, a change within the margin', trend('hardly-changes', 0.7), rising(0.6), 'holds', 'better'],
    ['hardly changes, a change planted', trend('hardly-changes', 0.5), rising(0.6), 'refuted', 'better'],
    ['hardly changes, a fall planted', trend('hardly-changes', 0.5), rising(-0.6), 'refuted', 'worse'],
    [
      'hardly changes, the margin inside the interval',
      trend('hardly-changes', 0.6),
      rising(0.6),
      'undecided',
      'better',
    ],
  ] as const)('%s', (_, test, shift, verdict, seen) => {
    expect(line(test, shift)).toMatchObject({ verdict, seen, n: 8 });
  });

  test('the change is the rise of the straight line over the axis, logarithmic or not', () => {
    const shift: Shift = (label) => (label.startsWith('S') ? Math.log10(xOf(label)) : 0);
    expect(line(trend('improves'), shift).difference).toBeCloseTo(2, 12);
    const linear = line(trend('improves'), shift, { figure: { x: 'steps', scale: 'linear', over: 'restorers' } });
    const slope = slopeOf(PLACES, [0, 1, 2]);
    expect(linear.difference).toBeCloseTo(99 * slope, 12);
    // Over degradations, a logarithmic axis is theirs, not the series'.
    const theirs = line(trend('improves'), shift, { figure: { x: 'sigma', scale: 'log' } });
    expect(theirs.difference).toBeCloseTo(99 * slope, 12);
  });

  test('seeds are averaged within a picture first: they are no pictures', () => {
    const shift: Shift = (label, i, _d, _m, seed) => (rising(0.6)(label, i, '', '', 0) ?? 0) + [-4, 1, 3][seed]!;
    const many = line(trend('improves'), shift, { seeds: [0, 1, 2], pictures: 5 });
    expect(many).toMatchObject({ verdict: 'too few pictures', n: 5 });
    expect(line(trend('improves'), shift, { seeds: [0, 1, 2] }).difference).toBeCloseTo(
      line(trend('improves'), rising(0.6)).difference!,
      12,
    );
  });

  test('a picture that lacks a place is left out, and a place that no picture has', () => {
    const gap: Shift = (label, i) => (label === 'S 10' && i < 2 ? null : rising(0.6)(label, i, '', '', 0));
    expect(line(trend('improves'), gap)).toMatchObject({ verdict: 'holds', n: 6 });
    const lost: Shift = (label, i) => (label === 'S 10' ? null : rising(0.6)(label, i, '', '', 0));
    expect(line(trend('improves'), lost)).toMatchObject({ verdict: 'holds', n: 8 });
    const alone: Shift = (label, i) => (label === 'S 1' ? null : lost(label, i, '', '', 0));
    expect(line(trend('improves'), alone)).toMatchObject({ verdict: 'no values', n: 0, difference: null });
  });
});

describe('the best place of a series', () => {
  const bestAt = (x: number, margin?: number) =>
    ({ kind: 'best-at', series: 'S', x, ...(margin === undefined ? {} : { margin }) }) as const;
  /** Values of places 1, 10 and 100. */
  const values =
    (...heights: readonly number[]): Shift =>
    (label, i) => {
      const at = PLACES.findIndex((x) => label === `S ${x}`);
      return at < 0 ? 0 : heights[at]! + 0.01 * (((i + at) % 3) - 1);
    };

  test.each([
    ['best', bestAt(10), values(1, 2, 0), 'holds', 'better', 1],
    ['another is better', bestAt(10), values(3, 2, 0), 'refuted', 'worse', 1],
    ['another is better, but by less than the margin', bestAt(10, 1.5), values(3, 2, 0), 'holds', 'worse', 1],
    ['another is better by more than the margin', bestAt(10, 0.5), values(3, 2, 0), 'refuted', 'worse', 1],
    ['not distinguishable from the best', bestAt(100), values(0, 2, 2), 'holds', 'not distinguishable', 10],
  ] as const)('%s', (_, test, shift, verdict, seen, against) => {
    expect(line(test, shift, { pictures: 9 })).toMatchObject({ verdict, seen, against });
  });

  test('the direction is the metric’s', () => {
    expect(line(bestAt(100), values(1, 2, 0), {}, { metrics: ['niqe'] })).toMatchObject({
      verdict: 'holds',
      against: 1,
    });
  });
});

describe('a claim as a whole', () => {
  const better = { kind: 'better', restorer: 'A', than: 'B' } as const;
  const whole: StudyClaim = { text: 'A is better', metrics: ['psnr', 'niqe'], test: better };
  /** A is better by PSNR at SR4 and Blur1, worse at SR2; NIQE is torn. */
  const mixed: Shift = (label, i, degradation, metric) => {
    if (label !== 'A') return 0;
    return metric === 'niqe' ? torn(i) : about(degradation === 'SR2' ? -1 : 1, i);
  };

  test('holds in part, and says where', () => {
    const [one] = tested([whole], mixed);
    expect(one!.outcome).toBe('in part');
    expect(one!.lines.map(({ metric, degradation, verdict }) => `${metric} ${degradation} ${verdict}`)).toEqual([
      'psnr SR2 refuted',
      'psnr SR4 holds',
      'psnr Blur1 holds',
      'niqe SR2 undecided',
      'niqe SR4 undecided',
      'niqe Blur1 undecided',
    ]);
    expect(sentenceOf(one!, 8)).toBe(
      'On these 8 pictures and with these restorers, the claim holds in part: A is worse than B by PSNR at SR2; A is better than B by PSNR at SR4 and Blur1; A and B are not distinguishable by NIQE at every degradation.',
    );
  });

  test('holds, is refuted, is undecided, cannot be tested', () => {
    const outcome = (shift: Shift, setting?: Setting) => tested([whole], shift, setting)[0]!.outcome;
    const by =
      (psnr: number, niqe: number): Shift =>
      (label, i, _d, metric) =>
        label === 'A' ? about(metric === 'psnr' ? psnr : niqe, i) : 0;
    expect(outcome(by(1, -1))).toBe('holds');
    expect(outcome(by(-1, 1))).toBe('refuted');
    expect(outcome((label, i) => (label === 'A' ? torn(i) : 0))).toBe('undecided');
    expect(outcome(by(1, -1), { pictures: 3 })).toBe('too few pictures');
    expect(outcome(() => null)).toBe('no values');
    const half: Shift = (label, i, _d, metric) =>
      metric === 'niqe' ? null : (by(1, -1)(label, i, '', metric, 0) ?? 0);
    expect(outcome(half)).toBe('holds');
    const doubtful: Shift = (label, i, _d, metric) => (label !== 'A' ? 0 : metric === 'niqe' ? torn(i) : about(-1, i));
    expect(outcome(doubtful)).toBe('refuted');
  });

  test('what holds for want of a difference says so', () => {
    const even: Shift = (label, i) => (label === 'A' ? torn(i) : 0);
    const [one] = tested([claim({ ...better, kind: 'not-better' })], even);
    expect(sentenceOf(one!, 8)).toBe(
      'On these 8 pictures and with these restorers, the claim holds: A and B are not distinguishable by PSNR at SR4, which the claim allows.',
    );
  });

  test('speaks of every degradation only where it is about all', () => {
    const gain: Shift = (label, i) => (label === 'A' ? about(1, i) : 0);
    const [all, two] = tested([{ ...whole, metrics: ['psnr'] }, claim(better, { degradations: ['SR2', 'SR4'] })], gain);
    expect(sentenceOf(all!, 8)).toMatch(/by PSNR at every degradation\.$/);
    expect(sentenceOf(two!, 8)).toMatch(/by PSNR at SR2 and SR4\.$/);
    expect(two!.lines).toHaveLength(2);
  });

  test('is written for scripts with its numbers in full and its words', () => {
    const claims = tested([whole], mixed);
    const written = JSON.parse(claimsJson(claims, 8));
    expect(written).toMatchObject({ schema: 'ir.claims/1', pictures: 8, fewestPictures: FEWEST_PICTURES, level: 0.95 });
    expect(written.claims[0]).toMatchObject({
      text: whole.text,
      test: better,
      outcome: 'in part',
      lines: claims[0]!.lines,
    });
    expect(written.claims[0].sentence).toBe(sentenceOf(claims[0]!, 8));
  });
});

test('a study without claims has none to test', () => {
  const results = madeUpResults();
  expect(testClaims(results, statisticsOf(results))).toEqual([]);
});
