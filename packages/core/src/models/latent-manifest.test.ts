import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { checkControls } from '../restorer/latent/check.js';
import { latentRestorer } from '../restorer/latent/definitions.js';
import { openLatentRestorer } from '../restorer/latent/latent.js';
import { copiedModel, type Json, modelIn, readJson, tinyFolder, tinyModel } from '../restorer/latent/testing/models.js';
import { identityGraph } from '../testing/graphs.js';
import { useModels } from '../testing/models-folder.js';
import { graphParts, weightsOf } from './latent-parts.js';
import type { LatentManifest } from './manifest.js';
import { hashFile, listModels } from './store.js';
import { verifyModel } from './verify.js';

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('the manifest of a latent diffusion model', () => {
  test.each(['diffbir-tiny', 'supir-tiny'])('%s: parts in the order of a run, each with its parameters', (name) => {
    const { manifest } = tinyModel(name);
    const names = graphParts(manifest).map((part) => part.name);
    expect(names.slice(-3)).toEqual(['control', 'denoiser', 'decoder']);
    expect(weightsOf(manifest)).toBe(graphParts(manifest).reduce((sum, part) => sum + part.parameters.weights, 0));
    expect(manifest.parts.control!.outputs).toHaveLength(name === 'diffbir-tiny' ? 13 : 10);
  });

  // What is changed, and what the one complaint says of it.
  const misfits: [what: string, model: string, change: (manifest: Json) => void, says: RegExp][] = [
    [
      'a key misspelt',
      'diffbir-tiny',
      (m) => Object.assign(m, { minSid: 3 }),
      /only known keys, got "minSid". Did you mean "minSide"/,
    ],
    ['a part missing', 'diffbir-tiny', (m) => delete m.parts.decoder, /parts.decoder: expected an object, got nothing/],
    [
      'a factor that the multiple is no multiple of',
      'diffbir-tiny',
      (m) => Object.assign(m, { multiple: 20 }),
      /multiple: expected a multiple of latent.factor, 8, got 20/,
    ],
    [
      'channels of the latent',
      'diffbir-tiny',
      (m) => Object.assign(m.latent, { channels: 5 }),
      /parts.decoder.input.shape\[1\]: expected 5 channels, got \d+/,
    ],
    [
      'moments that are half',
      'diffbir-tiny',
      (m) => Object.assign(m.parts.encoder, { gives: 'latent' }),
      /parts.encoder.output.shape\[1\]: expected 4 channels/,
    ],
    [
      'means of another number',
      'diffbir-tiny',
      (m) => Object.assign(m.latent, { normalisation: { mean: [0], deviation: [1, 1, 1, 1] } }),
      /latent.normalisation.mean: expected 4 numbers/,
    ],
    [
      'a control tensor too few',
      'diffbir-tiny',
      (m) => m.parts.denoiser.inputs.controls.pop(),
      /parts.denoiser.inputs.controls: expected 13 ports/,
    ],
    [
      'control tensors from nowhere',
      'diffbir-tiny',
      (m) => delete m.parts.control,
      /parts.control: expected a graph that makes/,
    ],
    [
      'a context from nowhere',
      'diffbir-tiny',
      (m) => delete m.parts.text,
      /parts.text: expected a part that gives the context/,
    ],
    [
      'a vector from nowhere',
      'supir-tiny',
      (m) => {
        delete m.parts.text.sizes;
        delete m.parts.text.encoders[1].pooled;
      },
      /parts.text: expected a part that gives the vector/,
    ],
    [
      'a text that nobody reads',
      'diffbir-tiny',
      (m) => {
        for (const key of ['control', 'denoiser']) delete m.parts[key].inputs.context;
      },
      /parts.denoiser.inputs: expected a context or vector port/,
    ],
    [
      'a captioner that nobody reads',
      'diffbir-tiny',
      (m) => {
        m.parts.captioner = { kind: 'builtin', id: 'x' };
        delete m.parts.text;
      },
      /parts.text: expected encoders that read what the captioner says/,
    ],
    [
      'an autoencoder as M_phi under a condition of its own',
      'supir-tiny',
      (m) => Object.assign(m.condition, { of: 'initial' }),
      /condition.of: expected "input"/,
    ],
    [
      'grey',
      'diffbir-tiny',
      (m) => {
        m.parts.decoder.output = { ...m.parts.decoder.output, colour: 'grey', shape: ['n', 1, 'h', 'w'] };
      },
      /parts.decoder.output.colour: expected RGB or BGR/,
    ],
    [
      'a file outside the folder',
      'diffbir-tiny',
      (m) => Object.assign(m.parts.denoiser.graph, { file: '../denoiser.onnx' }),
      /parts.denoiser.graph.file: expected a relative path/,
    ],
    [
      'a prediction that there is not',
      'diffbir-tiny',
      (m) => Object.assign(m.parts.denoiser, { prediction: 'epsilon' }),
      /prediction: expected one of "eps", "v", "x0"/,
    ],
    [
      'betas of a law that makes its own',
      'diffbir-tiny',
      (m) => Object.assign(m, { schedule: { law: 'cosine', betaStart: 0.001 } }),
      /schedule.betaStart: expected none, since law cosine makes its own, got 0.001/,
    ],
    [
      'betas that fall',
      'diffbir-tiny',
      (m) => Object.assign(m, { schedule: { law: 'linear', betaStart: 0.03 } }),
      /schedule.betaStart: expected a number up to betaEnd, 0.02, got 0.03/,
    ],
    [
      'something in place of a zero that there is not',
      'diffbir-tiny',
      (m) => Object.assign(m.schedule, { terminalAlphaBar: 1e-8 }),
      /schedule.terminalAlphaBar: expected none without zeroTerminalSnr/,
    ],
    [
      'texts of another length than the encoder takes',
      'diffbir-tiny',
      (m) => Object.assign(m.parts.text.encoders[0].tokenizer, { length: 5 }),
      /text.encoders\[0\].tokenizer.length: expected \d+, as tokens.shape has it, got 5/,
    ],
  ];
  test.each(misfits)('%s is refused, naming the place', (_, model, change, says) => {
    expect(() => tinyModel(model, change)).toThrow(refusal('IR_E_SCHEMA', says));
  });
});

