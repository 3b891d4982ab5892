import { degradationIdentity } from '../degradation/identity.js';
import { UsageError, unknownName } from '../errors.js';
import type { Metric, MetricDefinition } from '../metric/contract.js';
import { refuseBroken } from '../models/store.js';
import type { Registry } from '../registry.js';
import type { Restorer, RestorerDefinition } from '../restorer/contract.js';
import { hashOf } from './canonical.js';
import type { StudyDegradation, StudyMetric, StudyRestorer, StudySpec } from './contract.js';

/** @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion; ModelError for a model that is broken */
export function restorerDefinition(
  { restorers, broken = [] }: Registry,
  { id }: Pick<StudyRestorer, 'id'>,
): RestorerDefinition {
  const definition = restorers.find((one) => one.id === id);
  if (definition) return definition;
  refuseBroken(broken, id);
  const known = restorers.map((one) => one.id);
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('restorer', id, known));
}

/** @throws as `restorerDefinition`; what the definition throws for its settings, named by the restorer's label */
export async function createRestorer(registry: Registry, restorer: StudyRestorer, threads: number): Promise<Restorer> {
  const { id, label, settings } = restorer;
  try {
    return await restorerDefinition(registry, restorer).create(settings, { threads });
  } catch (error) {
    // Points of a sweep share an id: only the label says which of them it is.
    if (!(error instanceof UsageError) || label === id) throw error;
    throw new UsageError(error.code as 'IR_E_USAGE', `${label}: ${error.message}`, { cause: error });
  }
}

/** @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion */
export function metricDefinition({ metrics }: Registry, { alias }: StudyMetric): MetricDefinition {
  const definition = metrics.find((one) => one.alias === alias);
  if (definition) return definition;
  const known = metrics.map((one) => one.alias);
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('metric', alias, known));
}

/** @throws as `metricDefinition`; what the definition throws for its settings */
export function createMetric(registry: Registry, metric: StudyMetric): Metric {
  const { alias: _, optional: __, ...settings } = metric;
  return metricDefinition(registry, metric).create(settings);
}

/** What changes the output of a restorer for one degradation. @throws UsageError `IR_E_DEGRADATION` where it is refused */
export const identityOf = (restorer: Restorer, { degradation }: Pick<StudyDegradation, 'degradation'>): string =>
  restorer.identityFor?.(degradation) ?? restorer.identity;

/** A restorer's own words on a degradation that it does not take. */
export class Refusal {
  constructor(readonly reason: string) {}
}

/** A restorer of a study as a plan needs it, once it is closed again. */
export interface Survey {
  /** By the identity of the degradation. */
  readonly identities: ReadonlyMap<string, string | Refusal>;
  /** Its identity apart from any degradation: all its conventions and constants. */
  readonly general: string;
  /** May another seed give another picture? */
  readonly draws: boolean;
  /** Sampling steps that it takes; absent: it samples nothing. */
  readonly stepCount?: number;
  /** Of what passes a latent, how far that is smaller than the picture. */
  readonly compression?: number;
  readonly model?: StudyModel;
}

/** The networks behind a restorer: hashes of what they are made of, and of the manifest by which they are fed and tiled. */
export interface StudyModel {
  readonly id: string;
  readonly manifest: string;
  /** Of a model of one graph. */
  readonly graph?: string;
  /** Of a model of several parts: by the place where the manifest has them. */
  readonly parts?: Readonly<Record<string, string>>;
}

/** Every hash of a model's files by a name of its own, as run manifests list them. */
export const filesOf = ({ id, graph, parts = {} }: StudyModel): (readonly [name: string, sha256: string])[] => [
  ...(graph === undefined ? [] : [[id, graph] as const]),
  ...Object.entries(parts).map(([part, hash]) => [`${id} ${part}`, hash] as const),
];

function survey(opened: Restorer, degradations: readonly StudyDegradation[]): Survey {
  const identities = degradations.map(
    (one) => [degradationIdentity(one.degradation), identityOrRefusal(opened, one)] as const,
  );
  return {
    identities: new Map(identities),
    general: opened.identity,
    draws: opened.draws !== false,
    ...(opened.stepCount ? { stepCount: opened.stepCount } : {}),
    ...(opened.compression ? { compression: opened.compression } : {}),
    ...modelOf(opened),
  };
}

/** Opens each restorer, asks it for its identities and closes it. */
export async function surveyRestorers(
  registry: Registry,
  { restorers, degradations, threads }: Pick<StudySpec, 'restorers' | 'degradations' | 'threads'>,
  signal?: AbortSignal,
): Promise<readonly Survey[]> {
  const surveys: Survey[] = [];
  // Points of a sweep share what is open: each is closed only when the next one looks through it.
  let last: { readonly id: string; readonly opened: Restorer } | undefined;
  try {
    for (const restorer of restorers) {
      signal?.throwIfAborted();
      if (last && last.id !== restorer.id) {
        await last.opened.dispose();
        last = undefined;
      }
      const opened = await createRestorer(registry, restorer, threads);
      await last?.opened.dispose();
      last = { id: restorer.id, opened };
      surveys.push(survey(opened, degradations));
    }
    return surveys;
  } finally {
    await last?.opened.dispose();
  }
}

/** A restorer's identity for a degradation, or why it does not take it. */
export function identityOrRefusal(
  restorer: Restorer,
  degradation: Pick<StudyDegradation, 'degradation'>,
): string | Refusal {
  try {
    return identityOf(restorer, degradation);
  } catch (error) {
    // By its code: a restorer from outside may carry classes of its own copy of this package.
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === 'IR_E_DEGRADATION') return new Refusal(String(message));
    throw error;
  }
}

/** Everything in a manifest that has a hash, by its place in there; of a graph, the place of what it is the graph of. */
function hashesIn(value: unknown, place: readonly string[] = []): [place: string, sha256: string][] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, one]) =>
    hashesIn(one, key === 'graph' ? place : [...place, key]),
  );
  const { sha256 } = value as { sha256?: unknown };
  return typeof sha256 === 'string' ? [[place.join('.'), sha256], ...inside] : inside;
}

/** Networks carry their manifest. */
function modelOf(restorer: Restorer): Pick<Survey, 'model'> {
  const { manifest } = restorer as {
    manifest?: { readonly id?: unknown; readonly graph?: { readonly sha256?: unknown }; readonly parts?: unknown };
  };
  if (!manifest) return {};
  const about = { id: String(manifest.id), manifest: hashOf(manifest) };
  const graph = manifest.graph?.sha256;
  if (typeof graph === 'string') return { model: { ...about, graph } };
  const parts = hashesIn(manifest.parts);
  return parts.length > 0 ? { model: { ...about, parts: Object.fromEntries(parts) } } : {};
}
