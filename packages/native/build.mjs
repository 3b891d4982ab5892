// Builds the addon with cmake-js: configure, then build (cmake-js ignores -D options of `build` once configured). IR_CUDA=ON|OFF|AUTO.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cmakeJs = join(dirname(createRequire(import.meta.url).resolve('cmake-js/package.json')), 'bin/cmake-js');
const cuda = process.env.IR_CUDA ?? 'AUTO';

function step(...args) {
  const { status, error } = spawnSync(process.execPath, [cmakeJs, ...args], { cwd: here, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`expected cmake-js ${args[0]} to succeed${error ? `: ${error.message}` : ''}; needed are CMake 3.18 and a C++17 compiler (Debian: apt install cmake g++)`);
  process.exit(status ?? 1);
}

step('configure', `--CDIR_CUDA=${cuda}`);
step('build', '--parallel', String(availableParallelism()));
