import { type Correction, gradientTowards, pullTowards } from '../../diffusion/guidance.js';
import { type PhiloxNoise, philoxNoise } from '../../diffusion/noise.js';
import { type SampleOptions, sample, startFrom, startFromNoise } from '../../diffusion/sample.js';
import { makeSampling, type Sampling } from '../../diffusion/sampling.js';
import { makeSchedule, type Schedule } from '../../diffusion/schedule.js';
import { counted, explain, ModelError, UsageError, unknownName } from '../../errors.js';
import type { Image } from '../../image/contract.js';
import { assertImage } from '../../image/create.js';
import { imageHash } from '../../image/hash.js';
import type { LatentManifest } from '../../models/manifest.js';
import type { InstalledModel } from '../../models/store.js';
import type { NetworkOptions, NetworkRun } from '../../network/index.js';
import type { CallOptions } from '../../progress.js';
import { hashOf } from '../../study/canonical.js';
import type { RestoreOptions, TilePlan } from '../contract.js';
import { scaleAlpha } from '../direct/direct.js';
import { checkTilePlan } from '../direct/tiles.js';
import { compressionOf, decode, type EncoderDraw, encode } from './autoencoder.js';
import { BUILTIN_CAPTIONERS, captionerOf } from './captioner.js';
import { fixColour } from './colour.js';
import type { Captioner, LatentRestorer, LatentStep } from './contract.js';
import { denoiserOf, type Told } from './denoiser.js';
import { flatness } from './edges.js';
import { emptyGrid, type Grid } from './grid.js';
import type { Conditioning, OpenParts } from './open-parts.js';
import { openParts } from './parts.js';
import { cutTo, rgbOf, toImage } from './pictures.js';
import { assertInUse, checkSides, paddedFor, planFor } from './running.js';
import { feltSettings, guidanceOf, type LatentSettings, readSettings, strengthOf } from './settings.js';
import { readText } from './text.js';
import type { Tokenizer } from './tokenizer.js';
import { windowsOf } from './windows.js';

export interface LatentOptions extends NetworkOptions {
  /** Over the model's own defaults; docs/diffusion.md has the table. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Captioners that a manifest may name, besides the built-in ones. */
  readonly captioners?: readonly Captioner[];
}

/** The schedule of a model (Eq. 8). */
export const scheduleOf = ({ schedule, parts }: LatentManifest): Schedule => {
  const given = Object.fromEntries(Object.entries(schedule).filter(([, value]) => value !== undefined));
  return makeSchedule({ ...given, prediction: parts.denoiser.prediction });
};

/** Refuses settings that a model cannot follow, as opening it would; all of them, with its defaults. @throws UsageError */
export const checkSettings = (manifest: LatentManifest, settings: Readonly<Record<string, unknown>>): LatentSettings =>
  recipeOf(manifest, settings).settings;

/** How a run goes: settings, and what follows from them. */
interface Recipe {
  readonly settings: LatentSettings;
  readonly schedule: Schedule;
  readonly sampling: Sampling;
}

/** @throws UsageError for settings that do not fit the model or each other */
function recipeOf(manifest: LatentManifest, given: Readonly<Record<string, unknown>>): Recipe {
  const settings = readSettings(manifest, given);
  if (typeof settings.tile !== 'string') checkTilePlan(settings.tile);
  const schedule = scheduleOf(manifest);
  const { inputs, levels } = manifest.parts.denoiser;
  const network = { whole: inputs.time.dtype === 'int64', nearest: levels === 'nearest' };
  const sampling = makeSampling(schedule, settings, network);
  const { until = 1, stage } = settings;
  if (stage !== 'sample' || until <= sampling.count) return { settings, schedule, sampling };
  const told = { name: `${manifest.id} settings.until`, expected: `a step that is taken, 1..${sampling.count}` };
  throw new UsageError('IR_E_USAGE', explain({ ...told, got: String(until), fix: 'Take more steps, or stop earlier' }));
}

