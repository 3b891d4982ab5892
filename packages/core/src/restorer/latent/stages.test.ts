import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Image } from '../../image/contract.js';
import type { LatentRestorer } from './contract.js';
import { latentRestorer } from './definitions.js';
import { openLatentRestorer } from './latent.js';
import { formulaPicture, type Json, tinyModel } from './testing/models.js';

// Rows of Table 2 and points of Figures 6 to 9 as settings of one model.
const image = formulaPicture(37, 21); // sides that are no multiples of anything
let model: LatentRestorer;
beforeAll(async () => {
  model = await openLatentRestorer(tinyModel('diffbir-tiny'));
});
afterAll(() => model.dispose());

const at = (settings: object, picture: Image = image) => model.under({ ...settings }).restore(picture, { seed: 3 });
const refusal = (settings: object): string => {
  try {
    model.under({ ...settings });
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
  return 'none';
};

describe('stages', () => {
  test('each is the part of the model that it names', async () => {
    const initial = await model.initial(image);
    expect((await at({ stage: 'initial' })).data).toEqual(initial.data);
    expect((await at({ stage: 'round-trip' })).data).toEqual((await model.reconstruct(image)).data);
    expect((await at({ stage: 'initial-round-trip' })).data).toEqual((await model.reconstruct(initial)).data);
    const results = await Promise.all(
      ['sample', 'initial', 'round-trip', 'initial-round-trip'].map((stage) =>
        at(stage === 'sample' ? { steps: 2 } : { stage }),
      ),
    );
    expect(new Set(results.map(({ data }) => data.join())).size).toBe(4);
    for (const { width, height, channels } of results) expect([width, height, channels]).toEqual([37, 21, 3]);
  });

  test('grey stays grey, opacity is carried along', async () => {
    const alpha = Float32Array.from({ length: 37 * 21 }, (_, i) => (i % 5) / 4);
    const grey = { ...formulaPicture(37, 21, 1), alpha };
    for (const stage of ['initial', 'round-trip', 'initial-round-trip']) {
      const out = await at({ stage }, grey);
      expect([out.channels, out.data.length, out.alpha]).toEqual([1, 37 * 21, alpha]);
    }
  });

  test('an enlarging M_phi: a round trip keeps the size, the others have its scale', async () => {
    const bigger = await openLatentRestorer(
      tinyModel('diffbir-tiny', ({ parts }: Json) => Object.assign(parts.initial, { scale: 2 })),
    );
    try {
      const scales = ['sample', 'initial', 'round-trip', 'initial-round-trip'].map(
        (stage) => bigger.under({ stage }).scale,
      );
      expect(scales).toEqual([2, 2, 1, 2]);
      const trip = await bigger.under({ stage: 'round-trip' }).restore(image);
      expect([trip.width, trip.data]).toEqual([37, (await model.reconstruct(image)).data]);
    } finally {
      await bigger.dispose();
    }
  });

  test('draw nothing, say so, and are known by what they feel alone', async () => {
    expect(model.under({ steps: 2 }).draws).toBe(true);
    const initial = model.under({ stage: 'initial' });
    expect([initial.draws, initial.stepCount]).toEqual([false, 0]);
    expect(initial.identity).toMatch(/,stage=initial,tile=auto,provider=/);
    expect((await initial.restore(image, { seed: 1 })).data).toEqual((await initial.restore(image, { seed: 2 })).data);
    await expect(initial.steps(image).next()).rejects.toMatchObject({ code: 'IR_E_USAGE' });
  });

  test('tiles are the same as a setting and as an option', async () => {
    // Without the context that its graphs need, so that tiles show.
    const short = await openLatentRestorer(
      tinyModel('diffbir-tiny', ({ parts }: Json) => {
        for (const part of ['initial', 'encoder', 'decoder']) parts[part].reach = 0;
      }),
    );
    const tile = { size: 16, overlap: 0 };
    for (const stage of ['initial', 'round-trip', 'initial-round-trip']) {
      const tiled = await short.under({ stage }).restore(image, { tile });
      expect((await short.under({ stage, tile }).restore(image)).data).toEqual(tiled.data);
      expect((await short.under({ stage }).restore(image)).data).not.toEqual(tiled.data);
    }
    await short.dispose();
  });

  test('an abort is heard, a picture that is too small refused', async () => {
    const reason = new Error('enough');
    const trip = model.under({ stage: 'initial-round-trip' });
    await expect(trip.restore(image, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const strict = await openLatentRestorer(tinyModel('diffbir-tiny', (manifest: Json) => (manifest.minSide = 64)));
    const small = strict.under({ stage: 'round-trip' }).restore(image);
    await expect(small).rejects.toMatchObject({ code: 'IR_E_SIZE' });
    await strict.dispose();
  });
});

describe('until', () => {
  test.each([
    ['ddim', { sampler: 'ddim', steps: 4 }, 4, (k: number) => k - 1],
    ['a start inside', { sampler: 'ddpm', steps: 6, start: { fraction: 0.5 } }, 3, (k: number) => k - 1],
    ['two evaluations a step', { sampler: 'heun', steps: 3 }, 3, (k: number) => 2 * k - 2],
  ])('is the predicted clean sample of that step: %s', async (_, settings, count, entryOf) => {
    const pictures: Image[] = [];
    for await (const { decode } of model.under(settings).steps(image, { seed: 3 })) pictures.push(await decode('x0'));
    for (let until = 1; until <= count; until++)
      expect((await at({ ...settings, until })).data).toEqual(pictures[entryOf(until)]!.data);
    expect(refusal({ ...settings, until: count + 1 })).toMatch(
      new RegExp(
        `^IR_E_USAGE diffbir-tiny settings.until: expected a step that is taken, 1..${count}, got ${count + 1}`,
      ),
    );
  });

  test('runs no further, and counts what it runs', async () => {
    const restorer = model.under({ sampler: 'ddim', steps: 50, until: 2 });
    const told: string[] = [];
    await restorer.restore(image, {
      onProgress: ({ phase, completed, total }) => phase === 'sample' && told.push(`${completed}/${total}`),
    });
    expect(told).toEqual(['0/2', '1/2', '2/2']);
    expect(restorer.stepCount).toBe(2);
    expect(restorer.identity).toContain(',until=2,');
    const seen = [];
    for await (const { index, count } of restorer.steps(image)) seen.push([index, count]);
    expect(seen).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });
});

test.each<[object, RegExp]>([
  [
    { stage: 'initial', steps: 5 },
    /IR_E_USAGE diffbir-tiny settings: expected only stage, tile, .*at stage initial, got steps/,
  ],
  [{ stage: 'round-trip', until: 1, colour: 'none' }, /got until, colour/],
  [{ stage: 'initail' }, /IR_E_SCHEMA diffbir-tiny settings\.stage: .*Did you mean "initial"/],
  [{ sampler: 'one-step', steps: 3 }, /settings\.steps: expected 1 with the sampler one-step, got 3/],
  [{ sampler: 'one-step', spacing: 'leading' }, /settings\.spacing: expected none with the sampler one-step/],
  [{ offset: 1 }, /settings\.offset: expected 0 but with spacing leading, got 1\. Set spacing/],
  [{ guidance: 1, negative: 'soft' }, /settings\.negative: expected none at guidance 1, got "soft"\. Set guidance/],
  [{ guidance: 1, unconditional: 'no-condition' }, /settings\.unconditional: expected none at guidance 1/],
  [{ until: 0 }, /IR_E_SCHEMA diffbir-tiny settings\.until: expected .*1, got 0/],
  [{ sampler: 'one-step', until: 2 }, /settings\.until: expected a step that is taken, 1\.\.1/],
  [
    { sampler: 'one-step', start: { time: 1000 } },
    /IR_E_USAGE start\.time: expected a time of the schedule, 0\.\.999, got 1000/,
  ],
  [{ start: { fraction: 1.1 } }, /IR_E_SCHEMA diffbir-tiny settings\.start/],
  [{ steps: 3, start: { time: -1 } }, /IR_E_SCHEMA diffbir-tiny settings\.start/],
])('%j is refused before any work', async (settings, message) => {
  expect(refusal(settings)).toMatch(message);
  await expect(latentRestorer(tinyModel('diffbir-tiny')).create({ ...settings })).rejects.toThrow();
});

test('defaults of a model are no settings of the caller', async () => {
  const change = (manifest: Json) => Object.assign(manifest, { defaults: { steps: 7, until: 3 } });
  const restorer = await latentRestorer(tinyModel('diffbir-tiny', change)).create({ stage: 'round-trip' });
  expect((await restorer.restore(image)).data).toEqual((await model.reconstruct(image)).data);
  await restorer.dispose();
});
