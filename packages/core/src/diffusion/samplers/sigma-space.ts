import { explain, UsageError } from '../../errors.js';
import type { Schedule } from '../schedule.js';
import { interpolated, nearestTime, roundHalfEven, type SigmaLaw, sigmasBy, timeOfSigma } from '../spacing.js';

/** Noise levels from high to low with the time of each; one more level ends the last step. */
export interface SigmaList {
  readonly times: readonly number[];
  /** One more than times; the last is 0 or the schedule's least. */
  readonly sigmas: readonly number[];
  /** The network gets the nearest training level and its time; the step itself keeps the exact one. */
  readonly quantised?: boolean;
}

export interface SigmaOptions {
  /** Replaces the levels by a law between their ends, times by interpolation in log sigma. */
  readonly law?: SigmaLaw;
  /** How many levels the law gives; default as many as there are times. */
  readonly count?: number;
  readonly min?: number;
  readonly max?: number;
  /** Level after the last step: 0 (default) or the schedule's least. */
  readonly final?: 'zero' | 'least';
  /** Ends of the law: the levels of the list (default), or of the whole schedule. */
  readonly ends?: 'list' | 'schedule';
  /** What becomes of the network's fractional times under a law: kept (default), rounded half to even, or cut. */
  readonly wholeTimes?: 'keep' | 'round' | 'cut';
  readonly single?: boolean;
}

/** The levels at a list of times (fractional times interpolate), or by a law. */
export function sigmaList(schedule: Schedule, times: readonly number[], options: SigmaOptions = {}): SigmaList {
  const { law, final = 'zero', ends = 'list', wholeTimes = 'keep' } = options;
  const round = options.single ? Math.fround : (x: number) => x;
  const last = final === 'zero' ? 0 : schedule.sigmas[0]!;
  let levels = times.map((t) => interpolated(schedule.sigmas, t));
  let at: readonly number[] = times;
  if (law) {
    const [low, high] = ends === 'list' ? [levels.at(-1)!, levels[0]!] : [schedule.sigmas[0]!, schedule.sigmas.at(-1)!];
    levels = sigmasBy(law, options.count ?? times.length, options.min ?? low, options.max ?? high, round);
    at = levels.map((sigma) => timeOfSigma(schedule, sigma, round));
    if (wholeTimes !== 'keep') at = at.map(wholeTimes === 'round' ? roundHalfEven : Math.floor);
  }
  return { times: at.map(round), sigmas: [...levels.map(round), round(last)] };
}

/** A level as the network is told of it: the exact one, or (SUPIR, DiffBIR's EDM family) the nearest training level with its time. */
export function told(schedule: Schedule, sigma: number, t: number, quantised: boolean): { sigma: number; t: number } {
  if (!quantised) return { sigma, t };
  const nearest = nearestTime(schedule, sigma);
  return { sigma: schedule.sigmas[nearest]!, t: nearest };
}

/** Levels must fall: a method in sigma space divides by them. @throws UsageError `IR_E_USAGE` */
export function checkFalling(name: string, sigmas: readonly number[]): void {
  const bad = sigmas.findIndex(
    (s, i) => !(s >= 0) || (i > 0 && s > sigmas[i - 1]!) || (i < sigmas.length - 1 && s === 0),
  );
  if (bad < 0) return;
  const got = `${sigmas[bad]} at step ${bad}`;
  throw new UsageError('IR_E_USAGE', explain({ name, expected: 'noise levels that fall and end at 0 or above', got }));
}
