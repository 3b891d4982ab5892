import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { identityGraph, notANumberGraph, restorerGraph, singleOp, slowGraph } from '../testing/graphs.js';
import { onnxBytes } from '../testing/onnx.js';
import { Network } from './network.js';
import { type NetworkCall, observeCalls } from './observe.js';
import { NetworkProcess, networkProcesses } from './process.js';
import type { Tensor } from './protocol.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ir-network-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function graphFile(bytes: Uint8Array): Promise<string> {
  const path = join(folder, `${files++}.onnx`);
  await writeFile(path, bytes);
  return path;
}

const picture = (side: number, value = 0.5): Tensor => ({
  type: 'float32',
  data: new Float32Array(3 * side * side).fill(value),
  dims: [1, 3, side, side],
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Tensor['data']) => Buffer.from(buffer, byteOffset, byteLength);

const refusal = async (attempt: Promise<unknown>): Promise<{ code: string; message: string }> => {
  try {
    await attempt;
  } catch (error) {
    return error as { code: string; message: string };
  }
  return { code: 'accepted', message: '' };
};

describe('a network', () => {
  test('says what its graph says of its ports, what runs it, and gives back what the graph computes', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()), { threads: 2 });
    expect(network.inputs).toEqual([{ name: 'input', isTensor: true, type: 'float32', shape: ['n', 3, 'h', 'w'] }]);
    expect(network.outputs).toMatchObject([{ name: 'output', shape: ['n', 3, 'h', 'w'] }]);
    expect(network.ran).toMatchObject({ provider: 'cpu', threads: 2, failures: [] });
    expect(network.ran.runtime).toMatch(/^onnxruntime-node \d+\.\d+/);
    const feed = picture(4, 0.25);
    expect((await network.run({ input: feed })).output).toEqual(feed);
  });

  test.each([8, 64, 1280])('gives back every value of a picture of %i pixels', async (side) => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const data = Float32Array.from({ length: 3 * side * side }, (_, i) => (i * 2654435761) % 65521);
    const feed: Tensor = { type: 'float32', data, dims: [1, 3, side, side] };
    for (const fed of [feed, { ...feed, constant: true }, { ...feed, constant: true }]) {
      const { output } = await network.run({ input: fed });
      expect(bytesOf(output!.data).equals(bytesOf(data))).toBe(true);
    }
  });

  test('memory that the runtime does not get is the machine’s affair, with the size and the mend', async () => {
    const graph = onnxBytes({
      inputs: [{ name: 'shape', shape: [1], type: 'int64' }],
      outputs: [{ name: 'zeros', shape: ['n'] }],
      nodes: [{ op: 'ConstantOfShape', inputs: ['shape'], outputs: ['zeros'] }],
    });
    await using network = await Network.open('large', await graphFile(graph));
    const shape: Tensor = { type: 'int64', data: BigInt64Array.of(2n ** 44n), dims: [1] };
    await expect(network.run({ shape })).rejects.toMatchObject({
      code: 'IR_E_WORKER',
      message: 'large: expected memory enough, got none left for 70368744177664 bytes more. Use smaller tiles.',
    });
    const small = await network.run({ shape: { ...shape, data: BigInt64Array.of(3n) } });
    expect(small.zeros!.data).toEqual(new Float32Array(3));
  });

  test('calls made at once are answered each with its own result', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const answers = await Promise.all([1, 2, 3, 4, 5].map((v) => network.run({ input: picture(2, v) })));
    expect(answers.map(({ output }) => output?.data[0])).toEqual([1, 2, 3, 4, 5]);
  });

  test('leaves the event loop free while it runs', async () => {
    await using network = await Network.open('slow', await graphFile(slowGraph(20)));
    let ticks = 0;
    const clock = setInterval(() => ticks++, 1);
    await network.run({ input: picture(128) });
    clearInterval(clock);
    // A pass takes a hundred milliseconds and more; blocked, the loop would have ticked once.
    expect(ticks).toBeGreaterThan(10);
  });

  test('not-a-number is handed on as it is: judging it is up to who knows the range', async () => {
    await using network = await Network.open('nan', await graphFile(notANumberGraph()));
    const { output } = await network.run({ input: picture(2) });
    expect(output?.data.every(Number.isNaN)).toBe(true);
  });
});

