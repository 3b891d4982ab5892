import {
  type AppliedDegradation,
  degradationIdentity,
  explain,
  type Image,
  type MetricInput,
  type MetricSettings,
  PRESETS,
  type Reason,
  UsageError,
} from '@ir/core';
import { degradedOutput } from './degraded-output.js';

/** What the output is compared with: the ground truth (Eq. 14), or through D the input (Eq. 15). */
export type Truth = NonNullable<MetricSettings['alignment']>;

/** The paper's own: low degradations by Eq. 14, high ones by Eq. 15. */
const BY_NAME: Readonly<Record<string, Truth>> = { SR2: 'gt', Blur1: 'gt', SR4: 'input', Blur20: 'input' };

const BY_IDENTITY: ReadonlyMap<string, Truth> = new Map(
  PRESETS.flatMap((preset) => {
    const truth = BY_NAME[preset.name ?? ''];
    return truth ? [[degradationIdentity(preset), truth] as const] : [];
  }),
);

/** @throws UsageError `IR_E_USAGE` for a degradation that the paper does not place */
function truthOf({ degradation }: AppliedDegradation): Truth {
  const identity = degradationIdentity(degradation);
  const truth = BY_IDENTITY.get(identity);
  if (truth) return truth;
  throw new UsageError(
    'IR_E_USAGE',
    explain({
      name: 'alignment',
      expected: `gt (Eq. 14, low degradation: SR2, Blur1) or input (Eq. 15, high: SR4, Blur20) to be stated for ${identity}`,
      got: 'nothing',
      fix: 'Alignment between pictures of different degradation is not defined (Eq. 13): say which approximation holds',
    }),
  );
}

/** The two pictures whose embeddings are compared, by name; or why there are none. */
export type AlignedPair = readonly [readonly [string, Image], readonly [string, Image]];

/**
 * Eq. 14, S(I_x, ^I_x), or Eq. 15, S(D(^I_x), I_y), as stated, else by the degradation. An unknown degradation leaves alignment undefined.
 */
export async function alignedPair(input: MetricInput, stated: Truth | undefined): Promise<AlignedPair | Reason> {
  const { reference, image, applied, input: degraded } = input;
  if (!stated && !applied) return 'degradation-unknown';
  const truth = stated ?? truthOf(applied!);
  if (truth === 'gt') {
    if (!reference) return 'no-reference';
    return [
      ['reference', reference],
      ['output', image],
    ];
  }
  if (!applied) return 'degradation-unknown';
  if (!degraded) return 'no-input';
  const again = await degradedOutput(input);
  if (typeof again === 'string') return again;
  return [
    ['input', degraded],
    ['D(output)', again],
  ];
}
