import { describe, expect, jest, test } from '@jest/globals';
import { differenceCurves, meanCurves } from './curves.js';
import { drawCurves, FILE_LOOK, PAGE_LOOK } from './figure.js';
import { looksOf, seriesOf } from './palette.js';
import { statisticsOf } from './statistics.js';
import { type Asked, madeUpResults, SPEC } from './testing/results.js';

const prepare = (asked: Asked = {}) => {
  const results = madeUpResults(asked);
  const statistics = statisticsOf(results);
  return { results, statistics, series: looksOf(results.spec) };
};
const few = { degradations: SPEC.degradations.slice(0, 4) };

/** Luminance contrast of two colours `#rrggbb`, as in WCAG 2. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [r, g, blue] = [1, 3, 5].map((at) => {
      const level = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return level <= 0.04045 ? level / 12.92 : ((level + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((p, q) => p - q);
  return (high! + 0.05) / (low! + 0.05);
}

describe('series', () => {
  const restorers = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ id: i === 2 ? 'none' : `r${i}`, label: `R${i}`, settings: {} }));

  test('no two of twenty restorers look alike, and doing nothing is grey', () => {
    const series = seriesOf(restorers(20));
    expect(new Set(series.map(({ light, dash }) => `${light} ${dash}`)).size).toBe(20);
    expect(series[2]).toMatchObject({ label: 'R2', light: '#6a6a6a' });
    expect(new Set(seriesOf(restorers(9)).map(({ symbol }) => symbol)).size).toBe(9);
  });

  test('every colour stands out from its ground, in both themes', () => {
    for (const { light, dark } of seriesOf(restorers(9))) {
      expect(contrast(light, '#fdfdfb')).toBeGreaterThan(4);
      expect(contrast(dark, '#15181b')).toBeGreaterThan(4);
    }
  });
});

describe('curves', () => {
  test('means of every restorer, differences of every one but doing nothing', () => {
    const { results, statistics } = prepare();
    expect(meanCurves(results, statistics).map(({ metric, points }) => [metric, points.length])).toEqual([
      ['ssim', 36],
      ['psnr', 36],
      ['niqe', 36],
    ]);
    const [ssim] = differenceCurves(results, statistics);
    expect(new Set(ssim!.points.map(({ series }) => series))).toEqual(
      new Set(['Wiener', 'Richardson-Lucy', 'Restorer S']),
    );
    expect(ssim!.points[0]!.text).toMatch(/^Wiener, sigma 1: SSIM \+0\.\d{4} \(\+0\.\d{4} to \+0\.\d{4}\), n = 9$/);
  });

  test('a study without an axis, a metric without a value, a study without doing nothing', () => {
    const flat = prepare({ spec: { ...few, figure: { x: null, scale: 'linear' } } });
    expect(meanCurves(flat.results, flat.statistics)).toEqual([]);
    const empty = prepare({
      spec: few,
      score: (value, _, metric) => (metric === 'niqe' ? { value: null, reason: 'too-small' } : { value }),
    });
    expect(meanCurves(empty.results, empty.statistics).map(({ metric }) => metric)).toEqual(['ssim', 'psnr']);
    const bare = prepare({ spec: { ...few, restorers: SPEC.restorers.slice(1) } });
    expect(differenceCurves(bare.results, bare.statistics)).toEqual([]);
  });

  test('a logarithmic axis leaves out what has no place on it', () => {
    const degradations = [{ ...SPEC.degradations[0]!, name: 'zero', x: 0 }, ...few.degradations];
    const log = prepare({ spec: { degradations, figure: { x: 'sigma', scale: 'log' } } });
    expect(meanCurves(log.results, log.statistics)[0]!.points.every(({ x }) => x > 0)).toBe(true);
  });
});

describe('drawing', () => {
  const draw = async (asked: Asked = {}, look = FILE_LOOK) => {
    const { results, statistics, series } = prepare({ spec: few, ...asked });
    const curves = meanCurves(results, statistics).slice(0, 1);
    return { svg: await drawCurves([curves], { results, series, look, legend: look === FILE_LOOK }), series };
  };
  const count = (text: string, part: string) => text.split(part).length - 1;

  test('a line, a band and points for each restorer, in its colour, byte for byte the same each time', async () => {
    const { svg, series } = await draw();
    for (const { light } of series) {
      expect(count(svg, `stroke="${light}"`)).toBeGreaterThanOrEqual(1);
      expect(count(svg, `fill="${light}"`)).toBeGreaterThanOrEqual(1 + 4);
    }
    expect(svg).toContain('>higher is better<');
    expect(svg).toContain('>sigma<');
    expect((await draw()).svg).toBe(svg);
  });

  test('the plotting library has nothing to complain about, on either axis', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    for (const scale of ['linear', 'log'] as const) await draw({ spec: { ...few, figure: { x: 'sigma', scale } } });
    const complaints = warn.mock.calls;
    warn.mockRestore();
    expect(complaints).toEqual([]);
  });

  test('in the page, colours are left to the style sheet', async () => {
    const { svg, series } = await draw({}, PAGE_LOOK);
    for (const { light, variable } of series) {
      expect(svg).not.toContain(light);
      expect(svg).toContain(`stroke="var(${variable})"`);
    }
    expect(svg).not.toContain('role-legend');
  });

  test('one picture has no bands', async () => {
    expect((await draw({ images: ['one'] })).svg).not.toContain('fill-opacity="0.13"');
    expect((await draw()).svg).toContain('0.13');
  });

  test('a point without a value breaks the line instead of being bridged', async () => {
    const { svg, series } = await draw({
      score: (value, { degradation, restorer }) =>
        degradation.name === 'blur-3' && restorer.id === 'wiener' ? { value: null, reason: 'identical' } : { value },
    });
    const colour = series[1]!.light;
    const lines = [...svg.matchAll(/<path[^>]*>/g)]
      .map(([path]) => path)
      .filter((path) => path.includes(`stroke="${colour}"`));
    expect(lines.map((path) => count(/ d="([^"]*)"/.exec(path)![1]!, 'M'))).toContain(2);
    const whole = [...svg.matchAll(/<path[^>]*>/g)]
      .map(([path]) => path)
      .filter((path) => path.includes(`stroke="${series[2]!.light}"`));
    expect(whole.map((path) => count(/ d="([^"]*)"/.exec(path)![1]!, 'M'))).not.toContain(2);
  });

  test('names stay text, whatever is in them', async () => {
    const label = '<script>alert("1")</script> & \\ \u2028 \n \u{1f600}'; // the last three end strings in formulas
    const { svg } = await draw({
      spec: {
        ...few,
        restorers: [{ id: 'x', label, settings: {} }, ...SPEC.restorers],
        figure: { x: '<b>"x"', scale: 'linear' },
      },
    });
    expect(svg).not.toMatch(/<script|<b>/);
    expect(svg).toContain('&lt;script&gt;');
  });
});
