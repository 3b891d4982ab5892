/** Runs the C++ floor probes: kernel and yardstick alternate in one process, so that both see the same machine. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../../native-src', import.meta.url));
const BUILD = `${SOURCE}/build/floors`;

/** @returns {Promise<{name: string, threads: number, ms: number, floorMs: number, share: number, yardstick: string}[]>} */
export async function measureFloors(filter, threads) {
  const off = ['-DCMAKE_BUILD_TYPE=Release', '-DIR_BENCH=ON', '-DIR_CUDA=OFF'];
  await output('cmake', ['-S', SOURCE, '-B', BUILD, ...off]);
  await output('cmake', ['--build', BUILD, '--target', 'ir_floors', '-j', '2']);
  const lines = [];
  for (const t of threads) lines.push(...(await output(`${BUILD}/ir_floors`, [filter, String(t)])).split('\n'));
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text.out += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      text.err += chunk;
    });
    child.once('error', reject);
    child.once('close', (status) =>
      status === 0
        ? resolve(text.out)
        : reject(new Error(`${command} ${args.join(' ')} failed with ${status}: ${text.err || text.out}`)),
    );
  });
}
