import { expect, test } from '@jest/globals';
import { GroupQueue } from './queue.js';

/** A small generator (mulberry32), so that a failure can be run again by its seed. */
function random(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'every item is handed out once, whoever asks (seed %i)',
  (seed) => {
    const next = random(seed);
    const items = Array.from({ length: Math.floor(next() * 60) }, (_, i) => ({ i, group: Math.floor(next() * 7) }));
    const queue = new GroupQueue(items, (item) => item.group);
    const taken: number[] = [];
    for (;;) {
      const item = queue.take(Math.floor(next() * 4));
      if (!item) break;
      taken.push(item.i);
    }
    expect(taken.sort((a, b) => a - b)).toEqual(items.map(({ i }) => i));
  },
);

test('a worker stays with its group in order, and helps with the longest at the end', () => {
  const queue = new GroupQueue(['a1', 'a2', 'a3', 'a4', 'b1'], (item) => item[0]);
  expect([queue.take(0), queue.take(1), queue.take(0)]).toEqual(['a1', 'b1', 'a2']);
  expect(queue.take(1)).toBe('a4');
  expect(queue.take(0)).toBe('a3');
  expect([queue.take(0), queue.take(1)]).toEqual([undefined, undefined]);
});