describe('several passes at once', () => {
  const sum = (values: Tensor['data']) => (values as Float32Array).reduce((a, b) => a + b, 0);

  test('give what they give one by one, values that are fed twice included', async () => {
    await using network = await Network.open('net', await graphFile(restorerGraph()));
    const [one, two] = [picture(64, 0.25), picture(32, 0.75)];
    const passes = [one, two, one, { ...one, constant: true }, { ...one, constant: true }];
    const alone = [];
    for (const input of passes) alone.push(await network.run({ input }));
    expect(await network.runAll(passes.map((input) => ({ input })))).toEqual(alone);
    expect(await network.runAll([])).toEqual([]);
  });

  test('use the memory offered for an output where it fits, and fresh memory where not', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const { data, dims } = picture(8, 3);
    const fitting = new Float32Array(data.length);
    const others = [new Float32Array(data.length - 1), new Int32Array(data.length), undefined];
    for (const offered of [fitting, ...others]) {
      const into = [offered ? { output: offered } : {}];
      const [first] = await network.runAll([{ input: { type: 'float32', data, dims } }], { into });
      expect(first!.output).toEqual({ type: 'float32', data, dims });
      expect(first!.output!.data === offered).toBe(offered === fitting);
    }
    expect(others.map((other) => sum(other ?? fitting))).toEqual([0, 0, 3 * data.length]);
  });

  test('outlive the calls after them', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const first = await network.run({ input: picture(64, 1) });
    await network.run({ input: picture(64, 2) });
    expect(new Set(first.output!.data as Float32Array)).toEqual(new Set([1]));
  });

  test('fail together where one fails; the next call works', async () => {
    await using network = await Network.open('net', await graphFile(restorerGraph()));
    const passes = [{ input: picture(8) }, { input: { ...picture(8), dims: [1, 1, 8, 24] } }];
    expect((await refusal(network.runAll(passes))).code).toBe('IR_E_MODEL');
    expect((await network.run({ input: picture(8) })).output?.dims).toEqual([1, 3, 8, 8]);
  });
});

describe('constant feeds', () => {
  const constant = (value: number): Tensor => ({ ...picture(2, value), constant: true });
  const firstOf = async (network: Network, feed: Tensor) => (await network.run({ input: feed })).output?.data[0];

  test('give what the same values would, fed again, after many others, and with another process', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const feeds = Array.from({ length: 12 }, (_, i) => constant(i));
    for (const round of [1, 2, 3])
      for (const [i, feed] of feeds.entries()) expect([round, await firstOf(network, feed)]).toEqual([round, i]);
    for (let again = 0; again < 3; again++) expect(await firstOf(network, feeds[11]!)).toBe(11);
    const controller = new AbortController();
    const under = network.run({ input: feeds[11]! }, { signal: controller.signal });
    setImmediate(() => controller.abort('enough'));
    await under.catch(() => {});
    expect(await firstOf(network, feeds[11]!)).toBe(11);
  });

  test('cross over once: a change that was promised not to come is not seen', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const feed = constant(1);
    expect(await firstOf(network, feed)).toBe(1);
    feed.data.fill(2 as never);
    expect(await firstOf(network, feed)).toBe(1);
    expect(await firstOf(network, { ...feed, constant: false })).toBe(2);
  });

  test('are held also where the pass that brought them failed', async () => {
    await using network = await Network.open('net', await graphFile(restorerGraph()));
    const { data, dims } = picture(4);
    const feed: Tensor = { type: 'float32', data, dims: [1, 1, 4, 12], constant: true };
    expect((await refusal(network.run({ input: feed }))).code).toBe('IR_E_MODEL');
    const { output } = await network.run({ input: { ...feed, dims } });
    expect(output?.dims).toEqual(dims);
  });
});

