import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { inspect } from '@ir/native';
import type { Degradation } from '../degradation/contract.js';
import { degrade } from '../degradation/degrade.js';
import { degradationIdentity } from '../degradation/identity.js';
import { describeValue, explain, UsageError } from '../errors.js';
import type { Image } from '../image/contract.js';
import type { MetricSettings } from '../metric/contract.js';
import { testPicture } from '../models/probe.js';
import { type InstalledModel, listModels } from '../models/store.js';
import { type NetworkCall, type NetworkRun, networkProcesses, observeCalls } from '../network/index.js';
import type { CallOptions, Progress } from '../progress.js';
import type { Registry } from '../registry.js';
import type { Restorer, RestorerDefinition } from '../restorer/contract.js';
import type { StudyOptions } from '../study/contract.js';
import { versions } from '../study/machinery.js';
import { identityOrRefusal, Refusal, restorerDefinition } from '../study/restorers.js';
import { watchOthers } from './foreign.js';
import { meterMemory, residentMemory } from './memory.js';
import { parametersOf, partOf } from './parameters.js';
import { type Gallery, openGallery } from './quality.js';
import type { ProfileReport, RestorerProfile } from './schema.js';
import { countByPart, latencyOf, samplingOf, type TimedRun } from './timings.js';

export interface ProfileOptions extends CallOptions {
  /** Where restorers and metrics come from. */
  readonly registry: Registry;
  /** Ids of restorers; default: all of the registry. */
  readonly models?: readonly string[];
  /** Settings of latent diffusion models, or of the one restorer that `models` names. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Size of the output, default 512x512; a restorer of scale s gets a picture smaller by s. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Runs that count, default 5, and runs before them, default 1. */
  readonly runs?: number;
  readonly warmup?: number;
  /** Threads of a network's session; default: usable cores. Kernels take theirs from `IR_NATIVE_THREADS`. */
  readonly threads?: number;
  /** Execution providers of networks in order; default `['cpu']`. */
  readonly providers?: readonly string[];
  /** What the timed picture and those of the metrics go through; default a blur of sigma 2. */
  readonly degradation?: Degradation;
  /** A safe integer from 0: of the degradation’s noise and of restorers that draw. */
  readonly seed?: number;
  /** Metrics, as means over pictures. */
  readonly quality?: {
    readonly images: StudyOptions['images'];
    readonly metrics: readonly ({ readonly alias: string } & MetricSettings)[];
    /** Pictures above this long side are reduced to it; default 512, null: taken as they are. */
    readonly longSide?: number | null;
    /** Seeds of restorers that draw, from `seed` on; default 3. */
    readonly seeds?: number;
    readonly bootstrap?: { readonly resamples: number; readonly seed: number };
  };
}

/** Options with what was left out filled in. */
type Filled = ProfileOptions &
  Required<Pick<ProfileOptions, 'size' | 'runs' | 'warmup' | 'threads' | 'degradation' | 'seed'>>;

const DEFAULT_DEGRADATION: Degradation = { steps: [{ kind: 'blur', sigma: 2 }] };

/** @throws UsageError `IR_E_USAGE` */
function filled(options: ProfileOptions): Filled {
  const { size = { width: 512, height: 512 }, runs = 5, warmup = 1, threads = availableParallelism() } = options;
  const { degradation = DEFAULT_DEGRADATION, seed = 0 } = options;
  const bounds: readonly [name: string, value: number, least: number, most: number][] = [
    ['size.width', size.width, 16, 16_384],
    ['size.height', size.height, 16, 16_384],
    ['runs', runs, 1, 100_000],
    ['warmup', warmup, 0, 100_000],
    ['threads', threads, 1, 256],
    ['seed', seed, 0, Number.MAX_SAFE_INTEGER],
  ];
  for (const [name, value, least, most] of bounds)
    if (!Number.isInteger(value) || value < least || value > most) {
      const told = { name, expected: `an integer in ${least}..${most}`, got: describeValue(value) };
      throw new UsageError('IR_E_USAGE', explain(told));
    }
  return { ...options, size, runs, warmup, threads, degradation, seed };
}

/** A restorer that is to be measured. */
interface Subject {
  readonly definition: RestorerDefinition;
  readonly model: InstalledModel | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** @throws as `restorerDefinition` */
async function subjectsOf({ registry, models: ids, settings = {}, providers }: Filled): Promise<Subject[]> {
  const { models } = await listModels();
  return (ids ?? registry.restorers.map(({ id }) => id)).map((id) => {
    const definition = restorerDefinition(registry, { id });
    const model = models.find(({ manifest }) => manifest.id === id);
    const own = ids?.length === 1 || model?.manifest.kind === 'latent-diffusion' ? settings : {};
    return { definition, model, settings: { ...(model && providers ? { providers } : {}), ...own } };
  });
}

/** Counts runs and pictures over all restorers. */
function counter(total: number, onProgress: CallOptions['onProgress']) {
  let completed = 0;
  const tell = (phase: string, detail: string): void => onProgress?.({ phase, completed, total, detail });
  return {
    tell,
    step(phase: string, detail: string, steps = 1): void {
      completed += steps;
      tell(phase, detail);
    },
  };
}

/**
 * What restorers cost, and what they are worth by a metric (Figure 4): parameters by part, forward passes, latency after warm-up, peak memory. One
 * after another, each opened, measured and closed; no file is read while the clock runs. A restorer that refuses the degradation is in `skipped`.
 * @throws UsageError, ModelError, EnvironmentError as restorers and metrics do; `signal.reason` on abort
 */
export async function profile(options: ProfileOptions): Promise<ProfileReport> {
  const given = filled(options);
  const { signal, size, runs, warmup, threads, providers = ['cpu'], degradation, seed } = given;
  signal?.throwIfAborted();
  const subjects = await subjectsOf(given);
  await using gallery = await openGallery(given);
  const counts = counter(subjects.length * (warmup + runs + gallery.count), given.onProgress);
  const restorers: RestorerProfile[] = [];
  const skipped: ProfileReport['skipped'] = [];
  for (const subject of subjects) {
    const { id } = subject.definition;
    const measured = await measure(subject, given, gallery, counts);
    if (typeof measured !== 'string') restorers.push(measured);
    else skipped.push({ id, reason: measured });
  }
  const [first] = skipped;
  if (restorers.length === 0 && first) throw new UsageError('IR_E_DEGRADATION', first.reason);
  const { variant, backend, threads: kernels } = inspect();
  return {
    schema: 'ir.profile/1',
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memory: totalmem(),
      system: `${process.platform} ${process.arch} ${release()}`,
    },
    versions: { ...versions(), node: process.versions.node },
    native: { variant, backend, threads: kernels },
    size: { width: size.width, height: size.height },
    runs,
    warmup,
    threads,
    providers: [...providers],
    degradation: degradationIdentity(degradation),
    seed,
    restorers,
    skipped,
    pictures: gallery.pictures,
  };
}

