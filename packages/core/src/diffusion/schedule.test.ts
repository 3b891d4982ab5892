import { describe, expect, test } from '@jest/globals';
import { ddim, ddpm, makeSchedule, onePrediction, stableDiffusion } from './index.js';

const SD = stableDiffusion();

describe('schedules', () => {
  // REFERENCE B.1, computed in float64.
  test.each([
    [0, 0.99915, 0.02916716],
    [99, 0.8954627735, 0.34167383],
    [499, 0.2776696505, 1.61288619],
    [999, 0.0046600985, 14.61464123],
  ])('Stable Diffusion at t = %i', (t, alphaBar, sigma) => {
    expect(SD.alphaBar[t]).toBeCloseTo(alphaBar, 9);
    expect(SD.sigmas[t]).toBeCloseTo(sigma, 7);
  });

  test('zero terminal SNR: ends in exactly 0, keeps the first, finite in sigma space', () => {
    const s = stableDiffusion({ zeroTerminalSnr: true, prediction: 'v' });
    for (const [t, value] of [
      [0, 0.99915],
      [250, 0.6524570153],
      [500, 0.2410187828],
      [750, 0.0327991181],
    ] as const)
      expect(s.alphaBar[t]).toBeCloseTo(value, 9);
    expect(s.alphaBar[998]! / 1.9678880566e-7).toBeCloseTo(1, 6);
    expect(s.alphaBar[999]).toBe(0);
    expect(s.sigmas[999]).toBeCloseTo(4096, 0);
    const own = stableDiffusion({ zeroTerminalSnr: true, prediction: 'v', terminalAlphaBar: 1e-8 });
    expect(own.sigmas[999]).toBeCloseTo(9999.99995, 4);
  });

  test('eps-prediction does not fit it: told before any work', () => {
    const s = stableDiffusion({ zeroTerminalSnr: true });
    for (const plan of [() => ddpm(s, { times: [999] }), () => ddim(s, { times: [999] }), () => onePrediction(s, 999)])
      expect(plan).toThrow(
        expect.objectContaining({ code: 'IR_E_USAGE', message: expect.stringMatching(/zero terminal SNR/) }),
      );
  });

  test.each([
    [{ steps: 0 }, 'steps'],
    [{ betaStart: -1 }, 'betaStart'],
    [{ betas: [0.1, 2] }, 'betas'],
    [{ steps: 100_000, betaEnd: 0.9 }, 'some signal at the end'],
  ])('refuses %j', (options, name) => {
    expect(() => makeSchedule(options)).toThrow(
      expect.objectContaining({ code: 'IR_E_USAGE', message: expect.stringContaining(name) }),
    );
  });
});
