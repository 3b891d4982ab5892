import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ddimSpaced, nearestTime, respaced, sgmTimes, sigmasBy, spacedTimes, stableDiffusion } from './index.js';

const SD = stableDiffusion();

describe('spacing', () => {
  test('re-spacing as guided diffusion has it', () => {
    expect(respaced(1)).toEqual([0]);
    expect(respaced(5)).toEqual([0, 250, 500, 749, 999]);
    expect(respaced(10)).toEqual([0, 111, 222, 333, 444, 555, 666, 777, 888, 999]);
    expect(respaced(7)).toEqual(expect.arrayContaining([166, 832]));
    const fifty =
      '0,20,41,61,82,102,122,143,163,183,204,224,245,265,285,306,326,347,367,387,408,428,449,469,489,510,530,550,571,591,612,632,652,673,693,714,734,754,775,795,816,836,856,877,897,917,938,958,979,999';
    expect(respaced(50).join()).toBe(fifty);
  });

  // SHA-256 of the lists for n = 1..1000 (comma-joined, a line each), made once by Python 3.11: round() over an accumulated float stride.
  test('equal to Python’s accumulation and rounding for every n', () => {
    const lists = Array.from({ length: 1000 }, (_, i) => respaced(i + 1).join()).join('\n');
    expect(createHash('sha256').update(lists).digest('hex')).toBe(
      '806af3c731ee25a87e0c00bcc07c65dac75f419006ab08a7753c42fbc29132f5',
    );
    const simple = (n: number) => Array.from({ length: n }, (_, i) => Math.round((999 / (n - 1)) * i));
    expect(simple(7).join()).not.toBe(respaced(7).join());
  });

  test('every list rises from 0 to T - 1 without repeats', () => {
    for (let n = 2; n <= 1000; n++) {
      const times = respaced(n);
      expect([times.length, times[0], times.at(-1)]).toEqual([n, 0, 999]);
      expect(new Set(times).size).toBe(n);
    }
  });

  test('leading, trailing, linspace, sgm, ddimN, Karras', () => {
    expect(spacedTimes(4, 1000, { spacing: 'leading', offset: 1, whole: true })).toEqual([751, 501, 251, 1]);
    expect(spacedTimes(5, 1000, { spacing: 'leading', offset: 1, whole: true })).toEqual([801, 601, 401, 201, 1]);
    expect(spacedTimes(4, 1000, { spacing: 'trailing', whole: true })).toEqual([999, 749, 499, 249]);
    expect(spacedTimes(4, 1000, { spacing: 'linspace', whole: true })).toEqual([999, 666, 333, 0]);
    expect(sgmTimes(10)).toEqual([999, 899, 799, 699, 599, 499, 399, 299, 199, 99]);
    expect(sgmTimes(50).slice(0, 2).concat(sgmTimes(50).at(-1)!)).toEqual([999, 979, 19]);
    expect(ddimSpaced(50)).toHaveLength(50);
    expect(() => ddimSpaced(999)).toThrow(expect.objectContaining({ code: 'IR_E_USAGE' }));
    const karras = sigmasBy('karras', 5, 0.1, 10);
    expect([karras[0], karras[4]].map((x) => +x!.toFixed(10))).toEqual([10, 0.1]);
    expect(nearestTime(SD, SD.sigmas[700]! * 1.0001)).toBe(700);
  });

  test('whole times are numpy’s where ways of rounding differ', () => {
    // np.linspace(0, 999, 27).round(), np.round(np.arange(1000, 0, -1000 / 48)) - 1 and np.linspace(999, 0, 99, endpoint=False).astype(int): NumPy 2.4
    expect(spacedTimes(27, 1000, { spacing: 'linspace', whole: true })[13]).toBe(499);
    expect(spacedTimes(48, 1000, { spacing: 'trailing', whole: true })[3]).toBe(936);
    expect(sgmTimes(99)[77]).toBe(221);
  });

  test('refuses counts out of range', () => {
    for (const n of [0, 1001, 2.5, Number.NaN])
      expect(() => respaced(n)).toThrow(expect.objectContaining({ code: 'IR_E_USAGE' }));
  });
});
