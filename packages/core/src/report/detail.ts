import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '../image/contract.js';
import { decode } from '../image/decode.js';
import { encode } from '../image/encode.js';
import { crop, type Rect } from '../image/geometry.js';
import type { StudyResults } from '../study/contract.js';
import { meanOf } from './bootstrap.js';
import { type DetailCurve, drawDetail } from './detail-figure.js';
import { lumaOf } from './detail-luma.js';
import { activityOf, enlarged, lossOf, outlined, paint, worstPlace } from './detail-map.js';
import { type BandLoss, meanLoss, spectralLoss } from './detail-spectrum.js';
import { FILE_LOOK, PAGE_LOOK } from './figure.js';
import { type Series, seriesOf } from './palette.js';
import type { PlacedPicture, PlacedPictures } from './pictures.js';
import { type Comparison, type Statistics, verdictOf } from './statistics.js';

/** Side of what is enlarged, in pixels of the picture, and how many times. */
export const CROP = 64;
export const ENLARGEMENT = 4;

/** What a restorer made of a picture's detail; files below the report's folder. */
export interface LostDetail {
  readonly restorer: string;
  /** Root mean square over the whole picture of the detail that is wrong, / that of the original's detail. */
  readonly share: number | null;
  readonly crop: string;
  readonly map: string;
}

/** Where in one picture detail is lost. */
export interface DetailPlace {
  readonly image: string;
  readonly degradation: string;
  /** Where the crops are taken: the restorers together lose most there. */
  readonly rect: Rect;
  /** Luma that the maps show as brightest. */
  readonly top: number;
  readonly original: { readonly crop: string; readonly map: string };
  readonly outputs: readonly LostDetail[];
}

/** Bands below and above these frequencies count as coarse and as fine, in cycles per pixel. */
export const COARSE_BELOW = 1 / 16;
export const FINE_ABOVE = 1 / 4;

/** Whether a restorer loses what is fine rather than what is coarse: error-to-signal ratios, means over pictures. */
export interface Fineness {
  readonly restorer: string;
  readonly fine: number;
  readonly coarse: number;
  /** Fine less coarse, each picture compared with itself: `worse` where more of what is fine is wrong. */
  readonly compared: Comparison;
}

/** What the section "Where detail is lost" is made of. */
export interface Detail {
  /** Styles of the section, colours of its curves among them. */
  readonly css: string;
  readonly looks: readonly Series[];
  /** One for each degradation shown. */
  readonly spectra: readonly {
    readonly degradation: string;
    readonly pictures: number;
    readonly curves: readonly DetailCurve[];
    readonly fineness: readonly Fineness[];
    readonly svg: string;
    readonly file: string;
  }[];
  readonly places: readonly DetailPlace[];
}

type Spectra = Map<string, Map<string, BandLoss[][]>>;

/** A restorer's looks by its place in the spec, also where a figure over restorers draws series instead. */
const looksFor = ({ spec }: StudyResults): Series[] =>
  seriesOf(spec.restorers).map((one, i) => ({ ...one, variable: `--detail-${i}` }));

async function cssFor(looks: readonly Series[]): Promise<string> {
  const css = await readFile(new URL('../../assets/report/detail.css', import.meta.url), 'utf8');
  const colours = (pick: (one: Series) => string) => looks.map((one) => `${one.variable}:${pick(one)}`).join(';');
  return `${css}
:root{${colours(({ light }) => light)}}
@media screen and (prefers-color-scheme:dark){:root{${colours(({ dark }) => dark)}}}`;
}

/** Writes the pictures of one place, numbered so that names from a study play no part. */
class Gallery {
  constructor(
    private readonly folder: string,
    private readonly number: number,
  ) {}

  async save(image: Image, what: string): Promise<string> {
    const file = `detail/${String(this.number).padStart(3, '0')}_${what}.png`;
    await writeFile(join(this.folder, file), await encode(image, 'png', { depth: 8, alpha: 'drop' }));
    return file;
  }
}

const rms = (data: Float64Array) => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0) / data.length);

/** The value that a share of all lie below: maps are scaled by it, so that a single spot does not darken all the rest. */
const quantile = (data: Float64Array, share: number) => data.slice().sort()[Math.floor(share * (data.length - 1))]!;

/** One picture at one degradation: spectra of every output, maps and crops of each restorer's first. */
async function inspect(
  picture: PlacedPicture & { readonly original: string },
  folder: string,
  number: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly place: DetailPlace; readonly losses: readonly (readonly [string, BandLoss[]])[] } | undefined> {
  const call = signal ? { signal } : {};
  const original = await decode(join(folder, picture.original), call);
  const luma = lumaOf(original);
  const losses: [string, BandLoss[]][] = [];
  const firsts = new Map<string, { image: Image; lost: ReturnType<typeof lossOf> }>();
  for (const { row, file } of picture.outputs) {
    const image = await decode(join(folder, file), call);
    if (image.width !== original.width || image.height !== original.height) continue; // no pixel has its counterpart
    const output = lumaOf(image);
    // Doing nothing to a picture that nothing was done to: the original once more.
    if (row.restorer.id === 'none' && output.data.every((value, i) => value === luma.data[i])) continue;
    losses.push([row.restorer.label, await spectralLoss(luma, output, signal)]);
    if (!firsts.has(row.restorer.label)) firsts.set(row.restorer.label, { image, lost: lossOf(luma, output) });
    signal?.throwIfAborted();
  }
  if (firsts.size === 0) return undefined;
  const rect = worstPlace(
    [...firsts.values()].map(({ lost }) => lost),
    CROP,
  );
  const activity = activityOf(luma);
  const top = quantile(activity.data, 0.995);
  const gallery = new Gallery(folder, number);
  const close = (image: Image, what: string) => gallery.save(enlarged(crop(image, rect), ENLARGEMENT), what);
  const map = (of: typeof activity, what: string) => gallery.save(outlined(paint(of, top), rect), what);
  const there = rms(activity.data);
  const outputs: LostDetail[] = [];
  for (const [i, [restorer, { image, lost }]] of [...firsts].entries())
    outputs.push({
      restorer,
      share: there > 0 ? rms(lost.data) / there : null,
      crop: await close(image, `crop-${i + 1}`),
      map: await map(lost, `lost-${i + 1}`),
    });
  const place: DetailPlace = {
    image: picture.image.name,
    degradation: picture.degradation.name,
    rect,
    top,
    original: { crop: await close(original, 'crop-original'), map: await map(activity, 'activity') },
    outputs,
  };
  return { place, losses };
}

