import { describe, expect, test } from '@jest/globals';
import { drawPanel } from './figure.js';
import { alongLevel, type Box, besidePoint, boxAround, crosses, type Place, placeLabels, RADIUS } from './labels.js';
import type { ProfileReport, Quality } from './schema.js';

const FRAME: Box = { left: 0, top: 0, right: 420, bottom: 300 };

const meet = (a: Box, b: Box) =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1e-6 &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1e-6;

function expectClear(places: readonly Place[], obstacles: readonly Box[]): void {
  for (const [i, { box }] of places.entries()) {
    expect(box.left >= 0 && box.top >= 0 && box.right <= 420 && box.bottom <= 300).toBe(true);
    for (const other of [...places.slice(i + 1).map((one) => one.box), ...obstacles])
      expect(meet(box, other)).toBe(false);
  }
}

describe('labels', () => {
  test('of a point alone is beside it; at the right border left of it; without a leader', () => {
    for (const [x, side] of [
      [200, 'left'],
      [410, 'right'],
    ] as const) {
      const [place] = placeLabels([besidePoint({ x, y: 150 }, 'wiener', 12)], { frame: FRAME, obstacles: [] });
      expect(place!.leader).toBeUndefined();
      expect(Math.abs(place!.box[side] - x)).toBeCloseTo(RADIUS + 2, 9);
    }
  });

  test('of a crowd overlap neither each other nor points, inside the frame; the same each time', () => {
    const points = Array.from({ length: 10 }, (_, i) => ({ x: 200 + 9 * (i % 4), y: 140 + 8 * Math.floor(i / 4) }));
    const obstacles = points.map((point) => boxAround(point, RADIUS));
    const place = () =>
      placeLabels(
        [
          ...['none', 'wiener', 'richardson-lucy'].map((name, i) => alongLevel(150 + 3 * i, name, 12, FRAME)),
          ...points.map((point, i) => besidePoint(point, `restorer-${i}`, 12)),
        ],
        { frame: FRAME, obstacles },
      );
    const places = place();
    expect(places).toHaveLength(13);
    expectClear(places, obstacles);
    expect(places.filter(({ leader }) => leader).length).toBeGreaterThan(0);
    expect(place()).toEqual(places);
  });

  test('where there is no room at all they stand where they disturb least', () => {
    const frame = { left: 0, top: 0, right: 60, bottom: 20 };
    const names = Array.from({ length: 4 }, () => besidePoint({ x: 30, y: 10 }, 'a-long-name', 12));
    expect(placeLabels(names, { frame, obstacles: [] })).toHaveLength(4);
  });

  test('a segment through a box, past it, and one that only touches', () => {
    const box = { left: 0, top: 0, right: 10, bottom: 10 };
    const segment = (x: number, y: number, x2: number, y2: number) => ({ from: { x, y }, to: { x: x2, y: y2 } });
    expect(crosses(segment(-5, 5, 15, 6), box)).toBe(true);
    expect(crosses(segment(5, 5, 5, 40), box)).toBe(true);
    expect(crosses(segment(-5, 12, 15, 12), box)).toBe(false);
    expect(crosses(segment(-5, 8, 4, 20), box)).toBe(false);
    expect(crosses(segment(10, 5, 20, 5), box)).toBe(false);
  });
});

/** A report with as much in it as a figure reads. */
function crowdedReport(): ProfileReport {
  const quality = (mean: number): Quality => ({
    ...{ id: 'niqe@1', direction: 'lower', mean, low: mean - 0.1, high: mean + 0.1, seedDeviation: null, n: 9 },
  });
  const restorers = [
    ['none', 0, 7.1],
    ['wiener', 0, 6.9],
    ['richardson-lucy', 0, 6.95],
    ['restorer-s', 1.1e6, 5.2],
    ['ldm-s', 4.9e6, 5.1],
    ['ldm-s-20-steps', 5e6, 5.15],
    ['ldm-s-50-steps', 5.1e6, 5.12],
    ['ldm-m', 6.2e6, 5.0],
    ['real-esrgan-x2', 16.7e6, 4.4],
    ['real-esrgan-x4', 16.7e6, 4.42],
  ] as const;
  return {
    restorers: restorers.map(([id, weights, mean]) => ({
      ...{ id, family: weights === 0 ? 'classical' : 'direct', parameters: { weights } },
      ...{ latency: { median: weights / 1e4 }, quality: { niqe: quality(mean) } },
    })),
  } as unknown as ProfileReport;
}

describe('Figure 4', () => {
  test('names every restorer once, ties names that stand apart to their points, and is the same to the byte', async () => {
    const svg = (await drawPanel(crowdedReport(), 'a', 'niqe'))!;
    for (const { id } of crowdedReport().restorers) expect(svg.split(`>${id}</text>`)).toHaveLength(2);
    expect(svg).toContain('stroke-width="0.7"');
    expect(await drawPanel(crowdedReport(), 'a', 'niqe')).toBe(svg);
  });

  test('is not drawn where nothing has a place on its axis', async () => {
    const { restorers } = crowdedReport();
    const levels = { restorers: restorers.slice(0, 3) } as ProfileReport;
    expect(await drawPanel(levels, 'a', 'niqe')).toBeUndefined();
  });
});