describe('observed', () => {
  test('each pass is told with its times to whoever asked for the work, and to nobody else', async () => {
    await using network = await Network.open('slow', await graphFile(slowGraph(20)));
    const calls: NetworkCall[] = [];
    await observeCalls(
      (call) => calls.push(call),
      () => Promise.all([network.run({ input: picture(64) }), network.run({ input: picture(64) })]),
    );
    await network.run({ input: picture(64) });
    expect(calls.map((call) => call.network)).toEqual(['slow', 'slow']);
    for (const { started, ended, inside } of calls) {
      expect(inside).toBeGreaterThan(0);
      expect(inside).toBeLessThanOrEqual(ended - started);
    }
    expect(calls[1]!.started).toBeGreaterThanOrEqual(calls[0]!.ended); // waiting for its turn is no part of a pass
  });

  test('passes that were asked for at once are told at once, and counted', async () => {
    await using network = await Network.open('same', await graphFile(identityGraph()));
    const calls: NetworkCall[] = [];
    const feeds = { input: picture(4) };
    await observeCalls(
      (call) => calls.push(call),
      async () => [await network.runAll([feeds, feeds, feeds]), await network.run(feeds)],
    );
    expect(calls.map(({ passes }) => passes)).toEqual([3, 1]);
  });

  test('the processes that live are known, and no longer once disposed of', async () => {
    const before = networkProcesses();
    const network = await Network.open('same', await graphFile(identityGraph()));
    const mine = networkProcesses().filter((id) => !before.includes(id));
    expect(mine).toHaveLength(1);
    await network.dispose();
    expect(networkProcesses()).not.toContain(mine[0]);
  });
});

describe('providers', () => {
  test('are tried in the order stated; the absent one is named with its reason', async () => {
    const path = await graphFile(identityGraph());
    // CoreML is there on macOS only, DirectML on Windows only: one of them is absent anywhere.
    const absent = process.platform === 'win32' ? 'coreml' : 'dml';
    await using network = await Network.open('same', path, { providers: [absent, 'cpu'] });
    expect(network.ran.provider).toBe('cpu');
    expect(network.ran.failures).toEqual([{ provider: absent, name: 'Error', message: expect.stringMatching(/./) }]);
    await using first = await Network.open('same', path, { providers: ['cpu', absent] });
    expect(first.ran).toMatchObject({ provider: 'cpu', failures: [] });
  });

  test('forcing what is absent is an error that says what to do', async () => {
    const absent = process.platform === 'win32' ? 'coreml' : 'dml';
    const { code, message } = await refusal(
      Network.open('same', await graphFile(identityGraph()), { providers: [absent] }),
    );
    expect(code).toBe('IR_E_PROVIDER');
    expect(message).toMatch(new RegExp(`^same: expected .*, got ${absent}: .* Add cpu`));
  });

  test.each([
    [{ providers: [] }, /providers: expected .*, got none/],
    [{ providers: ['gpu'] }, /providers: expected some of cpu, cuda.*, got gpu/],
    [{ threads: 0 }, /threads: expected an integer in 1\.\.256, got 0/],
    [{ threads: 1.5 }, /got 1\.5/],
  ])('%j is refused', async (options, told) => {
    const { code, message } = await refusal(Network.open('any', '/nowhere', options));
    expect(code).toBe('IR_E_USAGE');
    expect(message).toMatch(told);
  });
});

describe('a file that is no usable graph', () => {
  const whole = restorerGraph();
  test.each([
    ['missing', undefined],
    ['empty', new Uint8Array()],
    ['text', new TextEncoder().encode('not an ONNX file at all')],
    ['truncated', whole.subarray(0, Math.floor(whole.length / 2))],
    ['with an operator that nobody knows', singleOp('Frobnicate')],
  ])('%s: IR_E_MODEL', async (_, bytes) => {
    const path = bytes ? await graphFile(bytes) : join(folder, 'missing.onnx');
    const { code, message } = await refusal(Network.open('bad', path));
    expect(code).toBe('IR_E_MODEL');
    expect(message).toMatch(/^bad: expected a usable ONNX graph, got cpu: .+/);
  });

  test('a feed of the wrong name, type or shape is IR_E_MODEL, and the network goes on', async () => {
    await using network = await Network.open('net', await graphFile(restorerGraph()));
    const wrong: Record<string, Tensor>[] = [
      { picture: picture(8) },
      { input: { type: 'float32', data: new Float32Array(64), dims: [1, 1, 8, 8] } },
      { input: { type: 'int32', data: new Int32Array(192), dims: [1, 3, 8, 8] } },
      { input: { type: 'float32', data: new Float32Array(7), dims: [1, 3, 8, 8] } },
    ];
    for (const feeds of wrong) {
      const { code, message } = await refusal(network.run(feeds));
      expect(code).toBe('IR_E_MODEL');
      expect(message).toMatch(/^net: expected the graph to run, got .+/);
    }
    expect((await network.run({ input: picture(8) })).output?.dims).toEqual([1, 3, 8, 8]);
  });
});

