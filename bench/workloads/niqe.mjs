/** NIQE's features of a 2040x1356 photograph: ours against a plain double-precision version and, by `IR_BENCH_PYTHON`, BasicSR's. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { niqeFeatures } from '@ir/native';
import * as plain from '../lib/niqe-plain.mjs';
import { photographLike } from '../lib/pictures.mjs';
import { deviation } from '../lib/statistics.mjs';

const [WIDTH, HEIGHT] = [2040, 1356];
const PEER = fileURLToPath(new URL('../peers/niqe_basicsr.py', import.meta.url));

function studioLuma({ data }) {
  const out = new Float64Array(data.length / 3);
  for (let i = 0; i < out.length; i++)
    out[i] = Math.round((65.481 * data[3 * i] + 128.553 * data[3 * i + 1] + 24.966 * data[3 * i + 2]) / 255 + 16);
  return out;
}

/** A persistent Python process: one line in, one line out. */
async function python({ picture }) {
  const interpreter = process.env.IR_BENCH_PYTHON;
  if (!interpreter) return { skipped: 'IR_BENCH_PYTHON names no interpreter' };
  const child = spawn(interpreter, [PEER, String(WIDTH), String(HEIGHT)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(picture.data);
  const ready = JSON.parse((await lines.next()).value ?? '{"skipped":"the interpreter left without a word"}');
  if (ready.skipped) return { skipped: ready.skipped };
  let cpuMs = 0;
  const ask = async () => {
    child.stdin.write('\n');
    const answer = JSON.parse((await lines.next()).value);
    cpuMs = answer.cpuMs;
    return answer;
  };
  process.once('exit', () => child.kill());
  return {
    run: ask,
    output: async () => (await ask()).features,
    childCpuMs: () => cpuMs,
    version: ready.version,
  };
}

export const niqeWorkloads = [
  {
    name: 'niqe features 2040x1356',
    errorUnit: 'feature',
    bound: 2e-3,
    input: () => ({ picture: photographLike(WIDTH, HEIGHT) }),
    exact: ({ picture }) => plain.niqeFeatures(studioLuma(picture), WIDTH, HEIGHT),
    error: (output, truth) => deviation(output, truth),
    implementations: {
      ir: {
        async prepare({ picture }, { threads }) {
          const run = () => niqeFeatures(picture, { colour: 'y-studio-rounded' }, { threads });
          return { run, output: async () => (await run()).features };
        },
      },
      'plain float64 (JavaScript)': {
        prepare: ({ picture }) => ({
          run: () => plain.niqeFeatures(studioLuma(picture), WIDTH, HEIGHT),
          output: () => plain.niqeFeatures(studioLuma(picture), WIDTH, HEIGHT),
        }),
      },
      'BasicSR numpy': { bound: Number.POSITIVE_INFINITY, prepare: python },
    },
  },
];
