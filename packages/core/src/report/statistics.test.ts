import { describe, expect, test } from '@jest/globals';
import { random } from '../image/testing/pictures.js';
import type { Score } from '../metric/contract.js';
import { drawPictures, intervalMaker } from './bootstrap.js';
import { philox } from './philox.js';
import { FEWEST_PICTURES, statisticsOf } from './statistics.js';
import { normalTail, studentBound } from './student.js';
import { madeUpResults, SPEC } from './testing/results.js';

/** Two normal deviates from two uniform ones. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

const names = (n: number) => Array.from({ length: n }, (_, i) => `picture-${i}`);

describe('the generator', () => {
  // Known answers of Random123 1.14 (kat_vectors, philox4x32 with 10 rounds).
  test.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], '408f276d 41c83b0e a20bc7c6 6d5451fd'],
    [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], 'd16cfe09 94fdcceb 5001e420 24126ea1'],
  ] as const)('philox %j, key %j', (counter, key, expected) => {
    expect(
      philox(counter, key)
        .map((word) => word.toString(16).padStart(8, '0'))
        .join(' '),
    ).toBe(expected);
  });

  test('a resample depends on seed, its number and n alone, and reaches every picture alike', () => {
    const few = drawPictures(7, { resamples: 50, seed: 3 });
    expect([...drawPictures(7, { resamples: 4000, seed: 3 }).slice(0, 350)]).toEqual([...few]);
    expect([...drawPictures(7, { resamples: 50, seed: 4 })]).not.toEqual([...few]);
    const counts = new Array(7).fill(0);
    for (const picture of drawPictures(7, { resamples: 4000, seed: 3 })) counts[picture] += 1;
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(4 * Math.sqrt(4000));
  });
});

test('Student and normal probabilities agree with printed tables', () => {
  for (const [freedom, bound] of [
    [1, 12.7062047361747],
    [2, 4.30265272974946],
    [3, 3.18244630528371],
    [8, 2.30600413520417],
    [23, 2.06865761041905],
    [1000, 1.96233908082641],
  ] as const) {
    expect(studentBound(0.95, freedom)).toBeCloseTo(bound, 9);
  }
  expect(normalTail(1.959963984540054)).toBeCloseTo(0.025, 12);
  expect(normalTail(3)).toBeCloseTo(0.0013498980316301, 14);
});

describe('intervals', () => {
  test.each([6, 9, 24])('hold the true mean in about 95 of 100 studies of %i pictures', (n) => {
    const next = random(n);
    const interval = intervalMaker({ resamples: 500, seed: 1 });
    let held = 0;
    for (let study = 0; study < 600; study++) {
      const { low, high } = interval(Array.from({ length: n }, () => 5 + normal(next)))!;
      held += Number(low <= 5 && high >= 5);
    }
    // 600 trials: standard error 0.9 points. The plain percentile interval would hold it in 87 (n = 6), 90 (9), 93.5 (24).
    expect(held / 600).toBeGreaterThan(0.92);
    expect(held / 600).toBeLessThan(0.985);
  });

  test('there is none for one picture; equal pictures give one of width 0 to the bit', () => {
    const interval = intervalMaker({ resamples: 200, seed: 1 });
    expect(interval([])).toBeNull();
    expect(interval([3])).toBeNull();
    const even = interval(new Array(7).fill(0.1))!;
    expect(even.low).toBe(even.high);
    expect(even.low).toBeCloseTo(0.1, 15);
    const two = interval([1, 2])!;
    expect([two.low, two.high]).toEqual([1, 2]);
  });
});

describe('summaries', () => {
  test('agree with a plain reading of the rows, undefined scores and failures among them', () => {
    for (const seed of [1, 2, 3]) {
      const next = random(1000 + seed);
      const results = madeUpResults({
        seed,
        images: names(1 + Math.floor(next() * 9)),
        spec: { seeds: [0, 1, 2], degradations: SPEC.degradations.slice(0, 2) },
        score: (value) =>
          next() < 0.2 ? { value: null, reason: next() < 0.5 ? 'identical' : 'too-small' } : { value },
        row: ({ scores, ...row }) =>
          next() < 0.1 ? { ...row, error: { code: 'IR_E_WORKER', message: 'died' } } : { ...row, scores: scores! },
      });
      const statistics = statisticsOf(results);
      for (const { name } of results.spec.degradations) {
        for (const { label } of results.spec.restorers) {
          for (const { alias } of results.metrics) {
            const rows = results.rows.filter((row) => row.degradation.name === name && row.restorer.label === label);
            const scores = rows.map((row): [string, Score | undefined] => [row.image.hash, row.scores?.[alias]]);
            const perPicture = results.manifest.images.flatMap(({ hash }) => {
              const own = scores.flatMap(([image, score]) =>
                image === hash && score?.value != null ? [score.value] : [],
              );
              return own.length === 0 ? [] : [own.reduce((a, b) => a + b) / own.length];
            });
            const summary = statistics.summary(name, label, alias);
            const where = `seed ${seed}, ${name}, ${label}, ${alias}`;
            expect([where, summary.n]).toEqual([where, perPicture.length]);
            if (perPicture.length === 0) expect([where, summary.mean]).toEqual([where, null]);
            else expect(summary.mean).toBeCloseTo(perPicture.reduce((a, b) => a + b) / perPicture.length, 12);
            expect(summary.interval === null).toBe(perPicture.length < 2);
            const nulls = scores.filter(([, score]) => score && score.value === null).length;
            expect([where, summary.undefinedScores.reduce((sum, { count }) => sum + count, 0)]).toEqual([where, nulls]);
            expect([where, summary.failures]).toEqual([where, rows.filter(({ error }) => error).length]);
          }
        }
      }
    }
  });

  test('seeds are averaged within a picture first, and their spread stands apart', () => {
    const values: Record<string, number[]> = { a: [10, 12, 14], b: [20] };
    const results = madeUpResults({
      images: ['a', 'b'],
      spec: { seeds: [0, 1, 2], degradations: SPEC.degradations.slice(0, 1) },
      score: (_, { image, seed }) => {
        const value = values[image.name]![seed];
        return value === undefined ? { value: null, reason: 'not-finite' } : { value };
      },
    });
    const summary = statisticsOf(results).summary('blur-1', 'Wiener', 'psnr');
    expect(summary).toMatchObject({
      n: 2,
      mean: 16,
      pictureDeviation: Math.sqrt(32), // of 12 and 20
      seedDeviation: 2,
      undefinedScores: [{ reason: 'not-finite', count: 2 }],
    });
    expect(statisticsOf(madeUpResults()).summary('blur-1', 'Wiener', 'psnr').seedDeviation).toBeNull();
  });
});

describe('comparisons', () => {
  /** Pictures far apart; the restorers' values are shifted against each other by what `shift` says. */
  const study = (pictures: number, shift: (label: string, picture: number) => number) =>
    statisticsOf(
      madeUpResults({
        images: names(pictures),
        score: (_, { image, restorer }) => {
          const picture = Number(image.name.split('-')[1]);
          return { value: 20 + 5 * picture + shift(restorer.label, picture) };
        },
      }),
    );

  test('are paired: a small steady gain is seen through pictures that differ a hundred times more', () => {
    const statistics = study(9, (label, i) => (label === 'Wiener' ? 0.1 + 0.01 * (i % 3) : 0));
    expect(statistics.compare('blur-3', 'psnr', 'Wiener', 'Degraded picture')).toMatchObject({
      n: 9,
      verdict: 'better',
    });
    expect(statistics.compare('blur-3', 'psnr', 'Wiener', 'Degraded picture').difference).toBeCloseTo(0.11, 12);
    expect(statistics.compare('blur-3', 'niqe', 'Wiener', 'Degraded picture').verdict).toBe('worse');
    const { low, high } = statistics.summary('blur-3', 'Wiener', 'psnr').interval!;
    expect(high - low).toBeGreaterThan(10);
  });

  test('seen from the other side they are the same', () => {
    const statistics = statisticsOf(madeUpResults());
    for (const { alias } of madeUpResults().metrics) {
      const there = statistics.compare('blur-7', alias, 'Wiener', 'Restorer S');
      const back = statistics.compare('blur-7', alias, 'Restorer S', 'Wiener');
      expect(back.difference).toBeCloseTo(-there.difference!, 12);
      expect([there.verdict, back.verdict].sort()).toEqual(['better', 'worse']);
    }
  });

  test('a difference whose sign changes from picture to picture is not distinguishable; nor is none at all', () => {
    const statistics = study(8, (label, i) => (label === 'Wiener' ? (i % 2 ? 1 : -0.9) : 0));
    expect(statistics.compare('blur-3', 'psnr', 'Wiener', 'Restorer S').verdict).toBe('not distinguishable');
    expect(statistics.compare('blur-3', 'psnr', 'Richardson-Lucy', 'Restorer S')).toMatchObject({
      difference: 0,
      interval: { low: 0, high: 0 },
      verdict: 'not distinguishable',
    });
  });

  test(`below ${FEWEST_PICTURES} pictures nothing is told apart`, () => {
    const gain = (label: string) => (label === 'Wiener' ? 3 : 0);
    for (let pictures = 1; pictures < FEWEST_PICTURES; pictures++) {
      const statistics = study(pictures, gain);
      expect(statistics.compare('blur-3', 'psnr', 'Wiener', 'Restorer S').verdict).toBe('too few pictures');
      expect(statistics.lead('blur-3', 'psnr')).toMatchObject({ leader: 'Wiener', enough: false });
    }
    expect(study(FEWEST_PICTURES, gain).compare('blur-3', 'psnr', 'Wiener', 'Restorer S').verdict).toBe('better');
  });

  test('use the pictures that both have', () => {
    const results = madeUpResults({
      images: names(8),
      score: (_, { image, restorer }) => {
        const picture = Number(image.name.split('-')[1]);
        if (restorer.label === 'Wiener' && picture < 2) return { value: null, reason: 'identical' };
        return { value: picture < 2 ? 90 : 20 };
      },
    });
    expect(statisticsOf(results).compare('blur-1', 'psnr', 'Wiener', 'Restorer S')).toMatchObject({
      n: 6,
      difference: 0,
    });
  });

  test('the other may stand at another degradation', () => {
    const results = madeUpResults({ score: (_, { image, degradation }) => ({ value: image.width + degradation.x! }) });
    const statistics = statisticsOf(results);
    expect(statistics.compare('blur-5', 'psnr', 'Wiener', 'Wiener', 'blur-2')).toMatchObject({
      difference: 3,
      verdict: 'better',
    });
    expect(statistics.compare('blur-5', 'psnr', 'Wiener', 'Restorer S').difference).toBe(0);
  });

  test('a leader may be asked for among some', () => {
    const statistics = study(9, (label) => ({ Wiener: 2, 'Restorer S': 1 })[label] ?? 0);
    const some = ['Restorer S', 'Richardson-Lucy'];
    expect(statistics.lead('blur-2', 'psnr', some)).toEqual({ leader: 'Restorer S', ties: [], enough: true });
    expect(statistics.lead('blur-2', 'psnr')!.leader).toBe('Wiener');
    expect(statistics.lead('blur-2', 'psnr', ['Wiener'])).toBeUndefined();
  });

  test('the leader is best where it is told from all others, else its ties are named', () => {
    const statistics = study(9, (label, i) => ({ Wiener: 2, 'Restorer S': 2.01 + (i % 2 ? 1 : -1) })[label] ?? 0);
    expect(statistics.lead('blur-2', 'psnr')).toMatchObject({ ties: [expect.any(String)], enough: true });
    expect(statistics.lead('blur-2', 'niqe')!.ties).toEqual(['Richardson-Lucy']);
    expect(study(9, (label) => (label === 'Wiener' ? 2 : 0)).lead('blur-2', 'psnr')).toEqual({
      leader: 'Wiener',
      ties: [],
      enough: true,
    });
  });
});
