import { basename } from 'node:path';
import type { StudyOptions } from './contract.js';

/** A word as a shell takes it, in one line. */
const quoted = (word: string): string =>
  /^[\w/.,:=+@%-]+$/.test(word) ? word : `'${word.replaceAll("'", () => "'\\''").replaceAll('\n', () => "'$'\\n''")}'`;

/** Without the paths of interpreter and script: where they lie is of no use to anyone else. */
function thisProgram(): string[] {
  const [, script, ...words] = process.argv;
  return ['node', ...process.execArgv, ...(script === undefined ? [] : [basename(script)]), ...words];
}

/** What is typed to run a study again, in one line. */
export const commandOf = ({ command = thisProgram() }: Pick<StudyOptions, 'command'>): string =>
  command.map(quoted).join(' ');
