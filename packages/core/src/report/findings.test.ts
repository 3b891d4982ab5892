import { describe, expect, test } from '@jest/globals';
import { findingsOf } from './findings.js';
import { statisticsOf } from './statistics.js';
import { type Asked, madeUpResults, SPEC } from './testing/results.js';
import { fixed, listed, whereText } from './wording.js';

const say = (asked: Asked = {}, topic?: string) => {
  const results = madeUpResults(asked);
  return findingsOf(results, statisticsOf(results))
    .filter((finding) => topic === undefined || finding.topic === topic)
    .map(({ subject, text }) => (subject ? `${subject} ${text}` : text));
};

/** Scores by restorer alone, the pictures a little apart. */
const by =
  (values: Readonly<Record<string, Readonly<Record<string, number>>>>): NonNullable<Asked['score']> =>
  (_, { restorer, image }, metric) => ({
    value: (values[metric]?.[restorer.id] ?? 0) + image.width * 0 + Number.parseInt(image.hash, 16) * 0.01,
  });

describe('what is said', () => {
  test('who is best by each metric; metrics of one outcome share a sentence', () => {
    const score = by({
      ssim: { none: 1, wiener: 2, 'richardson-lucy': 3, 'restorer-s': 4 },
      psnr: { none: 1, wiener: 2, 'richardson-lucy': 3, 'restorer-s': 4 },
      niqe: { none: 5, wiener: 2, 'richardson-lucy': 3, 'restorer-s': 4 },
    });
    expect(say({ score })).toEqual([
      'SSIM and PSNR (higher is better): Restorer S is best at every sigma.',
      'NIQE (lower is better): Wiener is best at every sigma.',
      'At every sigma, SSIM and PSNR rank Restorer S above Wiener, NIQE ranks Wiener above Restorer S; both differences are distinguishable.',
      'Wiener against the degraded picture: better at every sigma by SSIM, PSNR and NIQE.',
      'Richardson-Lucy against the degraded picture: better at every sigma by SSIM, PSNR and NIQE.',
      'Restorer S against the degraded picture: better at every sigma by SSIM, PSNR and NIQE.',
    ]);
  });

  test('doing nothing can be best, and restorers can be worse than it', () => {
    const score = by({ psnr: { none: 9 }, ssim: { none: 9 }, niqe: { none: -9 } });
    expect(say({ score })).toContain('NIQE (lower is better): Degraded picture is best at every sigma.');
    expect(say({ score }, 'nothing')[0]).toBe(
      'Wiener against the degraded picture: worse at every sigma by SSIM, PSNR and NIQE.',
    );
    expect(say({ score }, 'disagreement')).toEqual([]);
  });

  test('no winner is named among equals', () => {
    const text = say({ score: (_, { image }) => ({ value: Number.parseInt(image.hash, 16) }) }).join('\n');
    expect(text).not.toMatch(/is best at|better at|worse at/);
    expect(text).toContain('cannot be told from');
  });

  test('the unit of the axis is left to the figures', () => {
    expect(say({ spec: { figure: { x: 'blur sigma (pixels)', scale: 'linear' } } }).join('\n')).toMatch(
      /at (every )?blur sigma/,
    );
    expect(say({ spec: { figure: { x: 'blur sigma (pixels)', scale: 'linear' } } }).join('\n')).not.toContain(
      '(pixels)',
    );
  });

  test('numbers made of noise alone seldom lead to a claim', () => {
    let claims = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const results = madeUpResults({ seed, spec: { degradations: SPEC.degradations.slice(0, 1) } });
      const noise = results.rows.map((row, i) => ({
        ...row,
        scores: { psnr: { value: Math.sin(seed * 7919 + i * i * 12.9898) } },
      }));
      const noisy = { ...results, rows: noise, metrics: results.metrics.filter(({ alias }) => alias === 'psnr') };
      claims += findingsOf(noisy, statisticsOf(noisy)).filter(({ text }) => / is best at/.test(text)).length;
    }
    expect(claims).toBeLessThanOrEqual(1);
  });
});

describe('what cannot be said is said too', () => {
  test('no results', () => {
    const results = { ...madeUpResults(), rows: [] };
    expect(findingsOf(results, statisticsOf(results)).map(({ text }) => text)).toEqual([
      'There are no results yet, so nothing can be said.',
    ]);
  });

  test('one picture, few pictures', () => {
    expect(say({ images: ['one'] })).toEqual([
      'With one picture there is no interval and no comparison: the numbers describe that picture and nothing else.',
    ]);
    expect(say({ images: ['a', 'b', 'c'] })).toEqual([expect.stringContaining('With 3 pictures nothing is claimed')]);
  });

  test('failures, undefined scores and missing cells are counted', () => {
    const results = madeUpResults({
      score: (value, { image }, metric) =>
        image.name === 'cat' && metric === 'niqe' ? { value: null, reason: 'too-small' } : { value },
      row: ({ scores, ...row }) =>
        row.image.name === 'alps' && row.restorer.id === 'wiener'
          ? { ...row, error: { code: 'IR_E_WORKER', message: 'died' } }
          : { ...row, scores: scores! },
    });
    const texts = findingsOf({ ...results, missing: 1 }, statisticsOf(results)).map(({ text }) => text);
    expect(texts).toContain('9 cells failed and are in no number; see what is missing.');
    expect(texts).toContain('36 scores are undefined and in no mean; see what is missing.');
    expect(texts).toContain('The run is unfinished: 1 cell of the plan is missing here.');
    expect(texts).toContain('Not every mean is over all 9 pictures; the tables give n where it is smaller.');
  });

  test('a metric without any value', () => {
    const score: NonNullable<Asked['score']> = (value, _, metric) =>
      metric === 'niqe' ? { value: null, reason: 'too-small' } : { value };
    expect(say({ score })).toContain('NIQE (lower is better): fewer than two restorers have a value.');
  });
});

describe('wording', () => {
  const all = SPEC.degradations; // 1 2 3 4 5 7 10 15 20
  const some = (...xs: number[]) => all.filter(({ x }) => xs.includes(x!));

  test.each([
    [[1, 2, 3, 4, 5, 7, 10, 15, 20], 'every sigma'],
    [[1, 2, 3, 4, 5], 'sigma 1 to 5'],
    [[5, 7], 'sigma 5 and 7'],
    [[1, 2, 3, 10], 'sigma 1 to 3 and 10'],
    [[1, 3, 4, 5, 20], 'sigma 1, 3 to 5 and 20'],
    [[20], 'sigma 20'],
  ])('%j is %s', (xs, text) => {
    expect(whereText(some(...xs), all, 'sigma')).toBe(text);
  });

  test('without an axis, degradations go by their names', () => {
    expect(whereText(some(1, 2), all, null)).toBe('blur-1 and blur-2');
    expect(whereText(all, all, null)).toBe('every degradation');
    const mixed = [...some(1, 2, 3), { ...all[0]!, name: 'SR4', x: null }];
    expect(whereText([mixed[1]!, mixed[3]!], mixed, 'sigma')).toBe('sigma 2 and SR4');
    expect(whereText(mixed.slice(0, 1), mixed.slice(0, 1), 'sigma')).toBe('blur-1');
  });

  test('numbers and lists', () => {
    expect([fixed(-1.005, 1), fixed(-0.001, 2), fixed(0.5, 2, { sign: true }), fixed(1e-9, 2, { sign: true })]).toEqual(
      ['\u22121.0', '0.00', '+0.50', '0.00'],
    );
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'], 'or')]).toEqual([
      '',
      'a',
      'a and b',
      'a, b or c',
    ]);
  });
});
