import { describe, expect, test } from '@jest/globals';
import { fixColour } from './colour.js';
import { flatness } from './edges.js';
import type { Grid } from './grid.js';

const SIDE = 16;
const plane = (f: (x: number, y: number) => number): Grid => ({
  data: Float32Array.from({ length: SIDE * SIDE }, (_, i) => f(i % SIDE, Math.floor(i / SIDE))),
  channels: 1,
  width: SIDE,
  height: SIDE,
});
const content = () => plane((x, y) => ((7 * x + 13 * y) % 17) / 16);
const style = () => plane((x, y) => (x + 2 * y) / 45);

const near = (got: ArrayLike<number>, wanted: readonly number[]) => {
  for (const [i, value] of wanted.entries()) expect(Math.abs(got[i]! - value)).toBeLessThan(2e-6);
};

describe('colour fix', () => {
  // The published implementations (SUPIR and DiffBIR share them) on a 16x16 plane, float32, run 2026-11: REFERENCE A.5.
  test('wavelet: the vectors of the published implementation', async () => {
    const out = content();
    await fixColour(out, style(), 'wavelet');
    near(out.data, [-0.1334462, 0.30755963, 0.7496757, 0.130728]);
    near([out.data[8 * SIDE + 8]!], [0.44166876]);
    near([out.data.reduce((a, b) => a + b, 0) / 256], [0.4964481564]);
  });

  test('AdaIN: the vectors of the published implementation', async () => {
    const out = content();
    await fixColour(out, style(), 'adain');
    near(out.data, [0.12519424, 0.45219128, 0.77918832, 0.31204969]);
  });

  test('a picture keeps its own colours, and `none` changes nothing', async () => {
    for (const fix of ['wavelet', 'adain', 'none'] as const) {
      const out = content();
      await fixColour(out, content(), fix);
      near(out.data, [...content().data]);
    }
  });

  test('wavelet adds a constant that the style has and the content has not', async () => {
    const out = content();
    await fixColour(
      out,
      plane((x, y) => ((7 * x + 13 * y) % 17) / 16 + 0.25),
      'wavelet',
    );
    near(
      out.data,
      [...content().data].map((v) => v + 0.25),
    );
  });

  test('stops at an abort with its reason', async () => {
    const reason = new Error('enough');
    await expect(fixColour(content(), style(), 'wavelet', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe('flatness of I_reg', () => {
  const picture = (f: (x: number, y: number) => number) => ({ ...plane(f), channels: 1 as const, depth: 32 as const });

  test('is 1 where nothing changes and small at an edge, there alone', async () => {
    expect([
      ...(await flatness(
        picture(() => 0.4),
        8,
      )),
    ]).toEqual([1, 1, 1, 1]);
    const edge = await flatness(
      picture((x) => Number(x >= 4)),
      8,
    );
    // The edge's two columns of pixels lie in two columns of 2x2 blocks: 4 of 8 pixels with weight 1 - tanh(2 (4 + 4) ...) = 0.
    near(edge, [0.5, 1, 0.5, 1]);
  });

  test('a faint ramp: 1 - tanh of four equal magnitudes', async () => {
    const slope = 0.001;
    const out = await flatness(
      picture((x) => slope * x),
      2,
    );
    near([out[8 * 4 + 4]!], [1 - Math.tanh(4 * 8 * slope)]);
  });
});