/** Entries of the plan that a run takes: with Heun's method, whose steps have two, a step's own prediction is the first. */
function entriesOf({ plan, start }: Sampling, { until, sampler }: LatentSettings): number {
  if (until === undefined) return plan.steps.length - start;
  return sampler.name === 'heun' ? 2 * until - 1 : until;
}

/** Parts that are open, for restorers of any settings. */
export interface OpenLatentModel {
  /** @throws UsageError for settings that do not fit */
  under(
    settings: Readonly<Record<string, unknown>>,
    onDispose: () => Promise<void>,
  ): LatentRestorer & Pick<Latent, 'under'>;
  dispose(): Promise<void>;
}

/** Opens the parts of a model: hashes, ports and files are checked, settings are not known yet. @throws as `openLatentRestorer`, but for settings */
export async function openLatentModel(
  model: InstalledModel<LatentManifest>,
  { captioners = [], providers, threads, signal }: Omit<LatentOptions, 'settings'>,
): Promise<OpenLatentModel> {
  const { manifest } = model;
  const parts = await openParts(model, [...captioners, ...BUILTIN_CAPTIONERS], {
    ...(providers ? { providers } : {}),
    ...(threads ? { threads } : {}),
    ...(signal ? { signal } : {}),
  });
  try {
    checkInitial(manifest, parts);
  } catch (error) {
    await parts.dispose();
    throw error;
  }
  return {
    under: (given, onDispose) => new Latent(manifest, given, recipeOf(manifest, given), parts, onDispose),
    dispose: () => parts.dispose(),
  };
}

/**
 * A restorer from an installed latent diffusion model. Settings, schedule, hashes, ports and files are checked before anything runs.
 * @throws UsageError for settings that do not fit; ModelError naming the part and the mend; EnvironmentError `IR_E_PROVIDER`
 */
export async function openLatentRestorer(
  model: InstalledModel<LatentManifest>,
  { settings: given = {}, ...options }: LatentOptions = {},
): Promise<LatentRestorer & Pick<Latent, 'under'>> {
  const { providers = options.providers, threads = options.threads } = checkSettings(model.manifest, given);
  const opened = await openLatentModel(model, {
    ...options,
    ...(providers ? { providers } : {}),
    ...(threads ? { threads } : {}),
  });
  return opened.under(given, opened.dispose);
}

/** @throws ModelError */
function checkInitial({ id, condition }: LatentManifest, { initial }: OpenParts): void {
  const { scale } = initial ?? { scale: 1 };
  if (condition.of === 'initial' || scale === 1) return;
  const expected = 'an initial restoration of scale 1, since the condition is of the input';
  throw new ModelError(explain({ name: `${id} initial`, expected, got: `scale ${scale}` }));
}

/** Words that no text encoder of the model can read would change nothing. @throws UsageError `IR_E_UNKNOWN_NAME` naming those that are known */
function checkWords(id: string, tokenizers: readonly Tokenizer[], settings: LatentSettings): void {
  for (const key of ['prompt', 'negative'] as const) {
    const unread = tokenizers.map((tokenizer) => tokenizer.unread?.(settings[key]) ?? { words: [], known: [] });
    const word = unread[0]?.words.find((one) => unread.every(({ words }) => words.includes(one)));
    if (word === undefined) continue;
    const message = unknownName(`${id} settings.${key}`, word, unread[0]!.known);
    throw new UsageError('IR_E_UNKNOWN_NAME', message);
  }
}

/**
 * Words that find no room in any text encoder would change nothing either. @param caption what the captioner said before them
 * @throws UsageError `IR_E_USAGE`
 */
