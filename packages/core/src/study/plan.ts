import type { NativeReport } from '@ir/native';
import { isRandom } from '../degradation/defaults.js';
import { degradationIdentity } from '../degradation/identity.js';
import { UsageError } from '../errors.js';
import { hashOf } from './canonical.js';
import { completeCells } from './cells.js';
import type { Cell, ResultMetric, Skipped, StudyDegradation, StudyOptions, StudyPlan, StudySpec } from './contract.js';
import { listImages, type StudySource, surveyImages } from './images.js';
import { type Machinery, surveyMachinery } from './machinery.js';
import { leaveOut } from './optional.js';
import { OUTPUT_IDENTITY } from './protocol.js';
import {
  createMetric,
  filesOf,
  metricDefinition,
  Refusal,
  type StudyModel,
  type Survey,
  surveyRestorers,
} from './restorers.js';

/** Everything that can change a cell's numbers; its hash is the cell's key. */
export interface Address extends Machinery {
  readonly schema: 'ir.cell/1';
  readonly image: string;
  readonly degradation: string;
  readonly restorer: {
    readonly id: string;
    readonly identity: string;
    readonly general: string;
    readonly settings: object;
    readonly model?: StudyModel;
  };
  readonly seed: number;
  readonly metrics: readonly (readonly [alias: string, identity: string])[];
  readonly threads: number;
  readonly output: string;
}

export interface PlannedCell extends Cell {
  readonly address: Address;
  /** Places in the spec's and the survey's lists, by which a child process finds them. */
  readonly at: { readonly image: number; readonly degradation: number; readonly restorer: number };
}

/** A plan with what running it takes. */
export interface DetailedPlan extends Omit<StudyPlan, 'done'> {
  readonly cells: readonly PlannedCell[];
  readonly images: readonly StudySource[];
  readonly metrics: readonly ResultMetric[];
  readonly machinery: Machinery;
  readonly native: NativeReport;
  readonly models: Readonly<Record<string, string>>;
  /** Sampling steps, and how far latents are smaller than pictures, by the restorer's label. */
  readonly steps: Readonly<Record<string, number>>;
  readonly compression: Readonly<Record<string, number>>;
}

/** A restorer that refuses a degradation: an error, or left out where the spec says so. */
function judgeRefusals(spec: StudySpec, surveys: readonly Survey[]): readonly Skipped[] {
  const refused = spec.restorers.flatMap((restorer, r) =>
    spec.degradations.flatMap(({ name, degradation }) => {
      const told = surveys[r]!.identities.get(degradationIdentity(degradation));
      return told instanceof Refusal ? [{ name: `${restorer.label} at ${name}`, reason: told.reason }] : [];
    }),
  );
  if (refused.length === 0 || spec.inapplicable === 'skip') return refused;
  const lines = refused.slice(0, 10).map(({ name, reason }) => `  ${name}: ${reason}`);
  const more = refused.length > 10 ? [`  ... and ${refused.length - 10} more.`] : [];
  const head = `study: expected restorers that take every degradation, got ${refused.length} refused:`;
  const fix = 'Set `inapplicable: skip` in the spec to leave these out.';
  throw new UsageError('IR_E_DEGRADATION', [head, ...lines, ...more, fix].join('\n'));
}

