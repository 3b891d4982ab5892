import {
  describeValue,
  explain,
  type Metric,
  type MetricDefinition,
  type MetricInput,
  type MetricSettings,
  type Score,
  UsageError,
} from '@ir/core';
import { type Conventions, formatIdentity } from './identity.js';

/** Settings as a metric's own code sees them. */
export type Settings = MetricSettings & { readonly crop: number };

/** What a metric's file states; the rest of the contract follows. */
export interface Definition extends Omit<MetricDefinition, 'create'> {
  readonly name: string;
  /** Every convention that changes the number, but for the crop. */
  readonly conventions: Conventions | ((settings: Settings) => Conventions);
  readonly version: number;
  /** Called with an input that has what `needs` names as `true`. */
  score(input: MetricInput, settings: Settings): Promise<Score>;
  /** Ends what all metrics of this definition hold. */
  dispose?(): Promise<void>;
}

function checkCrop(crop: number): number {
  if (Number.isSafeInteger(crop) && crop >= 0) return crop;
  throw new UsageError(
    'IR_E_USAGE',
    explain({ name: 'crop', expected: 'an integer of at least 0', got: describeValue(crop) }),
  );
}

/** Makes a registry entry: `crop` is checked and joins the identity; what is needed and missing is a score with its reason. */
export function define({ name, conventions, version, score, dispose, ...definition }: Definition): MetricDefinition {
  const { alias, direction, needs } = definition;
  return {
    ...definition,
    create(given: MetricSettings = {}): Metric {
      const settings: Settings = { ...given, crop: checkCrop(given.crop ?? 0) };
      const words = typeof conventions === 'function' ? conventions(settings) : conventions;
      return {
        alias,
        id: formatIdentity({ name, conventions: { ...words, crop: String(settings.crop) }, version }),
        direction,
        needs,
        async score(input) {
          input.signal?.throwIfAborted();
          if (needs.reference && !input.reference) return { value: null, reason: 'no-reference' };
          if (needs.degradation && !input.applied) return { value: null, reason: 'degradation-unknown' };
          if (needs.input === true && !input.input) return { value: null, reason: 'no-input' };
          return finite(await score(input, settings));
        },
        ...(dispose ? { dispose } : {}),
      };
    },
  };
}

/** A number that is none never leaves a metric. */
const finite = (score: Score): Score =>
  score.value === null || Number.isFinite(score.value) ? score : { value: null, reason: 'not-finite' };
