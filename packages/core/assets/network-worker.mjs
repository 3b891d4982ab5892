// One network in a process of its own: onnxruntime's `run` blocks whoever calls it, despite its promise, and cannot be stopped.
// Plain JavaScript, so that it runs the same from sources and from the built package. Types of the messages: src/network/protocol.ts.

import { createRequire } from 'node:module';
import { BYTES, endOf, put, take } from './exchange.mjs';

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
function remember(passes) {
  for (const feeds of passes)
    for (const { keep, data } of Object.values(feeds)) if (keep !== undefined) kept.set(keep, data);
}

/** Memory that both processes see, where there is some: the addon that maps it was named to us. */
const DESCRIPTOR = 4;
const [, , addon] = process.argv;
const memory = addon && createRequire(import.meta.url)(addon).mapMemory(DESCRIPTOR, BYTES);

async function pass(feeds) {
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.type, t.data ?? kept.get(t.held), t.dims)]),
  );
  const start = performance.now();
  const results = await session.run(inputs);
  const milliseconds = performance.now() - start;
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, t]) => [name, { type: t.type, data: t.data, dims: [...t.dims] }]),
  );
  return { outputs, milliseconds };
}

async function run({ passes: sent, forget }) {
  const passes = take(memory, sent, (values, { keep }) => (keep === undefined ? values : values.slice()));
  remember(passes);
  const done = [];
  try {
    for (const feeds of passes) done.push(await pass(feeds));
  } finally {
    for (const number of forget) kept.delete(number);
  }
  const outputs = done.map((one) => one.outputs);
  const milliseconds = done.reduce((sum, one) => sum + one.milliseconds, 0);
  return { passes: put(memory, outputs, endOf(sent)), milliseconds };
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
