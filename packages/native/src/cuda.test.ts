import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  addNoise,
  type Calibration,
  calibrate,
  compare,
  type DeviceRaster,
  denoiseStep,
  type ExecOptions,
  gaussianBlur,
  inspect,
  type PlanarF32,
  type Ran,
  readCalibration,
  resample,
  upload,
  uploadVector,
  useCalibration,
} from './index.js';
import { bits, bytes, FILTERS, floats, type Result, SCORES, SIZES } from './testing/kernels.js';

const device = inspect().cuda.devices[0];
const cuda = { backend: 'cuda' } as const;

/**
 * Where the processor gives the device's bits: in variants that fuse multiply-adds, save that AVX-512 makes normals by tables. Elsewhere results are
 * within bounds that native-src/tests/cuda_parity_test.cpp checks.
 */
const FUSES = (['avx2', 'avx512'] as const).filter((variant) => inspect().variants[variant]);
const MAKES_NORMALS = FUSES.filter((variant) => variant === 'avx2');
// of the kernels that can make normals every call is compared there alone, since one call may make them and the next not
const sameBitsOf = (kernel: string) => (/noise|normal/i.test(kernel) ? MAKES_NORMALS : FUSES);

/** What a kernel gives on the device, and that it was there, and no other kernel, that ran. */
async function onDevice(name: string, kernel: (typeof FILTERS)[string], p: PlanarF32): Promise<Result[]> {
  const ran: Ran[] = [];
  const results = await kernel(p, { ...cuda, onRan: (r) => ran.push(r) });
  expect(new Set(ran.map((r) => `${r.kernel} ${r.backend}`))).toEqual(new Set([`${name} cuda`]));
  return results;
}

afterEach(() => useCalibration(undefined));

(device ? describe : describe.skip)(`on the device${device ? '' : ` (none: ${inspect().cuda.reason})`}`, () => {
  test.each(Object.entries(FILTERS))(
    '%s has the bits of the processor, and says where it ran',
    async (name, filter) => {
      for (const [width, height] of SIZES) {
        const p = floats(width, height, 3);
        const found = bits(await onDevice(name, filter, p));
        for (const variant of sameBitsOf(name))
          expect({ variant, bits: found }).toEqual({ variant, bits: bits(await filter(p, { variant })) });
      }
    },
  );

  test.each(Object.entries(SCORES))(
    '%s is the score of the processor to 1e-12, and says where it ran',
    async (name, score) => {
      for (const [width, height] of SIZES) {
        const p = floats(width, height, 3);
        const found = (await onDevice(name, score, p)).flatMap((v) => [...v]);
        const onProcessor = (await score(p, { backend: 'cpu' })).flatMap((v) => [...v]);
        expect(found.length).toBe(onProcessor.length);
        const far = found.filter((v, i) => {
          const expected = onProcessor[i] as number;
          return !(Object.is(v, expected) || Math.abs(v - expected) <= 1e-12 * Math.max(1, Math.abs(expected)));
        });
        expect(far).toEqual([]);
      }
    },
  );

  test('many calls at once give what they give one by one', async () => {
    const p = floats(120, 90, 3);
    const jobs = Array.from({ length: 24 }, (_, i) => () => gaussianBlur(p, { sigma: 0.5 + i / 8 }, cuda));
    const one: string[][] = [];
    for (const job of jobs) one.push(bits([(await job()).data]));
    expect(await Promise.all(jobs.map(async (job) => bits([(await job()).data])))).toEqual(one);
  });

  test('a refused call is the same error as on the processor', async () => {
    const call = (exec: ExecOptions) =>
      gaussianBlur(floats(8, 8, 1), { sigma: -1 }, exec).catch((e: Error) => e.message);
    expect(await call(cuda)).toBe(await call({ backend: 'cpu' }));
  });
});

