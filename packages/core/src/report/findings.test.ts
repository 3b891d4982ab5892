import { describe, expect, test } from '@jest/globals';
import { findingsOf } from './findings.js';
import { statisticsOf } from './statistics.js';
import { type Asked, madeUpResults, SERIES, SPEC, SWEEP_SPEC } from './testing/results.js';
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

describe('sweeps', () => {
  const [first] = SERIES;
  const restorers = SWEEP_SPEC.restorers.filter(({ series }) => series === undefined || series === first);
  /** The series' values by its places 0, 200 .. 1000; levels stand at 3. */
  const sweep = (heights: Readonly<Record<string, readonly number[]>>): Asked => ({
    spec: { ...SWEEP_SPEC, restorers, seeds: [0] },
    score: (_, { restorer, image, degradation }, metric) => {
      const at = restorer.label.startsWith(first) ? Number(restorer.label.split('t=')[1]) / 200 : undefined;
      const height =
        at === undefined ? 3 : heights[metric === 'psnr' && degradation.name === 'SR2' ? 'sr2' : metric]![at]!;
      return { value: height + Number.parseInt(image.hash, 16) * 0.01 };
    },
  });

  test('the best place by each metric, where metrics disagree, and where it stands to each level: each in a sentence', () => {
    const asked = sweep({ psnr: [6, 5, 4, 3, 2, 1], sr2: [4, 5, 4, 4, 4, 4], niqe: [6, 5, 4, 2, 1, 2] });
    expect(say(asked)).toEqual([
      `${first} along t*, by PSNR (higher is better): 200 is best at SR2; 0 is best at SR4 and Blur1.`,
      `${first} along t*, by NIQE (lower is better): 800 is best at every degradation.`,
      `${first} along t*, at SR2: PSNR ranks 200 above 800, NIQE ranks 800 above 200; both differences are distinguishable.`,
      `${first} along t*, at SR4 and Blur1: PSNR ranks 0 above 800, NIQE ranks 800 above 0; both differences are distinguishable.`,
      `${first} against the degraded picture by PSNR: at SR2 better at every point; at SR4 and Blur1 better at 0 to 400, worse at 800 and 1000 and not distinguishable at 600.`,
      `${first} against the degraded picture by NIQE: at every degradation better at 600 to 1000 and worse at 0 to 400.`,
      `${first} against M_phi alone by PSNR: at SR2 better at every point; at SR4 and Blur1 better at 0 to 400, worse at 800 and 1000 and not distinguishable at 600.`,
      `${first} against M_phi alone by NIQE: at every degradation better at 600 to 1000 and worse at 0 to 400.`,
    ]);
  });

  test('no best place among equals', () => {
    const flat = [3, 3, 3, 3, 3, 3];
    const text = say(sweep({ psnr: flat, sr2: flat, niqe: flat })).join('\n');
    expect(text).not.toMatch(/is best|(better|worse) at \d/);
    expect(text).toContain('has the best mean but cannot be told from');
  });

  test('the text grows with the points, not with their square', () => {
    const long = (n: number) => {
      const points = Array.from({ length: n }, (_, i) => ({
        ...restorers[2]!,
        label: `point ${i}`,
        x: (1000 * i) / (n - 1),
      }));
      return say({ spec: { ...SWEEP_SPEC, restorers: [...restorers.slice(0, 2), ...points] } });
    };
    expect(long(20).length).toBeLessThanOrEqual(long(5).length + 2);
  });

  test('below the fewest pictures nothing is claimed', () => {
    expect(say({ spec: SWEEP_SPEC, images: ['a', 'b', 'c'] })).toEqual([
      expect.stringContaining('With 3 pictures nothing is claimed'),
    ]);
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