function checkRoom(
  { id }: LatentManifest,
  tokenizers: readonly Tokenizer[],
  [key, text]: readonly [key: 'prompt' | 'negative', text: string],
  caption = '',
): void {
  if (tokenizers.length === 0) return;
  const excess = Math.min(...tokenizers.map((tokenizer) => tokenizer.excess(text)));
  if (excess === 0) return;
  const got = `${counted(excess, 'token')} more${caption && ` after the caption "${caption}"`}`;
  const fix = `Shorten it${caption && ', or set caption to false'}`;
  const told = { name: `${id} settings.${key}`, expected: 'a text that the text encoder has room for', got, fix };
  throw new UsageError('IR_E_USAGE', explain(told));
}

/** What is known of a picture before its first step. */
interface Prepared {
  readonly image: Image;
  /** I_reg. */
  readonly regression: Image;
  readonly plan: TilePlan | undefined;
  readonly noise: PhiloxNoise;
  readonly condition: Grid;
  /** E(I_reg), where it is needed. */
  readonly target: Grid | undefined;
  readonly padded: Image;
}

const signalOf = ({ signal }: CallOptions): CallOptions => (signal ? { signal } : {});

/** See `LatentRestorer`; `under` can be told what its view's end means. */
class Latent implements LatentRestorer {
  readonly family = 'latent-diffusion';
  readonly needs = { degradation: false };
  readonly settings: LatentSettings;
  readonly schedule: Schedule;
  readonly sampling: Sampling;
  readonly captioner: Captioner | undefined;
  #disposed = false;

  constructor(
    readonly manifest: LatentManifest,
    /** The settings as they were given. */
    readonly given: Readonly<Record<string, unknown>>,
    { settings, schedule, sampling }: Recipe,
    readonly parts: OpenParts,
    readonly onDispose: () => Promise<void>,
  ) {
    this.settings = settings;
    this.schedule = schedule;
    this.sampling = sampling;
    this.captioner = captionerOf(manifest, parts);
    checkWords(manifest.id, parts.tokenizers, settings);
    for (const key of ['prompt', 'negative'] as const) checkRoom(manifest, parts.tokenizers, [key, settings[key]]);
  }

  get id(): string {
    return this.manifest.id;
  }
  get scale(): number {
    return this.settings.stage === 'round-trip' ? 1 : this.#enlargement;
  }
  get draws(): boolean {
    return this.settings.stage === 'sample';
  }
  get stepCount(): number {
    return this.settings.stage === 'sample' ? (this.settings.until ?? this.sampling.count) : 0;
  }
  get compression(): number | undefined {
    return this.settings.stage === 'initial' ? undefined : compressionOf(this.manifest);
  }
  get ran(): NetworkRun {
    const runs = this.parts.runs();
    const failures = new Map(runs.flatMap((run) => run.failures).map((one) => [one.provider, one]));
    const provider = [...new Set(runs.map((run) => run.provider))].join('+');
    return { ...runs[0]!, provider, failures: [...failures.values()] };
  }
  get identity(): string {
    const { title, licence, source, tasks, ...matters } = this.manifest;
    const { providers, threads, ...settings } = feltSettings(this.settings);
    const { provider, threads: used, runtime } = this.ran;
    const words = flat(settings).map(([key, value]) => `${key}=${value}`);
    const { initial } = this.parts;
    // A model of its own has a manifest of its own, by which it is fed and tiled.
    if (initial && this.manifest.parts.initial.kind === 'model')
      words.push(`initial=${hashOf(initial.manifest).slice(0, 16)}`);
    const where = `provider=${provider},threads=${used},${runtime.replace(' ', '=')}`;
    return `${this.id}[manifest=${hashOf(matters).slice(0, 16)},${words.join(',')},${where}]@1`;
  }

  async restore(image: Image, options: RestoreOptions = {}): Promise<Image> {
    const { stage, until } = this.settings;
    if (stage !== 'sample') return this.#stage(stage, image, options);
    const prepared = await this.#prepare(image, options);
    const total = this.#entries;
    let result: Grid | undefined;
    options.onProgress?.({ phase: 'sample', completed: 0, total });
    for await (const { index, z, x0 } of this.#sample(prepared, options, until === undefined ? 'z' : 'all')) {
      result = until === undefined ? z : x0;
      options.onProgress?.({ phase: 'sample', completed: index - this.sampling.start + 1, total });
    }
    return this.#finish(prepared, result!, options);
  }

