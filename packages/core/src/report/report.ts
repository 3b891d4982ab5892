import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { writing } from '../errors.js';
import type { CallOptions } from '../progress.js';
import type { StudyResults } from '../study/contract.js';
import { testClaims } from './claims.js';
import { claimsJson } from './claims-file.js';
import { type Curve, differenceCurves, meanCurves } from './curves.js';
import { findLostDetail } from './detail.js';
import { drawCurves, FILE_LOOK, PAGE_LOOK } from './figure.js';
import { findingsOf } from './findings.js';
import type { PlacedFigure } from './page/context.js';
import { reportPage } from './page/index.js';
import { looksOf } from './palette.js';
import { placePictures } from './pictures.js';
import { statisticsOf } from './statistics.js';
import { degradationOrder, sweepOf } from './sweep.js';
import { tableCsv } from './table.js';
import { grouped } from './wording.js';

const ASSETS = new URL('../../assets/report/', import.meta.url);
const PNG_DENSITY = 144; // twice the size of the SVG: sharp on dense screens

/** A file name for a metric: aliases may come from anywhere. */
const fileOf = (metric: string, index: number) => metric.replace(/[^A-Za-z0-9-]+/g, '-') || `metric-${index + 1}`;

/** `PATH.svg` and `PATH.png`. */
export async function saveFigure(svg: string, path: string): Promise<void> {
  await writeFile(`${path}.svg`, svg);
  // Drawn first and written by Node: sharp's own errors of writing do not say what is wrong with the disk.
  const png = await sharp(Buffer.from(svg), { density: PNG_DENSITY }).png({ compressionLevel: 9 }).toBuffer();
  await writeFile(`${path}.png`, png);
}

/** Panels of a file beside each other; the rest go below. */
const WIDEST = 4;

/** Curves as the rows of a file: a row a degradation where panels stand for degradations, else all side by side. */
const rowsOf = (curves: readonly Curve[]): Curve[][] => grouped(curves, ({ degradation }) => degradation ?? '');

const rowsOfWidest = (curves: readonly Curve[]): Curve[][] =>
  grouped(curves, (curve) => String(Math.floor(curves.indexOf(curve) / WIDEST)));

/** Draws every curve, for the page and as files; `means` and `differences` hold all metrics side by side. */
async function drawFigures(
  curves: readonly Curve[],
  results: StudyResults,
  folder: string,
  step: () => void,
): Promise<PlacedFigure[]> {
  await mkdir(folder, { recursive: true });
  const series = looksOf(results.spec);
  const file = { results, series, look: FILE_LOOK, legend: true };
  const placed: PlacedFigure[] = [];
  for (const curve of curves) {
    const { metric, kind, degradation } = curve;
    const svg = await drawCurves([[curve]], { results, series, look: PAGE_LOOK, legend: false });
    placed.push({ metric, kind, degradation, svg });
    step();
  }
  for (const [kind, name, suffix] of [
    ['mean', 'means', ''],
    ['difference', 'differences', '-difference'],
  ] as const) {
    const all = curves.filter((curve) => curve.kind === kind);
    if (all.length === 0) continue;
    for (const [i, own] of grouped(all, ({ metric }) => metric).entries()) {
      await saveFigure(
        await drawCurves(rowsOfWidest(own), file),
        join(folder, `${fileOf(own[0]!.metric, i)}${suffix}`),
      );
    }
    await saveFigure(await drawCurves(rowsOf(all), file), join(folder, name));
  }
  return placed;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Puts a finished folder where a report is to be; what stood there goes when the new one stands. */
async function replaceFolder(fresh: string, place: string, old: string): Promise<void> {
  const before = await exists(place);
  if (before) await rename(place, old);
  try {
    await rename(fresh, place);
  } catch (error) {
    if (before) await rename(old, place);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function fillFolder(
  results: StudyResults,
  study: string,
  folder: string,
  { signal, onProgress }: CallOptions,
): Promise<void> {
  const statistics = statisticsOf(results);
  const curves = [...meanCurves(results, statistics), ...differenceCurves(results, statistics)];
  const { detail: asked } = results.spec;
  let total = curves.length + 2;
  let completed = 0;
  const step = () => {
    signal?.throwIfAborted();
    completed += 1;
    onProgress?.({ phase: 'report', completed, total });
  };
  const pictures = await placePictures(results, study, folder);
  total += asked ? pictures.shown.filter(({ original }) => original !== null).length : 0;
  step();
  const figures = await drawFigures(curves, results, join(folder, 'figures'), step);
  const detail = asked
    ? await findLostDetail(results, statistics, pictures, folder, { ...(signal ? { signal } : {}), onPicture: step })
    : undefined;
  const [css, script] = await Promise.all(
    ['report.css', 'report.js'].map((name) => readFile(new URL(name, ASSETS), 'utf8')),
  );
  const claims = testClaims(results, statistics);
  const pictureCount = new Set(results.rows.map(({ image }) => image.hash)).size;
  const page = reportPage(
    {
      results,
      statistics,
      findings: findingsOf(results, statistics),
      claims,
      series: looksOf(results.spec),
      sweep: sweepOf(results.spec),
      figures,
      pictures,
      ...(detail ? { detail } : {}),
      order: degradationOrder(results.spec),
      pictureCount,
    },
    { css: css!, script: script! },
  );
  await writeFile(join(folder, 'table.csv'), tableCsv(results, statistics));
  if (claims.length > 0) await writeFile(join(folder, 'claims.json'), claimsJson(claims, pictureCount));
  await writeFile(join(folder, 'index.html'), page.text);
  step();
}

/**
 * Writes a study's report to `out/report`, `out` being the study's folder: `index.html`, which opens from disk and needs nothing from
 * anywhere, `table.csv`, `detail.csv` and `detail/` where the study asks where detail is lost, `claims.json` where the study states claims, `figures/` (SVG and PNG) and `pictures/` (copies). The folder is replaced as a whole, or stays as it was.
 * All bytes follow from the results; but for PNG figures, whose letters follow from the fonts of the machine.
 * @throws EnvironmentError `IR_E_WRITE`
 */
export async function writeReport(
  results: StudyResults,
  out: string,
  options: CallOptions = {},
): Promise<{ readonly index: string }> {
  const place = join(out, 'report');
  // Fixed names: what a killed run left behind is cleared by the next.
  const [fresh, old] = [join(out, '.report.new'), join(out, '.report.old')];
  const write = async () => {
    options.signal?.throwIfAborted();
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(place)) && (await exists(old))) await rename(old, place);
    await rm(old, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true });
    await fillFolder(results, out, fresh, options);
    await replaceFolder(fresh, place, old);
  };
  try {
    await writing(place, write, { what: 'folder' });
    return { index: join(place, 'index.html') };
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}
