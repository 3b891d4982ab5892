import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { versions as coreVersions } from '@ir/core';

/** The version of `@ir/cli`. */
export function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

/** What runs here: the program, what its numbers pass through, the system. */
export function versions(): Record<string, string> {
  return {
    ir: version(),
    node: process.versions.node,
    ...coreVersions(),
    system: `${process.platform} ${process.arch} ${release()}`,
  };
}
