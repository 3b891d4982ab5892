import { describe, expect, jest, test } from '@jest/globals';
import { differenceCurves, meanCurves } from './curves.js';
import { drawCurves, FILE_LOOK, PAGE_LOOK } from './figure.js';
import { looksOf, seriesOf } from './palette.js';
import { statisticsOf } from './statistics.js';
import { type Asked, madeUpResults, SERIES, SPEC, SWEEP_SPEC } from './testing/results.js';

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
    const [ssim] = meanCurves(flat.results, flat.statistics);
    expect(ssim!.places).toEqual(few.degradations.map(({ name }) => name));
    expect(ssim!.points.map(({ x }) => ssim!.places![x])).toEqual(
      SPEC.restorers.flatMap(() => few.degradations.map(({ name }) => name)),
    );
    expect(ssim!.points[0]!.text).toMatch(/ at .*: SSIM 0\.\d{4} \(.*\), n = 9$/);
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

describe('curves over restorers', () => {
  const sweep = (asked: Asked = {}) => prepare({ ...asked, spec: { ...SWEEP_SPEC, ...asked.spec } });

  test('a panel for each degradation and metric; points by series, restorers without a place as levels', () => {
    const { results, statistics } = sweep();
    const curves = meanCurves(results, statistics);
    expect(curves.map(({ degradation, metric }) => `${degradation} ${metric}`)).toEqual(
      ['SR2', 'SR4', 'Blur1'].flatMap((name) => [`${name} psnr`, `${name} niqe`]),
    );
    for (const { points, levels } of curves) {
      expect(points.map(({ series, x }) => `${series} ${x}`)).toEqual(
        SERIES.flatMap((series) => [0, 200, 400, 600, 800, 1000].map((x) => `${series} ${x}`)),
      );
      expect(levels.map(({ series }) => series)).toEqual(['Degraded picture', 'M_phi alone']);
    }
    const { mean } = statistics.summary('SR4', `${SERIES[1]} t=400`, 'psnr');
    expect(curves[2]!.points[8]).toMatchObject({ series: SERIES[1], x: 400, value: mean });
    expect(curves[2]!.levels[1]!.text).toMatch(/^M_phi alone at SR4: PSNR \d\d\.\d\d \(.* to .*\), n = 9$/);
  });

  test('of restorers without a place those that the figure names are drawn, the others have no look', () => {
    const figure = { ...SWEEP_SPEC.figure, levels: ['M_phi alone'] };
    const { results, statistics, series } = sweep({ spec: { figure } });
    for (const { levels } of meanCurves(results, statistics))
      expect(levels.map((level) => level.series)).toEqual(['M_phi alone']);
    expect(series.map(({ label }) => label)).toEqual([...SERIES, 'M_phi alone']);
  });

  test('differences are to the first point of the same series, without levels', () => {
    const { results, statistics } = sweep();
    const [psnr] = differenceCurves(results, statistics);
    expect(psnr!.levels).toEqual([]);
    for (const series of SERIES) {
      const own = psnr!.points.filter((point) => point.series === series);
      expect(own[0]).toMatchObject({ x: 0, value: 0, low: 0, high: 0 });
      const last = statistics.compare('SR2', 'psnr', `${series} t=1000`, `${series} t=0`);
      expect(own.at(-1)).toMatchObject({ value: last.difference, low: last.interval!.low, high: last.interval!.high });
    }
  });

  test('points stand from left to right, whatever their order in the spec; one point has no difference', () => {
    const restorers = [...SWEEP_SPEC.restorers].reverse();
    const { results, statistics } = sweep({ spec: { restorers } });
    expect(differenceCurves(results, statistics)[0]!.points[0]).toMatchObject({ x: 0, value: 0 });
    const single = sweep({ spec: { restorers: SWEEP_SPEC.restorers.slice(0, 3) } });
    expect(differenceCurves(single.results, single.statistics)).toEqual([]);
    expect(meanCurves(single.results, single.statistics)[0]!.points).toHaveLength(1);
  });

  test('a colour a series and a level, not a point; levels are dashed, doing nothing grey', () => {
    const { series } = sweep();
    expect(series.map(({ label }) => label)).toEqual([...SERIES, 'Degraded picture', 'M_phi alone']);
    expect(new Set(series.map(({ light }) => light)).size).toBe(4);
    expect(series.map(({ dash }) => dash.length > 0)).toEqual([false, false, true, true]);
    expect(series[2]!.light).toBe('#6a6a6a');
  });

  test('all panels in one file: each names its degradation, no two lie over each other, lines and levels in their colours', async () => {
    const { results, statistics, series } = sweep({ spec: { degradations: SWEEP_SPEC.degradations.slice(0, 2) } });
    const curves = meanCurves(results, statistics);
    const svg = await drawCurves([curves.slice(0, 2), curves.slice(2)], {
      results,
      series,
      look: FILE_LOOK,
      legend: true,
    });
    const titles = ['PSNR at SR2', 'NIQE at SR2', 'PSNR at SR4', 'NIQE at SR4'];
    for (const title of titles) expect(svg).toContain(`>${title}<`);
    for (const tick of ['200', '1000']) expect(svg).toContain(`>${tick}</text>`);
    const places = [...svg.matchAll(/concat_\d_group"[^>]*><g transform="translate\(([\d.]+),([\d.]+)\)"/g)];
    expect(places.map(([, x, y]) => [Number(x) > 316, Number(y) > 250 + 46])).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
    const level = series[3]!.light;
    expect(svg.match(new RegExp(`<line[^>]*stroke="${level}"[^>]*stroke-dasharray`, 'g'))).toHaveLength(4);
  });
});

test('where a metric has no value at one degradation, the panels of the next stay in their columns', async () => {
  const { results, statistics, series } = prepare({
    spec: { ...SWEEP_SPEC, degradations: SWEEP_SPEC.degradations.slice(0, 2) },
    score: (value, { degradation }, metric) =>
      degradation.name === 'SR2' && metric === 'niqe' ? { value: null, reason: 'too-small' } : { value },
  });
  const curves = meanCurves(results, statistics);
  expect(curves.map(({ degradation, metric }) => `${degradation} ${metric}`)).toEqual([
    'SR2 psnr',
    'SR4 psnr',
    'SR4 niqe',
  ]);
  const rows = [curves.slice(0, 1), curves.slice(1)];
  const svg = await drawCurves(rows, { results, series, look: FILE_LOOK, legend: true });
  const place = (title: string) => {
    const before = svg.slice(0, svg.indexOf(`>${title}<`));
    return [...before.matchAll(/concat_\d_group"[^>]*><g transform="translate\(([\d.]+),([\d.]+)\)"/g)]
      .at(-1)!
      .slice(1);
  };
  const [psnr, next] = [place('PSNR at SR2'), place('PSNR at SR4')];
  expect(next[0]).toBe(psnr[0]);
  expect(Number(next[1])).toBeGreaterThan(Number(psnr[1]));
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
