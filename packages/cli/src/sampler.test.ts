import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ir } from './testing/ir.js';

const folder = mkdtempSync(join(tmpdir(), 'ir-sampler-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly cls: string;
  readonly steps: number;
  readonly config: object;
  readonly trajectory: readonly object[];
}

/** Recorded by diffusers 0.42.1 (training/goldens/diffusers_runs.py). */
const recorded = JSON.parse(
  readFileSync(new URL('../../core/goldens/diffusers_runs.json', import.meta.url), 'utf8'),
) as { readonly meta: object; readonly runs: readonly Run[] };
const first = (cls: string) => recorded.runs.find((one) => one.cls === cls)!;
const [ddim, euler] = [first('DDIMScheduler'), first('EulerDiscreteScheduler')];

function fileOf(name: string, runs: readonly Run[], write = JSON.stringify): string {
  const path = join(folder, name);
  writeFileSync(path, write({ meta: recorded.meta, runs }));
  return path;
}

const replay = (...args: string[]) => ir('sampler', 'replay', ...args);

describe('ir sampler replay', () => {
  const agreeing = fileOf('agreeing.json', [ddim, euler]);
  const moved = { ...ddim, trajectory: ddim.trajectory.map((step) => ({ ...step, abs_mean: 1 })) };

  test('prints the largest deviation of every run and field; status 0 where all agree', async () => {
    const { code, stdout, stderr } = await replay(agreeing, '--json');
    expect([code, stderr]).toEqual([0, '']);
    const { schema, runs, ...rest } = JSON.parse(stdout);
    expect([schema, rest]).toEqual(['ir.sampler-replay/1', {}]);
    for (const [index, one] of runs.entries()) {
      const { cls, steps } = [ddim, euler][index]!;
      expect(one).toMatchObject({ index, cls, steps });
      expect(Object.keys(one)).toEqual(['index', 'cls', 'steps', 'deviation']);
      expect(Object.keys(one.deviation)).toEqual(['t', 'sum', 'abs_mean', 'first', 'x0_abs_mean']);
      for (const value of Object.values(one.deviation)) expect(value).toBeLessThanOrEqual(1e-4);
    }
  });

  test('as a table for people', async () => {
    const { code, stdout } = await replay(agreeing);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run +class +steps +t +sum +abs_mean +first +x0_abs_mean +verdict\n/);
    expect(stdout.match(/ agrees$/gm)).toHaveLength(2);
  });

  test('a deviation or a run that cannot be repeated: the whole report, then status 1', async () => {
    const path = fileOf('off.json', [ddim, moved, { ...euler, cls: 'PNDMScheduler' }]);
    const json = await replay(path, '--json');
    expect(json.code).toBe(1);
    const { runs } = JSON.parse(json.stdout);
    expect(runs[1].deviation.abs_mean).toBeGreaterThan(1e-4);
    expect(Object.keys(runs[2])).toEqual(['index', 'cls', 'steps', 'reason']);
    expect(JSON.parse(json.stderr).error).toEqual({
      code: 'IR_E_CHECK',
      message: expect.stringContaining('2 that do not: 1, 2'),
    });
    const text = await replay(path);
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/off by more than 0.0001$/m);
    expect(text.stdout).toMatch(/^2 PNDMScheduler: expected one of .*DDIMScheduler/m);
  });

  test('takes infinities as Python writes them', async () => {
    const config = { ...first('DPMSolverMultistepScheduler').config, lambda_min_clipped: 'INF' };
    const path = fileOf('python.json', [{ ...first('DPMSolverMultistepScheduler'), config }], (value) =>
      JSON.stringify(value).replace('"INF"', '-Infinity'),
    );
    expect((await replay(path, '--json')).code).toBe(0);
  });

  test.each([
    ['missing.json', undefined, 'IR_E_NOT_FOUND'],
    ['torn.json', '{"runs": [', 'IR_E_FORMAT'],
    ['other.json', '{"rums": []}', 'IR_E_SCHEMA'],
    ['none.json', '{"runs": []}', 'IR_E_SCHEMA'],
  ])('%s: refused with status 2 and nothing on stdout', async (name, text, code) => {
    const path = join(folder, name);
    if (text !== undefined) writeFileSync(path, text);
    const ended = await replay(path, '--json');
    expect([ended.code, ended.stdout]).toEqual([2, '']);
    expect(JSON.parse(ended.stderr).error.code).toBe(code);
  });

  test('a run of another form has a reason, the others are replayed: status 1', async () => {
    const path = join(folder, 'half.json');
    writeFileSync(path, '{"runs": [{"cls": "DDIMScheduler", "config": {}}]}');
    const { code, stdout } = await replay(path, '--json');
    expect(code).toBe(1);
    const [run] = JSON.parse(stdout).runs;
    expect(run).toMatchObject({ index: 0, cls: 'DDIMScheduler', steps: 0 });
    expect(run.reason).toMatch(/^runs\[0\]\.steps: expected/);
  });
});
