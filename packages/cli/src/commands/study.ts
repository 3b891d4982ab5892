import { join } from 'node:path';
import {
  type Cell,
  InputError,
  IrError,
  isAbort,
  loadStudySpec,
  PartialError,
  parseStudySpec,
  planStudy,
  readStudy,
  runStudy,
  type StudyOptions,
  type StudyOutcome,
  type StudyPlan,
  type StudySpec,
  writeReport,
} from '@ir/core';
import { Command } from 'commander';
import { given, integer, longSide, seeds, withExamples, withOutputFlags } from '../options.js';
import { bundledPhotographs, PHOTOGRAPHS_NOTE } from '../photographs.js';
import { setup } from '../registry.js';
import { Session, type SessionFlags } from '../session.js';
import { bundledStudies, DEFAULT_STUDY, defaultOut, nearestStudy, studyFile } from '../studies.js';
import { table } from '../table.js';
import type { Terminal } from '../terminal.js';

interface Flags extends SessionFlags {
  readonly images?: string;
  readonly out?: string;
  readonly longSide?: number | 'none';
  readonly seeds?: number[];
  readonly paper?: boolean;
  readonly jobs?: number;
  readonly dryRun?: boolean;
}

const ABOUT_SPEC = `SPEC is a YAML file, or one of the bundled studies: ${bundledStudies().join(', ')}. Without --images the study runs on the nine public-domain
photographs (sepia prints of 1865-1940) that come with ir.`;

export function studyCommand(terminal: Terminal, argv: readonly string[]): Command {
  return new Command('study')
    .summary('a whole comparison, from a spec file to a report')
    .description(
      'Images x degradations x restorers x metrics, from a spec file to a report. Interrupted, it goes on where it was.',
    )
    .addCommand(runCommand(terminal, argv))
    .addCommand(planCommand(terminal))
    .addCommand(reportCommand(terminal));
}

/** Spec and flags that say which study is meant; the same for running and for planning. */
function withStudyFlags(command: Command): Command {
  return command
    .argument('[spec]', 'a spec file or the name of a bundled study', DEFAULT_STUDY)
    .option('--images <dir>', 'a folder of photographs (default: the bundled ones)')
    .option(
      '--out <dir>',
      'where results go; an earlier run found there is continued (default: ir-out/STUDY, or STUDY-paper)',
    )
    .option('--paper', 'the paper’s sizes and numbers of steps instead of the small ones: hours')
    .option('--long-side <n>', 'reduce longer pictures to it, or none, whatever the spec says', longSide)
    .option('--seeds <list>', 'seeds instead of the spec’s, for example 0,1,2', seeds('--seeds'));
}

function runCommand(terminal: Terminal, argv: readonly string[]): Command {
  const command = withStudyFlags(new Command('run'))
    .summary('compute what is missing, then write the report')
    .description(`Computes every cell of a study that has no result yet, then writes the report. ${ABOUT_SPEC}`)
    .option(
      '--jobs <n>',
      'child processes at work at once (default: usable cores / threads of the spec)',
      integer('--jobs', 1, 256),
    )
    .option('--dry-run', 'only say what would be computed');
  const examples = [
    'ir study run                                            the paper’s Figure 2',
    'ir study run figure-2 --images photos/ --out results/   the same on other photographs',
    'ir study run table-2 --images photos/ --long-side none  in the sizes that the photographs have',
    'ir study run figure-7 --images photos/ --paper          with as many steps as in the paper, too',
    'ir study run my-study.yaml --jobs 2 --json',
  ];
  return withExamples(withOutputFlags(command), examples).action((spec: string, flags: Flags) => {
    const session = new Session(terminal, flags);
    return flags.dryRun ? plan(spec, flags, session) : run(spec, flags, session, ['ir', ...argv]);
  });
}

function planCommand(terminal: Terminal): Command {
  const command = withStudyFlags(new Command('plan'))
    .summary('say what would be computed')
    .description(`Says what a study consists of and how much of it is done; computes nothing. ${ABOUT_SPEC}`);
  return withExamples(withOutputFlags(command), [
    'ir study plan',
    'ir study plan my-study.yaml --images photos/',
  ]).action((spec: string, flags: Flags) => plan(spec, flags, new Session(terminal, flags)));
}

function reportCommand(terminal: Terminal): Command {
  const command = new Command('report')
    .summary('write the report of a study again')
    .description('Writes the report of a study from the results in its folder, finished or not.')
    .argument('<dir>', 'the folder that `ir study run` wrote to');
  return withExamples(withOutputFlags(command), ['ir study report ir-out/figure-2']).action(
    async (out: string, flags: SessionFlags) => {
      const session = new Session(terminal, flags);
      const { rows, report, missing } = await writeReportOf(out, session);
      const left = missing > 0 ? ` (${missing} cells are not computed yet)` : '';
      session.result({ schema: 'ir.study-report/1', out, rows, missing, report }, `${report}: ${rows} results${left}`);
    },
  );
}

interface Study {
  readonly spec: StudySpec;
  readonly options: StudyOptions;
}