  async *steps(image: Image, options: RestoreOptions = {}): AsyncGenerator<LatentStep, void, undefined> {
    const { stage } = this.settings;
    if (stage !== 'sample') {
      const told = { name: `${this.id} settings.stage`, expected: 'sample, since steps are asked for', got: stage };
      throw new UsageError('IR_E_USAGE', explain(told));
    }
    const prepared = await this.#prepare(image, options);
    const { start } = this.sampling;
    const count = this.#entries;
    for await (const { index, t, sigma, z, x0 } of this.#sample(prepared, options)) {
      const decodeStep = (what: 'x0' | 'z' = 'x0') => this.#finish(prepared, what === 'z' ? z : x0, options);
      yield { index: index - start, count, t, sigma, z, x0, decode: decodeStep };
    }
  }

  async initial(image: Image, options: RestoreOptions = {}): Promise<Image> {
    this.#check(image);
    return this.#initial(rgbOf(image), this.#plan(image, options), options);
  }

  async reconstruct(image: Image, options: RestoreOptions = {}): Promise<Image> {
    assertInUse(this.id, this.#disposed);
    assertImage(image);
    return toImage(await this.#roundTrip(rgbOf(image), options), image);
  }

  under(settings: Readonly<Record<string, unknown>>, onDispose: () => Promise<void> = async () => {}): LatentRestorer {
    const fixed = ['providers', 'threads'].filter((key) => key in settings);
    if (fixed.length > 0) {
      const told = { expected: 'none that parts are opened with', got: fixed.join(', '), fix: 'Open the model again' };
      throw new UsageError('IR_E_USAGE', explain({ name: `${this.id} settings`, ...told }));
    }
    const given = { ...this.given, ...settings };
    return new Latent(this.manifest, given, recipeOf(this.manifest, given), this.parts, onDispose);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.onDispose();
  }

  /** Side of I_reg / side of I_y. */
  get #enlargement(): number {
    return this.parts.initial?.scale ?? 1;
  }

  get #entries(): number {
    return entriesOf(this.sampling, this.settings);
  }

  /** @throws UsageError `IR_E_DISPOSED`; InputError `IR_E_SIZE` */
  #check(image: Image, scale = this.#enlargement): void {
    assertInUse(this.id, this.#disposed);
    assertImage(image);
    checkSides(this.manifest, image, scale);
  }