(device ? describe : describe.skip)(`device buffers${device ? '' : ' (no device)'}`, () => {
  const room = (width: number, height: number): DeviceRaster =>
    upload({ ...floats(1, 1, 1), data: new Float32Array(width * height * 3), width, height, channels: 3 });

  test('chain: what a kernel leaves on the device the next one reads there', async () => {
    const p = floats(128, 96, 3);
    const chain = async <R extends PlanarF32 | DeviceRaster>(src: R, small: R, noisy: R, exec: ExecOptions) => {
      const blurred = await gaussianBlur(src, { sigma: 1.5, out: src }, exec);
      const reduced = await resample(blurred, { scaleX: 0.5, scaleY: 0.5, out: small }, exec);
      return addNoise(reduced, { kind: 'gaussian', sigma: 0.1, seed: 4, out: noisy }, exec);
    };
    const source = upload(p);
    p.data.fill(0); // uploaded is copied: nothing is read from the host again
    const last = await chain(source, room(64, 48), room(64, 48), cuda);
    const result = new Float32Array(64 * 48 * 3);
    last.data.download(result);

    for (const variant of MAKES_NORMALS) {
      const small = () => ({ ...floats(64, 48, 3), data: new Float32Array(result.length) });
      const expected = await chain(floats(128, 96, 3), small(), small(), { variant });
      expect({ variant, bits: bits([result]) }).toEqual({ variant, bits: bits([expected.data]) });
    }
  });

  test('mix with operands on the host, and hold bytes as well', async () => {
    const p = floats(60, 40, 3);
    const [b, other] = [bytes(p), bytes({ ...p, data: p.data.toReversed() })];
    expect((await compare(upload(b), other, {}, cuda)).mse).toEqual((await compare(b, other, {}, cuda)).mse);
    const back = new Uint8Array(b.data.length);
    upload(b).data.download(back);
    expect(bits([back])).toEqual(bits([b.data]));
  });

  test('a sampler keeps its state in one buffer', async () => {
    const [z, m] = [floats(1000, 1, 1, 1).data, floats(1000, 1, 1, 2).data];
    const [state, slope] = [uploadVector(z), uploadVector(m)];
    const step = { a: 1.1, b: -0.3, sigma: 0.2, seed: 9 };
    for (let i = 0; i < 5; i++) {
      await denoiseStep({ ...step, step: i, z: state, m: slope, out: state }, cuda);
      await denoiseStep({ ...step, step: i, z, m, out: z }, { variant: MAKES_NORMALS[0] ?? 'base' });
    }
    const result = new Float32Array(1000);
    state.download(result);
    if (MAKES_NORMALS.length > 0) expect(bits([result])).toEqual(bits([z]));
  });

  test('are refused off the device, after disposal, and in another size', async () => {
    const p = room(8, 8);
    await expect(gaussianBlur(p, { sigma: 1, out: p }, { backend: 'cpu' })).rejects.toMatchObject({
      code: 'IR_E_BACKEND',
      message: 'expected backend cuda, because an operand is a device buffer',
    });
    await expect(gaussianBlur(p, { sigma: 1 }, cuda)).rejects.toMatchObject({ code: 'IR_E_ARGUMENT' }); // no `out`
    expect(() => p.data.download(new Float32Array(3))).toThrow(/expected a typed array of 768 bytes for download/);
    p.data.dispose();
    p.data.dispose();
    await expect(gaussianBlur(p, { sigma: 1, out: p }, cuda)).rejects.toMatchObject({
      message: 'expected a device buffer in use, got one that was disposed of',
    });
  });

  test('may be disposed of while a kernel works on them', async () => {
    const p = upload({
      ...floats(1, 1, 1),
      data: new Float32Array(900 * 600 * 3).fill(0.5),
      width: 900,
      height: 600,
      channels: 3,
    });
    const out = new Float32Array(900 * 600 * 3);
    const call = gaussianBlur<PlanarF32 | DeviceRaster>(p, { sigma: 20, out: { ...p, data: out } }, cuda);
    p.data.dispose();
    await call;
    expect(Math.max(...[0, 5000, out.length - 1].map((i) => Math.abs((out[i] as number) - 0.5)))).toBeLessThan(1e-5);
  });
});

(device ? describe : describe.skip)(`calibration${device ? '' : ' (no device)'}`, () => {
  test('auto takes the device from the measured size on, and the processor below and for other kernels', async () => {
    const calibration: Calibration = {
      schema: 'ir.calibration/1',
      device: device?.name ?? '',
      processor: 'any',
      crossover: { gaussianBlur: 300, compare: null },
    };
    useCalibration(calibration);
    const ran: Ran[] = [];
    const exec = { onRan: (r: Ran) => ran.push(r) };
    for (const side of [9, 10, 11]) await gaussianBlur(floats(side, side, 3), { sigma: 1 }, exec);
    await compare(floats(20, 20, 3), floats(20, 20, 3), {}, exec);
    await resample(floats(20, 20, 3), { scaleX: 0.5, scaleY: 0.5 }, exec);
    expect(ran.map((r) => r.backend)).toEqual(['cpu', 'cuda', 'cuda', 'cpu', 'cpu']);
  });

  test('measures every kernel, and is read back as it was written', async () => {
    const sides = [96, 128]; // one block of NIQE and more
    const calibration = await calibrate({ sides });
    expect(calibration).toMatchObject({ schema: 'ir.calibration/1', device: device?.name });
    const measured = inspect().kernels.filter((kernel) => kernel !== 'philoxWords');
    expect(Object.keys(calibration.crossover).sort()).toEqual(measured.sort());
    for (const from of Object.values(calibration.crossover))
      expect([null, ...sides.map((s) => 3 * s * s)]).toContain(from);
    const folder = mkdtempSync(join(tmpdir(), 'ir-calibration-'));
    const path = join(folder, 'calibration.json');
    writeFileSync(path, JSON.stringify(calibration));
    expect(readCalibration(path)).toEqual(calibration);
    rmSync(folder, { recursive: true });
  });
});