/** Everything of a plan but what is on disk: pictures opened and hashed, restorers and metrics asked for their identities. Writes nothing. */
export async function drawPlan(asked: StudySpec, options: StudyOptions): Promise<DetailedPlan> {
  const { registry, signal, onProgress } = options;
  signal?.throwIfAborted();
  const { spec, skipped: lacking } = leaveOut(asked, registry);
  const metrics = spec.metrics.map((metric) => {
    const { id, direction, alias } = createMetric(registry, metric);
    return { alias, identity: id, direction, describe: metricDefinition(registry, metric).describe };
  });
  const { machinery, report: native } = await surveyMachinery();
  const surveys = await surveyRestorers(registry, spec, signal);
  const refused = judgeRefusals(spec, surveys);
  const { files, skipped } = await listImages(options.images);
  const { variant, backend } = machinery.native;
  const exec = { variant, backend, ...(signal ? { signal } : {}) };
  const survey = await surveyImages(files, spec.longSide, exec, (completed) =>
    onProgress?.({ phase: 'plan', completed, total: files.length }),
  );
  const { images } = survey;
  const models = Object.fromEntries(surveys.flatMap(({ model }) => (model ? filesOf(model) : [])));
  const byLabel = (key: 'stepCount' | 'compression') =>
    Object.fromEntries(
      spec.restorers.flatMap(({ label }, r) => {
        const value = surveys[r]![key];
        return value === undefined ? [] : [[label, value]];
      }),
    );
  const cells = layCells(spec, { images, surveys, metrics, machinery });
  return {
    spec,
    cells,
    images,
    metrics,
    machinery,
    native,
    models,
    steps: byLabel('stepCount'),
    compression: byLabel('compression'),
    skipped: [...lacking, ...skipped, ...survey.skipped, ...refused],
  };
}

interface Ground {
  readonly images: readonly StudySource[];
  readonly surveys: readonly Survey[];
  readonly metrics: readonly ResultMetric[];
  readonly machinery: Machinery;
}

/**
 * The cells in order: by picture, degradation, seed, restorer, so that neighbours share what is costly to make. Where neither the degradation nor
 * the restorer draws anything, every seed gives the same: the first one's cell is there for all.
 */
function layCells(spec: StudySpec, ground: Ground): PlannedCell[] {
  return ground.images.flatMap((_, image) =>
    spec.degradations.flatMap((__, degradation) =>
      spec.seeds.flatMap((seed) =>
        spec.restorers.flatMap((___, restorer) => layCell(spec, ground, { image, degradation, restorer }, seed) ?? []),
      ),
    ),
  );
}

function layCell(spec: StudySpec, ground: Ground, at: PlannedCell['at'], seed: number): PlannedCell | undefined {
  const { path: _, ...image } = ground.images[at.image]!;
  const degradation: StudyDegradation = spec.degradations[at.degradation]!;
  const degradationName = degradationIdentity(degradation.degradation);
  const restorer = spec.restorers[at.restorer]!;
  const { identities, general, draws, model } = ground.surveys[at.restorer]!;
  const identity = identities.get(degradationName);
  if (typeof identity !== 'string') return undefined;
  if (seed !== spec.seeds[0] && !draws && !isRandom(degradation.degradation)) return undefined;
  const address: Address = {
    schema: 'ir.cell/1',
    image: image.hash,
    degradation: degradationName,
    restorer: { id: restorer.id, identity, general, settings: restorer.settings, ...(model ? { model } : {}) },
    seed,
    metrics: ground.metrics.map((metric) => [metric.alias, metric.identity] as const),
    threads: spec.threads,
    output: OUTPUT_IDENTITY,
    ...ground.machinery,
  };
  const keepPicture = at.image < spec.pictures.images && spec.pictures.degradations.includes(degradation.name);
  const what = { image, degradation, degradationIdentity: degradationName, restorer, restorerIdentity: identity };
  return { key: hashOf(address), ...what, seed, keepPicture, address, at };
}

/**
 * What a study consists of and what of it is done: nothing is computed or written.
 * @throws UsageError `IR_E_UNKNOWN_NAME`, `IR_E_DEGRADATION`; InputError for pictures that cannot be used; ModelError; what `inspect` throws
 */
export async function planStudy(spec: StudySpec, options: StudyOptions): Promise<StudyPlan> {
  const { cells, skipped, spec: left } = await drawPlan(spec, options);
  const done = await completeCells(options.out, cells, options.signal);
  return { spec: left, cells, done: new Set(done.keys()), skipped };
}
