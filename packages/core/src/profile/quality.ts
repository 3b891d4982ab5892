import { isRandom } from '../degradation/defaults.js';
import { type Comparable, comparable } from '../degradation/protocol.js';
import type { Image } from '../image/contract.js';
import type { Metric, Score } from '../metric/contract.js';
import { finite } from '../metric/finite.js';
import { intervalMaker, meanOf } from '../report/bootstrap.js';
import { FEWEST_PICTURES, pooledDeviation } from '../report/statistics.js';
import type { Restorer } from '../restorer/contract.js';
import { listImages, openStudyImage } from '../study/images.js';
import { restoreForComparison } from '../study/protocol.js';
import { createMetric } from '../study/restorers.js';
import type { ProfileOptions } from './profile.js';
import type { ProfileReport, Quality } from './schema.js';

/** Pictures on which restorers are judged, and the metrics; closes those. */
export interface Gallery extends AsyncDisposable {
  readonly pictures: ProfileReport['pictures'];
  readonly count: number;
  /** By alias of the metric: its mean over the pictures. */
  judge(restorer: Restorer, onPicture: () => void): Promise<Record<string, Quality>>;
}

const LONG_SIDE = 512;
/** Of restorers that draw. */
const SEEDS = 3;
const BOOTSTRAP = { resamples: 2000, seed: 0 };

const NONE: Gallery = { pictures: null, count: 0, judge: async () => ({}), [Symbol.asyncDispose]: async () => {} };

/** @throws InputError for files that cannot be used; UsageError `IR_E_UNKNOWN_NAME` for a metric that is none */
export async function openGallery(
  options: ProfileOptions & Required<Pick<ProfileOptions, 'degradation' | 'seed'>>,
): Promise<Gallery> {
  const { registry, quality, degradation, seed, signal } = options;
  if (!quality) return NONE;
  const { longSide = LONG_SIDE, bootstrap = BOOTSTRAP, seeds: count = SEEDS } = quality;
  const seeds = Array.from({ length: count }, (_, k) => seed + k);
  const metrics = quality.metrics.map((metric) => createMetric(registry, metric));
  const { files } = await listImages(quality.images);
  const call = signal ? { signal } : {};
  const images: Image[] = [];
  for (const { path } of files) images.push(await openStudyImage(path, longSide, call));
  const intervalOf = intervalMaker(bootstrap);

  /** A picture and what the degradation makes of it, for each seed; where it draws nothing one stands for all. */
  async function comparables(image: Image): Promise<(seed: number) => Promise<Comparable>> {
    const degraded = (one: number) => comparable(image, degradation, { seed: one, ...call });
    if (isRandom(degradation)) return degraded;
    const same = await degraded(seed);
    return async () => same;
  }

  async function scoresOf(restorer: Restorer, pictures: Comparable, seed: number): Promise<Score[]> {
    signal?.throwIfAborted();
    const output = await restoreForComparison(restorer, pictures, { degradation, seed, exec: {}, signal });
    const { reference, degraded } = pictures;
    const input = { reference, image: output, input: degraded, applied: { degradation, seed }, ...call };
    const scores: Score[] = [];
    for (const metric of metrics) scores.push(await metric.score(input));
    return scores;
  }

  async function judge(restorer: Restorer, onPicture: () => void): Promise<Record<string, Quality>> {
    // Where nothing draws one seed stands for all.
    const own = restorer.draws === false && !isRandom(degradation) ? seeds.slice(0, 1) : seeds;
    const scores = metrics.map((): Score[][] => []);
    for (const image of images) {
      const bySeed: Score[][] = [];
      const picturesOf = await comparables(image);
      for (const one of own) bySeed.push(await scoresOf(restorer, await picturesOf(one), one));
      for (const i of metrics.keys()) scores[i]!.push(bySeed.map((all) => all[i]!));
      onPicture();
    }
    return Object.fromEntries(metrics.map((metric, i) => [metric.alias, summary(metric, scores[i]!, intervalOf)]));
  }

  return {
    pictures: { names: files.map(({ name }) => name), longSide, bootstrap, seeds },
    count: files.length,
    judge,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(metrics.map((metric) => metric.dispose?.()));
    },
  };
}

function summary(
  { id, direction }: Metric,
  scores: readonly (readonly Score[])[],
  intervalOf: ReturnType<typeof intervalMaker>,
): Quality {
  const seedValues: number[][] = [];
  const missing: Record<string, number> = {};
  for (const told of scores.map((all) => all.map(finite))) {
    const values = told.flatMap(({ value }) => value ?? []);
    if (values.length > 0) seedValues.push(values);
    else if (told[0]?.value === null) missing[told[0].reason] = (missing[told[0].reason] ?? 0) + 1;
  }
  const values = seedValues.map(meanOf);
  // As in reports: of fewer pictures nothing is told.
  const interval = values.length < FEWEST_PICTURES ? null : intervalOf(values);
  return {
    id,
    direction,
    mean: values.length > 0 ? meanOf(values) : null,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    seedDeviation: pooledDeviation(seedValues),
    n: values.length,
    ...(values.length < scores.length ? { undefined: missing } : {}),
  };
}
