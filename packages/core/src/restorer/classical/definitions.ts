import { z } from 'zod';
import type { BlurStep, Degradation } from '../../degradation/contract.js';
import { resolveBlur } from '../../degradation/defaults.js';
import { degradationIdentity } from '../../degradation/identity.js';
import { explain, parseWith, UsageError } from '../../errors.js';
import type { Image } from '../../image/contract.js';
import type { RestoreOptions, Restorer, RestorerDefinition } from '../contract.js';
import { blurOperator } from './operator.js';
import { richardsonLucy } from './richardson-lucy.js';
import { interpolate, richardsonLucyConstants, wienerConstants } from './tuned.js';
import { wienerDeconvolve } from './wiener.js';

/** A restorer that can also say which constants it takes for one degradation. */
export interface ClassicalRestorer extends Restorer {
  /** For example `wiener[nsr=3.2e-4*f^2,blur[gauss,sigma=2,k=13,border=reflect-101]]@1`. Throws where the degradation is refused. */
  identityFor(degradation: Degradation): string;
}

const refuse = (id: string, expected: string, got: string, fix: string) =>
  new UsageError('IR_E_DEGRADATION', explain({ name: id, expected, got, fix }));

/**
 * The one blur that is to be undone. Refused: no blur, several, a reduction; and, with tuned constants, noise or JPEG, for which they are
 * not tuned. @throws UsageError `IR_E_DEGRADATION`
 */
function theBlur(id: string, degradation: Degradation | undefined, tuned: boolean): Required<BlurStep> {
  if (!degradation) {
    throw refuse(
      id,
      'the degradation to undo',
      'none',
      'Pass the degradation option: this method is told the blur, it does not estimate it',
    );
  }
  const identity = degradationIdentity(degradation);
  const blurs = degradation.steps.filter((step) => step.kind === 'blur');
  const [blur] = blurs;
  if (!blur || blurs.length > 1)
    throw refuse(id, 'a degradation with exactly one blur', identity, 'Use another restorer');
  if (degradation.steps.some((step) => step.kind === 'down')) {
    throw refuse(id, 'a degradation that keeps the size', identity, 'Use another restorer for super-resolution');
  }
  if (tuned && degradation.steps.length > 1) {
    throw refuse(
      id,
      'a blur followed by rounding only, for which its constants are tuned',
      identity,
      'Set the constant explicitly in the settings',
    );
  }
  return resolveBlur(blur);
}

interface Method {
  readonly id: string;
  readonly version: number;
  /** What stands in the brackets of the identity, whatever the degradation. */
  readonly conventions: string;
  readonly tuned: boolean;
  /** The constant taken for a blur, as in the identity. */
  constant(blur: Required<BlurStep>): string;
  accepts?(blur: Required<BlurStep>): void;
  run(image: Image, blur: Required<BlurStep>, options: RestoreOptions): Promise<Image>;
}

function restorer(method: Method): ClassicalRestorer {
  const { id, version, conventions, tuned } = method;
  let disposed = false;
  const blurOf = (degradation: Degradation | undefined) => {
    const blur = theBlur(id, degradation, tuned);
    method.accepts?.(blur);
    return blur;
  };
  return {
    id,
    identity: `${id}[${conventions}]@${version}`,
    family: 'classical',
    scale: 1,
    needs: { degradation: true },
    draws: false,
    identityFor(degradation) {
      const blur = blurOf(degradation);
      const [step] = degradationIdentity({ steps: [blur] }).split('|');
      return `${id}[${method.constant(blur)},${step}]@${version}`;
    },
    async restore(image, options = {}) {
      if (disposed) {
        throw new UsageError(
          'IR_E_DISPOSED',
          explain({ name: id, expected: 'a restorer in use', got: 'one disposed of', fix: 'Create it again' }),
        );
      }
      options.signal?.throwIfAborted();
      return method.run(image, blurOf(options.degradation), options);
    },
    async dispose() {
      disposed = true;
    },
  };
}

const short = (value: number) => String(Number(value.toPrecision(4)));

const wienerSettings = z.strictObject({
  nsr: z.number().min(0).max(1e3).optional(),
  power: z.number().min(0).max(8).optional(),
});

