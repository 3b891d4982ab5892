import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@ir/cli';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'packages/cli/bin/ir.js');

/** How a run of the command line ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The command line is tested as it is installed: built. Call before all tests of a file.
 * @throws where `dist/` is missing or older than the sources, which would test something else
 */
export function assertBuilt(): void {
  const { status, stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-b', '--dry', 'packages/cli'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0 && !/would build/.test(stdout)) return;
  throw new Error(`packages are not built from the sources as they stand; run \`npm run build\` first:\n${stdout}`);
}

/** Starts `ir` as a user does, apart from the user's own models and settings. */
export function startIr(args: readonly string[], { cwd, env = {} }: RunOptions): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !/^IR_|^NODE_OPTIONS$/.test(name));
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), IR_MODELS_DIR: join(cwd, 'no-models'), IR_NATIVE_TRIAL: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
  return { child, ended };
}

export const runIr = (args: readonly string[], options: RunOptions): Promise<Ended> => startIr(args, options).ended;

/** The same command line within the test's own process, for long tables of cases: a start costs more than most commands. */
export async function callIr(...args: string[]): Promise<Ended> {
  const text = { stdout: '', stderr: '' };
  const keep = (name: 'stdout' | 'stderr') => ({
    write: (words: string) => {
      text[name] += words;
    },
  });
  const code = await run(args, {
    stdout: keep('stdout'),
    stderr: keep('stderr'),
    signal: new AbortController().signal,
  });
  return { code, signal: null, ...text };
}

/** Status, code and message of an error told with `--json`. @throws where anything else was printed, or another object */
export function refusal({
  code,
  stdout,
  stderr,
}: Ended): readonly [status: number | null, code: string, message: string] {
  const { error, ...rest } = JSON.parse(stderr) as { error: { code: string; message: string } };
  const exact = stdout === '' && Object.keys(rest).length === 0 && Object.keys(error).join() === 'code,message';
  if (!exact) throw new Error(`expected {"error":{code,message}} on stderr alone, got ${stderr}, on stdout ${stdout}`);
  return [code, error.code, error.message];
}

/** A folder for one test file, removed by `remove()`. */
export function scratchFolder(name: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `ir-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
