import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { makeSampling, type Sampling, type SamplingSettings, samplingShape } from './sampling.js';
import { makeSchedule, stableDiffusion } from './schedule.js';

const SD = stableDiffusion();
const schema = z.strictObject(samplingShape);
const settings = (given: object): SamplingSettings => schema.parse({ sampler: { name: 'ddim' }, steps: 50, ...given });

const FRACTIONS = { whole: false, nearest: false };
const WHOLE = { whole: true, nearest: false };
const make = (given: object, network = FRACTIONS, schedule = SD) => makeSampling(schedule, settings(given), network);
const timesOf = ({ plan, start }: Sampling) => plan.steps.slice(start).map(({ t }) => t);

const NAMES = ['ddpm', 'ddim', 'euler', 'euler-ancestral', 'edm', 'heun', 'dpm-solver++'] as const;

describe('the plan that settings ask for', () => {
  test.each(NAMES)('%s: starts at T - 1, ends clean, as many steps as asked', (name) => {
    const { plan, start, from, count } = make({ sampler: { name }, steps: 10 });
    expect([start, from, count]).toEqual([0, 'noise', 10]);
    expect(plan.steps[0]!.t).toBe(999);
    expect(plan.steps.at(-1)!.next).toBeLessThan(0.03);
    for (const [i, step] of plan.steps.slice(0, -1).entries())
      if (name !== 'heun') expect(plan.steps[i + 1]!.sigma).toBeCloseTo(step.next, 12);
  });

  test.each(NAMES)('%s in one step goes from T - 1', (name) => {
    expect(timesOf(make({ sampler: { name }, steps: 1 }))).toEqual([999]);
  });

  test('every spacing', () => {
    const first = (spacing: string, more = {}) => timesOf(make({ steps: 4, spacing, ...more }));
    expect(first('respaced')).toEqual([999, 666, 333, 0]);
    expect(first('ddim')).toEqual([750, 500, 250, 0]);
    expect(first('leading', { offset: 1 })).toEqual([751, 501, 251, 1]);
    expect(first('trailing')).toEqual([999, 749, 499, 249]);
    expect(first('linspace')).toEqual([999, 666, 333, 0]);
    expect(first('sgm')).toEqual([999, 749, 499, 249]);
  });

  test('networks of whole times get whole times, also under a law', () => {
    const sampler = { name: 'euler' };
    const karras = { sampler, steps: 7, law: 'karras' };
    expect(timesOf(make(karras)).every(Number.isInteger)).toBe(false);
    expect(timesOf(make(karras, WHOLE)).every(Number.isInteger)).toBe(true);
    const churned = { sampler: { name: 'edm', churn: 5 }, steps: 7 };
    expect(timesOf(make(churned)).every(Number.isInteger)).toBe(false);
    expect(timesOf(make(churned, WHOLE)).every(Number.isInteger)).toBe(true);
  });

  test('with churn before the model it is told the time of the raised level', () => {
    const { plan } = make({ sampler: { name: 'edm', churn: 5 }, steps: 10, spacing: 'sgm' });
    const plain = make({ sampler: { name: 'euler' }, steps: 10, spacing: 'sgm' }).plan;
    for (const [i, step] of plan.steps.entries())
      if (i > 0) expect(step.t).toBeGreaterThan(plain.steps[i]!.t);
      else expect(step.t).toBe(999); // there is no higher one
    const after = make({ sampler: { name: 'edm', churn: 5, when: 'after-model' }, steps: 10, spacing: 'sgm' });
    expect(timesOf(after)).toEqual(plain.steps.map(({ t }) => t));
  });

  test.each(['euler', 'heun', 'dpm-solver++'])(
    '%s: the nearest training level is told, the step keeps its own',
    (name) => {
      const network = { whole: true, nearest: true };
      const exact = make({ sampler: { name }, steps: 7, law: 'karras' }).plan;
      const { plan } = make({ sampler: { name }, steps: 7, law: 'karras' }, network);
      for (const [i, step] of plan.steps.entries()) {
        expect(Number.isInteger(step.t)).toBe(true);
        expect(step.sigma).toBeCloseTo(exact.steps[i]!.sigma, 12);
        const seen = SD.sigmas[step.t]!;
        const view = name === 'dpm-solver++' ? 1 / step.signal : 1; // its z is scaled by signal
        expect(step.inputScale * Math.sqrt(seen ** 2 + 1)).toBeCloseTo(view, 12);
        // x0 = c z + d m of a z that is x0 + seen eps in the exploding view, m = eps
        expect(step.c).toBeCloseTo(view, 12);
        expect(step.d).toBeCloseTo(-seen, 12);
      }
      // Levels of the training list are their own nearest: nothing changes there.
      const on = { sampler: { name }, steps: 7 };
      const [told, plain] = [make(on, network).plan, make(on).plan];
      for (const [i, { t, c, d, inputScale }] of told.steps.entries()) {
        expect(t).toBe(plain.steps[i]!.t);
        for (const [a, b] of [
          [c, plain.steps[i]!.c],
          [d, plain.steps[i]!.d],
          [inputScale, plain.steps[i]!.inputScale],
        ] as const)
          expect(a / b).toBeCloseTo(1, 12);
      }
    },
  );
});

