import { setImmediate } from 'node:timers/promises';
import { type DenoiseStepArgs, denoiseStep, type ExecOptions, normalField } from '@ir/native';
import { explain, InputError, UsageError } from '../errors.js';
import { notFinite } from '../finite.js';
import type { Correction, GuidanceScale } from './guidance.js';
import type { NoisePurpose, NoiseSource } from './noise.js';
import type { SamplerPlan, SamplerStep } from './plan.js';
import { type GivenSampling, makeSampling, readSampling } from './sampling.js';
import type { Schedule } from './schedule.js';

/** What the network says: one output, or one with and one without the condition (classifier-free guidance). */
export type ModelOutput = Float32Array | { readonly conditional: Float32Array; readonly unconditional: Float32Array };

/** eps_theta (or v, or x0): gets inputScale z and the time. Must not keep or change its input; its output is read before it is called again. */
export type DenoiserFunction = (
  input: Float32Array,
  step: SamplerStep,
  index: number,
) => Promise<ModelOutput> | ModelOutput;

export interface SampleOptions {
  readonly plan: SamplerPlan;
  readonly model: DenoiserFunction;
  readonly noise: NoiseSource;
  /** Where the latent starts: z at step `start`. Not changed. */
  readonly z: Float32Array;
  /** Index of the first step taken (rule (i) of a start inside: the list is cut); default 0. */
  readonly start?: number;
  /** Weight of guidance where the network gives two outputs; default 1. */
  readonly guidance?: GuidanceScale;
  /** Restoration guidance and the like. */
  readonly correction?: Correction;
  /**
   * For receivers that keep no arrays, or `z` alone: those of a step may be written again three steps later (fresh memory costs more than a step), and
   * under `z` x0 is empty where the method does not need it. Default: none are written again.
   */
  readonly recycle?: 'all' | 'z' | undefined;
  /** Replaces the kernel in the steps for which it gives a result, for comparisons with another program's roundings. Not beside guidance or a correction. */
  readonly arithmetic?: StepArithmetic | undefined;
  readonly exec?: Omit<ExecOptions, 'signal'>;
  readonly signal?: AbortSignal;
}

/** What a step combines: the sample, the network's output, and where the method has them earlier predictions (g h) and noise (sigma n). */
export interface StepOperands {
  readonly z: Float32Array;
  readonly m: Float32Array;
  readonly h?: Float32Array;
  readonly g?: number;
  readonly n?: Float32Array;
  readonly sigma?: number;
}

/** The sums of a step in another order; `undefined` leaves them to the kernel. */
export interface StepArithmetic {
  /** inputScale z. */
  input(step: SamplerStep, z: Float32Array): Float32Array | undefined;
  take(step: SamplerStep, operands: StepOperands): Taken | undefined;
}

/** A run by settings instead of a plan: the schedule, and what `makeSampling` makes a plan of. `z` is where that plan starts. */
export type SampleBySettings = Omit<SampleOptions, 'plan' | 'start'> & GivenSampling & { readonly schedule: Schedule };

function planned(options: SampleOptions | SampleBySettings): SampleOptions {
  if ('plan' in options) return options;
  const { schedule, sampler, steps, spacing, offset, law, start, ...rest } = options;
  const settings = readSampling({ sampler, steps, spacing, offset, law, start });
  const made = makeSampling(schedule, settings, { whole: false, nearest: false });
  return { ...rest, plan: made.plan, start: made.start };
}

/** One step of a run; unless they are recycled the arrays belong to the receiver and are not written again. */
export interface SampledStep {
  readonly index: number;
  readonly t: number;
  readonly sigma: number;
  /** The sample after the step, z_{t-1}. */
  readonly z: Float32Array;
  /** The predicted clean sample of this step. */
  readonly x0: Float32Array;
}

