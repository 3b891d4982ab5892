import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PROVIDERS } from '@ir/core';

/** Whether onnxruntime can run a network on a provider here, and why not. */
export interface ProviderReport {
  readonly provider: string;
  readonly available: boolean;
  readonly reason?: string;
}

/** Tries providers in a child until it has said all or died; true: it said all it was asked. */
async function tryIn(
  child: string,
  left: readonly string[],
  signal: AbortSignal,
  into: ProviderReport[],
): Promise<void> {
  const running = spawn(process.execPath, [child, ...left], { stdio: ['ignore', 'pipe', 'ignore'], signal });
  // An abort is told by `signal.throwIfAborted()` below.
  running.on('error', () => {});
  const ended = once(running, 'close').catch(() => {});
  for await (const line of createInterface(running.stdout)) into.push(JSON.parse(line) as ProviderReport);
  await ended;
}

/**
 * Opens a bundled network on every provider. In a child process: a driver's library that crashes on loading takes the child with it, and what it
 * prints stays out of the way. @throws the signal's reason
 */
export async function tryProviders(signal: AbortSignal): Promise<ProviderReport[]> {
  const child = fileURLToPath(new URL('./providers-child.js', import.meta.url));
  const reports: ProviderReport[] = [];
  while (reports.length < PROVIDERS.length) {
    await tryIn(child, PROVIDERS.slice(reports.length), signal, reports);
    signal.throwIfAborted();
    const next = PROVIDERS[reports.length];
    if (next) reports.push({ provider: next, available: false, reason: 'the process ended when it was tried' });
  }
  return reports;
}
