import { describe, expect, test } from '@jest/globals';
import { type Luma, lumaOf } from './detail-luma.js';
import { activityOf, enlarged, lossOf, paint, worstPlace } from './detail-map.js';

const flat = (width: number, height: number, value = 0.5): Luma => ({
  width,
  height,
  data: new Float64Array(width * height).fill(value),
});

/** A checkerboard of single pixels within a rectangle: the finest detail there is. */
function checkered(luma: Luma, x0: number, y0: number, side: number, contrast: number): Luma {
  const data = luma.data.slice();
  for (let y = y0; y < y0 + side; y++)
    for (let x = x0; x < x0 + side; x++) data[y * luma.width + x]! += (x + y) % 2 ? contrast : -contrast;
  return { ...luma, data };
}

const at = ({ data, width }: Luma, x: number, y: number) => data[y * width + x]!;

describe('maps of detail', () => {
  const plain = flat(80, 60);
  const detailed = checkered(plain, 10, 15, 40, 0.1);

  test('activity is the RMS of what is fine, and nothing where the picture is flat or a slope', () => {
    const activity = activityOf(detailed);
    expect(at(activity, 30, 35)).toBeCloseTo(0.1, 2);
    expect(at(activity, 78, 5)).toBeLessThan(1e-3);
    const slope = { ...plain, data: plain.data.map((_, i) => (i % 80) / 80) };
    expect(at(activityOf(slope), 40, 30)).toBeLessThan(1e-3);
  });

  test('loss is the activity where detail vanished, 0 where the picture came back, and counts what is invented', () => {
    const [loss, activity] = [lossOf(detailed, plain), activityOf(detailed)];
    expect(loss.data.every((value, i) => Math.abs(value - activity.data[i]!) < 1e-12)).toBe(true);
    expect(lossOf(detailed, detailed).data.every((value) => value === 0)).toBe(true);
    expect(at(lossOf(plain, detailed), 30, 35)).toBeCloseTo(0.1, 2);
    const darker = { ...detailed, data: detailed.data.map((v) => v - 0.2) };
    expect(Math.max(...lossOf(detailed, darker).data)).toBeLessThan(1e-9); // no detail is lost by an offset
  });

  test('the place where most is lost holds the most of it, by all restorers together', () => {
    const small = lossOf(checkered(plain, 50, 22, 16, 0.05), plain);
    const large = lossOf(checkered(plain, 20, 21, 16, 0.2), plain);
    expect(worstPlace([small], 16)).toEqual({ x: 50, y: 22, width: 16, height: 16 });
    expect(worstPlace([small, large], 16)).toEqual({ x: 20, y: 21, width: 16, height: 16 });
    expect(worstPlace([flat(80, 60, 0)], 16)).toEqual({ x: 0, y: 0, width: 16, height: 16 });
    expect(worstPlace([flat(10, 30, 0)], 16)).toEqual({ x: 0, y: 0, width: 10, height: 16 });
  });

  test('are painted from black to bright, brighter for more', () => {
    const steps: Luma = { width: 6, height: 1, data: Float64Array.of(0, 0.2, 0.4, 0.6, 0.8, 7) };
    const { data } = lumaOf(paint(steps, 1));
    expect([...data].sort((a, b) => a - b)).toEqual([...data]);
    expect(data[0]!).toBeLessThan(0.01);
    expect(data[5]!).toBeGreaterThan(0.9);
    expect(lumaOf(paint(flat(2, 1, 0), 0)).data[0]).toBe(data[0]);
  });

  test('enlarging repeats pixels', () => {
    const image = { width: 2, height: 1, channels: 1 as const, depth: 8 as const, data: Float32Array.of(0.1, 0.9) };
    const { width, height, data } = enlarged(image, 2);
    expect([width, height, ...data]).toEqual([4, 2, ...[0.1, 0.1, 0.9, 0.9, 0.1, 0.1, 0.9, 0.9].map(Math.fround)]);
  });
});
