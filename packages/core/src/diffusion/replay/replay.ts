import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { explain, fileProblem, InputError, parseWith } from '../../errors.js';
import type { CallOptions } from '../../progress.js';
import type { SamplerPlan } from '../plan.js';
import { type SampledStep, sample, startFrom } from '../sample.js';
import { NotReplayable, planOf, predictionOf } from './config.js';
import { replayNoise, START_DRAW } from './noise.js';
import { libraryRoundings } from './roundings.js';

const stepSchema = z.object({
  t: z.number(),
  sum: z.number(),
  abs_mean: z.number(),
  first: z.array(z.number()).min(1),
  x0_abs_mean: z
    .number()
    .nullish()
    .transform((x) => x ?? null),
});

const runSchema = z.object({
  cls: z.string(),
  config: z.record(z.string(), z.unknown()),
  steps: z.int().min(1),
  step_kwargs: z.record(z.string(), z.unknown()).default({}),
  start_index: z
    .int()
    .min(0)
    .nullish()
    .transform((k) => k ?? null),
  trajectory: z.array(stepSchema).min(1),
});

const MOST_ELEMENTS = 1 << 24;

const shapeSchema = z.array(z.int().min(1)).refine((shape) => shape.reduce((a, b) => a * b, 1) <= MOST_ELEMENTS, {
  error: `expected at most ${MOST_ELEMENTS} elements`,
});

const fileSchema = z.object({
  meta: z.object({ shape: shapeSchema.nullish() }).nullish(),
  runs: z.array(z.unknown()).min(1),
});

type Run = z.output<typeof runSchema>;
type Recorded = z.output<typeof stepSchema>;

export interface Deviation {
  /** Largest difference of the time given to the network. */
  t: number;
  /** Largest differences relative to the step's mean absolute value (sum: to its product with the number of elements); 0 where the file has no value. */
  sum: number;
  abs_mean: number;
  first: number;
  x0_abs_mean: number;
}

export interface ReplayedRun {
  readonly index: number;
  readonly cls: string;
  readonly steps: number;
  readonly deviation?: Readonly<Deviation>;
  /** Why the run could not be replayed. */
  readonly reason?: string;
}

export interface ReplayReport {
  readonly schema: 'ir.sampler-replay/1';
  readonly runs: readonly ReplayedRun[];
}

/** Tolerance of a run: 1e-4 of a step's mean absolute value; 1e-3 where a thousand float32 steps of the library add up. */
export const replayTolerance = (run: { readonly steps: number }): number => (run.steps >= 500 ? 1e-3 : 1e-4);

/** Was the run replayed, every field within its tolerance? */
export const runAgrees = ({ deviation, ...run }: ReplayedRun): boolean =>
  deviation !== undefined && Object.values(deviation).every((value) => value <= replayTolerance(run));

/** Were all runs replayed, every field within its tolerance? */
export const replayAgrees = ({ runs }: ReplayReport): boolean => runs.every(runAgrees);

/** The toy network of these files: m = z t / (t + 1). */
const toyModel = (input: Float32Array, { t }: { readonly t: number }) => {
  const factor = Math.fround(t / (t + 1));
  return input.map((value) => value * factor);
};

/** The start of every run: a ramp over [-2, 2), times the sampler's own scale, or noised to where a start inside begins. */
async function startOf(plan: SamplerPlan, start: number | null, length: number): Promise<Float32Array> {
  const ramp = Float32Array.from({ length }, (_, i) => (4 * i) / length - 2);
  if (start === null) return ramp.map((x) => x * Math.fround(plan.initialScale));
  return startFrom(plan, start, ramp, { kind: 'given', draw: () => replayNoise(START_DRAW, length) });
}

const absMean = (values: Float32Array) => values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length;

/** A mean below this share of the run's largest is what float32 leaves of an exact 0: differences then count against the largest. */
const RESIDUE = 1e-6;

function compareStep(worst: Deviation, got: SampledStep, recorded: Recorded, largest: number): void {
  const scale = recorded.abs_mean > RESIDUE * largest ? recorded.abs_mean : largest || 1;
  const raise = (key: keyof Deviation, value: number) => {
    worst[key] = Math.max(worst[key], Number.isFinite(value) ? Math.abs(value) : Number.MAX_VALUE); // JSON has no infinity
  };
  raise('t', got.t - recorded.t);
  raise('sum', (got.z.reduce((a, b) => a + b, 0) - recorded.sum) / (got.z.length * scale));
  raise('abs_mean', (absMean(got.z) - recorded.abs_mean) / scale);
  for (const [i, value] of recorded.first.entries()) raise('first', (got.z[i]! - value) / scale);
  if (recorded.x0_abs_mean !== null) raise('x0_abs_mean', (absMean(got.x0) - recorded.x0_abs_mean) / scale);
}