/** z for a start at step `index` from a clean latent (Eq. 8): signal z_0 + level eps. */
export async function startFrom(
  plan: SamplerPlan,
  index: number,
  clean: Float32Array,
  noise: NoiseSource,
  exec: ExecOptions = {},
): Promise<Float32Array> {
  const { signal, level } = stepAt(plan, index);
  const out = new Float32Array(clean.length);
  return denoiseStep({ z: clean, a: signal, ...noiseOperands(noise, 'start', 0, level, 0), out }, exec);
}

/** z_T from noise alone: initialScale N(0, I). */
export async function startFromNoise(
  plan: SamplerPlan,
  length: number,
  noise: NoiseSource,
  exec: ExecOptions = {},
): Promise<Float32Array> {
  const out = new Float32Array(length);
  if (noise.kind === 'given') out.set(noise.draw(0));
  else await normalField({ out, seed: noise.seed, stream: noise.stream('start'), step: 0 }, exec);
  return denoiseStep({ z: out, a: plan.initialScale, out }, exec);
}

function stepAt(plan: SamplerPlan, index: number): SamplerStep {
  const step = plan.steps[index];
  if (step) return step;
  const expected = `an index of a step, 0..${plan.steps.length - 1}`;
  throw new UsageError('IR_E_USAGE', explain({ name: `${plan.name} start`, expected, got: String(index) }));
}

type NoiseOperands = Pick<StepOperands, 'n' | 'sigma'> & Partial<Pick<DenoiseStepArgs, 'seed' | 'stream' | 'step'>>;
type HistoryOperands = Pick<StepOperands, 'h' | 'g'>;

function noiseOperands(
  noise: NoiseSource,
  purpose: NoisePurpose,
  step: number,
  sigma: number,
  draw: number,
): NoiseOperands {
  if (sigma === 0) return {};
  if (noise.kind === 'given') return { n: noise.draw(draw), sigma };
  return { seed: noise.seed, stream: noise.stream(purpose), step, sigma };
}

/** The network's output as operands of the kernel. */
function modelOperands(output: ModelOutput, s: number): Pick<DenoiseStepArgs, 'm' | 'mu' | 's'> {
  if (output instanceof Float32Array) return { m: output };
  // With s = 1 the unconditional output does not count and is not read.
  return s === 1 ? { m: output.conditional } : { m: output.conditional, mu: output.unconditional, s };
}

/** Past predictions as the kernel's one further operand. */
async function historyOperands(
  coefficients: readonly number[],
  past: readonly Float32Array[],
  exec: ExecOptions,
): Promise<HistoryOperands> {
  if (coefficients.length === 0) return {};
  if (past.length < coefficients.length) throw missingPast();
  const [first, second] = coefficients;
  if (second === undefined) return { h: past[0]!, g: first! };
  const h = new Float32Array(past[0]!.length);
  await denoiseStep({ z: past[0]!, a: first!, h: past[1]!, g: second, out: h }, exec);
  return { h, g: 1 };
}

const missingPast = () =>
  new UsageError(
    'IR_E_USAGE',
    explain({
      name: 'start',
      expected: 'a step that needs no earlier prediction',
      got: 'one inside a method of several steps',
      fix: 'Start one step earlier or later, or make the plan for this start',
    }),
  );

type Taken = Pick<SampledStep, 'z' | 'x0'>;

const EMPTY = new Float32Array(0);

/** Memory for the results of steps: a step reads the sample of the one before and the predictions of two. */
function stepMemory({ z: { length }, plan, correction, recycle }: SampleOptions): (index: number) => Taken {
  const predicts = recycle !== 'z' || correction !== undefined || plan.steps.some(({ history }) => history.length > 0);
  const fresh = (): Taken => ({ z: new Float32Array(length), x0: predicts ? new Float32Array(length) : EMPTY });
  if (!recycle) return fresh;
  const ring = [fresh(), fresh(), fresh()];
  return (index) => ring[index % ring.length]!;
}

/** m is expressed by z and x0 where x0 has been changed: m = (x0 - c z) / d. */
function throughX0({ a, b, q, c, d }: SamplerStep): { a: number; q: number } {
  return b === 0 ? { a, q } : { a: a - (b * c) / d, q: q + b / d };
}

