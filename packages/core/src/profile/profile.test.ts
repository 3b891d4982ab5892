import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Image } from '../image/contract.js';
import { saveImage } from '../image/encode.js';
import { testPicture } from '../models/probe.js';
import { networkProcesses } from '../network/index.js';
import type { Progress } from '../progress.js';
import type { Registry } from '../registry.js';
import {
  classicalRestorers,
  installedLatentRestorers,
  installedRestorers,
  noRestorer,
  type RestorerDefinition,
} from '../restorer/index.js';
import { tinyFolder } from '../restorer/latent/testing/models.js';
import { useModels } from '../testing/models-folder.js';
import { type ProfileOptions, profile } from './profile.js';
import { type ProfileReport, profileSchema } from './schema.js';

const root = mkdtempSync(join(tmpdir(), 'ir-profile-'));
let restoreModels: () => void;
let registry: Registry;

/** Mean of the picture: enough of a metric to see what was scored. */
const brightness: Registry['metrics'][number] = {
  alias: 'brightness',
  describe: 'mean of all samples',
  direction: 'higher',
  range: [0, 1],
  needs: { reference: false },
  source: 'this test',
  create: () => ({
    alias: 'brightness',
    id: 'brightness[mean]@1',
    direction: 'higher',
    needs: { reference: false },
    score: async ({ image: { data, width } }) =>
      width < 40 ? { value: null, reason: 'too-small' } : { value: data.reduce((a, b) => a + b, 0) / data.length },
  }),
};

beforeAll(async () => {
  restoreModels = useModels(join(root, 'models'));
  for (const name of ['diffbir-tiny', 'supir-tiny'])
    await cp(tinyFolder(name), join(root, 'models', name), { recursive: true });
  registry = {
    metrics: [brightness],
    restorers: [
      noRestorer,
      ...classicalRestorers,
      ...(await installedRestorers()),
      ...(await installedLatentRestorers()),
    ],
  };
});
afterAll(() => {
  restoreModels();
  rmSync(root, { recursive: true, force: true });
});

/** One restorer, small and once, unless said otherwise. */
const one = async (id: string, options: Partial<ProfileOptions> = {}) => {
  const size = { width: 64, height: 64 };
  const report = await profile({ registry, models: [id], size, runs: 1, warmup: 0, threads: 1, ...options });
  return report.restorers[0]!;
};

/** `sum(p.numel() for p in module.parameters())` of the modules of training/export/tiny_ldm.py, torch 2.13.0, 2026-11-24. */
const TORCH: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'diffbir-tiny': {
    initial: 333,
    encoder: 1192,
    'text.encoders.0': 4880,
    control: 4900,
    denoiser: 12270,
    decoder: 2868,
  },
  'supir-tiny': {
    conditionEncoder: 1192,
    encoder: 1192,
    'text.encoders.0': 2440,
    'text.encoders.1': 3744,
    control: 4740,
    denoiser: 12338,
    decoder: 2868,
  },
};

