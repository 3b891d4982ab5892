import { describeValue, explain, UsageError } from '../errors.js';
import type { Round, Schedule } from './schedule.js';

/** Round half to even, as Python and numpy do. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

function checkCount(n: number, most: number): void {
  if (Number.isInteger(n) && n >= 1 && n <= most) return;
  const expected = `an integer in 1..${most}`;
  throw new UsageError('IR_E_USAGE', explain({ name: 'sampling steps', expected, got: describeValue(n) }));
}

/**
 * Guided diffusion's re-spacing (B.3), rising: stride (T - 1) / (n - 1), accumulated in floating point, each place rounded half to even. Both the
 * accumulation and the rounding matter: other ways give other lists for 306 of the 999 possible n. n = 1 gives [0].
 */
export function respaced(n: number, T = 1000): number[] {
  checkCount(n, T);
  const stride = n === 1 ? 1 : (T - 1) / (n - 1);
  const times: number[] = [];
  for (let at = 0, i = 0; i < n; i++, at += stride) times.push(roundHalfEven(at));
  return times;
}

/** The "ddimN" lists: the integer stride whose range(0, T, stride) has n entries, rising. @throws UsageError where none has */
export function ddimSpaced(n: number, T = 1000): number[] {
  checkCount(n, T);
  for (let stride = 1; stride < T; stride++)
    if (Math.ceil(T / stride) === n) return Array.from({ length: n }, (_, i) => i * stride);
  throw new UsageError(
    'IR_E_USAGE',
    explain({ name: 'sampling steps', expected: `a count that an integer stride of ${T} gives`, got: String(n) }),
  );
}

export type Spacing = 'leading' | 'trailing' | 'linspace';

export interface SpacingOptions {
  readonly spacing: Spacing;
  /** Added to `leading` times. */
  readonly offset?: number;
  /** Round `linspace` to whole times (VP samplers); sigma-space samplers keep fractions. */
  readonly whole: boolean;
  /** Times given to the network are float32 in published libraries. */
  readonly single?: boolean;
}

/** Place i of n even ones over 0..last, in numpy's order of operations: others round to other times for one n in ten. */
const linspace = (i: number, n: number, last: number): number =>
  n === 1 ? 0 : i === n - 1 ? last : i * (last / (n - 1));

/** Times from high to low by one of the three customary rules (Lin et al. 2024, Table 2). */
export function spacedTimes(n: number, T: number, options: SpacingOptions): number[] {
  checkCount(n, T);
  const { spacing, offset = 0, whole } = options;
  const round = options.single && !whole ? Math.fround : (x: number) => x;
  if (spacing === 'leading') {
    const stride = Math.floor(T / n);
    return Array.from({ length: n }, (_, i) => (n - 1 - i) * stride + offset);
  }
  if (spacing === 'trailing') {
    const stride = T / n;
    const step = T - stride - T; // as numpy's arange has it
    return Array.from({ length: Math.ceil(T / stride) }, (_, i) => roundHalfEven(T + i * step) - 1);
  }
  const at = (i: number) => linspace(i, n, T - 1);
  return Array.from({ length: n }, (_, i) => (whole ? roundHalfEven(at(n - 1 - i)) : round(at(n - 1 - i))));
}

/** The times of DPM-Solver++ in diffusers: n + 1 places, of which the lowest is left out. */
export function multistepTimes(n: number, T: number, { spacing, offset = 0 }: SpacingOptions): number[] {
  checkCount(n, T);
  if (spacing === 'trailing') return spacedTimes(n, T, { spacing, whole: true });
  const stride = Math.floor(T / (n + 1));
  const at = (i: number) => (spacing === 'leading' ? i * stride + offset : roundHalfEven(linspace(i, n + 1, T - 1)));
  return Array.from({ length: n }, (_, i) => at(n - i));
}

/** Stability's "legacy" discretisation (B.5): int(linspace(T - 1, 0, n, endpoint excluded)), high to low. */
export function sgmTimes(n: number, T = 1000): number[] {
  checkCount(n, T);
  return Array.from({ length: n }, (_, i) => Math.trunc(i * (-(T - 1) / n) + (T - 1)));
}

/** Values of `table` (over 0, 1, 2, ...) at any place, linear in between, clamped at the ends. */
export function interpolated(table: ArrayLike<number>, at: number): number {
  const last = table.length - 1;
  const place = Math.min(Math.max(at, 0), last);
  const low = Math.min(Math.floor(place), Math.max(0, last - 1));
  const w = place - low;
  return w === 0 || last === 0 ? table[low]! : table[low]! * (1 - w) + table[low + 1]! * w;
}

export type SigmaLaw = 'karras' | 'exponential' | 'lu';

/**
 * n sigmas from `max` down to `min`: Karras et al. 2022 with rho = 7; exponential (= Lu: even in lambda).
 * @param round how Lu's ends are held: `Math.fround` as in published libraries
 */
export function sigmasBy(law: SigmaLaw, n: number, min: number, max: number, round: Round = Number): number[] {
  const at = (i: number) => (n === 1 ? 0 : i / (n - 1));
  if (law === 'karras') {
    const [low, high] = [min ** (1 / 7), max ** (1 / 7)];
    return Array.from({ length: n }, (_, i) => (high + at(i) * (low - high)) ** 7);
  }
  const held = law === 'lu' ? round : Number;
  const [low, high] = [held(Math.log(min)), held(Math.log(max))];
  return Array.from({ length: n }, (_, i) => Math.exp(high + at(i) * (low - high)));
}

/**
 * The time of a sigma, fractional, by interpolation in log sigma; clamped to 0..T - 1.
 * @param round how the table of logarithms is held: `Math.fround` as in published libraries, which decides whole times at the ends
 */
export function timeOfSigma({ sigmas }: Schedule, sigma: number, round: Round = Number): number {
  const log = Math.log(Math.max(sigma, 1e-10));
  const at = (t: number) => round(Math.log(sigmas[t]!));
  if (sigmas.length < 2) return 0;
  let [low, high] = [0, sigmas.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle) <= log) low = middle;
    else high = middle;
  }
  const [below, above] = [at(low), at(low + 1)];
  return low + Math.min(1, Math.max(0, (log - below) / (above - below)));
}

/** The training time whose sigma is nearest: SUPIR's quantisation. */
export function nearestTime({ sigmas }: Schedule, sigma: number): number {
  let best = 0;
  for (let t = 1; t < sigmas.length; t++) if (Math.abs(sigmas[t]! - sigma) < Math.abs(sigmas[best]! - sigma)) best = t;
  return best;
}
