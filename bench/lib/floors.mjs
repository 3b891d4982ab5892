/** Runs the C++ floor probes: kernel and yardstick alternate in one process, so that both see the same machine. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BUILD = fileURLToPath(new URL('../../native-src/build', import.meta.url));
const SOURCE = fileURLToPath(new URL('../../native-src', import.meta.url));

export async function measureFloors(filter, threads) {
  const probe = build();
  return threads.flatMap((t) => {
    const { status, stdout, stderr } = spawnSync(probe, [filter, String(t)], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`floor probe failed with ${status}: ${stderr}`);
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  });
}

function build() {
  const steps = [
    ['cmake', ['-S', SOURCE, '-B', BUILD, '-DCMAKE_BUILD_TYPE=Release', '-DIR_TESTS=ON', '-DIR_BENCH=ON']],
    ['cmake', ['--build', BUILD, '--target', 'ir_floors', '-j', '2']],
  ];
  for (const [command, args] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
  }
  const probe = `${BUILD}/ir_floors`;
  if (!existsSync(probe)) throw new Error(`expected the floor probe at ${probe}`);
  return probe;
}
