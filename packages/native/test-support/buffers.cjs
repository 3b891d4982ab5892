// Run by buffers.test.ts in a process of its own, because what it looks for would crash it: memory read after it was freed.
// Usage: node --expose-gc buffers.cjs BINARY SCENARIO. Prints one line of JSON.
const { MessageChannel, Worker, isMainThread } = require('node:worker_threads');
const [binary, scenario] = process.argv.slice(2);
const addon = require(binary);

const SIDE = 1024;
const SAMPLES = SIDE * SIDE;
const how = { threads: 1, variant: 'base', backend: 'cpu' };

const fill = (array) => {
  for (let i = 0; i < array.length; i++) array[i] = (i % 251) / 250;
  return array;
};
const raster = (data) => ({ data, width: SIDE, height: SIDE, channels: 1 });
/** Starts a blur that reads its input for tens of milliseconds. */
const start = (src, dst) => addon.run('gaussianBlur', { src: raster(src), dst: raster(dst), sigma: 8 }, how).promise;

/** Collects what can be collected and puts other bytes where it was. */
const overwrite = () => {
  for (let i = 0; i < 4; i++) {
    gc();
    for (let k = 0; k < 8; k++) new Float32Array(SAMPLES).fill(-1e9);
  }
};
const settled = (promise) =>
  promise.then(
    () => 'resolved',
    (error) => `${error.code}: ${error.message}`,
  );
const equal = (a, b) => a.length === b.length && a.every((v, i) => Object.is(v, b[i]));

const receivers = {
  structuredClone: (buffer) => void structuredClone(buffer, { transfer: [buffer] }),
  postMessage: (buffer) => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(buffer, [buffer]);
    port1.close(); // never received: the memory goes with the channel
    port2.close();
  },
  resize: (buffer) => buffer.resize(0),
  nothing: () => {},
};

/** `which` of the operands loses its memory in the way of `receiver` right after the kernel has started. */
async function lost(which, receiver) {
  const expected = new Float32Array(SAMPLES);
  await start(fill(new Float32Array(SAMPLES)), expected);
  const make = () =>
    receiver === 'resize'
      ? new Float32Array(new ArrayBuffer(4 * SAMPLES, { maxByteLength: 8 * SAMPLES }))
      : new Float32Array(SAMPLES);
  const operands = { src: fill(make()), dst: make() };
  const ending = settled(start(operands.src, operands.dst)); // listened to at once: it may be refused while we wait below
  receivers[receiver](operands[which].buffer);
  const detached = operands[which].length === 0;
  if (which === 'src') operands.src = undefined;
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate); // a closed channel drops its messages
  overwrite();
  const end = await ending;
  return { detached, end, right: which === 'src' ? equal(operands.dst, expected) : undefined };
}

/** An output that was moved: its bytes end up with the new owner, if it is one that is still there. */
async function followed() {
  const expected = new Float32Array(SAMPLES);
  await start(fill(new Float32Array(SAMPLES)), expected);
  const dst = new Float32Array(SAMPLES);
  const result = start(fill(new Float32Array(SAMPLES)), dst);
  const owner = structuredClone(dst.buffer, { transfer: [dst.buffer] });
  return { end: await settled(result), right: equal(new Float32Array(owner), expected) };
}

async function shared() {
  const view = () => new Float32Array(new SharedArrayBuffer(4 * SAMPLES));
  const [src, dst, expected] = [fill(view()), view(), new Float32Array(SAMPLES)];
  await start(fill(new Float32Array(SAMPLES)), expected);
  const result = start(src, dst);
  overwrite();
  await result;
  return { right: equal(dst, expected) };
}

/** Growing a WebAssembly memory detaches its buffer. */
async function wasm() {
  const memory = new WebAssembly.Memory({ initial: 128, maximum: 4096 });
  const expected = new Float32Array(SAMPLES);
  await start(fill(new Float32Array(SAMPLES)), expected);
  const src = fill(new Float32Array(memory.buffer, 0, SAMPLES));
  const dst = new Float32Array(SAMPLES);
  const result = start(src, dst);
  memory.grow(1024);
  overwrite();
  return { detached: src.length === 0, end: await settled(result), right: equal(dst, expected) };
}

/** Arrays so small that V8 first keeps them inside the object. */
async function small() {
  let right = true;
  for (let i = 0; i < 200; i++) {
    const out = new Float32Array(4);
    const result = addon.run('denoiseStep', { z: Float32Array.of(1, 2, 3, i), out, a: 2 }, how).promise;
    if (i % 20 === 0) gc();
    await result;
    right &&= equal(out, [2, 4, 6, 2 * i]);
  }
  return { right };
}

/** Resident memory after many calls: nothing of them may stay. */
async function memory() {
  const side = 96;
  const call = async () => {
    const picture = () => ({ data: new Float32Array(side * side), width: side, height: side, channels: 1 });
    await addon.run('gaussianBlur', { src: picture(), dst: picture(), sigma: 1 }, how).promise;
    await settled(
      addon.run('gaussianBlur', { src: picture(), dst: picture(), sigma: 1 }, { ...how, threads: 2 }).promise,
    );
    try {
      addon.run('gaussianBlur', { src: picture(), dst: picture(), sigma: -1 }, how);
    } catch {}
  };
  const resident = () => {
    gc();
    gc();
    return process.memoryUsage().rss / 2 ** 20;
  };
  for (let i = 0; i < 2000; i++) await call();
  const before = resident();
  for (let i = 0; i < 5000; i++) await call(); // 10,000 kernels, 1 GiB of operands
  return { grownMiB: resident() - before };
}

const workerOf = (task) => new Worker(__filename, { argv: [binary, task] });

/** The addon in worker threads: one that ends, several that are terminated in the middle of a kernel, and the main thread afterwards. */
async function workers() {
  const ended = workerOf('worker-once');
  await new Promise((resolve) => ended.once('exit', resolve));
  for (let i = 0; i < 5; i++) {
    const worker = workerOf('worker-busy');
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  overwrite();
  const dst = new Float32Array(SAMPLES);
  return { end: await settled(start(fill(new Float32Array(SAMPLES)), dst)) };
}

const scenarios = {
  ...Object.fromEntries(
    ['src', 'dst'].flatMap((which) => Object.keys(receivers).map((r) => [`${which} ${r}`, () => lost(which, r)])),
  ),
  followed,
  shared,
  wasm,
  small,
  memory,
  workers,
};

if (isMainThread) {
  scenarios[scenario]().then((result) => console.log(JSON.stringify({ buffers: addon.inspect().buffers, ...result })));
} else {
  const { parentPort } = require('node:worker_threads');
  const result = start(fill(new Float32Array(SAMPLES)), new Float32Array(SAMPLES));
  if (scenario === 'worker-busy') {
    for (let i = 0; i < 8; i++) start(fill(new Float32Array(SAMPLES)), new Float32Array(SAMPLES));
    result.then(() => parentPort.postMessage('one is done, others are under way'));
    setInterval(() => {}, 1000);
  }
}
