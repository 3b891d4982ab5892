import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suggest } from '@ir/core';

/** The spec files that come with `ir`. */
const BUNDLED = fileURLToPath(new URL('../../../studies/', import.meta.url));

/** What `ir study run` runs when it is told nothing: the paper's Figure 2. */
export const DEFAULT_STUDY = 'figure-2';

/** Names of the bundled studies. */
export function bundledStudies(): string[] {
  if (!existsSync(BUNDLED)) return [];
  return readdirSync(BUNDLED)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();
}

/** The file that a study's name or path means: a path where there is one, else a bundled study. What is neither stays as it is. */
export function studyFile(spec: string): string {
  return !existsSync(spec) && bundledStudies().includes(spec) ? join(BUNDLED, `${spec}.yaml`) : spec;
}

/** The name of a bundled study near a path that leads nowhere. */
export const nearestStudy = (spec: string): string | undefined =>
  suggest(basename(spec, extname(spec)), bundledStudies());

/** Where results go unless said otherwise. */
export const defaultOut = (file: string, paper: boolean): string =>
  join('ir-out', `${basename(file, extname(file))}${paper ? '-paper' : ''}`);
