import { describe, expect, test } from '@jest/globals';
import {
  cosineGuidance,
  type DenoiserFunction,
  ddim,
  ddpm,
  euler,
  gradientTowards,
  linearGuidance,
  pullTowards,
  respaced,
  sigmaList,
  stableDiffusion,
} from './index.js';
import { finish, toy } from './testing/toy.js';

const SD = stableDiffusion();
const times = respaced(20).reverse();
const z = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));

describe('guidance', () => {
  test('guidance ramps', () => {
    const at = (sigma: number, t = 0) => ({ ...euler(SD, sigmaList(SD, times)).steps[0]!, sigma, t });
    const linear = linearGuidance(1, 4);
    for (const [sigma, s] of [
      [20_291, 1], // a cosine schedule's first level: the ramp goes no further down
      [14.6146, 1],
      [5.0878, 2.9556],
      [0.1345, 3.9724],
    ] as const)
      expect(linear(at(sigma))).toBeCloseTo(s, 4);
    const cosine = cosineGuidance(8);
    for (const [t, s] of [
      [999, 1],
      [500, 1.0193],
      [250, 2.061],
      [0, 9],
    ] as const)
      expect(cosine(at(0, t))).toBeCloseTo(s, 4);
  });

  test('a guidance scale of 1 does not read the unconditional output', async () => {
    const nan = new Float32Array(64).fill(Number.NaN);
    const model: DenoiserFunction = async (i, s, k) => ({
      conditional: (await toy(i, s, k)) as Float32Array,
      unconditional: nan,
    });
    const plan = ddim(SD, { times });
    expect((await finish(plan, z, { model })).z).toEqual((await finish(plan, z)).z);
    await expect(finish(plan, z, { model, guidance: () => 2 })).rejects.toMatchObject({ code: 'IR_E_NOT_FINITE' });
  });

  test('the gradient towards a target: x0 - 6000 s w (x0 - target) / (N q), where and as often as asked', async () => {
    const target = Float32Array.of(1, 1, 1, 1);
    const step = { ...euler(SD, sigmaList(SD, times)).steps[3]!, t: 500, q: 0.5 };
    const pulled = async (more: Partial<Parameters<typeof gradientTowards>[0]>, at = {}) => {
      const x0 = Float32Array.of(0, 2, 0, 0);
      await gradientTowards({ target, scale: 1e-5, ...more })(x0, { ...step, ...at }, {});
      return [...x0];
    };
    const gain = 0.06 / (4 * 0.5); // of N = 4 elements
    const near = (got: readonly number[], want: readonly number[]) => {
      for (const [i, value] of got.entries()) expect(value).toBeCloseTo(want[i]!, 6);
    };
    near(await pulled({}), [gain, 2 - gain, gain, gain]);
    near(await pulled({ perSize: false }), [0.12, 1.88, 0.12, 0.12]);
    near(await pulled({ repeat: 2 }), [
      1 - (1 - gain) ** 2,
      1 + (1 - gain) ** 2,
      1 - (1 - gain) ** 2,
      1 - (1 - gain) ** 2,
    ]);
    near(await pulled({ weights: Float32Array.of(0, 2) }), [0, 2 - 2 * gain, 0, 2 * gain]); // the same for every channel
    // Active for stop < t + 1 < start.
    for (const [more, active] of [
      [{ start: 501 }, false],
      [{ start: 502 }, true],
      [{ stop: 501 }, false],
      [{ stop: 500 }, true],
    ] as const)
      expect((await pulled(more))[0] !== 0).toBe(active);
    expect((await pulled({}, { q: 0 }))[0]).toBe(0);
  });

  test('the pull: by (sigma / 14.6146)^4 at sigma 5.0878, not where a step ends at or below sigmaMin, and with sigmaMin 0 everywhere', async () => {
    const target = Float32Array.of(0);
    const step = euler(SD, sigmaList(SD, times)).steps[0]!;
    const pulled = async (sigmaMin: number, next: number, sigma = 5.0878) => {
      const x0 = Float32Array.of(1);
      await pullTowards({ target, power: 4, sigmaMin })(x0, { ...step, sigma, next }, {});
      return x0[0]!;
    };
    expect(await pulled(0.05, 3)).toBeCloseTo(1 - 0.014688, 6);
    expect(await pulled(0.05, 0.05)).toBe(1);
    expect(await pulled(0, 0)).toBeCloseTo(1 - 0.014688, 6);
  });

  test('no restoration guidance changes nothing beyond rounding; a full pull lands on the target', async () => {
    const target = Float32Array.from(z, (v) => v / 2);
    const plan = euler(SD, sigmaList(SD, times));
    const plain = await finish(plan, z);
    const idle = await finish(plan, z, { correction: () => {} });
    for (let i = 0; i < z.length; i++) expect(idle.z[i]).toBeCloseTo(plain.z[i]!, 5);
    const pulled = await finish(ddim(SD, { times }), z, { correction: (x0) => x0.set(target) });
    for (let i = 0; i < z.length; i++) expect(pulled.z[i]).toBeCloseTo(target[i]!, 5);
    const gentle = await finish(ddpm(SD, { times, variance: 'none' }), z, {
      correction: gradientTowards({ target, scale: 0.001 }),
    });
    const distance = (a: Float32Array) => a.reduce((sum, v, i) => sum + (v - target[i]!) ** 2, 0);
    expect(distance(gentle.z)).toBeLessThan(distance((await finish(ddpm(SD, { times, variance: 'none' }), z)).z));
  });
});