async function take(
  step: SamplerStep,
  z: Float32Array,
  model: Pick<DenoiseStepArgs, 'm' | 'mu' | 's'>,
  rest: NoiseOperands & HistoryOperands,
  correction: Correction | undefined,
  { z: out, x0 }: Taken,
  exec: ExecOptions,
): Promise<Taken> {
  const { a, b, q, c, d, clip: r } = step;
  if (!correction) {
    await denoiseStep({ z, ...model, a, b, c, d, q, r, ...rest, out, ...(x0 === EMPTY ? {} : { x0 }) }, exec);
    return { z: out, x0 };
  }
  await denoiseStep({ z, ...model, a: 0, c, d, q: 1, r, out: x0 }, exec);
  await correction(x0, step, exec);
  const folded = throughX0(step);
  await denoiseStep({ z, m: x0, a: folded.a, b: folded.q, ...rest, out }, exec);
  return { z: out, x0 };
}

/** Elements up to which a step is sooner done than handed on to another thread. */
const SHORT = 1 << 17;

function assertFinite(values: Float32Array, step: SamplerStep, name: string): void {
  const found = notFinite(values);
  if (found === undefined) return;
  const expected = `finite values at time ${step.t}`;
  throw new InputError('IR_E_NOT_FINITE', explain({ name, expected, got: String(found) }));
}

/**
 * Runs a plan, or the one that settings make, step by step: pure over the network and the noise. Every step is one call of the fused kernel (two
 * with a correction, one more for churn or a scaled input). Rejects with the signal's reason within a step.
 * @throws InputError `IR_E_NOT_FINITE` where a sample is no longer a number; whatever the model throws
 */
export async function* sample(given: SampleOptions | SampleBySettings): AsyncGenerator<SampledStep, void, undefined> {
  const options = planned(given);
  const { plan, model, noise, start = 0, guidance = () => 1, correction, arithmetic, signal } = options;
  const inline = options.z.length <= SHORT;
  const exec: ExecOptions = { inline, ...options.exec, ...(signal ? { signal } : {}) };
  stepAt(plan, start);
  const memory = stepMemory(options);
  let z = options.z;
  let draws = 0;
  let past: Float32Array[] = [];
  for (let index = start; index < plan.steps.length; index++) {
    signal?.throwIfAborted();
    const step = plan.steps[index]!;
    const churns = step.churn > 0;
    const add = async (to: Float32Array) =>
      churns
        ? denoiseStep(
            {
              z: to,
              a: 1,
              ...noiseOperands(noise, 'churn', index, step.churn, draws),
              out: new Float32Array(to.length),
            },
            exec,
          )
        : to;
    if (plan.churnBefore) z = await add(z);
    const output = await model(arithmetic?.input(step, z) ?? (await scaled(z, step.inputScale, exec)), step, index);
    if (!plan.churnBefore) z = await add(z);
    const rest = {
      ...(await historyOperands(step.history, past, exec)),
      ...noiseOperands(noise, 'step', index, step.noise, churns ? draws + 1 : draws),
    };
    const own = output instanceof Float32Array ? arithmetic?.take(step, { z, m: output, ...rest }) : undefined;
    const taken =
      own ?? (await take(step, z, modelOperands(output, guidance(step)), rest, correction, memory(index), exec));
    assertFinite(taken.z, step, plan.name);
    if (step.draws) draws++;
    past = [taken.x0, ...past].slice(0, 2);
    z = taken.z;
    yield { index, t: step.t, sigma: step.sigma, z, x0: taken.x0 };
    // A model that never waits would leave no turn to whoever aborts.
    if (signal && index % 8 === 7) await setImmediate();
  }
}

async function scaled(z: Float32Array, by: number, exec: ExecOptions): Promise<Float32Array> {
  return by === 1 ? z : denoiseStep({ z, a: by, out: new Float32Array(z.length) }, exec);
}