/** Opens, measures and closes one restorer; in words why it refuses the degradation. */
async function measure(
  { definition, model, settings }: Subject,
  options: Filled,
  gallery: Gallery,
  counts: ReturnType<typeof counter>,
): Promise<RestorerProfile | string> {
  const { degradation, size, threads, runs, warmup, signal } = options;
  const { id } = definition;
  signal?.throwIfAborted();
  counts.tell('open', id);
  const others = new Set(networkProcesses());
  const before = await residentMemory();
  const start = performance.now();
  const restorer = await definition.create(settings, { threads });
  const load = performance.now() - start;
  try {
    const identity = identityOrRefusal(restorer, { degradation });
    if (identity instanceof Refusal) {
      counts.step('refused', id, warmup + runs + gallery.count);
      return identity.reason;
    }
    const meter = await meterMemory(others);
    const { input, output, timed, foreign } = await timeRuns(restorer, options, () => counts.step('run', id));
    const memory = { ...(await meter.peak()), before };
    const partName = (network: string) => partOf(network, model?.manifest);
    const parts = countByPart(timed[0]!.calls, partName);
    const total = Object.values(parts).reduce((sum, count) => sum + count, 0);
    const latency = latencyOf(timed.map(({ milliseconds }) => milliseconds));
    const { ran } = restorer as { ran?: NetworkRun };
    return {
      id,
      family: restorer.family,
      identity,
      settings,
      scale: restorer.scale,
      compression: restorer.compression ?? null,
      input: sizeOf(input),
      output: sizeOf(output),
      ran: ran ? { provider: ran.provider, threads: ran.threads, runtime: ran.runtime } : null,
      parameters: await countedParameters(restorer, model),
      evaluations: { total, parts },
      load,
      latency,
      throughput: (size.width * size.height) / 1e3 / Math.max(latency.median, 1e-6),
      foreign,
      memory,
      sampling: samplingOf(timed, partName),
      quality: await gallery.judge(restorer, () => counts.step('score', id)),
    };
  } finally {
    await restorer.dispose();
  }
}

const NOTHING = { weights: 0, allInitializers: 0, bytes: 0, parts: [] };

/** What has no network has no parameters; a network that is not installed has some that are not known. */
async function countedParameters(restorer: Restorer, model: InstalledModel | undefined) {
  if (model) return parametersOf(model);
  return restorer.family === 'none' || restorer.family === 'classical' ? NOTHING : null;
}

const sizeOf = ({ width, height }: Image) => ({ width, height });

/** The picture that a restorer is timed on: made up, always the same, degraded where that keeps its size. */
async function timedPicture(restorer: Restorer, { size, degradation, seed, signal }: Filled): Promise<Image> {
  const [width, height] = [Math.ceil(size.width / restorer.scale), Math.ceil(size.height / restorer.scale)];
  const data = testPicture(3, width, height, [0, 1]);
  const whole: Image = { width, height, channels: 3, data, depth: 8 };
  const call = signal ? { signal } : {};
  const degraded = await degrade(whole, degradation, { seed, ...call });
  return degraded.width === width && degraded.height === height ? degraded : whole;
}

/** All runs of one restorer, those before the clock's start left out. */
async function timeRuns(restorer: Restorer, options: Filled, onRun: () => void) {
  const input = await timedPicture(restorer, options);
  const timed: TimedRun[] = [];
  let output = input;
  let others = await watchOthers();
  for (let run = -options.warmup; run < options.runs; run++) {
    if (run === 0) others = await watchOthers();
    const one = await timeRun(restorer, input, options);
    output = one.output;
    if (run >= 0) timed.push(one);
    onRun();
  }
  return { input, output, timed, foreign: await others() };
}

async function timeRun(
  restorer: Restorer,
  input: Image,
  { degradation, seed, signal }: Filled,
): Promise<TimedRun & { readonly output: Image }> {
  signal?.throwIfAborted();
  const calls: NetworkCall[] = [];
  let sampled: number | undefined;
  const onProgress = ({ phase, completed, total }: Progress) => {
    if (phase === 'sample' && completed === total) sampled = performance.now();
  };
  const told = restorer.needs.degradation ? { degradation } : {};
  const work = () => restorer.restore(input, { seed, onProgress, ...told, ...(signal ? { signal } : {}) });
  const start = performance.now();
  const output = await observeCalls((call) => calls.push(call), work);
  const milliseconds = performance.now() - start;
  return { output, milliseconds, calls, ...(sampled === undefined ? {} : { sampled }) };
}
