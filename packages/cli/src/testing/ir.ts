import { run } from '../run.js';
import { PaperTerminal } from './terminal.js';

/** A command as it is typed, in this process: its status and what it wrote. */
export async function ir(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const terminal = new PaperTerminal();
  const code = await run(argv, terminal);
  return { code, stdout: terminal.printed, stderr: terminal.told };
}