/** Means over pictures, each the mean over its seeds, of each restorer that shows anything. */
function curvesOf(losses: ReadonlyMap<string, BandLoss[][]>, order: readonly string[]): DetailCurve[] {
  return order.flatMap((restorer) => {
    const own = losses.get(restorer);
    return own ? [{ restorer, pictures: own.length, bands: meanLoss(own) }] : [];
  });
}

/** Mean error-to-signal ratio of the bands that are asked for; none: undefined. */
function errorOver(bands: readonly BandLoss[], wanted: (frequency: number) => boolean): number | undefined {
  const errors = bands.flatMap(({ frequency, error }) => (wanted(frequency) && error !== null ? [error] : []));
  return errors.length === 0 ? undefined : meanOf(errors);
}

function finenessOf(restorer: string, pictures: readonly BandLoss[][], { interval }: Statistics): Fineness[] {
  const pairs = pictures.flatMap((bands) => {
    const fine = errorOver(bands, (frequency) => frequency > FINE_ABOVE);
    const coarse = errorOver(bands, (frequency) => frequency < COARSE_BELOW);
    return fine === undefined || coarse === undefined ? [] : [{ fine, coarse }];
  });
  if (pairs.length === 0) return [];
  const [fine, coarse] = [meanOf(pairs.map((pair) => pair.fine)), meanOf(pairs.map((pair) => pair.coarse))];
  const bounds = interval(pairs.map((pair) => pair.fine - pair.coarse));
  const n = pairs.length;
  const compared = { n, difference: fine - coarse, interval: bounds, verdict: verdictOf(bounds, n, 'lower') };
  return [{ restorer, fine, coarse, compared }];
}

const COLUMNS = ['degradation', 'restorer', 'cycles_per_pixel', 'retained_power', 'error_to_signal', 'pictures'];

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function csvOf(spectra: Detail['spectra']): string {
  const lines = spectra.flatMap(({ degradation, curves }) =>
    curves.flatMap(({ restorer, pictures, bands }) =>
      bands.map(({ frequency, retained, error }) =>
        [quoted(degradation), quoted(restorer), frequency, retained ?? '', error ?? '', pictures].join(','),
      ),
    ),
  );
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/**
 * Where the outputs that a report shows lost detail, by frequency and by place: figures in `figures/`, crops and maps in `detail/`, all numbers in
 * `detail.csv` of the report's folder. Reads the pictures that were placed there.
 */
export async function findLostDetail(
  results: StudyResults,
  statistics: Statistics,
  { shown }: PlacedPictures,
  folder: string,
  options: { readonly signal?: AbortSignal; readonly onPicture?: () => void } = {},
): Promise<Detail> {
  const { signal, onPicture } = options;
  await mkdir(join(folder, 'detail'), { recursive: true });
  await mkdir(join(folder, 'figures'), { recursive: true });
  const places: DetailPlace[] = [];
  const all: Spectra = new Map();
  for (const [i, { original, ...picture }] of shown.entries()) {
    if (original === null) continue;
    const found = await inspect({ ...picture, original }, folder, i + 1, signal);
    onPicture?.();
    if (!found) continue;
    places.push(found.place);
    const own = all.get(picture.degradation.name) ?? new Map<string, BandLoss[][]>();
    all.set(picture.degradation.name, own);
    for (const restorer of new Set(found.losses.map(([label]) => label))) {
      const seeds = found.losses.flatMap(([label, bands]) => (label === restorer ? [bands] : []));
      own.set(restorer, [...(own.get(restorer) ?? []), meanLoss(seeds)]);
    }
  }
  const looks = looksFor(results);
  const spectra: Detail['spectra'][number][] = [];
  for (const [i, [degradation, losses]] of [...all].entries()) {
    const curves = curvesOf(
      losses,
      looks.map(({ label }) => label),
    );
    const name = `figures/detail-${i + 1}`;
    const file = await drawDetail(curves, looks, { look: FILE_LOOK, legend: true });
    await writeFile(join(folder, `${name}.svg`), file);
    const svg = await drawDetail(curves, looks, { look: PAGE_LOOK, legend: false });
    const pictures = places.filter((place) => place.degradation === degradation).length;
    const fineness = curves.flatMap(({ restorer }) => finenessOf(restorer, losses.get(restorer)!, statistics));
    spectra.push({ degradation, pictures, curves, fineness, svg, file: `${name}.svg` });
    signal?.throwIfAborted();
  }
  await writeFile(join(folder, 'detail.csv'), csvOf(spectra));
  return { css: await cssFor(looks), looks, spectra, places };
}
