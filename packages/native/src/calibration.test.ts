import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { chooseBackend } from './calibration.js';
import { type Calibration, calibrate, inspect, readCalibration, useCalibration } from './index.js';

const calibration: Calibration = {
  schema: 'ir.calibration/1',
  device: 'A Device',
  processor: 'A Processor',
  crossover: { gaussianBlur: 1000, compare: null },
};

afterEach(() => useCalibration(undefined));

describe('the backend of auto', () => {
  test('is the processor without a calibration, without a device, or with one of another device', () => {
    expect(chooseBackend('gaussianBlur', 1e9, 'A Device')).toBe('cpu');
    useCalibration(calibration);
    expect(chooseBackend('gaussianBlur', 1e9, undefined)).toBe('cpu');
    expect(chooseBackend('gaussianBlur', 1e9, 'Another Device')).toBe('cpu');
  });

  test('is the device from the measured size on, kernel by kernel', () => {
    useCalibration(calibration);
    expect([999, 1000, 1001].map((n) => chooseBackend('gaussianBlur', n, 'A Device'))).toEqual(['cpu', 'cuda', 'cuda']);
    expect(chooseBackend('compare', 1e9, 'A Device')).toBe('cpu'); // measured, never faster
    expect(chooseBackend('denoiseStep', 1e9, 'A Device')).toBe('cpu'); // not measured
    useCalibration(undefined);
    expect(chooseBackend('gaussianBlur', 1e9, 'A Device')).toBe('cpu');
  });
});

describe('calibration files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ir-calibration-'));
  const path = join(folder, 'calibration.json');
  afterEach(() => rmSync(path, { force: true }));

  test('are read as they were written', () => {
    writeFileSync(path, JSON.stringify(calibration));
    expect(readCalibration(path)).toEqual(calibration);
  });

  test.each([
    ['missing', undefined],
    ['no JSON', '{'],
    ['null', 'null'],
    ['another schema', JSON.stringify({ ...calibration, schema: 'ir.calibration/2' })],
    ['no device', JSON.stringify({ ...calibration, device: undefined })],
    ['crossover null', JSON.stringify({ ...calibration, crossover: null })],
    ['crossover of words', JSON.stringify({ ...calibration, crossover: { gaussianBlur: 'never' } })],
    ['crossover below zero', JSON.stringify({ ...calibration, crossover: { gaussianBlur: -1 } })],
  ])('that are none are refused with advice: %s', (_name, text) => {
    if (text !== undefined) writeFileSync(path, text);
    expect(() => readCalibration(path)).toThrow(
      expect.objectContaining({ code: 'IR_E_ARGUMENT', message: expect.stringContaining('`ir inspect --calibrate`') }),
    );
  });
});

test('calibrating without a device is an error that says why', async () => {
  if (inspect().cuda.devices.length > 0) return;
  await expect(calibrate()).rejects.toMatchObject({
    code: 'IR_E_BACKEND',
    message: expect.stringMatching(/got none: .+/),
  });
});
