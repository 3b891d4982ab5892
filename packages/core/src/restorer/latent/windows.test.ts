import { describe, expect, test } from '@jest/globals';
import { gaussianWeights, windowStarts, windowsOf } from './windows.js';

// REFERENCE B.7 (c), from the published tiling helpers.
describe('windows over a latent', () => {
  test.each([
    [96, 64, 32, [0, 32]],
    [100, 64, 32, [0, 32, 36]],
    [64, 64, 32, [0]],
    [40, 64, 32, [0]],
    [65, 64, 32, [0, 1]],
  ])('a side of %i by windows of %i every %i', (length, window, stride, starts) => {
    expect(windowStarts(length, window, stride)).toEqual(starts);
  });

  test.each([
    [64, 15.86699811, 32, 31, 3.2567e-10, 7.027e-10],
    [128, 15.90335638, 64, 63, 2.685e-10, 3.9561e-10],
    [32, 15.72239436, 16, 15, undefined, undefined],
  ])('published weights of a window of %i', (n, most, row, column, top, bottom) => {
    const [x, y] = [gaussianWeights(n), gaussianWeights(n, n / 2)];
    expect(y[row]! * x[column]!).toBeCloseTo(most, 6);
    expect(Math.max(...y) * Math.max(...x)).toBe(y[row]! * x[column]!);
    if (top !== undefined) expect((y[0]! * x[0]!) / top).toBeCloseTo(1, 3);
    if (bottom !== undefined) expect((y[n - 1]! * x[n - 1]!) / bottom).toBeCloseTo(1, 3);
  });

  test('ours are symmetric; a plan in pixels is one in samples of the latent', () => {
    const { windows, total } = windowsOf({ width: 96, height: 64 }, { size: 256, overlap: 128 }, 8, 8, 'symmetric');
    expect(windows.map(({ left, top, width, height }) => [left, top, width, height])).toEqual([
      [0, 0, 64, 64],
      [32, 0, 64, 64],
    ]);
    const { x, y } = windows[0]!.weights;
    expect([...x].reverse()).toEqual([...x]);
    expect([...y].reverse()).toEqual([...y]);
    expect(total[0]).toBe(x[0]! * y[0]!);
    expect(Math.min(...total)).toBeGreaterThan(0);
  });

  test('every place is covered, whatever the sides (seed 5)', () => {
    let state = 5;
    const next = (n: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return 1 + (state % n);
    };
    for (let k = 0; k < 200; k++) {
      const [width, height] = [8 * next(12), 8 * next(12)];
      const plan = { size: 16 + next(300), overlap: next(100) };
      const { windows, total } = windowsOf({ width, height }, plan, 8, 8, k % 2 ? 'published' : 'symmetric');
      expect(Math.min(...total)).toBeGreaterThan(0);
      for (const { left, top, width: w, height: h } of windows) {
        expect([w % 8, h % 8]).toEqual([0, 0]);
        expect(left >= 0 && top >= 0 && left + w <= width && top + h <= height).toBe(true);
      }
    }
  });
});
