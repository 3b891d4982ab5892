/** Entry of the process: starts `run` and turns what it says into the exit status. Loaded by `bin/ir.js`. */

/** A reader that has had enough (`ir ... | head -1`) is no failure: the work goes on, its status stands. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

/** Loaded late, so that a dependency that does not load ends in words and status 3 as well. */
async function start(): Promise<number> {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 20) throw new Error(`expected Node 20 or newer, got ${process.versions.node}`);
  const [{ run }, { interruptions }] = await Promise.all([import('./run.js'), import('./interruptions.js')]);
  const { signal, release } = interruptions();
  try {
    return await run(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, signal });
  } finally {
    release();
  }
}

/** A promise that nothing will settle any more lets Node end silently, with whatever status: a defect, and told as one. */
const unsettled = () => {
  process.stderr.write('error: ir ended before its work did; please report this [IR_E_INTERNAL]\n');
  process.exitCode = 3;
};
process.on('exit', unsettled);

process.exitCode = await start().catch((error: unknown) => {
  process.stderr.write(
    `error: cannot start: ${error instanceof Error ? error.message : String(error)}. Install it again: npm ci && npm run build\n`,
  );
  return 3;
});
process.off('exit', unsettled);