describe('opening checks everything before anything runs', () => {
  const opening = (model: Parameters<typeof openLatentRestorer>[0], settings: Record<string, unknown> = {}) =>
    openLatentRestorer(model, { settings });

  const copies: { remove(): void }[] = [];
  afterAll(() => {
    for (const copy of copies) copy.remove();
  });
  const copy = (name: string) => {
    const one = copiedModel(name);
    copies.push(one);
    return one;
  };

  test('a graph of another hash or length, or none', async () => {
    const one = copy('diffbir-tiny');
    one.write('text.onnx', Buffer.from('nothing'));
    await expect(opening(modelIn(one.folder))).rejects.toEqual(
      refusal('IR_E_MODEL', /text.onnx: expected \d+ bytes, got 7/),
    );
    rmSync(join(one.folder, 'text.onnx'));
    await expect(opening(modelIn(one.folder))).rejects.toEqual(refusal('IR_E_MODEL', /text.onnx: expected a file/));
    const zeros = tinyModel('diffbir-tiny', ({ parts }) =>
      Object.assign(parts.control.graph, { sha256: '0'.repeat(64) }),
    );
    await expect(opening(zeros)).rejects.toEqual(refusal('IR_E_MODEL', /control.onnx: expected SHA-256 0000/));
  });

  test('an initial restoration that is not installed, or restores nothing', async () => {
    const by = (id: string) =>
      tinyModel('diffbir-tiny', ({ parts }) =>
        Object.assign(parts, { initial: { kind: 'model', id, sha256: '0'.repeat(64) } }),
      );
    await expect(opening(by('restorer-q'))).rejects.toEqual(
      refusal(
        'IR_E_MODEL',
        /^diffbir-tiny initial: .*"restorer-s"\? Name a restorer that is installed in parts.initial/,
      ),
    );
    await expect(opening(by('restorer-s'))).rejects.toEqual(
      refusal('IR_E_MODEL', /^diffbir-tiny initial \(restorer-s\): expected SHA-256 0000/),
    );
  });

  test('a graph with other ports: the part and the mend are named', async () => {
    const one = copy('diffbir-tiny');
    const bytes = identityGraph();
    one.write('decoder.onnx', bytes);
    const graph = {
      file: 'decoder.onnx',
      sha256: await hashFile(join(one.folder, 'decoder.onnx')),
      bytes: bytes.length,
    };
    await expect(opening(modelIn(one.folder, ({ parts }) => Object.assign(parts.decoder, { graph })))).rejects.toEqual(
      refusal(
        'IR_E_MODEL',
        /diffbir-tiny decoder input: expected a port named latent, got input. Correct parts.decoder/,
      ),
    );
  });

  test.each<[string, (manifest: Json) => void, RegExp]>([
    [
      'the type of time',
      ({ parts }) => Object.assign(parts.denoiser.inputs.time, { dtype: 'float32' }),
      /denoiser input: expected timesteps: float32 \[1\], got int64 \[1\]/,
    ],
    [
      'an input not stated',
      ({ parts }) => {
        delete parts.denoiser.inputs.context;
      },
      /denoiser: expected no further input, got context/,
    ],
    [
      'a fixed side',
      ({ parts }) => Object.assign(parts.denoiser.inputs.controls[3], { shape: ['n', 9, 'h', 'w'] }),
      /denoiser input: expected control_3: float32 \[n, 9, h, w\], got float32 \[n, 4, h, w\]/,
    ],
  ])('%s', async (_, change, says) => {
    await expect(opening(tinyModel('diffbir-tiny', change))).rejects.toEqual(refusal('IR_E_MODEL', says));
  });

  test('control tensors in another order than the denoiser’s ports of their names', async () => {
    const swapped = (part: 'control' | 'denoiser') =>
      tinyModel('diffbir-tiny', ({ parts }) => {
        const ports = part === 'control' ? parts.control.outputs : parts.denoiser.inputs.controls;
        [ports[3], ports[4]] = [ports[4], ports[3]];
      });
    const mend = 'List parts.denoiser.inputs.controls in the order of parts.control.outputs';
    await expect(opening(swapped('control'))).rejects.toEqual(
      refusal(
        'IR_E_MODEL',
        new RegExp(
          `^diffbir-tiny denoiser input control_3: expected the control tensor of its name, got control_4 .*${mend}`,
        ),
      ),
    );
    await expect(opening(swapped('denoiser'))).rejects.toEqual(refusal('IR_E_MODEL', /input control_4: .*control_3/));
  });

  test('control tensors of other names go by their place; their fixed sides are held to', () => {
    const port = (name: string, channels: number) => ({
      ...{ name, type: 'float32', isTensor: true, shape: ['n', channels, 'h', 'w'] },
    });
    const graphs = {
      control: { outputs: [port('a', 4), port('b', 6)] },
      denoiser: { inputs: [port('c', 4), port('d', 6)] },
    };
    const names = (...all: string[]) => all.map((name) => ({ name }));
    checkControls('it', names('a', 'b'), names('c', 'd'), graphs);
    expect(() => checkControls('it', names('b', 'a'), names('c', 'd'), graphs)).toThrow(
      /^it denoiser input c: expected a control tensor \[n, 4, h, w\], got b \[n, 6, h, w\]\. List parts\.denoiser/,
    );
  });

  test.each<[settings: Record<string, unknown>, code: string, says: RegExp]>([
    [{ stepps: 3 }, 'IR_E_SCHEMA', /only known keys, got "stepps". Did you mean "steps"/],
    [{ sampler: 'ddmp' }, 'IR_E_SCHEMA', /sampler.name: expected one of .* Did you mean "ddim"|"ddpm"/],
    [{ sampler: { name: 'ddim', etta: 1 } }, 'IR_E_SCHEMA', /only known keys, got "etta". Did you mean "eta"/],
    [{ steps: 0 }, 'IR_E_SCHEMA', /steps: expected an integer of at least 1|steps: expected .*at least 1/],
    [{ steps: 1001 }, 'IR_E_USAGE', /steps: expected at most/],
    [{ start: { fraction: 1.5 } }, 'IR_E_SCHEMA', /start.*at most 1/],
    [{ start: { time: 1000 } }, 'IR_E_USAGE', /start.time/],
    [{ guidance: -1 }, 'IR_E_SCHEMA', /guidance/],
    [{ law: 'karras', sampler: 'ddpm' }, 'IR_E_USAGE', /law: expected none for ddpm/],
    [{ caption: true }, 'IR_E_USAGE', /settings.caption: expected false, got true. The model has no captioner/],
    [{ tile: { size: 8, overlap: 0 } }, 'IR_E_SCHEMA', /tile/],
    [{ providers: ['gpu'] }, 'IR_E_USAGE', /providers/],
  ])('settings %j', async (settings, code, says) => {
    await expect(opening(tinyModel('diffbir-tiny'), settings)).rejects.toEqual(refusal(code, says));
  });

  test('defaults of the manifest are checked like settings', async () => {
    const model = tinyModel('diffbir-tiny', (m) => Object.assign(m, { defaults: { colour: 'wavlet' } }));
    await expect(opening(model)).rejects.toEqual(
      refusal('IR_E_SCHEMA', /diffbir-tiny defaults.colour: .*Did you mean "wavelet"/),
    );
  });

  test('a schedule that does not fit the prediction', async () => {
    const zero = (prediction: string) =>
      tinyModel('diffbir-tiny', (m) => {
        m.schedule.zeroTerminalSnr = true;
        m.parts.denoiser.prediction = prediction;
      });
    await expect(opening(zero('eps'))).rejects.toEqual(refusal('IR_E_USAGE', /zero terminal SNR/));
    await (await opening(zero('v'))).dispose();
    // Whoever names a model may ask for a sampler that fits where its default does not.
    const definition = latentRestorer(zero('eps'));
    await expect(definition.create({})).rejects.toEqual(refusal('IR_E_USAGE', /zero terminal SNR/));
    await (await definition.create({ sampler: 'euler', steps: 2 })).dispose();
  });

  test.each([4, 16])(
    'a factor that is not the encoder’s, %i, is told before any work, with the mend',
    async (factor) => {
      const model = tinyModel('diffbir-tiny', (m) =>
        Object.assign(m, { multiple: 64, latent: { ...m.latent, factor } }),
      );
      await expect(opening(model, { steps: 1 })).rejects.toEqual(
        refusal('IR_E_MODEL', /diffbir-tiny encoder .*: expected float32 \[.*\], got .*\. Correct latent.factor/),
      );
    },
  );

  test('a picture below the least side', async () => {
    const restorer = await opening(tinyModel('supir-tiny', (m) => Object.assign(m, { minSide: 64 })));
    const image = { width: 63, height: 100, channels: 1 as const, depth: 8 as const, data: new Float32Array(6300) };
    for (const call of [() => restorer.restore(image), () => restorer.initial(image)])
      await expect(call()).rejects.toEqual(
        refusal('IR_E_SIZE', /sides of at least 64 pixels for supir-tiny, got 63x100. Enlarge it first/),
      );
    await restorer.dispose();
  });
});

