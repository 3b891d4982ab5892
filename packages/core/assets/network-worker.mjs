// One network in a process of its own: onnxruntime's `run` blocks whoever calls it, despite its promise, and cannot be stopped.
// Plain JavaScript, so that it runs the same from sources and from the built package. Types of the messages: src/network/protocol.ts.

import { readSync, writeSync } from 'node:fs';

// A terminal sends its interrupt to all of us; ending this process is up to the one that asked for it. Heard before the runtime is loaded, which
// takes a while.
process.on('SIGINT', () => {});
const { default: ort } = await import('onnxruntime-node');

let session;
/** Values of feeds that do not change, by the numbers that the other side gave them (src/network/constants.ts). */
const kept = new Map();

const told = (error) => ({ name: error?.name ?? 'Error', message: error?.message ?? String(error) });

async function open({ path, providers, threads }) {
  const failures = [];
  for (const provider of providers) {
    try {
      session = await ort.InferenceSession.create(path, {
        executionProviders: [provider],
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        logSeverityLevel: 4,
      });
      return {
        provider,
        failures,
        inputs: session.inputMetadata,
        outputs: session.outputMetadata,
        version: ort.env.versions.node,
      };
    } catch (error) {
      failures.push({ provider, ...told(error) });
    }
  }
  return { failures };
}

/** Before anything can fail: what is kept here has to be what the other side believes. */
function remember({ feeds, forget }) {
  for (const { keep, data } of Object.values(feeds)) if (keep !== undefined) kept.set(keep, data);
  for (const number of forget) kept.delete(number);
}

/** The file in memory that both processes hold open (src/network/exchange.ts); tensors of some size lie there. */
const EXCHANGE = 4;
const LEAST = 16 * 1024;
const MOST = 16 * 1024 * 1024;
const KINDS = {
  float32: Float32Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Feeds with what lies in the shared file read from it. */
function taken(feeds) {
  for (const feed of Object.values(feeds)) {
    if (feed.at === undefined) continue;
    const bytes = new Uint8Array(feed.bytes);
    for (let done = 0; done < bytes.length; ) {
      const more = readSync(EXCHANGE, bytes, done, bytes.length - done, feed.at + done);
      if (more === 0) throw new Error('the exchange between the processes ends too early');
      done += more;
    }
    feed.data = new KINDS[feed.type](bytes.buffer);
  }
  return feeds;
}

/** Outputs with what is large put into the shared file; a full file system leaves it in the message. */
function put(outputs) {
  let end = 0;
  for (const output of Object.values(outputs)) {
    const { data } = output;
    if (!(data.byteLength >= LEAST) || end + data.byteLength > MOST) continue;
    try {
      for (let done = 0; done < data.byteLength; ) {
        const view = new Uint8Array(data.buffer, data.byteOffset + done, data.byteLength - done);
        done += writeSync(EXCHANGE, view, 0, view.length, end + done);
      }
    } catch {
      continue;
    }
    output.at = end;
    output.bytes = data.byteLength;
    delete output.data;
    end += output.bytes;
  }
  return outputs;
}

async function run({ feeds, forget, shared }) {
  remember({ feeds: taken(feeds), forget });
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.type, t.data ?? kept.get(t.held), t.dims)]),
  );
  const start = performance.now();
  const results = await session.run(inputs);
  const milliseconds = performance.now() - start;
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, { type: t.type, data: t.data, dims: [...t.dims] }]),
  );
  return { outputs: shared ? put(outputs) : outputs, milliseconds, shared };
}

const actions = { open, run };

process.on('message', async ({ action, ...message }) => {
  try {
    process.send({ value: await actions[action](message) });
  } catch (error) {
    process.send({ error: told(error) });
  }
});

// It ends with the one that asked for it.
process.on('disconnect', () => process.exit());
