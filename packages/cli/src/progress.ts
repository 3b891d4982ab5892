import type { Progress } from '@ir/core';
import cliProgress from 'cli-progress';
import type { Output } from './terminal.js';

export interface ProgressDisplay {
  onProgress(progress: Progress): void;
  end(): void;
}

/** Milliseconds between two lines where there is no terminal to draw on. */
const INTERVAL = 5000;

const SILENT: ProgressDisplay = { onProgress() {}, end() {} };

/** A bar on a terminal, which leaves no trace behind; elsewhere (a log, a pipe) a plain line now and then. */
export function openProgress(stderr: Output, silent: boolean, now: () => number = Date.now): ProgressDisplay {
  if (silent) return SILENT;
  return stderr.isTTY ? bar(stderr) : lines(stderr, now);
}

function bar(stderr: Output): ProgressDisplay {
  let shown: cliProgress.SingleBar | undefined;
  return {
    onProgress({ phase, completed, total, detail }) {
      const told = { phase: detail ?? phase };
      if (!shown) {
        shown = new cliProgress.SingleBar({
          format: '{bar} {value}/{total} {eta_formatted} {phase}',
          stream: stderr as unknown as NodeJS.WritableStream,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 30,
          hideCursor: true,
          clearOnComplete: true,
          fps: 10,
          // Signals are the command line's own business.
          gracefulExit: false,
        });
        shown.start(total, completed, told);
      }
      if (shown.getTotal() !== total) shown.setTotal(total);
      shown.update(completed, told);
    },
    end() {
      shown?.stop();
      shown = undefined;
    },
  };
}

function lines(stderr: Output, now: () => number): ProgressDisplay {
  let last = now();
  return {
    onProgress({ phase, completed, total, detail }) {
      if (now() - last < INTERVAL) return;
      last = now();
      stderr.write(`${phase}: ${completed} of ${total}${detail ? `, ${detail}` : ''}\n`);
    },
    end() {},
  };
}
