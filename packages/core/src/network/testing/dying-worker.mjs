// A worker that opens anything and dies when it should run: by `exit`, by an error that nobody catches, or by a signal.
process.on('message', ({ action, how }) => {
  if (action === 'open') return process.send({ value: { provider: 'cpu', failures: [] } });
  if (how === 'exit') process.exit(7);
  if (how === 'throw') throw new Error('out of everything');
  process.kill(process.pid, 'SIGKILL');
});
