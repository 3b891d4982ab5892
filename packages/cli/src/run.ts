import { exitCodeOf } from '@ir/core';
import { CommanderError } from 'commander';
import { adoptCalibration } from './calibration.js';
import { describeError, wantsJson } from './errors.js';
import { endedBy } from './interruptions.js';
import { buildProgram } from './program.js';
import type { Terminal } from './terminal.js';

/**
 * The command line as a function: parses `argv` (without interpreter and script), runs the command and gives the exit status:
 * 0 ok, 1 a failed check, 2 usage or unusable input, 3 environment, 4 partial, 130 interrupted. Errors have been told on `stderr`.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    adoptCalibration();
    await buildProgram(terminal, argv).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (thrown) {
    const error = endedBy(thrown, terminal.signal);
    // Help and version, asked for and shown.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    terminal.stderr.write(`${describeError(error, wantsJson(argv))}\n`);
    return exitCodeOf(error);
  }
}
