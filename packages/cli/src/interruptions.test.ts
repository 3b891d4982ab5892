import { exitCodeOf } from '@ir/core';
import { expect, test } from '@jest/globals';
import { interruptions } from './interruptions.js';

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