test('installed: listed, found as a restorer, verified by a run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ir-models-'));
  const restoreModels = useModels(folder);
  try {
    cpSync(tinyFolder('diffbir-tiny'), join(folder, 'diffbir-tiny'), { recursive: true });
    const spoilt = readJson(join(tinyFolder('supir-tiny'), 'manifest.json'));
    cpSync(tinyFolder('supir-tiny'), join(folder, 'supir-tiny'), { recursive: true });
    writeFileSync(join(folder, 'supir-tiny', 'manifest.json'), JSON.stringify({ ...spoilt, multiple: 7 }));
    const { models, broken } = await listModels();
    expect(broken).toEqual([
      { folder: join(folder, 'supir-tiny'), problem: expect.stringMatching(/multiple of latent.factor/) },
    ]);
    const model = models.find(({ manifest }) => manifest.id === 'diffbir-tiny')!;
    expect(await verifyModel(model)).toMatchObject({
      id: 'diffbir-tiny',
      provider: 'cpu',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const under = (defaults: Readonly<Record<string, unknown>>) =>
      verifyModel({ ...model, manifest: { ...(model.manifest as LatentManifest), defaults } });
    await expect(under({ steps: 5000 })).rejects.toMatchObject({ message: expect.stringMatching(/steps/) });
    await expect(under({ start: { time: 5000 } })).rejects.toMatchObject({ message: expect.stringMatching(/start/) });
    for (const defaults of [{ until: 10 }, { stage: 'round-trip' }])
      expect(await under(defaults)).toMatchObject({ id: 'diffbir-tiny' });
    const { installedLatentRestorers } = await import('../restorer/latent/definitions.js');
    const definition = (await installedLatentRestorers()).find(({ id }) => id === 'diffbir-tiny');
    expect(definition).toBeDefined();
    const restorer = await definition!.create({ steps: 1, sampler: 'ddim' }, { threads: 2 });
    expect(restorer.identity).toContain('threads=2');
    await restorer.dispose();
  } finally {
    restoreModels();
    rmSync(folder, { recursive: true, force: true });
  }
});