async function open(
  name: string,
  { images, out, jobs, longSide, seeds, paper = false }: Flags,
  session: Session,
): Promise<Study> {
  const file = studyFile(name);
  const written = await loadStudySpec(file, { paper }).catch((error: unknown) => {
    const near = error instanceof InputError && error.code === 'IR_E_NOT_FOUND' ? nearestStudy(name) : undefined;
    throw near
      ? new InputError('IR_E_NOT_FOUND', `${(error as Error).message} Did you mean the study ${near}?`)
      : error;
  });
  const spec = parseStudySpec(
    { ...written, ...given('longSide', longSide === 'none' ? null : longSide), ...given('seeds', seeds) },
    file,
  );
  const options: StudyOptions = {
    ...(images === undefined ? { images: bundledPhotographs(), imagesNote: PHOTOGRAPHS_NOTE } : { images }),
    out: out ?? defaultOut(file, paper),
    registry: await setup(),
    registryModule: new URL('../registry.js', import.meta.url).href,
    signal: session.signal,
    ...given('jobs', jobs),
  };
  return { spec, options };
}

async function writeReportOf(out: string, session: Session) {
  const results = await readStudy(out);
  const { signal } = session;
  const { index } = await session.watch((onProgress) => writeReport(results, out, { signal, onProgress }));
  return { rows: results.rows.length, missing: results.missing ?? 0, skipped: results.skipped ?? [], report: index };
}

async function run(name: string, flags: Flags, session: Session, command: readonly string[]): Promise<void> {
  const { spec, options } = await open(name, flags, session);
  const { out } = options;
  session.note(`${spec.title}: results go to ${out}`);
  const compute = session.watch((onProgress) => runStudy(spec, { ...options, command, onProgress }));
  const outcome = await compute.catch(goOn(out));
  const { report, skipped } = await writeReportOf(out, session).catch(goOn(out));
  for (const { name: left, reason } of skipped) session.note(`left out: ${left}: ${reason}`);
  const failed = outcome.failed.map(({ cell, code, message }) => ({ ...describeCell(cell), code, message }));
  const { cells, computed } = outcome;
  session.result(
    { schema: 'ir.study-run/1', out, cells, computed, failed, report },
    describeOutcome(outcome, out, report),
  );
  if (failed.length > 0) throw partial(outcome, out);
}

/** An interruption says that nothing is lost. */
function goOn(out: string): (error: unknown) => never {
  return (error) => {
    if (!isAbort(error)) throw error;
    const { message } = error as Error;
    throw new IrError(
      'IR_E_ABORTED',
      `${message}: finished cells are kept in ${out}. Run the same command again to go on.`,
    );
  };
}

const describeCell = ({ key, image, degradation, restorer, seed }: Cell) => ({
  cell: key,
  image: image.name,
  degradation: degradation.name,
  restorer: restorer.label,
  seed,
});

function describeOutcome({ cells, computed, failed }: StudyOutcome, out: string, report: string): string {
  const before = cells - computed - failed.length;
  const counts = [`${computed} of ${cells} cells computed`, ...(before > 0 ? [`${before} were there already`] : [])];
  return [
    `report   ${report}`,
    `results  ${join(out, 'results.jsonl')}, ${join(out, 'results.csv')}`,
    `cells    ${[...counts, ...(failed.length > 0 ? [`${failed.length} failed`] : [])].join(', ')}`,
  ].join('\n');
}

function partial({ cells, failed }: StudyOutcome, out: string): PartialError {
  const told = failed.slice(0, 10).map(({ cell, code, message }) => {
    const { image, degradation, restorer } = describeCell(cell);
    return `  ${image}, ${degradation}, ${restorer}: ${message} [${code}]`;
  });
  const more = failed.length > 10 ? [`  ... and ${failed.length - 10} more`] : [];
  const lines = [`${out}: ${failed.length} of ${cells} cells failed; the others are kept.`, ...told, ...more];
  return new PartialError(lines.join('\n'));
}

async function plan(name: string, flags: Flags, session: Session): Promise<void> {
  const { spec, options } = await open(name, flags, session);
  const made = await session.watch((onProgress) => planStudy(spec, { ...options, onProgress }));
  session.result({ schema: 'ir.study-plan/1', out: options.out, ...recordPlan(made) }, describePlan(made, options.out));
}

const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)];

function recordPlan({ spec, cells, done, skipped }: StudyPlan) {
  return {
    title: spec.title,
    cells: cells.length,
    done: done.size,
    images: [...new Map(cells.map(({ image }) => [image.hash, image])).values()],
    degradations: spec.degradations.map(({ name }) => name),
    restorers: spec.restorers.map(({ label }) => label),
    metrics: spec.metrics.map(({ alias }) => alias),
    seeds: spec.seeds,
    skipped,
  };
}

function describePlan(made: StudyPlan, out: string): string {
  const { title, cells, done, images, degradations, metrics, seeds, skipped } = recordPlan(made);
  const rows = distinct(made.cells.map(({ restorer }) => restorer.label)).map((label) => {
    const own = made.cells.filter(({ restorer }) => restorer.label === label);
    return [label, `${own.length}`, `${own.filter(({ key }) => made.done.has(key)).length}`];
  });
  return [
    title,
    `images        ${images.length}: ${images.map(({ name }) => name).join(', ')}`,
    `degradations  ${degradations.length}: ${degradations.join(', ')}`,
    `metrics       ${metrics.join(', ')}`,
    `seeds         ${seeds.join(', ')}`,
    ...skipped.map(({ name, reason }) => `left out      ${name}: ${reason}`),
    '',
    table(['restorer', 'cells', 'done'], [...rows, ['all', `${cells}`, `${done}`]]),
    `results go to ${out}`,
  ].join('\n');
}