describe('aborting', () => {
  test('a pass under way rejects with the reason, long before it would have ended; the next call works', async () => {
    await using network = await Network.open('slow', await graphFile(slowGraph(400)));
    const controller = new AbortController();
    const reason = new Error('enough');
    const under = network.run({ input: picture(128) }, { signal: controller.signal });
    const rejected = expect(under).rejects.toBe(reason);
    setTimeout(() => controller.abort(reason), 50);
    await rejected;
    const { output } = await network.run({ input: picture(4) });
    expect(output?.dims).toEqual([1, 3, 4, 4]);
  });

  test('a call that waits for its turn rejects without waiting for it, and does not disturb the one before', async () => {
    await using network = await Network.open('slow', await graphFile(slowGraph(40)));
    const controller = new AbortController();
    const settled: string[] = [];
    const first = network.run({ input: picture(128) }).then(() => settled.push('first'));
    const second = network
      .run({ input: picture(4) }, { signal: controller.signal })
      .catch(() => settled.push('second'));
    controller.abort();
    await Promise.all([first, second]);
    expect(settled).toEqual(['second', 'first']);
  });

  test('before the start nothing is begun, and opening can be aborted', async () => {
    const path = await graphFile(identityGraph());
    const signal = AbortSignal.abort('no');
    await expect(Network.open('same', path, { signal })).rejects.toBe('no');
    await using network = await Network.open('same', path);
    await expect(network.run({ input: picture(2) }, { signal })).rejects.toBe('no');
  });
});

describe('the end', () => {
  test('dispose is idempotent; use afterwards is IR_E_DISPOSED', async () => {
    const network = await Network.open('same', await graphFile(identityGraph()));
    await network.dispose();
    await network.dispose();
    expect(await refusal(network.run({ input: picture(2) }))).toMatchObject({
      code: 'IR_E_DISPOSED',
      message: 'same: expected a network in use, got one disposed of. Open it again.',
    });
  });

  test('a call under way and one that waits are rejected by dispose', async () => {
    const network = await Network.open('slow', await graphFile(slowGraph(40)));
    const calls = [1, 2].map(() => refusal(network.run({ input: picture(64) })));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await network.dispose();
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(['IR_E_DISPOSED', 'IR_E_DISPOSED']);
  });

  test.each([
    ['exit', 'exit code 7'],
    ['throw', 'exit code 1 (Error: out of everything)'],
    ['signal', 'SIGKILL'],
  ])('a process that dies by %s ends the call with IR_E_WORKER, and every later one', async (how, got) => {
    const frail = new NetworkProcess('frail', new URL('./testing/dying-worker.mjs', import.meta.url));
    expect(await frail.request('open', {})).toMatchObject({ provider: 'cpu' });
    for (let call = 0; call < 2; call++) {
      const { code, message } = await refusal(frail.request('run', { how }));
      expect(code).toBe('IR_E_WORKER');
      expect(message).toBe(
        `frail: expected its process to live, got ${got}. A native crash or too little memory; try smaller tiles.`,
      );
    }
    expect(frail.dead).toBe(true);
  });

  test('what cannot be sent ends the process: the call and every later one are IR_E_WORKER', async () => {
    const frail = new NetworkProcess('frail', new URL('./testing/dying-worker.mjs', import.meta.url));
    await frail.request('open', {});
    for (let call = 0; call < 2; call++) {
      const { code, message } = await refusal(frail.request('run', { number: 1n }));
      expect(code).toBe('IR_E_WORKER');
      expect(message).toMatch(/^frail: expected tensors that can be sent, got .*BigInt.* Use smaller tiles/);
    }
    expect(frail.dead).toBe(true);
  });

  // On the built package: a process of its own does not read TypeScript.
  const built = new URL('../../dist/network/index.js', import.meta.url);
  (existsSync(built) ? test : test.skip)(
    'a program may exit while a pass is under way, with the status it chose',
    async () => {
      const path = await graphFile(slowGraph(400));
      const program = `
      const { Network } = await import(${JSON.stringify(built.href)});
      const network = await Network.open('slow', ${JSON.stringify(path)});
      const data = new Float32Array(3 * 128 * 128);
      network.run({ input: { type: 'float32', data, dims: [1, 3, 128, 128] } });
      setTimeout(() => process.exit(130), 50);`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
      });
      expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
    },
  );
});
