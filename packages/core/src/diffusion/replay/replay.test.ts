import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { replay, replayTolerance } from '../index.js';

const shared = fileURLToPath(new URL('../../../../../../shared/data/goldens/diffusers_loops.json', import.meta.url));
const own = new URL('../../../goldens/diffusers_runs.json', import.meta.url);

describe('runs of diffusers 0.42.1, step by step', () => {
  const published = existsSync(shared);
  (published ? test : test.skip)(
    `13 published runs ${published ? '' : '(../shared/data is absent)'}`,
    async () => {
      const report = await replay(JSON.parse(readFileSync(shared, 'utf8')));
      expect(report.runs).toHaveLength(13);
      for (const run of report.runs)
        expect(Math.max(...Object.values(run.deviation!))).toBeLessThanOrEqual(replayTolerance(run));
    },
    180_000,
  );

  // What no order of operations repeats: the library's square roots and logarithms in float32, up to a unit off. Euler-ancestral's step down is the
  // root of a difference of such roots, and towards zero SNR times by a law lie between levels that hardly differ.
  const blurred = ({ cls, config }: { cls: string; config: Record<string, unknown> }) =>
    (/Ancestral/.test(cls) && config.beta_schedule === 'squaredcos_cap_v2') ||
    (config.rescale_betas_zero_snr === true && config.use_karras_sigmas === true);

  test('prediction types, spacings, laws of sigma, churn, cosine, zero terminal SNR, orders, other lengths, starts inside', async () => {
    const data = JSON.parse(readFileSync(own, 'utf8'));
    const { runs } = await replay(data);
    expect(runs.length).toBeGreaterThan(100);
    for (const run of runs) {
      expect([run.index, run.reason]).toEqual([run.index, undefined]);
      const tolerance = blurred(data.runs[run.index]) ? 5e-4 : replayTolerance(run);
      const worst = Math.max(...Object.values(run.deviation!));
      expect({ ...run, ok: worst <= tolerance }).toEqual({ ...run, ok: true });
    }
  }, 180_000);

  test('a wrong sampler goes red, and what cannot be replayed says why', async () => {
    const data = JSON.parse(readFileSync(own, 'utf8'));
    const run = data.runs.find((r: { cls: string }) => r.cls === 'DDIMScheduler');
    const { runs } = await replay({
      runs: [
        { ...run, step_kwargs: { eta: 0.31 } },
        { ...run, cls: 'PNDMScheduler' },
        { ...run, config: { ...run.config, clip_sampel: false } },
        { ...run, config: { ...run.config, thresholding: true } },
      ],
    });
    expect(runs[0]!.deviation!.abs_mean).toBeGreaterThan(1e-4);
    expect(runs[1]!.reason).toMatch(/PNDMScheduler/);
    expect(runs[2]!.reason).toMatch(/clip_sampel.*Did you mean "clip_sample"/);
    expect(runs[3]!.reason).toMatch(/thresholding/);
    const betas = { ...run, config: { ...run.config, trained_betas: [0.1, 0.2] } };
    const euler = data.runs.find((r: { cls: string }) => r.cls === 'EulerDiscreteScheduler');
    const laws = { ...euler, config: { ...euler.config, use_karras_sigmas: true, use_exponential_sigmas: true } };
    const named = await replay({ runs: [betas, laws, { ...run, cls: 'constructor' }] });
    expect(named.runs.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^trained_betas: expected 1000 numbers, got 2$/),
      expect.stringMatching(/one law of sigma, got karras and exponential/),
      expect.stringMatching(/got constructor$/),
    ]);
    await expect(replay({ meta: { shape: [1e10] }, runs: [run] })).rejects.toMatchObject({ code: 'IR_E_SCHEMA' });
    const inside = { ...run, start_index: 77 };
    const far = { ...run, config: { ...run.config, timestep_spacing: 'leading', steps_offset: 999 } };
    const { runs: outside } = await replay({ runs: [inside, far] });
    expect(outside[0]!.reason).toMatch(/start_index: expected at most 12, got 77/);
    expect(outside[1]!.reason).toMatch(/expected a time of the schedule, got \d+/);
    const { runs: broken } = await replay({ meta: null, runs: [null, { ...run, trajectory: [{ t: 1 }] }, run] });
    expect(broken[0]).toMatchObject({
      index: 0,
      cls: 'unknown',
      steps: 0,
      reason: expect.stringMatching(/^runs\[0\]: /),
    });
    expect(broken[1]!.reason).toMatch(/^runs\[1\]\.trajectory\[0\]\.sum: expected a number, got nothing/);
    expect(broken[2]!.deviation).toBeDefined();
    await expect(replay({ rums: [] })).rejects.toMatchObject({ code: 'IR_E_SCHEMA' });
  });
});
