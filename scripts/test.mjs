#!/usr/bin/env node
/**
 * Runs every test of the project (C++ under ctest, TypeScript under jest) and closes with one line, `Tests: N passed, N failed, N skipped`.
 * Exits 1 when a test failed or when a runner could not run or ran nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ir-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NX_TUI: 'false' },
  });
  if (error) console.error(`cannot run ${command}: ${error.message}`);
  return status ?? 1;
}

function add(runner, counts, status) {
  const ran = counts.passed + counts.failed > 0;
  if (!ran) console.error(`${runner}: no test ran`);
  for (const key of Object.keys(total)) total[key] += counts[key];
  if ((status !== 0 || !ran) && counts.failed === 0) total.failed += 1;
}

/** The C++ tests: built by plain cmake beside the addon, reported as JUnit. */
function ctest() {
  const build = join(root, 'native-src/build');
  const report = join(scratch, 'ctest.xml');
  mkdirSync(build, { recursive: true });
  const jobs = String(availableParallelism());
  let status = run('cmake', ['-S', 'native-src', '-B', build, '-DCMAKE_BUILD_TYPE=Release', '-DIR_TESTS=ON']);
  status ||= run('cmake', ['--build', build, '-j', jobs]);
  status ||= run('ctest', ['--test-dir', build, '--output-on-failure', '--output-junit', report]);
  add(
    'ctest',
    existsSync(report) ? countJunit(readFileSync(report, 'utf8')) : { passed: 0, failed: 0, skipped: 0 },
    status,
  );
}

function countJunit(xml) {
  const suite = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? '';
  const number = (name) => Number(new RegExp(`${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures');
  const skipped = number('skipped') + number('disabled');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}

function jest() {
  const report = join(scratch, 'jest.json');
  const status = run(process.execPath, [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${report}`,
    ...process.argv.slice(2),
  ]);
  if (!existsSync(report)) return add('jest', { passed: 0, failed: 0, skipped: 0 }, status || 1);
  const r = JSON.parse(readFileSync(report, 'utf8'));
  const failed = r.numFailedTests + r.numRuntimeErrorTestSuites;
  add('jest', { passed: r.numPassedTests, failed, skipped: r.numPendingTests + r.numTodoTests }, status);
}

ctest();
jest();
rmSync(scratch, { recursive: true, force: true });
console.log(`Tests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
