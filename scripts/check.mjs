#!/usr/bin/env node
/** `npm run check`: lint and format (biome, clang-format) and types (tsc), for TypeScript and C++. `--fix` rewrites what can be rewritten. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const fix = process.argv.includes('--fix');
const bin = (name) => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));

function step(name, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}${error ? `: ${error.message}` : ''}`);
  return status === 0;
}

function cppFiles() {
  const patterns = ['native-src/**/*.h', 'native-src/**/*.cpp', 'native-src/**/*.cu', ':!native-src/third_party'];
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  });
  return listed.stdout.split('\n').filter(Boolean);
}

const results = [
  step('biome (lint, format)', bin('biome'), ['check', ...(fix ? ['--write'] : []), '--error-on-warnings', '.']),
  step('tsc (packages)', bin('tsc'), ['-b', ...['native', 'core', 'metrics', 'cli'].map((p) => `packages/${p}`)]),
  step('tsc (tests, examples)', bin('tsc'), ['--noEmit', '-p', '.']),
  step('clang-format (C++, CUDA)', bin('clang-format'), [...(fix ? ['-i'] : ['--dry-run', '--Werror']), ...cppFiles()]),
];
process.exitCode = results.every(Boolean) ? 0 : 1;