function createWiener(settings: Readonly<Record<string, unknown>>): ClassicalRestorer {
  const { nsr, power: given } = parseWith(wienerSettings, settings, 'wiener settings');
  const constants = wienerConstants();
  const power = given ?? constants.power;
  if (nsr === undefined && power !== constants.power) {
    throw new UsageError(
      'IR_E_USAGE',
      explain({
        name: 'wiener settings',
        expected: `power ${constants.power} with the tuned nsr`,
        got: String(power),
        fix: 'Give nsr too',
      }),
    );
  }
  const nodes = constants.nodes.map((node) => [node.sigma, node.nsr] as const);
  const listed = nodes.map(([sigma, value]) => `${sigma}:${short(value)}`).join(' ');
  const ratio = ({ sigma }: Required<BlurStep>) => ({ nsr: nsr ?? interpolate(nodes, sigma), power });
  return restorer({
    id: 'wiener',
    version: 1,
    tuned: nsr === undefined,
    conventions: `H/(H^2+nsr*f^${power}),nsr=${nsr ?? `tuned(${listed})`},border=own`,
    constant: (blur) => `nsr=${short(ratio(blur).nsr)}*f^${power}`,
    accepts({ border }) {
      if (border !== 'replicate') return;
      throw refuse(
        'wiener',
        'a blur with border reflect-101 or symmetric, which a cosine transform makes diagonal',
        'replicate',
        'Use richardson-lucy',
      );
    },
    async run(image, { sigma, size, border }, { signal, onProgress }) {
      if (border === 'replicate') throw new Error('refused above');
      return wienerDeconvolve(image, { sigma, size, border }, ratio({ kind: 'blur', sigma, size, border }), {
        ...(signal ? { signal } : {}),
        onChannel: (completed) => onProgress?.({ phase: 'wiener', completed, total: image.channels }),
      });
    },
  });
}

const lucySettings = z.strictObject({ iterations: z.int().min(1).max(10_000).optional() });

function createRichardsonLucy(settings: Readonly<Record<string, unknown>>): ClassicalRestorer {
  const { iterations } = parseWith(lucySettings, settings, 'richardson-lucy settings');
  const constants = richardsonLucyConstants();
  const nodes = constants.nodes.map((node) => [node.sigma, node.iterations] as const);
  const listed = nodes.map(([sigma, value]) => `${sigma}:${value}`).join(' ');
  const count = ({ sigma }: Required<BlurStep>) => iterations ?? Math.max(1, Math.round(interpolate(nodes, sigma)));
  return restorer({
    id: 'richardson-lucy',
    version: 1,
    tuned: iterations === undefined,
    conventions: `iterations=${iterations ?? `tuned(${listed})`},accelerated=biggs-andrews-1,adjoint=exact,border=own`,
    constant: (blur) => `iterations=${count(blur)}`,
    run(image, blur, { signal, onProgress }) {
      const total = count(blur);
      const exec = signal ? { signal } : {};
      return richardsonLucy(image, blurOperator(image, blur, exec), {
        iterations: total,
        signal,
        onIteration: (completed) => onProgress?.({ phase: 'richardson-lucy', completed, total }),
      });
    },
  });
}

/** Wiener deconvolution, told the blur. Settings: `nsr` and `power` of N/S = nsr f^power (default tuned per sigma). */
export const wienerRestorer: RestorerDefinition = {
  id: 'wiener',
  describe: 'Wiener deconvolution with the degradation’s own kernel and border, told the blur',
  create: async (settings) => createWiener(settings),
};

/** Richardson-Lucy deconvolution, told the blur. Settings: `iterations` (default tuned per sigma). */
export const richardsonLucyRestorer: RestorerDefinition = {
  id: 'richardson-lucy',
  describe: 'Richardson-Lucy deconvolution with the degradation’s own kernel, border and exact adjoint, told the blur',
  create: async (settings) => createRichardsonLucy(settings),
};

/** The restorers that need no network. */
export const classicalRestorers: readonly RestorerDefinition[] = [wienerRestorer, richardsonLucyRestorer];