describe('starts inside (both rules of B.6)', () => {
  test('truncate: the steps of the list at or below t*; 25 of 50 up to 500', () => {
    const at = make({ start: { time: 500 } });
    expect([at.from, at.start, at.count, timesOf(at)[0]]).toEqual(['condition', 25, 25, 489]);
    expect(timesOf(make({ start: { fraction: 0.4 } }))[0]).toBe(387);
  });

  test('re-space: as many steps inside [0, t*]', () => {
    const at = make({ steps: 10, start: { time: 400, rule: 're-space' } });
    expect([at.start, at.count]).toEqual([0, 10]);
    expect(timesOf(at)).toEqual([400, 356, 311, 267, 222, 178, 133, 89, 44, 0]);
  });

  test('a fraction is of T - 1, rounded half to even: the table of t*', () => {
    const first = (fraction: number) => timesOf(make({ steps: 2, start: { fraction, rule: 're-space' } }))[0];
    expect([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].map(first)).toEqual([
      100, 200, 300, 400, 500, 599, 699, 799, 899, 999,
    ]);
  });

  test.each(['heun', 'dpm-solver++', 'euler'])('%s begins without a past', (name) => {
    const { plan, start, count } = make({
      sampler: { name, ...(name === 'dpm-solver++' ? { order: 3 } : {}) },
      steps: 20,
      start: { time: 600 },
    });
    expect(plan.steps[start]!.history).toEqual([]);
    expect(plan.steps[start]!.t).toBeLessThanOrEqual(600);
    expect(count).toBe(12);
  });

  test('one-step prediction from any level', () => {
    const at = make({ sampler: { name: 'one-step' }, start: { time: 321 } });
    expect([timesOf(at), at.count, at.from]).toEqual([[321], 1, 'condition']);
    expect(timesOf(make({ sampler: { name: 'one-step' } }))).toEqual([999]);
  });
});

describe('what does not fit is told before any work', () => {
  const zero = stableDiffusion({ zeroTerminalSnr: true });
  const short = makeSchedule({ steps: 10 });
  test.each<[string, object, RegExp, typeof SD?]>([
    ['more steps than times', { steps: 1001 }, /steps: expected at most the schedule's 1000, got 1001/],
    [
      'more steps than times inside',
      { steps: 50, start: { time: 20, rule: 're-space' } },
      /steps: expected at most 21/,
    ],
    [
      't* beyond the schedule',
      { start: { time: 1000 } },
      /start.time: expected a time of the schedule, 0..999, got 1000/,
    ],
    [
      't* below the list',
      { steps: 10, spacing: 'sgm', start: { time: 50 } },
      /start: expected a time at or above the list's last, 99/,
    ],
    ['a law without sigmas', { law: 'karras' }, /law: expected none for ddim/],
    ['a stride that there is not', { steps: 999, spacing: 'ddim' }, /an integer stride/],
    [
      'an offset that leaves the schedule',
      { steps: 10, spacing: 'leading', offset: 200 },
      /offset: expected one that keeps times below 1000/,
    ],
    ['eps at zero terminal SNR', {}, /zero terminal SNR/, zero],
    ['steps of a short schedule', { steps: 11 }, /at most the schedule's 10/, short],
  ])('%s', (_, given, message, schedule = SD) => {
    expect(() => make(given, FRACTIONS, schedule)).toThrow(
      expect.objectContaining({ code: 'IR_E_USAGE', message: expect.stringMatching(message) }),
    );
  });

  test('a v-prediction fits zero terminal SNR in every method', () => {
    const schedule = stableDiffusion({ zeroTerminalSnr: true, prediction: 'v' });
    for (const name of NAMES) {
      const { plan } = make({ sampler: { name }, steps: 5, spacing: 'trailing' }, FRACTIONS, schedule);
      for (const { a, b, c, d, q, noise } of plan.steps)
        expect([a, b, c, d, q, noise].every(Number.isFinite)).toBe(true);
    }
  });
});
