import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeAtomically } from '../image/atomic.js';
import { hashOf } from './canonical.js';
import type { RunManifest } from './contract.js';
import type { DetailedPlan } from './plan.js';

type Run = RunManifest['runs'][number];

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const manifestPath = (out: string) => join(out, 'manifest.json');

/** The commit this code stands at, with `-dirty` where files differ from it; null outside the project's own checkout. */
async function commit(): Promise<string | null> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)('git', ['-C', PACKAGE, ...args], { timeout: 10_000 })).stdout.trim();
  try {
    const root = await git('rev-parse', '--show-toplevel');
    if ((await realpath(join(root, 'packages/core'))) !== (await realpath(PACKAGE))) return null;
    return await git('describe', '--always', '--dirty', '--abbrev=40', '--exclude', '*');
  } catch {
    return null;
  }
}

const host = (threads: number, jobs: number) => ({
  platform: process.platform,
  arch: process.arch,
  release: release(),
  processor: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memory: totalmem(),
  jobs,
  threads,
});

export async function readManifest(out: string): Promise<RunManifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(manifestPath(out), 'utf8')) as RunManifest;
    return manifest.schema === 'ir.run/1' && Array.isArray(manifest.runs) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Runs before this one; one that never came to its end was killed. */
async function earlierRuns(out: string): Promise<Run[]> {
  const { runs = [] } = (await readManifest(out)) ?? {};
  return runs.map((run) => (run.outcome === 'running' ? { ...run, outcome: 'interrupted' } : run));
}

/** The record of a run while it goes on. */
export interface RunRecord {
  end(outcome: Run['outcome'], cellsDone: number): Promise<void>;
}

/** Writes `manifest.json` at the start of a run, and again at its end. @throws EnvironmentError `IR_E_WRITE` */
export async function recordRun(
  out: string,
  plan: DetailedPlan,
  { jobs, command, cellsDone }: { readonly jobs: number; readonly command: string; readonly cellsDone: number },
): Promise<RunRecord> {
  const { spec, machinery, native, models, steps, compression, images } = plan;
  const base: Omit<RunManifest, 'runs'> = {
    schema: 'ir.run/1',
    versions: { ...machinery.versions, node: process.version },
    commit: await commit(),
    native: { ...native, ...machinery.native, file: native.binary },
    host: host(spec.threads, jobs),
    models,
    ...(Object.keys(steps).length > 0 ? { steps } : {}),
    ...(Object.keys(compression).length > 0 ? { compression } : {}),
    images: images.map(({ name, hash, width, height }) => ({ name, hash, width, height })),
    seeds: spec.seeds,
    specHash: hashOf(spec),
  };
  const before = await earlierRuns(out);
  const started = new Date().toISOString();
  const write = (run: Pick<Run, 'ended' | 'outcome' | 'cellsDone'>) =>
    writeAtomically(
      manifestPath(out),
      `${JSON.stringify({ ...base, runs: [...before, { started, command, ...run }] }, null, 2)}\n`,
    );
  await write({ ended: null, outcome: 'running', cellsDone });
  return {
    end: (outcome, done) => write({ ended: new Date().toISOString(), outcome, cellsDone: done }),
  };
}
