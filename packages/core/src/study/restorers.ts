import { degradationIdentity } from '../degradation/identity.js';
import { UsageError, unknownName } from '../errors.js';
import type { Metric, MetricDefinition } from '../metric/contract.js';
import type { Registry } from '../registry.js';
import type { Restorer, RestorerDefinition } from '../restorer/contract.js';
import { hashOf } from './canonical.js';
import type { StudyDegradation, StudyMetric, StudyRestorer } from './contract.js';

/** @throws UsageError `IR_E_UNKNOWN_NAME` with a suggestion */
export function restorerDefinition({ restorers }: Registry, { id }: StudyRestorer): RestorerDefinition {
  const definition = restorers.find((one) => one.id === id);
  if (definition) return definition;
  const known = restorers.map((one) => one.id);
  throw new UsageError('IR_E_UNKNOWN_NAME', unknownName('restorer', id, known));
}

/** @throws as `restorerDefinition`; what the definition throws for its settings */
export async function createRestorer(registry: Registry, restorer: StudyRestorer, threads: number): Promise<Restorer> {
  return restorerDefinition(registry, restorer).create(restorer.settings, { threads });
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
export const identityOf = (restorer: Restorer, { degradation }: StudyDegradation): string =>
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
  /** Hash of the network's graph, and of its manifest, by which it is fed and tiled. */
  readonly model?: { readonly id: string; readonly graph: string; readonly manifest: string };
}

/** Opens a restorer, asks it for its identities and closes it. */
export async function surveyRestorer(
  registry: Registry,
  restorer: StudyRestorer,
  degradations: readonly StudyDegradation[],
  threads: number,
): Promise<Survey> {
  const opened = await createRestorer(registry, restorer, threads);
  try {
    const identities = degradations.map((one) => [degradationIdentity(one.degradation), answer(opened, one)] as const);
    return { identities: new Map(identities), general: opened.identity, ...modelOf(opened) };
  } finally {
    await opened.dispose();
  }
}

function answer(restorer: Restorer, degradation: StudyDegradation): string | Refusal {
  try {
    return identityOf(restorer, degradation);
  } catch (error) {
    // By its code: a restorer from outside may carry classes of its own copy of this package.
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === 'IR_E_DEGRADATION') return new Refusal(String(message));
    throw error;
  }
}

/** Networks carry their manifest. */
function modelOf(restorer: Restorer): Pick<Survey, 'model'> {
  const { manifest } = restorer as { manifest?: { id?: unknown; graph?: { sha256?: unknown } } };
  const graph = manifest?.graph?.sha256;
  if (typeof graph !== 'string') return {};
  return { model: { id: String(manifest?.id), graph, manifest: hashOf(manifest) } };
}
