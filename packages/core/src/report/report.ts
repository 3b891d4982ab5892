import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { EnvironmentError, explain, IrError, isAbort } from '../errors.js';
import type { CallOptions } from '../progress.js';
import type { StudyResults } from '../study/contract.js';
import { type Curve, differenceCurves, drawCurves, FILE_LOOK, meanCurves, PAGE_LOOK } from './figure.js';
import { findingsOf } from './findings.js';
import type { PlacedFigure } from './page/context.js';
import { reportPage } from './page/index.js';
import { seriesOf } from './palette.js';
import { placePictures } from './pictures.js';
import { statisticsOf } from './statistics.js';
import { tableCsv } from './table.js';
import { onAxis } from './wording.js';

const ASSETS = new URL('../../assets/report/', import.meta.url);
const PNG_DENSITY = 144; // twice the size of the SVG: sharp on dense screens

/** A file name for a metric: aliases may come from anywhere. */
const fileOf = (metric: string, index: number) => metric.replace(/[^A-Za-z0-9-]+/g, '-') || `metric-${index + 1}`;

/** `PATH.svg` and `PATH.png`. */
export async function saveFigure(svg: string, path: string): Promise<void> {
  await writeFile(`${path}.svg`, svg);
  await sharp(Buffer.from(svg), { density: PNG_DENSITY }).png({ compressionLevel: 9 }).toFile(`${path}.png`);
}

/** Draws every curve, for the page and as files; `means` and `differences` hold all metrics side by side. */
async function drawFigures(
  curves: readonly Curve[],
  results: StudyResults,
  folder: string,
  step: () => void,
): Promise<PlacedFigure[]> {
  await mkdir(folder, { recursive: true });
  const series = seriesOf(results.spec.restorers);
  const file = { results, series, look: FILE_LOOK, legend: true };
  const placed: PlacedFigure[] = [];
  for (const [i, curve] of curves.entries()) {
    const suffix = curve.kind === 'mean' ? '' : '-difference';
    await saveFigure(await drawCurves([curve], file), join(folder, `${fileOf(curve.metric, i)}${suffix}`));
    const svg = await drawCurves([curve], { results, series, look: PAGE_LOOK, legend: false });
    placed.push({ metric: curve.metric, kind: curve.kind, svg });
    step();
  }
  for (const [kind, name] of [
    ['mean', 'means'],
    ['difference', 'differences'],
  ] as const) {
    const all = curves.filter((curve) => curve.kind === kind);
    if (all.length > 0) await saveFigure(await drawCurves(all, file), join(folder, name));
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
  const total = curves.length + 2;
  let completed = 0;
  const step = () => {
    signal?.throwIfAborted();
    completed += 1;
    onProgress?.({ phase: 'report', completed, total });
  };
  const pictures = await placePictures(results, study, folder);
  step();
  const figures = await drawFigures(curves, results, join(folder, 'figures'), step);
  const [css, script] = await Promise.all(
    ['report.css', 'report.js'].map((name) => readFile(new URL(name, ASSETS), 'utf8')),
  );
  const page = reportPage(
    {
      results,
      statistics,
      findings: findingsOf(results, statistics),
      series: seriesOf(results.spec.restorers),
      figures,
      pictures,
      order: onAxis(results.spec.degradations),
      pictureCount: new Set(results.rows.map(({ image }) => image.hash)).size,
    },
    { css: css!, script: script! },
  );
  await writeFile(join(folder, 'table.csv'), tableCsv(results, statistics));
  await writeFile(join(folder, 'index.html'), page.text);
  step();
}

/**
 * Writes a study's report to `out/report`, `out` being the study's folder: `index.html`, which opens from disk and needs nothing from
 * anywhere, `table.csv`, `figures/` (SVG and PNG) and `pictures/` (copies). The folder is replaced as a whole, or stays as it was.
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
  try {
    options.signal?.throwIfAborted();
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(place)) && (await exists(old))) await rename(old, place);
    await rm(old, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true });
    await fillFolder(results, out, fresh, options);
    await replaceFolder(fresh, place, old);
    return { index: join(place, 'index.html') };
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    if (cause instanceof IrError || isAbort(cause) || !(cause as NodeJS.ErrnoException).syscall) throw cause;
    throw new EnvironmentError(
      'IR_E_WRITE',
      explain({
        name: place,
        expected: 'a folder that can be written',
        got: (cause as Error).message,
        fix: 'Check the folder, its permissions and the space left',
      }),
      { cause },
    );
  }
}
