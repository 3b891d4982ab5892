// One network in a thread of its own: onnxruntime's `run` blocks whoever calls it, despite its promise.
// Plain JavaScript, so that it runs the same from sources and from the built package. Types of the messages: src/network/protocol.ts.
import { parentPort } from 'node:worker_threads';
import ort from 'onnxruntime-node';

let session;

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

async function run({ feeds }) {
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, t]) => [name, new ort.Tensor(t.type, t.data, t.dims)]),
  );
  const outputs = await session.run(inputs);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, t]) => [name, { type: t.type, data: t.data, dims: [...t.dims] }]),
  );
}

const actions = { open, run };

parentPort.on('message', async ({ id, action, ...message }) => {
  try {
    const value = await actions[action](message);
    const buffers = action === 'run' ? [...new Set(Object.values(value).map((t) => t.data.buffer))] : [];
    parentPort.postMessage(
      { id, value },
      buffers.filter((b) => b instanceof ArrayBuffer),
    );
  } catch (error) {
    parentPort.postMessage({ id, error: told(error) });
  }
});
