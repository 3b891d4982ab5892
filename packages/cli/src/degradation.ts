import { type Degradation, explain, PRESETS, parseDegradation, UsageError } from '@ir/core';
import type { Command } from 'commander';
import { readText } from './files.js';
import { choice } from './options.js';

const NAMES = PRESETS.map(({ name }) => name);

export interface DegradationFlags {
  readonly preset?: string;
  readonly degradation?: string;
  readonly spec?: string;
}

/** The three ways to name a degradation. */
export function withDegradationFlags(command: Command): Command {
  return command
    .option('--preset <name>', `${NAMES.join(', ')}: the tasks of the study`, choice('--preset', NAMES))
    .option('--degradation <text>', 'steps, for example "blur[sigma=2]|down[x4]|noise[gauss,sigma=5]|jpeg[q=40]"')
    .option('--spec <file>', 'the same from a file, as text or YAML');
}

/** The degradation that the flags name; undefined where they name none. @throws UsageError where they name several */
export async function degradationOf(flags: DegradationFlags): Promise<Degradation | undefined> {
  const ways = (['preset', 'degradation', 'spec'] as const).filter((way) => flags[way] !== undefined);
  const [way, ...more] = ways;
  if (way === undefined) return undefined;
  if (more.length > 0) {
    const got = ways.map((one) => `--${one}`).join(' and ');
    const message = explain({ name: 'degradation', expected: 'one of --preset, --degradation, --spec', got });
    throw new UsageError('IR_E_USAGE', message);
  }
  const value = flags[way]!;
  return way === 'spec' ? parseDegradation(await readText(value), value) : parseDegradation(value, `--${way}`);
}
