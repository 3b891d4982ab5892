import { describe, expect, test } from '@jest/globals';
import { denoiseStep, gaussianBlur, inspect, type Ran, type Variant } from './index.js';
import { bits, FILTERS, floats, type Result, SCORES, SEED, SIZES } from './testing/kernels.js';

const cases = Object.entries({ ...FILTERS, ...SCORES });

describe('results do not depend on the number of threads, to the bit', () => {
  test.each(cases)(`%s (seed ${SEED})`, async (_name, kernel) => {
    for (const [width, height] of SIZES) {
      const p = floats(width, height, 3);
      const alone = bits(await kernel(p, { threads: 1 }));
      for (const threads of [2, 5]) expect(bits(await kernel(p, { threads }))).toEqual(alone);
    }
  });

  test.each(cases)('nor on the thread that they run on: %s', async (_name, kernel) => {
    const p = floats(97, 101, 3);
    expect(bits(await kernel(p, { inline: true }))).toEqual(bits(await kernel(p, {})));
  });

  test('denoiseStep over many bands', async () => {
    const z = floats(400_003, 1, 1).data;
    const step = (threads: number) =>
      denoiseStep({ z, out: new Float32Array(z.length), a: 1, sigma: 0.5, seed: 8 }, { threads });
    expect(bits([await step(4)])).toEqual(bits([await step(1)]));
  });

  test('many calls at once give what they give one by one', async () => {
    const p = floats(120, 90, 3);
    const jobs = Array.from({ length: 24 }, (_, i) => () => gaussianBlur(p, { sigma: 0.5 + i / 8 }, { threads: 3 }));
    const one: Float32Array[] = [];
    for (const job of jobs) one.push((await job()).data);
    const together = await Promise.all(jobs.map(async (job) => (await job()).data));
    expect(bits(together)).toEqual(bits(one));
  });
});

describe('instruction-set variants', () => {
  const present = Object.entries(inspect().variants).filter(([, has]) => has);
  const absent = Object.entries(inspect().variants).filter(([, has]) => !has);

  test.each(cases)('agree closely and are recorded: %s', async (name, kernel) => {
    const p = floats(111, 103, 3);
    const results = new Map<Variant, Result[]>();
    for (const [variant] of present as [Variant, boolean][]) {
      const ran: Ran[] = [];
      results.set(variant, await kernel(p, { variant, onRan: (r) => ran.push(r) }));
      for (const r of ran) expect(r).toMatchObject({ kernel: name, backend: 'cpu', variant });
      expect(ran.length).toBeGreaterThan(0);
    }
    const base = results.get('base') as Result[];
    for (const [variant, values] of results)
      values.forEach((value, k) => {
        // far wider than the bounds that the C++ tests hold each kernel to: here only that the right code ran
        const [limit, quantum] = value instanceof Uint8Array ? [1, 0] : [2e-3, 1e-4];
        let far = 0;
        for (let i = 0; i < value.length; i++) {
          const v = value[i] as number;
          if (!(Math.abs(v - (base[k]?.[i] as number)) <= limit + quantum * Math.abs(v))) far++;
        }
        expect({ variant, far }).toEqual({ variant, far: 0 });
      });
  });

  test('auto is the widest one that the processor has', async () => {
    const ran: Ran[] = [];
    await gaussianBlur(floats(8, 8, 1), { sigma: 1 }, { onRan: (r) => ran.push(r) });
    expect(ran).toEqual([
      { kernel: 'gaussianBlur', backend: 'cpu', variant: present.at(-1)?.[0], threads: inspect().threads },
    ]);
  });

  const lacking =
    absent.length > 0 ? test.each(absent) : test.skip.each([['(this processor has all variants)', false]]);
  lacking('one that the processor lacks is an error when forced: %s', async (variant) => {
    await expect(gaussianBlur(floats(8, 8, 1), { sigma: 1 }, { variant: variant as Variant })).rejects.toMatchObject({
      code: 'IR_E_UNSUPPORTED',
    });
  });
});

