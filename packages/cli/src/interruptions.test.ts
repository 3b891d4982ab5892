import { EnvironmentError, exitCodeOf } from '@ir/core';
import { expect, test } from '@jest/globals';
import { endedBy, interruptions } from './interruptions.js';

test.each(['SIGINT', 'SIGTERM'] as const)('%s aborts once; the next one has its usual effect again', (name) => {
  const before = process.listenerCount(name);
  const { signal, release } = interruptions();
  expect(process.listenerCount(name)).toBe(before + 1);
  process.emit(name, name);
  expect(signal.aborted).toBe(true);
  expect(exitCodeOf(signal.reason)).toBe(130);
  expect(signal.reason.message).toBe(`interrupted by ${name}`);
  expect(process.listenerCount(name)).toBe(before);
  release();
});

test('a network that dies of the interrupt is the interruption’s doing; any other end stands', () => {
  const died = new EnvironmentError('IR_E_WORKER', 'net: expected its process to live, got SIGINT.');
  const full = new EnvironmentError('IR_E_WRITE', 'out.png: expected room on the disk, got none.');
  const calm = new AbortController();
  expect(endedBy(died, calm.signal)).toBe(died);
  const { signal, release } = interruptions();
  process.emit('SIGINT', 'SIGINT');
  release();
  expect(exitCodeOf(endedBy(died, signal))).toBe(130);
  expect(endedBy(full, signal)).toBe(full);
});