describe('parameters', () => {
  test.each(Object.keys(TORCH))('of every part of %s, read from the graphs, are those of PyTorch', async (id) => {
    const { parameters } = await one(id, { settings: { steps: 1 } });
    const counted = Object.fromEntries(parameters!.parts.map(({ part, weights }) => [part, weights]));
    expect(counted).toEqual(TORCH[id]);
    expect(parameters!.weights).toBe(Object.values(TORCH[id]!).reduce((a, b) => a + b, 0));
  });

  test('a graph that plays two parts counts once', async () => {
    const folder = join(root, 'models', 'twice');
    await cp(tinyFolder('supir-tiny'), folder, { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    manifest.id = 'twice';
    manifest.parts.conditionEncoder = manifest.parts.encoder;
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const restorers = await installedLatentRestorers();
    const { parameters } = await one('twice', {
      registry: { ...registry, restorers },
      settings: { steps: 1 },
    });
    expect(parameters!.parts.filter(({ sameAs }) => sameAs === 'conditionEncoder').map(({ part }) => part)).toEqual([
      'encoder',
    ]);
    const all = parameters!.parts.reduce((sum, { weights }) => sum + weights, 0);
    expect(parameters!.weights).toBe(all - TORCH['supir-tiny']!.encoder!);
    rmSync(folder, { recursive: true });
  });

  test('what has no network has none', async () => {
    const { parameters, evaluations, ran } = await one('wiener');
    expect([parameters, evaluations, ran]).toEqual([
      { weights: 0, allInitializers: 0, bytes: 0, parts: [] },
      { total: 0, parts: {} },
      null,
    ]);
  });
});

describe('forward passes for one picture', () => {
  const passes = async (settings: object, options: Partial<ProfileOptions> = {}) =>
    (await one('diffbir-tiny', { settings: { steps: 4, ...settings }, ...options })).evaluations.parts;
  const common = { initial: 1, encoder: 1, decoder: 1 };

  test('without guidance one of control and denoiser a step', async () => {
    expect(await passes({})).toEqual({ ...common, 'text.encoders.0': 1, control: 4, denoiser: 4 });
  });

  test('guidance doubles them, and asks for the text that it leads away from', async () => {
    expect(await passes({ guidance: 2 })).toEqual({ ...common, 'text.encoders.0': 2, control: 8, denoiser: 8 });
  });

  test('Heun’s method makes two a step, but one at the last', async () => {
    const { denoiser } = (await passes({ sampler: 'heun' })) as { denoiser: number };
    expect(denoiser).toBe(7);
  });

  test('tiles make one each', async () => {
    // Four cores of 64x64 pixels, two steps each.
    const tile = { size: 64, overlap: 0 };
    const { denoiser, encoder, decoder } = (await passes(
      { tile, steps: 2 },
      { size: { width: 128, height: 128 } },
    )) as Record<string, number>;
    expect([denoiser, encoder, decoder]).toEqual([8, 4, 4]);
  });

  test('of a network of one pass there is one', async () => {
    const { evaluations, ran } = await one('restorer-s');
    expect(evaluations).toEqual({ total: 1, parts: { network: 1 } });
    expect(ran).toMatchObject({ provider: 'cpu', threads: 1 });
  });
});

describe('a report', () => {
  let report: ProfileReport;
  const heard: Progress[] = [];
  beforeAll(async () => {
    for (const [name, width] of [
      ['a.png', 48],
      ['b.png', 64],
      ['small.png', 36],
    ] as const)
      await saveImage(
        { width, height: 40, channels: 3, depth: 8, data: testPicture(3, width, 40, [0, 1]) },
        join(root, name),
      );
    report = await profile({
      registry,
      size: { width: 64, height: 48 },
      runs: 3,
      warmup: 1,
      threads: 1,
      settings: { steps: 2 },
      quality: {
        images: ['a.png', 'b.png', 'small.png'].map((f) => join(root, f)),
        metrics: [{ alias: 'brightness' }],
      },
      onProgress: (progress) => heard.push(progress),
    });
  });

  test('follows its schema, unknown keys refused, over every restorer of the registry in order', () => {
    expect(profileSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(profileSchema.safeParse({ ...report, more: 1 }).success).toBe(false);
    expect(report.restorers.map(({ id }) => id)).toEqual(registry.restorers.map(({ id }) => id));
    expect([report.degradation, report.skipped]).toEqual([expect.stringMatching(/^blur\[gauss,sigma=2,/), []]);
  });

  test('latency is of the runs that count, sorted out by rank', () => {
    for (const { latency, throughput, id } of report.restorers) {
      const sorted = [...latency.runs].sort((a, b) => a - b);
      expect([sorted.length, latency.least, latency.median, latency.p95]).toEqual([3, ...sorted]);
      if (id !== 'none') expect(throughput).toBeCloseTo((64 * 48) / 1e3 / latency.median, 9);
    }
  });

  test('latent diffusion alone has a sampling time, and its parts sum up', () => {
    for (const { family, sampling, latency } of report.restorers) {
      expect(sampling === null).toBe(family !== 'latent-diffusion');
      if (!sampling) continue;
      expect(sampling.milliseconds).toBeLessThan(latency.p95);
      expect(sampling.networks).toBeGreaterThan(0);
      expect(sampling.outside).toBeGreaterThan(0);
      expect(sampling.outside).toBeLessThan(1);
    }
  });

  test('settings go to latent diffusion models alone', () => {
    for (const { family, settings } of report.restorers)
      expect(settings).toEqual(family === 'latent-diffusion' ? { steps: 2 } : {});
  });

  test('what other programs take of the machine is a share, and is known on Linux', async () => {
    const found = await one('diffbir-tiny', { settings: { steps: 100 }, runs: 2 });
    if (process.platform === 'linux') expect(found.foreign).not.toBeNull();
    expect((found.foreign ?? 0) < 1).toBe(true);
  });

  test('memory is that of this process and of the networks’', () => {
    for (const { memory, ran } of report.restorers) {
      expect(memory.own).toBeGreaterThan(10e6);
      if (memory.networks !== null) expect(memory.networks > 10e6).toBe(ran !== null);
    }
    if (process.platform === 'linux') expect(report.restorers.every(({ memory }) => memory.bytes !== null)).toBe(true);
  });

  test('a metric is the mean over the pictures that have a value, and says what is missing', () => {
    const { brightness: none } = report.restorers[0]!.quality;
    expect(none).toMatchObject({ id: 'brightness[mean]@1', direction: 'higher', n: 2, undefined: { 'too-small': 1 } });
    expect([none!.low, none!.high]).toEqual([null, null]); // of two pictures nothing is told
    expect(report.pictures).toMatchObject({ names: ['a.png', 'b.png', 'small.png'], longSide: 512, seeds: [0, 1, 2] });
  });

  test('of what draws the mean is over three seeds, and their spread stands apart', async () => {
    for (const { family, quality } of report.restorers)
      expect(quality.brightness!.seedDeviation !== null).toBe(family === 'latent-diffusion');
    const images = Array.from({ length: 6 }, (_, i) => join(root, `${'ab'[i % 2]}.png`));
    const many = images.map((path, i) => ({ name: `${i}.png`, path }));
    const { quality } = await one('diffbir-tiny', {
      settings: { steps: 2 },
      quality: { images: many, metrics: [{ alias: 'brightness' }], seeds: 4 },
    });
    const { mean, low, high, n } = quality.brightness!;
    expect(n).toBe(6);
    expect(low! <= mean! && mean! <= high!).toBe(true);
  });

  test('over several seeds a picture is degraded once where the degradation draws nothing, else for each', async () => {
    const inputs = async (degradation: ProfileOptions['degradation']) => {
      const seen: unknown[] = [];
      const restore = async (image: Image) => {
        if (image.width === 48) seen.push(image); // the timed picture has another size
        return image;
      };
      const create = async () => ({ ...(await noRestorer.create({})), draws: true, restore });
      const restorers = [{ ...noRestorer, id: 'drawing', create }];
      const quality = { images: [join(root, 'a.png')], metrics: [{ alias: 'brightness' }], seeds: 4 };
      const given = degradation ? { degradation } : {};
      await one('drawing', { registry: { ...registry, restorers }, quality, ...given });
      return [seen.length, new Set(seen).size];
    };
    expect(await inputs(undefined)).toEqual([4, 1]);
    expect(await inputs({ steps: [{ kind: 'noise', distribution: 'gaussian', sigma: 5 }] })).toEqual([4, 4]);
  });

  test('progress ends where it was to', () => {
    expect(heard.at(-1)).toMatchObject({ completed: heard.at(-1)!.total });
    expect(heard.at(-1)!.total).toBe(report.restorers.length * (1 + 3 + 3));
  });
});

describe('what cannot be measured', () => {
  test('a restorer that refuses the degradation is left out with its reason; where it is all there is, that is the error', async () => {
    const degradation = { steps: [{ kind: 'down' as const, scale: 4 }] };
    const small = { registry, size: { width: 32, height: 32 }, runs: 1, warmup: 0, threads: 1, degradation };
    const { restorers, skipped } = await profile({ ...small, models: ['none', 'wiener'] });
    expect(restorers.map(({ id }) => id)).toEqual(['none']);
    expect(skipped).toEqual([{ id: 'wiener', reason: expect.stringContaining('exactly one blur') }]);
    await expect(profile({ ...small, models: ['wiener'] })).rejects.toMatchObject({ code: 'IR_E_DEGRADATION' });
  });

  test.each([
    [{ models: ['restorer'] }, 'IR_E_UNKNOWN_NAME', 'Did you mean "restorer-s"'],
    [{ runs: 0 }, 'IR_E_USAGE', 'runs: expected an integer in 1'],
    [{ size: { width: 8, height: 512 } }, 'IR_E_USAGE', 'size.width'],
    [{ models: ['diffbir-tiny'], settings: { stepz: 3 } }, 'IR_E_SCHEMA', 'Did you mean "steps"'],
    [{ quality: { images: [], metrics: [{ alias: 'brightnes' }] } }, 'IR_E_UNKNOWN_NAME', 'Did you mean "brightness"'],
  ])('%j is refused', async (options, code, words) => {
    const error = await profile({ registry, ...options }).then(
      () => undefined,
      (e: { code: string; message: string }) => e,
    );
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
  });

  test('aborting ends it with the reason, and no network process is left', async () => {
    const living = networkProcesses();
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = one('diffbir-tiny', {
      settings: { steps: 200 },
      runs: 100_000, // never done by itself
      signal: controller.signal,
      onProgress: ({ phase }) => phase === 'open' && setTimeout(() => controller.abort(reason), 600),
    });
    await expect(running).rejects.toBe(reason);
    expect(networkProcesses()).toEqual(living);
  });

  test('a restorer from outside is measured like any other; of its parameters nothing is known', async () => {
    const outside: RestorerDefinition = {
      ...noRestorer,
      id: 'mine',
      create: async () => ({ ...(await noRestorer.create({})), id: 'mine', family: 'direct' }),
    };
    const row = await one('mine', { registry: { ...registry, restorers: [outside] } });
    expect(row).toMatchObject({ id: 'mine', parameters: null, evaluations: { total: 0 } });
  });
});