  /** The tile plan that applies to a picture that is enlarged by `scale`; undefined: it is run as a whole. */
  #plan({ width, height }: Image, options: RestoreOptions, scale = this.#enlargement): TilePlan | undefined {
    return planFor(this.manifest, width * height * scale ** 2, options.tile ?? this.settings.tile);
  }

  /** A part of the model as a restorer: grey stays grey, opacity is carried along. */
  async #stage(
    stage: Exclude<LatentSettings['stage'], 'sample'>,
    image: Image,
    options: RestoreOptions,
  ): Promise<Image> {
    this.#check(image, this.scale);
    options.signal?.throwIfAborted();
    let picture = rgbOf(image);
    if (stage !== 'round-trip') {
      options.onProgress?.({ phase: 'initial', completed: 0, total: 1 });
      picture = await this.#initial(picture, this.#plan(image, options), options);
    }
    const grid = stage === 'initial' ? picture : await this.#roundTrip(picture, options);
    return toImage(grid, await this.#like(image, grid));
  }

  /** Channels and opacity of a picture, for a result of another size. */
  async #like(image: Image, { width, height }: Grid): Promise<Pick<Image, 'channels' | 'alpha'>> {
    const alpha = await scaleAlpha(image, width, height);
    return { channels: image.channels, ...(alpha ? { alpha } : {}) };
  }

  /** Dec(E(x)) of an RGB picture, not clipped. */
  async #roundTrip(image: Image, options: RestoreOptions): Promise<Grid> {
    const plan = this.#plan(image, options, 1);
    options.onProgress?.({ phase: 'encode', completed: 0, total: 1 });
    const z = await this.#encode('encoder', paddedFor(this.manifest, image), plan, undefined, options);
    options.onProgress?.({ phase: 'decode', completed: 0, total: 1 });
    return this.#decoded(z, image, plan, options);
  }

  #encode(
    which: 'encoder' | 'conditionEncoder',
    image: Image,
    plan: TilePlan | undefined,
    draw: EncoderDraw | undefined,
    options: CallOptions,
  ): Promise<Grid> {
    const { parts, latent } = this.manifest;
    const part = (which === 'conditionEncoder' && parts.conditionEncoder) || parts.encoder;
    const network = this.parts.network(part === parts.encoder ? 'encoder' : 'conditionEncoder');
    return encode(network, part, latent, image, plan, draw, signalOf(options));
  }

  /** Dec(z) cut to the size of a picture, RGB, not clipped. */
  async #decoded(z: Grid, size: Image, plan: TilePlan | undefined, options: CallOptions): Promise<Grid> {
    const { parts, latent } = this.manifest;
    const grid = await decode(this.parts.network('decoder'), parts.decoder, latent, z, plan, signalOf(options));
    return cutTo(grid, size.width, size.height);
  }

  /** I_reg of an RGB picture. */
  async #initial(image: Image, plan: TilePlan | undefined, options: RestoreOptions): Promise<Image> {
    const { initial } = this.manifest.parts;
    if (initial.kind === 'none') return image;
    if (initial.kind !== 'autoencoder')
      return this.parts.initial!.restore(image, {
        ...signalOf(options),
        tile: options.tile ?? this.settings.tile,
      });
    const z = await this.#encode('conditionEncoder', paddedFor(this.manifest, image), plan, undefined, options);
    return toImage(await this.#decoded(z, image, plan, options), image);
  }

  async #prepare(image: Image, options: RestoreOptions): Promise<Prepared> {
    this.#check(image);
    options.signal?.throwIfAborted();
    const { condition: how, parts } = this.manifest;
    const { sampling, settings } = this;
    const plan = this.#plan(image, options);
    const noise = philoxNoise(options.seed ?? 0, await imageHash(image, signalOf(options)));
    options.onProgress?.({ phase: 'initial', completed: 0, total: 1 });
    const input = rgbOf(image);
    const regression = await this.#initial(input, plan, options);
    options.onProgress?.({ phase: 'encode', completed: 0, total: 1 });
    const padded = paddedFor(this.manifest, regression);
    const draw = (take: 'mode' | 'sample', step: number) => (take === 'sample' ? { noise, step } : undefined);
    const source = how.of === 'input' ? paddedFor(this.manifest, input) : padded;
    const condition = await this.#encode('conditionEncoder', source, plan, draw(how.take, 0), options);
    const same = how.of === 'initial' && !parts.conditionEncoder && how.take === 'mode' && settings.target === 'mode';
    const needed = sampling.from === 'condition' || settings.restoration.kind !== 'none';
    const target = !needed
      ? undefined
      : same
        ? condition
        : await this.#encode('encoder', padded, plan, draw(settings.target, 1), options);
    return { image, regression, plan, noise, condition, target, padded };
  }

  /** Both sides of guidance: what the network is told with the prompt, and without. */
  async #told(
    { regression, condition }: Prepared,
    options: CallOptions,
  ): Promise<{ conditional: Told; unconditional?: Told }> {
    const { settings, manifest, parts } = this;
    const call = signalOf(options);
    const { text } = manifest.parts;
    const separator = text?.kind === 'encoders' ? text.separator : '';
    const asked = { ...call, quality: settings.caption === 'all' };
    const caption = this.captioner && settings.caption !== false ? await this.captioner.caption(regression, asked) : '';
    const prompt = [caption, settings.prompt].filter((words) => words !== '').join(separator);
    checkRoom(manifest, parts.tokenizers, ['prompt', prompt], caption);
    const read = async (words: string): Promise<Conditioning> =>
      parts.fixed?.conditional ?? readText(manifest, parts, words, call);
    const conditional: Told = { text: await read(prompt), condition };
    if (settings.guidance === 1) return { conditional };
    if ((settings.unconditional ?? (text ? 'negative-prompt' : 'no-condition')) === 'no-condition') {
      const nothing = emptyGrid(condition.channels, condition.width, condition.height);
      return { conditional, unconditional: { ...conditional, condition: nothing } };
    }
    const away = parts.fixed?.unconditional ?? (await read(settings.negative));
    return { conditional, unconditional: { text: away, condition } };
  }

  async #correction({ target, padded }: Prepared): Promise<Correction | undefined> {
    const { restoration: r } = this.settings;
    if (r.kind === 'none' || !target) return undefined;
    if (r.kind === 'pull') {
      const { power, sigmaMin, sigmaMax = this.schedule.sigmas.at(-1)! } = r;
      return pullTowards({ target: target.data, power, sigmaMin, sigmaMax });
    }
    const { kind: _, weighted, ...rest } = r;
    const weights = weighted ? { weights: await flatness(padded, this.manifest.latent.factor) } : {};
    return gradientTowards({ target: target.data, ...rest, ...weights });
  }

  async *#sample(prepared: Prepared, options: RestoreOptions, recycle?: SampleOptions['recycle']) {
    const { condition, target, noise, plan: tiles } = prepared;
    const { manifest, settings, schedule, parts } = this;
    const { plan, start, from } = this.sampling;
    const { factor } = manifest.latent;
    const call = signalOf(options);
    const told = await this.#told(prepared, options);
    const multiple = Math.max(1, manifest.multiple / factor);
    const whole = { size: factor * Math.max(condition.width, condition.height), overlap: 0 };
    const guidance = guidanceOf(settings, schedule);
    const model = denoiserOf({
      manifest,
      parts,
      ...told,
      guidance,
      strength: strengthOf(settings, schedule),
      windows: windowsOf(condition, tiles ?? whole, factor, multiple, settings.weights),
      ...call,
    });
    const z =
      from === 'condition'
        ? await startFrom(plan, start, target!.data, noise, call)
        : await startFromNoise(plan, condition.data.length, noise, call);
    const correction = await this.#correction(prepared);
    for await (const step of sample({
      plan,
      model,
      noise,
      z,
      start,
      guidance,
      recycle,
      ...(correction ? { correction } : {}),
      ...call,
    })) {
      yield { ...step, z: { ...condition, data: step.z }, x0: { ...condition, data: step.x0 } };
      if (step.index - start + 1 === this.#entries) return;
    }
  }

  async #finish({ image, regression, plan }: Prepared, z: Grid, options: RestoreOptions): Promise<Image> {
    options.onProgress?.({ phase: 'decode', completed: 0, total: 1 });
    const { width, height } = regression;
    const content = await this.#decoded(z, regression, plan, options);
    const style: Grid = { data: regression.data, channels: 3, width, height };
    await fixColour(content, style, this.settings.colour, options.signal);
    return toImage(content, await this.#like(image, content));
  }
}

/** Nested settings as `restoration.power=4`. */
function flat(value: object, before = ''): [key: string, value: string][] {
  return Object.entries(value).flatMap(([key, one]): [string, string][] => {
    if (one === undefined) return [];
    if (typeof one === 'object' && one !== null) return flat(one, `${before}${key}.`);
    return [[`${before}${key}`, typeof one === 'string' && /[^\w.+-]/.test(one) ? JSON.stringify(one) : String(one)]];
  });
}