/** What can be said of a run before it has been checked. */
function aboutRun(run: unknown, index: number): Pick<ReplayedRun, 'index' | 'cls' | 'steps'> {
  const { cls, steps } = (run ?? {}) as { cls?: unknown; steps?: unknown };
  return { index, cls: typeof cls === 'string' ? cls : 'unknown', steps: typeof steps === 'number' ? steps : 0 };
}

/** Does the plan make the steps that were recorded? The library lets lists of times leave the schedule, where nothing is defined. */
function checkRun(run: Run, plan: SamplerPlan, start: number): void {
  const count = plan.steps.length;
  if (start >= count) throw new NotReplayable(`start_index: expected at most ${count - 1}, got ${start}`);
  if (count - start !== run.trajectory.length)
    throw new NotReplayable(`expected ${count - start} steps, got ${run.trajectory.length} in the file`);
  // DDPM and DDIM go by the time itself; the others look up where it first stands, and of equal times the library takes the second.
  const equal = plan.steps.flatMap(({ t }, i) => (t === plan.steps[start]!.t ? [i] : []));
  const found = equal[1] ?? equal[0]!;
  if (found !== start && !/DDPM|DDIM/.test(run.cls))
    throw new NotReplayable(`start_index: ${start} is told by its time, which the library finds at step ${found}`);
  // At t = -1 the toy network divides by 0; other negative times are those of `timestep_type: continuous`.
  const outside = plan.steps.findIndex(({ t, c }) => t === -1 || Number.isNaN(c));
  if (outside >= 0)
    throw new NotReplayable(`step ${outside}: expected a time of the schedule, got ${plan.steps[outside]!.t}`);
}

async function replayRun(given: unknown, index: number, length: number, signal?: AbortSignal): Promise<ReplayedRun> {
  const about = aboutRun(given, index);
  try {
    const run: Run = parseWith(runSchema, given, `runs[${index}]`);
    const plan = planOf(run);
    const start = run.start_index ?? 0;
    checkRun(run, plan, start);
    const worst: Deviation = { t: 0, sum: 0, abs_mean: 0, first: 0, x0_abs_mean: 0 };
    const z = await startOf(plan, run.start_index, length);
    const largest = Math.max(absMean(z), ...run.trajectory.map((step) => step.abs_mean));
    const steps = sample({
      plan,
      start,
      model: toyModel,
      z,
      noise: { kind: 'given', draw: (k) => replayNoise(k, length) },
      arithmetic: libraryRoundings(run.cls, predictionOf(run)),
      ...(signal ? { signal } : {}),
    });
    for await (const step of steps) compareStep(worst, step, run.trajectory[step.index - start]!, largest);
    return { ...about, deviation: worst };
  } catch (error) {
    signal?.throwIfAborted();
    return { ...about, reason: (error as Error).message };
  }
}

/**
 * Replays published sampling runs (the form of diffusers_loops.json) through this project's samplers and reports the largest deviation per
 * run and field; a run of another form has a reason instead. @throws UsageError `IR_E_SCHEMA` where the data has no runs
 */
export async function replay(data: unknown, name = 'runs', options: CallOptions = {}): Promise<ReplayReport> {
  const { meta, runs } = parseWith(fileSchema, data, name);
  const length = (meta?.shape ?? [1, 4, 8, 8]).reduce((a, b) => a * b, 1);
  const done: ReplayedRun[] = [];
  for (const [index, run] of runs.entries()) {
    options.signal?.throwIfAborted();
    options.onProgress?.({ phase: 'replay', completed: index, total: runs.length });
    done.push(await replayRun(run, index, length, options.signal));
  }
  options.onProgress?.({ phase: 'replay', completed: runs.length, total: runs.length });
  return { schema: 'ir.sampler-replay/1', runs: done };
}

/** Python writes infinities and NaN by name, which JSON has no words for: a number too large for a double, and null. */
const asJson = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (word) =>
    word.startsWith('"') ? word : word === 'NaN' ? 'null' : word.replace('Infinity', '1e999'),
  );

/** `replay` of a file. @throws InputError `IR_E_NOT_FOUND`, `IR_E_FORMAT` */
export async function replayFile(path: string, options: CallOptions = {}): Promise<ReplayReport> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new InputError(
      'IR_E_NOT_FOUND',
      explain({ name: path, expected: 'a readable file', got: fileProblem(cause) }),
      {
        cause,
      },
    );
  });
  let data: unknown;
  try {
    data = JSON.parse(asJson(text));
  } catch (cause) {
    const got = (cause as Error).message;
    throw new InputError('IR_E_FORMAT', explain({ name: path, expected: 'JSON', got }), { cause });
  }
  return replay(data, path, options);
}
