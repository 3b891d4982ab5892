import { describe, expect, test } from '@jest/globals';
import { endOf, put, take } from '../../assets/exchange.mjs';
import { openExchange } from './exchange.js';
import type { Tensor } from './protocol.js';

const shared = new Float32Array([1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-42]);
const PASSES: Readonly<Record<string, Tensor>>[] = [
  {
    a: { type: 'float32', data: shared, dims: [5] },
    b: { type: 'int64', data: BigInt64Array.of(-1n, 2n ** 62n), dims: [2] },
    c: { type: 'float16', data: Uint16Array.of(0x3c00), dims: [1, 1] },
  },
  {
    a: { type: 'float32', data: shared, dims: [1, 5] },
    b: { type: 'bool', data: Uint8Array.of(1, 0, 1), dims: [3] },
    c: { type: 'int32', data: new Int32Array([9, 8, 7, 6]).subarray(1, 3), dims: [2] },
    d: { type: 'uint8', data: new Uint8Array(0), dims: [0] },
  },
];

/** As a message arrives. */
const sent = <T>(message: T): T => JSON.parse(JSON.stringify(message));

describe('tensors cross', () => {
  test.each([
    ['through memory', 4096],
    ['in the message where there is no memory', undefined],
    ['in both where there is too little', 128],
  ])('%s with every bit', (_, bytes) => {
    const memory = bytes === undefined ? undefined : new ArrayBuffer(bytes);
    expect(take(memory, sent(put(memory, PASSES)) as typeof PASSES, (values) => values)).toEqual(PASSES);
  });

  test('once, however often the same values are fed, and an answer lies behind its question', () => {
    const memory = new ArrayBuffer(4096);
    const question = put(memory, PASSES) as { a: { at: number } }[];
    expect(question[1]!.a.at).toBe(question[0]!.a.at);
    const answer = { x: { type: 'float32' as const, data: Float32Array.of(4), dims: [1] } };
    const [placed] = put(memory, [answer], endOf(question)) as { x: { at: number } }[];
    expect(placed!.x.at).toBe(endOf(question));
    expect(take(memory, sent(question) as never, (values) => values)).toEqual(PASSES);
  });

  test('as views that the next request overwrites, unless they are made one’s own', () => {
    const memory = new ArrayBuffer(64);
    const pass = (value: number) => [{ x: { type: 'float32' as const, data: Float32Array.of(value), dims: [1] } }];
    const told: unknown[] = [];
    const placed = put(memory, pass(1)) as ReturnType<typeof pass>;
    const [view] = take(memory, placed, (values) => values);
    const [own] = take(memory, placed, (values, tensor, index, name) => {
      told.push(tensor, index, name);
      return values.slice();
    });
    put(memory, pass(2));
    expect([view!.x.data[0], own!.x.data[0]]).toEqual([2, 1]);
    expect(told).toEqual([{ type: 'float32', dims: [1] }, 0, 'x']);
  });
});

(process.platform === 'linux' ? test : test.skip)('there is memory to share on Linux', () => {
  expect(openExchange()!.memory.byteLength).toBeGreaterThan(2 ** 27);
});