describe('backends', () => {
  const test_ = inspect().cuda.devices.length > 0 ? test.skip : test;
  test_('cuda without a device is an error that says why, and never the processor instead', async () => {
    const ran: Ran[] = [];
    const call = gaussianBlur(floats(8, 8, 1), { sigma: 1 }, { backend: 'cuda', onRan: (r) => ran.push(r) });
    await expect(call).rejects.toMatchObject({
      code: 'IR_E_BACKEND',
      message: expect.stringMatching(/^expected a CUDA device for backend cuda, got none: .+/),
    });
    expect(ran).toEqual([]);
  });
});

describe('off the main thread', () => {
  test('the event loop turns while a kernel works', async () => {
    const p = floats(900, 600, 3);
    let [turns, done] = [0, false];
    const call = gaussianBlur(p, { sigma: 20 }, { variant: 'base', threads: 1 }).then(() => {
      done = true;
    });
    while (!done) {
      await new Promise(setImmediate);
      turns++;
    }
    await call;
    expect(turns).toBeGreaterThan(20);
  });
});

describe('abort', () => {
  test('before the call rejects with the reason and touches nothing', async () => {
    const out = floats(8, 8, 1);
    const before = out.data.slice();
    const reason = new Error('not today');
    const call = gaussianBlur(floats(8, 8, 1, 2), { sigma: 1, out }, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(out.data).toEqual(before);
  });

  test('during the call stops between bands and rejects with the reason', async () => {
    const picture = { data: new Float32Array(6_000_000).fill(1), width: 3000, height: 2000, channels: 1 };
    const out = { ...picture, data: new Float32Array(6_000_000) };
    const controller = new AbortController();
    const exec = { signal: controller.signal, threads: 1, variant: 'base' } as const;
    const call = gaussianBlur(picture, { sigma: 50, out }, exec); // seconds of work
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    await expect(call).rejects.toBe(reason);
    expect(out.data.at(-1)).toBe(0); // the last band was never reached
  });

  test('after the call is of no consequence, and leaves no listener behind', async () => {
    const controller = new AbortController();
    let listeners = 0;
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const out = await gaussianBlur(floats(8, 8, 1), { sigma: 1 }, { signal });
    controller.abort();
    expect([out.data.length, listeners]).toEqual([64, 0]);
  });

  test('reaches a call that still waits for a thread of the pool', async () => {
    const controller = new AbortController();
    const p = floats(900, 600, 3);
    const calls = Array.from({ length: 8 }, () =>
      gaussianBlur(p, { sigma: 50 }, { signal: controller.signal, variant: 'base', threads: 1 }).then(
        () => 'done',
        (e: Error) => e.name,
      ),
    );
    controller.abort();
    const ends = await Promise.all(calls);
    expect(ends.slice(4)).toEqual(Array(4).fill('AbortError')); // the pool has four threads
  });
});

describe('inline', () => {
  const step = (length: number, inline: boolean) =>
    denoiseStep({ z: new Float32Array(length).fill(1), out: new Float32Array(length), a: 2 }, { inline });

  test('the result is there when the call returns', async () => {
    const out = new Float32Array(8);
    const promise = denoiseStep({ z: new Float32Array(8).fill(1), out, a: 2 }, { inline: true });
    expect([...out]).toEqual(new Array(8).fill(2));
    expect(await promise).toBe(out);
  });

  test('refusals and aborts are rejections as ever', async () => {
    await expect(
      denoiseStep({ z: new Float32Array(8), out: new Float32Array(7), a: 1 }, { inline: true }),
    ).rejects.toMatchObject({ code: 'IR_E_SHAPE' });
    const signal = AbortSignal.abort('no');
    await expect(
      denoiseStep({ z: new Float32Array(8), out: new Float32Array(8), a: 1 }, { inline: true, signal }),
    ).rejects.toBe('no');
  });

  test('and not, at the same time, do not disturb each other', async () => {
    const all = await Promise.all([true, false, true, false].map((inline) => step(300_000, inline)));
    for (const out of all) expect(out.every((v) => v === 2)).toBe(true);
  });
});
