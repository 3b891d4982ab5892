/** node stage-tests.mjs STAGE: the tests of @ir/native beside its built sources, and `expect` with all that it needs. From the repository's root. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { transformFileSync } from '@swc/core';

const stage = process.argv[2];
const SOURCES = 'packages/native/src';
const copied = new Set();

for (const file of readdirSync(SOURCES).filter((name) => name.endsWith('.test.ts'))) {
  const jsc = { target: 'es2022', parser: { syntax: 'typescript' } };
  const { code } = transformFileSync(join(SOURCES, file), { jsc, module: { type: 'es6' } });
  writeFileSync(join(stage, 'packages/native/dist', `${basename(file, '.ts')}.js`), code);
}
copyPackage('expect', process.cwd());

/** The folder of a package as Node finds it from `from` upwards. */
function packageFolder(name, from) {
  const folder = join(from, 'node_modules', name);
  return existsSync(join(folder, 'package.json')) ? folder : packageFolder(name, dirname(from));
}

function copyPackage(name, from) {
  const folder = packageFolder(name, from);
  if (copied.has(folder)) return;
  copied.add(folder);
  const wanted = (path) => !/\.(d\.ts|map|md)$/.test(path) && !path.slice(folder.length).includes('/node_modules');
  cpSync(folder, join(stage, relative(process.cwd(), folder)), { recursive: true, filter: wanted });
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const need of Object.keys(dependencies)) if (!need.startsWith('@types/')) copyPackage(need, folder);
}
